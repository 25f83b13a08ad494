"""Messages as rows in the operator's table: each once by its message id, and what became of them from a view.

The operator grants two things: INSERT and SELECT on the table (``message`` unique, ``resource``, ``body``, ``at``),
and SELECT on a view of the answers (``message``, ``status``, ``number``, ``code``, ``reason``, ``digest``), whose
status stays empty until the operator's own job has taken the message over. A batch is one transaction: its commit is
the one moment at which it is sent, and the table's own constraint is what makes twice one effect.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import orjson
from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Select,
    TableClause,
    column,
    false,
    insert,
    select,
    table,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.exchange.transports import database
from core.exchange.transports.carrier import Carrier, Reply
from core.exchange.transports.pace import FREE, Pace
from core.exchange.troubles import Unclear
from core.i18n import _

_AT_ONCE: Final = 500
_PUT: Final = ("message", "resource", "body", "at")
_TOLD: Final = ("message", "status", "number", "code", "reason", "digest")


class Insertions(Carrier):
    """One operator's table and view; ``destinations`` names the table by resource."""

    answers: ClassVar[bool] = True

    def __init__(
        self, url: str, *, receiver: str, destinations: Mapping[str, str], view: str, password: str = "",
        connect_seconds: float = 10, pace: Pace = FREE,
    ) -> None:  # fmt: skip
        self._receiver, self._pace = receiver, pace
        named = {name: _named(name, _PUT) for name in destinations.values()}
        self._tables = {resource: named[name] for resource, name in destinations.items()}
        self._view = _named(view, _TOLD)
        self._open = functools.partial(
            database.engine_of, url, password=password, connect_seconds=connect_seconds
        )
        self._engine: Engine | None = None

    def send(self, name: str, body: bytes) -> Reply | None:
        """Inserts what is not there yet, all of it or nothing; the answer comes when it is asked for."""
        message = orjson.loads(body)
        try:
            self._insert(message["items"])
        except IntegrityError:  # another of ours was there between the look and the insert
            try:
                self._insert(message["items"])
            except IntegrityError as error:
                raise database.trouble_of(error) from error
        return None

    def ask(self, question: bytes) -> tuple[Reply, ...]:
        """What the view says of messages: one that is not there is unknown, one without a status is not mentioned."""
        keys: list[str] = orjson.loads(question)["keys"]
        told = {row[0]: row for row in self._rows(keys)}
        items = [_item(key, told.get(key)) for key in keys]
        said = {"receiver": self._receiver, "items": [one for one in items if one is not None]}
        return (Reply(orjson.dumps(said), ""),)

    def held(self) -> dict[str, str]:
        """Every message that the view names, and the digest of its body there."""
        view = self._view
        query = select(view.c.message, view.c.digest)
        return {str(m): str(d or "") for m, d in self._all(query)}

    def check(self) -> None:
        """Reads the view, and inserts no row into the table in a transaction of its own."""
        self._rows(["gridlink-check"])
        for one in set(self._tables.values()):
            nothing = insert(one).from_select(list(_PUT), select(*one.c).where(false()))
            self._transaction(functools.partial(_execute, nothing))

    def close(self) -> None:
        """Ends the connections."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def _insert(self, items: Sequence[Mapping[str, Any]]) -> None:
        def act(connection: Connection) -> None:
            for one in set(self._tables.values()):
                mine = {i["key"]: i for i in items if self._table_of(i) is one}
                query = select(one.c.message).where(one.c.message.in_(list(mine)))
                there = set(connection.execute(query).scalars())
                rows = [_row(i) for key, i in mine.items() if key not in there]
                if rows:
                    connection.execute(insert(one), rows)

        self._pace.wait()
        self._transaction(act)

    def _table_of(self, item: Mapping[str, Any]) -> TableClause:
        return self._tables.get(item.get("resource", ""), next(iter(self._tables.values())))

    def _rows(self, keys: Sequence[str]) -> list[Any]:
        view, found = self._view, []
        for start in range(0, len(keys), _AT_ONCE):
            query = select(*view.c).where(view.c.message.in_(keys[start : start + _AT_ONCE]))
            found += self._all(query)
        return found

    def _all(self, query: Select[Any]) -> list[Any]:
        """Reads; every trouble is one of the four."""
        self._pace.wait()
        try:
            with self._begun().connect() as connection:
                return list(connection.execute(query))
        except (SQLAlchemyError, ImportError) as error:
            raise database.trouble_of(error) from error

    def _transaction(self, act: Callable[[Connection], None]) -> None:
        """Acts and commits. What breaks before the commit has changed nothing; a broken commit is unclear."""
        try:
            connection = self._begun().connect()
        except (SQLAlchemyError, ImportError) as error:
            raise database.trouble_of(error) from error
        with connection:
            try:
                act(connection)
            except IntegrityError:
                connection.rollback()
                raise
            except SQLAlchemyError as error:
                raise database.trouble_of(error) from error
            try:
                connection.commit()
            except IntegrityError:
                raise
            except SQLAlchemyError as error:
                raise _unclear(error) from error

    def _begun(self) -> Engine:
        self._engine = self._engine or self._open()
        return self._engine


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    body = orjson.dumps(item["record"], option=orjson.OPT_SORT_KEYS).decode()
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"message": item["key"], "resource": item.get("resource", ""), "body": body, "at": at}


def _item(key: str, row: Any) -> dict[str, Any] | None:
    """The receipt's item about one message."""
    if row is None:
        return {"key": key, "status": "unknown"}
    _message, status, number, code, reason, _digest = row
    if status in (None, ""):
        return None
    given = {"number": number, "code": code, "message": reason}
    return {"key": key, "status": status} | {name: str(value) for name, value in given.items() if value}


def _execute(statement: Executable, connection: Connection) -> None:
    connection.execute(statement)


def _named(name: str, columns: Sequence[str]) -> TableClause:
    schema, _dot, own = name.rpartition(".")
    return table(own, *(column(c) for c in columns), schema=schema or None)


def _unclear(error: Exception) -> Unclear:
    cause = type(getattr(error, "orig", None) or error).__name__
    return Unclear(
        _("The connection to the database broke during the commit ({cause}).").format(
            cause=cause
        ),
        cure=_("Push again: GridLink first asks which records arrived."),
        cause=cause,
    )
