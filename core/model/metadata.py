"""The one MetaData that all tables belong to, and the column shorthands they share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

# SQLite only makes INTEGER PRIMARY KEY an alias of the rowid, so 64-bit ids are INTEGER there.
BigId = BigInteger().with_variant(Integer, "sqlite")


def serial() -> Column[Any]:
    """A growing integer primary key named ``id``."""
    return Column("id", BigId, primary_key=True, autoincrement=True)


def text(name: str, **options: Any) -> Column[Any]:
    """A required text column."""
    return Column(name, String, **({"nullable": False} | options))


def number(name: str, **options: Any) -> Column[Any]:
    """A required integer column of 64 bits."""
    return Column(name, BigId, **({"nullable": False} | options))
