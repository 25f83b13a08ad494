"""Database views by any SQLAlchemy URL, read in one transaction that sees the data as at its beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    TableClause,
    and_,
    column,
    create_engine,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from core.exchange.declaration import Incoming
from core.exchange.transports.pace import FREE, Pace
from core.exchange.transports.source import Columns, Page, Source, Total, View, digest_of, needed
from core.exchange.troubles import Refused, Rejected, Trouble, Unreachable
from core.i18n import _

Result = TypeVar("Result")
_DENIED: Final = ("permission denied", "access denied", "42501", "denied")
_ABSENT: Final = ("no such table", "no such column", "does not exist", "undefined", "doesn't exist")
_AT_ONCE: Final = 10_000


class Database(Source):
    """A source in a database. Its view is a transaction and ends with the connection."""

    kind, lasting = "database", False

    def __init__(
        self, url: str, *, password: str = "", connect_seconds: float = 10, pace: Pace = FREE
    ) -> None:
        self._url, self._password, self._seconds = url, password, connect_seconds
        self._pace = pace
        self._engine: Engine | None = None
        self._connection: Connection | None = None

    def view(self, resource: str, what: Incoming, *, since: str, until: str = "") -> View:
        """Begins a transaction; without ``until`` the view reaches the newest watermark in it."""
        source = _clause(what)

        def begin() -> str:
            newest = select(func.max(source.c[what.watermark]))
            return until or str(self._begun().execute(newest).scalar() or "")

        self.close()
        return View("transaction", since, _told(begin))

    def page(self, resource: str, what: Incoming, view: View, *, after: str) -> Page:
        """One page by the order key."""
        source = _clause(what)
        names = needed(what)
        key = source.c[what.order_key]
        query = _within(select(*(source.c[n] for n in names)), source, what, view).where(key > after)
        rows = _told(lambda: self._begun().execute(query.order_by(key).limit(what.page_size)).all())
        columns: Columns = {name: [_text(row[at]) for row in rows] for at, name in enumerate(names)}
        last = columns[what.order_key][-1] if rows else after
        return Page(columns, len(rows), str(last), len(rows) == what.page_size)

    def totals(self, resource: str, what: Incoming, view: View) -> tuple[Total, ...]:
        """What one pass over the view counts, without pages."""
        source = _clause(what)
        key, mark, community = source.c[what.order_key], source.c[what.watermark], source.c[what.community]
        query = _within(select(community, key, mark), source, what, view).order_by(community)
        if what.deleted:
            gone = source.c[what.deleted]
            query = query.where(or_(gone.is_(None), gone.not_in(what.deleted_values)))

        def count() -> tuple[Total, ...]:
            lines: dict[str, list[str]] = {}
            for some in self._begun().execute(query).partitions(_AT_ONCE):
                for place, k, m in some:
                    lines.setdefault(str(place or ""), []).append(f"{k}|{m}")
            return tuple(Total(place, len(found), digest_of(found)) for place, found in sorted(lines.items()))

        return _told(count)

    def check(self, resource: str, what: Incoming) -> None:
        """Reads one row of the view with every field that is declared."""
        source = _clause(what)
        query = select(*(source.c[n] for n in needed(what))).limit(1)
        _told(lambda: self._begun().execute(query).all())

    def close(self) -> None:
        """Ends the transaction and the connection."""
        if self._connection is not None:
            self._connection.close()
        if self._engine is not None:
            self._engine.dispose()
        self._engine = self._connection = None

    def _begun(self) -> Connection:
        """The connection for one query, in a transaction that reads one state of the data."""
        self._pace.wait()
        if self._connection is None:
            self._engine = engine_of(self._url, password=self._password, connect_seconds=self._seconds)
            if self._engine.dialect.name == "sqlite":
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._connection.execute(text("BEGIN"))
            else:
                options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}
                self._connection = self._engine.connect().execution_options(**options)
        return self._connection


def engine_of(url: str, *, password: str, connect_seconds: float) -> Engine:
    """An engine for the operator's database; the password comes from the keyring, not from the address."""
    made = make_url(url.replace("postgresql://", "postgresql+psycopg://", 1))
    if password and made.username and not made.password:
        made = made.set(password=password)
    waits = {"connect_timeout": int(connect_seconds)} if made.get_backend_name() == "postgresql" else {}
    return create_engine(made, connect_args=waits)


def _clause(what: Incoming) -> TableClause:
    schema, _dot, name = what.source.rpartition(".")
    return table(name, *(column(n) for n in needed(what)), schema=schema or None)


def _within(query: Select[Any], source: TableClause, what: Incoming, view: View) -> Select[Any]:
    mark = source.c[what.watermark]
    return query.where(and_(*([mark > view.since] if view.since else []), mark <= view.until))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _told(act: Callable[[], Result]) -> Result:
    try:
        return act()
    except (SQLAlchemyError, ImportError) as error:
        raise trouble_of(error) from error


def trouble_of(error: Exception) -> Trouble:
    """Our word for a database's error: reading changes nothing, so nothing is unclear."""
    words = str(error).lower()
    cause = type(getattr(error, "orig", None) or error).__name__
    if isinstance(error, DBAPIError) and any(word in words for word in _DENIED):
        return Refused(
            _("The database does not let us read the view ({cause}).").format(cause=cause),
            cure=_("Ask the operator to grant SELECT on the views that the connector's file names."),
            cause="denied",
        )
    absent = isinstance(error, DBAPIError) and any(word in words for word in _ABSENT)
    if absent and not (isinstance(error, OperationalError) and "database" in words and "connect" in words):
        return Rejected(
            _("The database has no such view or column ({cause}).").format(cause=cause),
            cure=_("Compare the connector's declaration with the operator's interface document."),
            cause="no_such_view",
        )
    if isinstance(error, (OperationalError, InterfaceError, ArgumentError, NoSuchModuleError, ImportError)):
        return Unreachable(
            _("The database cannot be reached ({cause}).").format(cause=cause),
            cure=_("Check the network, and the address and password under Exchange."),
            cause=cause,
        )
    return Rejected(
        _("The database could not answer ({cause}).").format(cause=cause),
        cure=_("Compare the connector's declaration with the operator's interface document."),
        cause=cause,
    )
