"""A real receiver process, and stores that are connected to it."""

import pytest

from core.exchange.configuration import configure_connector
from tests.core.exchange.people import TARGET


@pytest.fixture
def upstream(receivers):
    with receivers.lend() as running:
        yield running


def connect(workspace, upstream, **instead):
    given = {"base_url": upstream.base_url, "ca_pem": upstream.ca_pem, "token": upstream.token,
             "receipt_public_pem": upstream.receipt_public_pem}  # fmt: skip
    configure_connector(workspace, TARGET, **(given | instead))


@pytest.fixture
def connected(embedded, upstream):
    """The embedded store, connected to the receiver."""
    connect(embedded, upstream)
    return embedded


@pytest.fixture
def connected_anywhere(workspace, upstream):
    """A store on each of the two databases, connected to the receiver."""
    connect(workspace, upstream)
    return workspace
