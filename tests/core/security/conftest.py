"""A store with an audit chain and a founder, on a clock that tests move."""

from datetime import UTC, datetime, timedelta

import pytest

from core.security import accounts
from core.security.workspace import Workspace
from core.store.lifecycle import create_store
from tests.core.security.samples import FOUNDER, KEY, PASSWORD


class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self):
        self.now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    def found(connection):
        at = clock().isoformat(timespec="milliseconds")
        accounts.found_store_account(connection, FOUNDER, PASSWORD, at)

    store = create_store(str(tmp_path / "gridlink.db"), KEY, settings={"station": "320508"}, prepare=found)
    yield store
    store.close()


@pytest.fixture
def workspace(store, clock):
    return Workspace(store, accounts.authenticate(store, FOUNDER, PASSWORD, clock=clock), clock)
