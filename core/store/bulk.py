"""Bulk writes: columns in by the hundred thousand, the same call on either database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Index, Select, Table
from sqlalchemy.schema import CreateIndex, DropIndex

Row = Sequence[Any]
Item = TypeVar("Item")

_BATCH = 1000
"""Rows a statement; measured: batches of 1,000 beat 50,000 on SQLite (``targets.md``)."""


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Appends rows given in the order of ``columns`` and returns how many; nothing is committed.

    SQLite takes prepared batches, PostgreSQL takes COPY.
    """
    if connection.dialect.name == "postgresql":
        return _copy(connection, table, columns, rows)
    places = ", ".join("?" * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({places})'
    cursor = connection.connection.cursor()
    count = 0
    for batch in _batches(rows):
        cursor.executemany(statement, batch)
        count += len(batch)
    return count


def insert_columns(
    connection: Connection, table: Table, columns: Sequence[str], batches: Iterable[Sequence[Iterable[Any]]],
    constants: Mapping[str, int | str],
) -> None:  # fmt: skip
    """Appends rows given as batches of columns; ``constants`` are the same in every row and said only once.

    Handing a value over to SQLite costs as much as storing it: nine tenths of an insert into a table without indexes.
    """
    names = [*columns, *constants]
    if connection.dialect.name == "postgresql":
        same = tuple(constants.values())
        rows = (row + same for batch in batches for row in zip(*batch, strict=True))
        _copy(connection, table, names, rows)
        return
    places = [*("?" * len(columns)), *map(_literal, constants.values())]
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join(places)})'
    cursor: Any = connection.connection.cursor()
    for batch in batches:
        cursor.executemany(statement, zip(*batch, strict=True))


def _literal(value: int | str) -> str:
    """A constant as SQL writes it; the driver would take a NUL for the statement's end, and no text here has one."""
    return str(int(value)) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def rows_of(connection: Connection, query: Executable) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them: a million at a time, without a result object for each.

    Booleans are 0 and 1 on SQLite, JSON is text.
    """
    cursor: Any = connection.execute(query).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    cursor.close()
    return rows


def batches(connection: Connection, query: Select[Any], size: int = 100_000) -> Iterator[Sequence[Row]]:
    """A query's rows in batches, as plain as the driver gives them; for reading a table by its columns.

    SQLite's own cursor is read directly, which takes half the time; PostgreSQL keeps the rows until they are asked for.
    """
    if connection.dialect.name == "postgresql":
        yield from connection.execute(query.execution_options(yield_per=size)).partitions()
        return
    result = connection.execute(query)
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(size):
        yield rows
    result.close()


def is_empty(connection: Connection, table: Table) -> bool:
    """Whether the table has no row at all."""
    return connection.execute(table.select().limit(1)).first() is None


def drop_indexes(connection: Connection, table: Table, keep: Collection[str] = ()) -> list[Index]:
    """Drops the table's secondary indexes for a first load; ``create_indexes`` builds them afterwards.

    Building an index over sorted data at the end is several times cheaper than keeping it during the load. Indexes
    of the columns to ``keep`` stay: those to which the load adds nothing, or only at their end.
    """
    dropped = (index for index in table.indexes if not {column.name for column in index.columns} & {*keep})
    indexes = sorted(dropped, key=lambda index: str(index.name))
    for index in indexes:
        connection.execute(DropIndex(index))
    return indexes


def create_indexes(connection: Connection, indexes: Iterable[Index]) -> None:
    """Builds the indexes anew."""
    for index in indexes:
        connection.execute(CreateIndex(index))


def chunks(ids: Sequence[Item], size: int = 5000) -> Iterator[Sequence[Item]]:
    """Ids (or what they stand for) in pieces that fit into one ``IN`` list on either database."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    count = 0
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
