"""Opening a store and working in it: one unit of work per use case, no commit without leaving it whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, QueuePool, create_engine, text
from sqlalchemy.exc import DatabaseError, DBAPIError

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.store import sqlcipher
from core.store.trouble import trouble_of

Backend = Literal["sqlcipher", "postgresql"]


_AT_REST, _WRITING = -8_000, -262_144
"""KiB of pages that a connection keeps: a large import evicts, encrypts and fetches again what does not fit.

A quarter of a gigabyte instead of a sixteenth takes a tenth off the import of a million persons, a third off its undo.
"""


class StoreUnreadable(GridLinkError):
    """The file is not a store, or the key is not its key."""

    code = "store_unreadable"


class StoreMissing(GridLinkError):
    """There is no store at the place named."""

    code = "store_missing"


class Store:
    """An open store. Reads may run side by side; ``write`` is the one unit of work at a time."""

    def __init__(self, engine: Engine, *, backend: Backend, location: str) -> None:
        self.engine = engine
        self.backend: Backend = backend
        self.location = location

    @property
    def encrypted(self) -> bool:
        """Whether GridLink itself encrypts the file; on a server that is the server's own matter."""
        return self.backend == "sqlcipher"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for reading; nothing done in it is kept. Raises ``StoreTrouble``."""
        with self._told(), self.engine.connect() as connection:
            if self.backend == "sqlcipher":
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One unit of work: kept whole when the block ends well, not at all when it does not.

        Raises ``StoreTrouble`` where the database cannot, through no fault of the block.
        """
        with self._told(), self.engine.connect() as connection:
            if self.backend != "sqlcipher":
                connection.begin()  # bulk writes go to the driver's cursor, which would begin none
                yield connection
                connection.commit()
                return
            connection.exec_driver_sql(f"PRAGMA cache_size = {_WRITING}")
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            finally:
                if not connection.invalidated:
                    connection.rollback()
                    connection.exec_driver_sql(f"PRAGMA cache_size = {_AT_REST}")

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database says of its disk, its locks or its server is told in our words.

        Bulk writes go past SQLAlchemy to the driver's cursor, so that the driver's own errors come here as well.
        """
        try:
            yield
        except (DBAPIError, self.engine.dialect.loaded_dbapi.Error) as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            raise trouble from error


@contextmanager
def cancellable(connection: Connection, progress: Progress) -> Iterator[None]:
    """A statement that runs inside the block ends at once, as ``Cancelled``, when ``progress`` is cancelled."""
    driver: Any = connection.connection.dbapi_connection
    stop = driver.interrupt if connection.dialect.name == "sqlite" else driver.cancel
    with progress.interrupting(stop):
        try:
            yield
        except DatabaseError:
            progress.checkpoint()  # the database says that it was interrupted: so we wanted
            raise
        progress.checkpoint()


def is_server(location: str) -> bool:
    """Whether a store's location names a PostgreSQL server rather than a file."""
    return location.startswith(("postgresql://", "postgresql+psycopg://"))


def connect(location: str, key_hex: str = "") -> Store:
    """Opens the store at a file path (with its key) or a ``postgresql://`` URL, whatever its schema.

    Raises ``StoreMissing`` or ``StoreUnreadable``.
    """
    if is_server(location):
        engine = create_engine(location.replace("postgresql://", "postgresql+psycopg://", 1))
        return Store(engine, backend="postgresql", location=location)
    path = Path(location)
    if not path.exists():
        raise StoreMissing(
            _("There is no store at {path}.").format(path=path),
            cure=_("Create it with “gridlink store init”, or name another place with --store."),
            path=str(path),
        )
    return _open_file(path, key_hex)


def _open_file(path: Path, key_hex: str) -> Store:
    sqlcipher.register()
    engine = create_engine(
        "sqlite+sqlcipher://",
        creator=lambda: sqlcipher.connect(str(path), key_hex),
        poolclass=QueuePool,  # the URL names no file, which SQLAlchemy would take for a memory database
    )
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
    except DatabaseError as error:
        engine.dispose()
        raise StoreUnreadable(
            _("{path} cannot be read: the key does not fit, or the file is not a GridLink store.").format(
                path=path
            ),
            cure=_("Check the key in the keyring or in GRIDLINK_STORE_KEY; the file was not changed."),
            path=str(path),
        ) from error
    return Store(engine, backend="sqlcipher", location=str(path))
