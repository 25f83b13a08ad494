"""Names by their pinyin: initials (pjl) and whole syllables (pingjianglu) of roads, estates, grids, organisations.

Read once from an open store and kept beside it; after a change only what changed is read. Readings of characters
with several come from the words they stand in (重庆, 长安).
"""

from __future__ import annotations

import functools
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
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
    _begun: tuple[_Sorted, _Sorted] | None = None  # by their initials, by their syllables
    _inside: str = ""  # every name's initials, one a line
    _starts: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def learn(self, found: Mapping[int, str]) -> None:
        """Takes names in, in place of those that the same ids bore."""
        if found.keys() - self.held.keys() or any(self.held[one] != name for one, name in found.items()):
            self.held |= found
            self._begun = None

    def find(self, letters: str, limit: int) -> list[tuple[int, str]]:
        """``(id, name)`` whose initials or syllables begin with the letters, then those that have them inside."""
        if limit <= 0:
            return []
        taken: dict[int, str] = {}
        for at in self._places(letters, limit):
            one = self._ids[at]
            taken.setdefault(one, self.held[one])
            if len(taken) >= limit:
                break
        return list(taken.items())

    def _places(self, letters: str, limit: int) -> Iterator[int]:
        """The places of names that are meant, the shortest names first in each of the three ways."""
        if self._begun is None:
            self._spell()
        assert self._begun is not None
        for begun in self._begun:
            yield from begun.places(letters, limit)
        for at in _occurrences(self._inside, letters, limit):
            yield int(np.searchsorted(self._starts, at, side="right")) - 1

    def _spell(self) -> None:
        self._ids = sorted(self.held, key=lambda one: (len(self.held[one]), self.held[one]))
        initials, syllables = (
            zip(*(spell(self.held[one]) for one in self._ids), strict=True) if self._ids else ((), ())
        )
        self._inside = "\n" + "\n".join(initials)
        self._starts = np.cumsum([0, *(len(one) + 1 for one in initials[:-1])], dtype=np.int64)
        self._begun = (_Sorted(initials), _Sorted(syllables))


class _Sorted:
    """Texts in order, each with its place in the list that they came in."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._order = sorted(range(len(texts)), key=texts.__getitem__)
        self._texts = [texts[at] for at in self._order]
        self._places = np.array(self._order, dtype=np.int64)

    def places(self, start: str, limit: int) -> list[int]:
        """The first places of texts that begin with ``start``."""
        first = bisect_left(self._texts, start)
        end = bisect_left(self._texts, start + chr(0x10FFFF), first)
        found = self._places[first:end]
        if len(found) > limit:
            found = np.partition(found, limit - 1)[:limit]
        places: list[int] = np.sort(found).tolist()
        return places


@dataclass
class _Lexicon:
    """The names of a district by kind, and up to which change set each was read."""

    kinds: dict[str, Names] = field(default_factory=lambda: {kind: Names() for kind in KINDS})
    read_up_to: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_KEPT: Final[WeakKeyDictionary[Store, _Lexicon]] = WeakKeyDictionary()
_LOCK: Final = threading.Lock()


@permits("registry.read")
def lexicon(workspace: Workspace, kinds: Sequence[str] = KINDS) -> Mapping[str, Names]:
    """The district's names of some kinds as they are now.

    The first call for roads, estates and organisations reads them all and takes some seconds: a screen asks for it
    beside itself when a store is opened (``find`` once, so that they are spelt too).
    """
    with _LOCK:
        kept = _KEPT.setdefault(workspace.store, _Lexicon())
    with kept.lock, workspace.store.read() as connection:
        newest = connection.execute(select(func.max(change_set.c.id))).scalar() or 0
        stale = [kind for kind in kinds if kept.read_up_to.get(kind, -1) != newest]
        if stale:
            _read(connection, kept, stale)
            kept.read_up_to |= dict.fromkeys(stale, newest)
    return kept.kinds


def spell(name: str) -> tuple[str, str]:
    """Initials and syllables of a name: 平江路 → (pjl, pingjianglu); letters and digits stay."""
    syllables = []
    for at, character in enumerate(name):
        known = _ONE_READING.get(character)
        if known is None:
            readings = _readings(character)
            if len(readings) == 1:
                known = _ONE_READING.setdefault(character, readings[0])
            else:
                known = _in_context(name[max(at - 1, 0) : at + 2], min(at, 1))
        syllables.append(known)
    return "".join(one[:1] for one in syllables), "".join(syllables)


_ONE_READING: Final[dict[str, str]] = {}
"""Characters that are read in one way only, with their syllable."""


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


def _read(connection: Connection, kept: _Lexicon, kinds: Sequence[str]) -> None:
    """Rows that changed since; names that nothing bears any more stay and find nothing."""
    address = TABLES["address"]
    if "road" in kinds or "estate" in kinds:
        since = min(kept.read_up_to.get(kind, -1) for kind in ("road", "estate"))
        rows = connection.execute(
            select(address.c.road, address.c.estate).where(address.c.changed_in > since).distinct()
        ).all()
        for n, kind in enumerate(("road", "estate")):
            kept.kinds[kind].learn({hash(row[n]): str(row[n]) for row in rows if row[n]})
    for kind in ("organisation", "grid"):
        if kind in kinds:
            table, since = TABLES[kind], kept.read_up_to.get(kind, -1)
            named = connection.execute(select(table.c.id, table.c.name).where(table.c.changed_in > since))
            kept.kinds[kind].learn({int(row[0]): str(row[1]) for row in named})
    if "community" in kinds:
        kept.kinds["community"].learn({int(code): name for code, name in communities().items()})
