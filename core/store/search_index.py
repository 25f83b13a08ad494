"""Keeping the search index: derived from the registry, brought to each change set inside it, rebuilt at will.

On SQLite each indexed resource has a contentless FTS5 table of the short runs in its texts (pairs of characters) and
codes (runs of four), without their places: which runs an entity has, not where. An entry stands for all entities
whose ids begin alike (``bucket``): small numbers, so that a list of half a million takes half a megabyte, and an
entry leads to its rows without a table in between. Rows are looked at before they are an answer (``search_question``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, column, select, table, text

from core.model.registry import HISTORY, TABLES
from core.store.folding import PUNCTUATION, runs_of


@dataclass(frozen=True)
class Indexed:
    """The columns of a resource that are searched: ``texts`` by any two characters, ``codes`` by any four."""

    texts: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.texts, *self.codes)


INDEXED: Final = {
    "address": Indexed(("full_text",), ()),
    "organisation": Indexed(("name",), ("uscc", "org_no")),
    "house": Indexed((), ("house_code",)),
}
TEXT_RUN, CODE_RUN = 2, 4
"""Characters in a run of a text and of a code."""

SHIFT: Final = 42
"""Bits of an id that its bucket leaves out: four million buckets, of which a district fills an eighth."""

BUCKETS: Final = 1 << (64 - SHIFT)
INSIDE: Final = (1 << SHIFT) - 1
"""What the last id of a bucket adds to its first."""

_PENDING = 64 << 20
"""Bytes of postings FTS5 gathers before it writes a segment: 1 MB (its default) makes a build 2.3x slower."""

_BATCH = 5_000


def create(connection: Connection) -> None:
    """Makes the empty index where the database has one; called by the store's migrations."""
    if connection.dialect.name != "sqlite":
        return
    for name in INDEXED:
        connection.execute(text(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS search_{name} USING fts5(body, content='', "
            f"contentless_delete=1, detail=none, tokenize=\"ascii tokenchars '{PUNCTUATION}'\")"
        ))  # fmt: skip
        connection.execute(
            text(f"INSERT INTO search_{name}(search_{name}, rank) VALUES ('hashsize', {_PENDING})")
        )


def drop(connection: Connection) -> None:
    """Removes the index."""
    if connection.dialect.name == "sqlite":
        for name in INDEXED:
            connection.execute(text(f"DROP TABLE IF EXISTS search_{name}"))


def rebuild(connection: Connection) -> None:
    """Makes the index anew from the registry as it stands."""
    if connection.dialect.name != "sqlite":
        return
    for name in INDEXED:
        _clear(connection, name)
        _fill(connection, name, _rows(name, {name: "1"}))


def update(connection: Connection, change_set: int) -> None:
    """Brings the index to what ``change_set`` wrote; called inside its transaction, after it wrote."""
    if connection.dialect.name != "sqlite":
        return
    for name in INDEXED:
        rows = TABLES[name]
        if _is_empty(connection, name):
            _fill(connection, name, _rows(name, {name: f"r.changed_in = {int(change_set)}"}))
        else:
            _anew(connection, name, select(rows.c.id).where(rows.c.changed_in == change_set), {name: "1"})


def forget(connection: Connection, change_set: int) -> None:
    """Takes ``change_set`` out of the index, back to the versions it replaced; called before its undo."""
    if connection.dialect.name != "sqlite":
        return
    number = int(change_set)
    for name in INDEXED:
        rows, history = TABLES[name], HISTORY[name]
        wrote = select(rows.c.id).where(rows.c.changed_in == number)
        replaced = select(history.c.id).where(history.c.superseded_in == number)
        stays = {name: f"r.changed_in <> {number}", history.name: f"r.superseded_in = {number}"}
        _anew(connection, name, wrote.union_all(replaced), stays)


def _anew(connection: Connection, name: str, touched: Any, stays: Mapping[str, str]) -> None:
    """Writes the entries of the entities ``touched`` anew from the rows that there are, or will be (``stays``)."""
    ids = np.array(connection.execute(touched).scalars().all(), dtype=np.int64)
    buckets: Sequence[int] = np.unique(ids >> SHIFT).tolist()
    if len(buckets) > _BATCH and 2 * len(buckets) > _entries(connection, name):
        _clear(connection, name)
        _fill(connection, name, _rows(name, stays))
        return
    cursor: Any = connection.connection.cursor()
    cursor.executemany(f"DELETE FROM search_{name} WHERE rowid = ?", ((one,) for one in buckets))
    _fill(connection, name, _rows(name, stays, inside=True), (json.dumps(buckets),))


def _rows(name: str, stays: Mapping[str, str], *, inside: bool = False) -> str:
    """The statement for ``(id, *columns)`` by id of a table's rows in use, by table the condition that they fulfil."""
    columns = ", ".join(f"r.{one}" for one in ("id", *INDEXED[name].columns))
    within = f"r.id BETWEEN b.value << {SHIFT} AND (b.value << {SHIFT}) + {INSIDE}"
    some = f"json_each(?1) AS b CROSS JOIN {{}} AS r ON {within}" if inside else "{} AS r"
    parts = (
        f"SELECT {columns} FROM {some.format(held)} WHERE r.retired_in IS NULL AND {where}"
        for held, where in stays.items()
    )
    return f"{' UNION ALL '.join(parts)} ORDER BY 1"


def _fill(connection: Connection, name: str, query: str, values: tuple[Any, ...] = ()) -> None:
    """Writes the entries of rows ``(id, *columns)`` in the order of their ids."""
    # FTS5 writes a segment whenever a rowid is smaller than the one before, hence the order.
    read: Any = connection.connection.cursor()
    write: Any = connection.connection.cursor()
    read.execute(query, values)
    statement = f"INSERT INTO search_{name}(rowid, body) VALUES (?, ?)"
    last: dict[int, str] = {}
    for ids, bodies in _beside(INDEXED[name], iter(lambda: read.fetchmany(_BATCH), [])):
        entries = last
        for one, body in zip(ids, bodies, strict=True):
            at = one >> SHIFT
            entries[at] = f"{entries[at]} {body}" if at in entries else body
        last = dict([entries.popitem()])  # the next rows may belong to it
        write.executemany(statement, entries.items())
    write.executemany(statement, last.items())
    read.close()


def _beside(
    indexed: Indexed, batches: Iterator[Sequence[Sequence[Any]]]
) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
    """The ids and bodies of batches of rows; the bodies of one are made while those before it are written."""
    with ThreadPoolExecutor(1) as thread:
        made: Future[list[str]] | None = None
        ids: Sequence[int] = ()
        for rows in batches:
            coming = thread.submit(_bodies, indexed, rows)
            if made is not None:
                yield ids, made.result()
            made, ids = coming, [row[0] for row in rows]
        if made is not None:
            yield ids, made.result()


def _bodies(indexed: Indexed, rows: Iterable[Sequence[Any]]) -> list[str]:
    _ids, *values = zip(*rows, strict=True)
    said = dict(zip(indexed.columns, values, strict=True))
    bodies = [runs_of(said[one], TEXT_RUN) for one in indexed.texts]
    bodies += [runs_of(said[one], CODE_RUN) for one in indexed.codes]
    return bodies[0] if len(bodies) == 1 else [" ".join(parts) for parts in zip(*bodies, strict=True)]


def _entries(connection: Connection, name: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM search_{name}_docsize")).scalar_one())


def _is_empty(connection: Connection, name: str) -> bool:
    ids: Select[Any] = select(table(f"search_{name}_docsize", column("id")).c.id)
    return connection.execute(ids.limit(1)).first() is None


def _clear(connection: Connection, name: str) -> None:
    connection.execute(text(f"INSERT INTO search_{name}(search_{name}) VALUES ('delete-all')"))
