"""Names by their pinyin: initials (pjl) and whole syllables (pingjianglu) of roads, estates, grids, organisations.

Read once from an open store and kept beside it; after a change only what changed is read. Readings of characters
with several come from the words they stand in (重庆, 长安).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from core.model.ledger import change_set
from core.model.registry import TABLES
from core.registry.divisions import communities
from core.security.workspace import Workspace, permits
from core.store.engine import Store

KINDS: Final = ("road", "estate", "grid", "organisation", "community")
SHORTEST: Final = 2
"""Letters from which on something is looked for by its pinyin."""


@dataclass
class Names:
    """The names of one kind with the ids of what bears them, and their pinyin as text to search in."""

    held: dict[int, str] = field(default_factory=dict)
    _ids: list[int] = field(default_factory=list)
    _texts: tuple[str, str] = ("", "")
    _starts: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None

    def learn(self, found: Mapping[int, str]) -> None:
        """Takes names in, in place of those that the same ids bore."""
        if found.keys() - self.held.keys() or any(self.held[one] != name for one, name in found.items()):
            self.held |= found
            self._starts = None

    def find(self, letters: str, limit: int) -> list[tuple[int, str]]:
        """``(id, name)`` whose initials or syllables begin with the letters, then those that have them inside."""
        if self._starts is None:
            self._spell()
        assert self._starts is not None
        initials, whole = self._texts
        taken: dict[int, str] = {}
        for text, starts, wanted in (
            (initials, self._starts[0], f"\n{letters}"), (whole, self._starts[1], f"\n{letters}"),
            (initials, self._starts[0], letters),
        ):  # fmt: skip
            for at in _occurrences(text, wanted, limit):
                one = self._ids[int(np.searchsorted(starts, at, side="right")) - 1]
                taken.setdefault(one, self.held[one])
                if len(taken) >= limit:
                    return list(taken.items())
        return list(taken.items())

    def _spell(self) -> None:
        self._ids = sorted(self.held, key=lambda one: (len(self.held[one]), self.held[one]))
        spelt = [spell(self.held[one]) for one in self._ids]
        texts = ["\n" + "\n".join(pair[n] for pair in spelt) for n in (0, 1)]
        lengths = [np.cumsum([0, *(len(pair[n]) + 1 for pair in spelt[:-1])], dtype=np.int64) for n in (0, 1)]
        self._texts, self._starts = (texts[0], texts[1]), (lengths[0], lengths[1])


@dataclass
class Lexicon:
    """The names of a district by kind; ``state`` is the change set up to which they were read."""

    state: int = -1
    kinds: dict[str, Names] = field(default_factory=lambda: {kind: Names() for kind in KINDS})
    lock: threading.Lock = field(default_factory=threading.Lock)


_KEPT: Final[WeakKeyDictionary[Store, Lexicon]] = WeakKeyDictionary()
_LOCK: Final = threading.Lock()


@permits("registry.read")
def lexicon(workspace: Workspace) -> Lexicon:
    """The district's names as they are now; the first call reads them all (a second or two): ask for it early."""
    with _LOCK:
        kept = _KEPT.setdefault(workspace.store, Lexicon())
    with kept.lock, workspace.store.read() as connection:
        newest = connection.execute(select(func.max(change_set.c.id))).scalar() or 0
        if newest != kept.state:
            _read(connection, kept)
            kept.state = newest
    return kept


def spell(name: str) -> tuple[str, str]:
    """Initials and syllables of a name: 平江路 → (pjl, pingjianglu); letters and digits stay."""
    syllables = [_syllable(name, at) for at in range(len(name))]
    return "".join(one[:1] for one in syllables), "".join(syllables)


def _syllable(name: str, at: int) -> str:
    readings = _readings(name[at])
    return readings[0] if len(readings) < 2 else _in_context(name[max(at - 1, 0) : at + 2], min(at, 1))


@functools.lru_cache(maxsize=1 << 16)
def _readings(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin  # noqa: PLC0415 - its dictionaries take a while, and many never need them

    if character.isascii():
        return (character.lower() if character.isalnum() else "",)
    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(found[0]) if found else ("",)


@functools.lru_cache(maxsize=1 << 17)
def _in_context(words: str, at: int) -> str:
    from pypinyin import Style, pinyin  # noqa: PLC0415 - as above

    found = pinyin(words, style=Style.NORMAL, errors="default")
    return str(found[at][0])


def _occurrences(text: str, wanted: str, limit: int) -> Iterator[int]:
    at = text.find(wanted)
    for _turn in range(limit * 4):
        if at < 0:
            return
        yield at
        at = text.find(wanted, at + len(wanted))


def _read(connection: Connection, kept: Lexicon) -> None:
    """Rows that changed since; names that nothing bears any more stay and find nothing."""
    address, organisation, grid = TABLES["address"], TABLES["organisation"], TABLES["grid"]
    since = kept.state
    for kind, column in (("road", address.c.road), ("estate", address.c.estate)):
        query = (
            select(column).where(column.is_not(None), column != "", address.c.changed_in > since).distinct()
        )
        found = {hash(name): str(name) for name in connection.execute(query).scalars()}
        kept.kinds[kind].learn(found)
    for kind, table in (("organisation", organisation), ("grid", grid)):
        rows = connection.execute(select(table.c.id, table.c.name).where(table.c.changed_in > since))
        kept.kinds[kind].learn({int(row[0]): str(row[1]) for row in rows})
    if since < 0:
        kept.kinds["community"].learn({int(code): name for code, name in communities().items()})
