"""The records that a training source keeps: a table a resource with the upstream's own field names, in any database."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)

from core.exchange.declaration import Connector, Incoming
from core.sheets.lists import write_book

Row = dict[str, Any]


class Records:
    """What a source holds of each resource that its connector extracts, and the frozen views of it."""

    def __init__(self, url: str, it: Connector) -> None:
        self.engine, self._it = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1)), it
        if url.startswith("sqlite"):
            with self.engine.connect() as connection:
                connection.execute(text("PRAGMA journal_mode = WAL"))  # who reads must not hold up who writes
        self._metadata = MetaData()
        self.tables = {resource: self._table(one) for resource, one in it.extract.items()}
        for one in {p.destination for p in it.propose.values()}:
            names = ("resource", "body", "at", "status", "number", "code", "reason", "digest")
            Table(one.replace("/", "_"), self._metadata, Column("message", String, primary_key=True),
                  *(Column(name, String) for name in names))  # fmt: skip
        self._metadata.create_all(self.engine)
        if view := it.routes.get("answers"):
            self._show_answers(view, next(iter(it.propose.values())).destination)

    def put(self, resource: str, rows: Sequence[Row]) -> None:
        """Adds records or takes the place of those that have their key."""
        table, key = self.tables[resource], self._it.extract[resource].order_key
        names = [c.name for c in table.columns]
        with self.engine.begin() as connection:
            if rows:
                replaced = delete(table).where(table.c[key] == bindparam("replaced"))
                connection.execute(replaced, [{"replaced": str(row[key])} for row in rows])
                connection.execute(insert(table), [{n: _text(row.get(n)) for n in names} for row in rows])

    def remove(self, resource: str, keys: Sequence[str]) -> None:
        """Removes records for good, as if they had never been."""
        table, key = self.tables[resource], self._it.extract[resource].order_key
        with self.engine.begin() as connection:
            connection.execute(delete(table).where(table.c[key].in_(list(keys))))

    def freeze(self, resource: str) -> tuple[str, str]:
        """Opens a frozen view: its name and the watermark that it reaches. Only the last three are kept."""
        table, one = self.tables[resource], self._it.extract[resource]
        with self.engine.begin() as connection:
            known = sorted(
                n for n in inspect(connection).get_table_names() if n.startswith(f"snap_{resource}_")
            )
            for old in known[:-2]:
                connection.execute(text(f'DROP TABLE "{old}"'))
            name = f"snap_{resource}_{int(known[-1].rsplit('_', 1)[1]) + 1 if known else 1:06d}"
            connection.execute(text(f'CREATE TABLE "{name}" AS SELECT * FROM "{table.name}"'))
            until = connection.execute(text(f'SELECT max("{one.watermark}") FROM "{name}"')).scalar()
        return name, str(until or "")

    def page(self, resource: str, view: str, *, after: str, since: str, limit: int) -> list[Row]:
        """The next records of a frozen view in the order of their key."""
        one = self._it.extract[resource]
        query = text(
            f'SELECT * FROM "{view}" WHERE "{one.order_key}" > :after AND "{one.watermark}" > :since'
            f' ORDER BY "{one.order_key}" LIMIT :limit'
        )
        with self.engine.connect() as connection:
            rows = (
                connection.execute(query, {"after": after, "since": since, "limit": limit}).mappings().all()
            )
        return [dict(row) for row in rows]

    def has(self, view: str) -> bool:
        """Whether a frozen view is still kept."""
        return inspect(self.engine).has_table(view)

    def totals(self, resource: str, view: str, since: str) -> list[Row]:
        """Count and digest of each community in a frozen view, without what is marked as deleted."""
        return totals(self._it.extract[resource], self.page(resource, view, after="", since=since, limit=-1))

    def export(self, resource: str, folder: Path, *, form: str = "csv", since: str = "") -> Path:
        """Writes what the source holds as an exported file with its marker; the newest file counts."""
        one = self._it.extract[resource]
        name, until = self.freeze(resource)
        rows = self.page(resource, name, after="", since=since, limit=-1)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{one.source}_{name.rsplit('_', 1)[1]}.{form}"
        head = [c.name for c in self.tables[resource].columns]
        cells = [[row[n] or "" for n in head] for row in rows]
        if form == "csv":
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows([head, *cells])
        else:
            write_book(
                path, {resource: pl.DataFrame(cells, schema=dict.fromkeys(head, pl.String), orient="row")}
            )
        told = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(rows), "since": since,
            "until": until, "totals": totals(one, rows),
        }  # fmt: skip
        path.with_name(path.name + ".ok").write_bytes(orjson.dumps(told))
        return path

    def count(self, table: str) -> int:
        """How many messages a destination has received."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())

    def propose(self, table: str, message: str, resource: str, body: str) -> bool:
        """Takes a proposal once by its message id; whether it was new."""
        with self.engine.begin() as connection:
            there = self._metadata.tables[table]
            if connection.execute(select(there.c.message).where(there.c.message == message)).first():
                return False
            connection.execute(insert(there).values(message=message, resource=resource, body=body, at=""))
            return True

    def messages(self, table: str, *keys: str) -> list[Row]:
        """What was proposed: the named messages, or all of them, in the order of their ids."""
        there = self._metadata.tables[table]
        query = select(there).order_by(there.c.message)
        with self.engine.connect() as connection:
            rows = connection.execute(query.where(there.c.message.in_(keys)) if keys else query).mappings()
            return [{str(name): value for name, value in row.items()} for row in rows]

    def answer(self, table: str, message: str, **values: str) -> None:
        """Writes down what became of a message."""
        there = self._metadata.tables[table]
        with self.engine.begin() as connection:
            connection.execute(update(there).where(there.c.message == message).values(**values))

    def found(self, resource: str, **fields: str) -> Row | None:
        """The first record whose fields have these values."""
        table = self.tables[resource]
        query = select(table).where(*(table.c[name] == value for name, value in fields.items())).limit(1)
        with self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else dict(row)

    def _show_answers(self, view: str, table: str) -> None:
        if view in inspect(self.engine).get_view_names():
            return
        columns = "message, status, number, code, reason, digest"
        with self.engine.begin() as connection:
            connection.execute(text(f'CREATE VIEW "{view}" AS SELECT {columns} FROM "{table}"'))

    def _table(self, one: Incoming) -> Table:
        marks = [one.order_key, one.watermark, one.community, one.deleted]
        names = dict.fromkeys([*(f.name for f in one.fields), *(m for m in marks if m)])
        name = one.source.rsplit("/", 1)[-1]
        return Table(
            name, self._metadata, *(Column(n, String, primary_key=n == one.order_key) for n in names)
        )


def totals(one: Incoming, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Count and digest by community: SHA-256 over the sorted lines ``order key|watermark``."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        if not (one.deleted and row[one.deleted] in one.deleted_values):
            lines.setdefault(row[one.community] or "", []).append(
                f"{row[one.order_key]}|{row[one.watermark]}"
            )
    return [
        {"community": community, "count": len(found),
         "digest": hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()}
        for community, found in sorted(lines.items())
    ]  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
