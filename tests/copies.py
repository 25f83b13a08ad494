"""Stores that are made once a run and copied for each test: each test has one of its own, in milliseconds."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store, write_setting

KEY = "ab" * 32


@dataclass(frozen=True)
class Pattern:
    """A closed store to be copied, and who founded it."""

    location: str
    actor: Actor

    def copy(self, place: Path) -> Workspace:
        """A store of its own at ``place``, on a file."""
        shutil.copy2(self.location, place)
        return self.opened(str(place))

    def opened(self, location: str) -> Workspace:
        """A copy that was made at ``location``; it has a name of its own, as every store has."""
        store = open_store(location, KEY)
        with store.write() as connection:
            write_setting(connection, "store_id", uuid.uuid4().hex)
        return Workspace(store, self.actor)


def pattern(make: Callable[[], Workspace]) -> Pattern:
    """The pattern that ``make`` fills, with the key that headless runs take from the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLINK_STORE_KEY", KEY)
        made = make()
    made.store.close()
    return Pattern(made.store.location, made.actor)
