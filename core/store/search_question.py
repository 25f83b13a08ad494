"""Asking the search index: the rarest runs of a question name the entries to look at, the rest is read in the rows.

FTS5 walks through every list of a conjunction, and the lists of “单元” or “02” are a quarter of the district. How long
a list is, is told by where its 17th entry lies: buckets are spread evenly, as ids are hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Final

from sqlalchemy import Connection

from core.store.folding import normalise, runs
from core.store.search_index import BUCKETS, CODE_RUN, INDEXED, INSIDE, SHIFT, TEXT_RUN, Indexed

_PROBE: Final = 16
"""Entries after which a list's length is judged."""

_FEW, _DEAR = 64, 500
"""Entries that are looked at rather than thinned out; how many of a list are passed over in the time of one look."""

_SAME: Final = 0.8
"""A run that leaves more than this of what the others find says nothing new."""


def question(connection: Connection, name: str, words: Sequence[str]) -> str:
    """What to ask the index of a kind for, to find all that holds every word and little else; "" if it cannot."""
    ways = [_ways(INDEXED[name], word) for word in words]
    asked = (_thinned(connection, name, sum(way, ())) for way in product(*ways))
    return " OR ".join(f"({' AND '.join(_quoted(run) for run in some)})" for some in asked)


def holding(
    connection: Connection, name: str, words: Sequence[str], extra: Sequence[str], most: int
) -> list[Any]:
    """The first ``most`` rows by id ``(id, *columns searched, *extra)`` that hold every word."""
    asked = question(connection, name, words)
    if not asked:
        return []
    indexed = INDEXED[name]
    cursor: Any = connection.connection.cursor()
    columns = ", ".join(f"r.{one}" for one in ("id", *indexed.columns, *extra))
    cursor.execute(
        f"SELECT {columns} FROM search_{name} AS s CROSS JOIN {name} AS r "
        f"ON r.id BETWEEN s.rowid << {SHIFT} AND (s.rowid << {SHIFT}) + {INSIDE} "
        f"WHERE s.search_{name} MATCH ? AND r.retired_in IS NULL", (asked,),
    )  # fmt: skip
    holds = _holds(indexed, words)
    found: list[Any] = []
    for row in cursor:
        if holds(row):
            found.append(row)
            if len(found) >= most:
                break
    cursor.close()
    return found


def _ways(indexed: Indexed, word: str) -> list[tuple[str, ...]]:
    """The runs that a row has which holds the word, for each way of holding it."""
    ways = [runs(word, TEXT_RUN)] if indexed.texts else []
    if indexed.codes and word.isascii() and len(word) >= CODE_RUN:
        ways.append(runs(word, CODE_RUN))
    return ways


def _thinned(connection: Connection, name: str, way: tuple[str, ...]) -> list[str]:
    """The runs of a way that are worth asking for, the rarest first."""
    all_runs = tuple(dict.fromkeys(way))
    if len(all_runs) == 1:
        return list(all_runs)
    ordered = sorted((_entries(connection, name, _quoted(run)), run) for run in all_runs)
    total = _entries(connection, name, "")
    (found, rarest), *others = ordered
    chosen = [rarest]
    for held, run in others:
        if found <= _FEW or held > found * _DEAR * (1 - min(held / total, 1)):
            break
        left = _entries(connection, name, " AND ".join(_quoted(one) for one in (*chosen, run)))
        if left < found * _SAME:
            chosen.append(run)
            found = left
    return chosen


def _entries(connection: Connection, name: str, asked: str) -> float:
    """About how many entries a question finds (all of them, where nothing is asked); 0 where it is but a few."""
    cursor: Any = connection.connection.cursor()
    after = f"LIMIT 1 OFFSET {_PROBE}"
    if asked:
        cursor.execute(f"SELECT rowid FROM search_{name} WHERE search_{name} MATCH ? {after}", (asked,))
    else:
        cursor.execute(f"SELECT id FROM search_{name}_docsize ORDER BY id {after}")
    row = cursor.fetchone()
    cursor.close()
    return 0.0 if row is None else (_PROBE + 1) * BUCKETS / (row[0] + BUCKETS / 2 + 1)


def _holds(indexed: Indexed, words: Sequence[str]) -> Callable[[Sequence[Any]], bool]:
    """Whether a row ``(id, *columns searched, …)`` holds every word, in a text or, if it is long enough, in a code."""
    texts = len(indexed.texts)
    if not indexed.codes:
        return lambda row: _all_in(words, normalise(row[1] or ""))
    places = [
        slice(0, None if word.isascii() and len(word) >= CODE_RUN else texts) for word in words
    ]  # a short word, or one of other characters, is looked for in texts alone

    def holds(row: Sequence[Any]) -> bool:
        folded = [normalise(value) if value else "" for value in row[1 : 1 + len(indexed.columns)]]
        return all(
            any(word in one for one in folded[where]) for word, where in zip(words, places, strict=True)
        )

    return holds


def _all_in(words: Sequence[str], folded: str) -> bool:
    return all(word in folded for word in words)


def _quoted(run: str) -> str:
    return f'"{run}"'
