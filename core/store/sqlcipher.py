"""SQLAlchemy dialect for SQLCipher 4 through the ``sqlcipher3`` wheels.

SQLAlchemy's own ``pysqlcipher`` dialect puts the key into the URL, where logs and errors can show it;
here the key reaches the connection through the engine's creator only.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from core.store.folding import normalise


class SQLCipherDialect(SQLiteDialect_pysqlite):
    """``sqlite+sqlcipher``: pysqlite's manners over the sqlcipher3 module."""

    driver = "sqlcipher"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """The driver."""
        from sqlcipher3 import dbapi2  # type: ignore[import-untyped]  # noqa: PLC0415 - untyped; only when used

        module: ModuleType = dbapi2
        return module


def register() -> None:
    """Makes ``sqlite+sqlcipher://`` known to SQLAlchemy."""
    registry.register("sqlite.sqlcipher", __name__, "SQLCipherDialect")


def connect(path: str, key_hex: str) -> Any:
    """Opens the file with its raw 256-bit key (64 hex digits); every page and journal is encrypted.

    SQLCipher does not encrypt temporary files, so they are kept in memory (``standards.md``).
    """
    from sqlcipher3 import dbapi2  # noqa: PLC0415 - a store on a server never needs it

    connection = dbapi2.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
    for pragma in (
        "cipher_log_level = NONE",
        f"key = \"x'{key_hex}'\"",
        "temp_store = MEMORY",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 30000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("normalised", 1, _normalised, deterministic=True)
    return connection


def _normalised(value: str | None) -> str | None:
    """A text in the form in which searches compare it, for use in statements."""
    return None if value is None else normalise(value)
