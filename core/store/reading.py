"""What reading a million rows in order has to know of the database; the same answers from either."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    UnaryExpression,
    any_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.sql.operators import custom_op

_LAST_CHARACTER: Final = chr(0x10FFFF)


def among(connection: Connection, column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether a column is one of ``ids``, of which there may be a million: they travel as one value."""
    if connection.dialect.name == "postgresql":
        return column == any_(cast(literal(list(ids), ARRAY(BigInteger)), ARRAY(BigInteger)))
    each = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(each.c.value))


def begins(
    connection: Connection, column: ColumnElement[str], start: str | BindParameter[str]
) -> ColumnElement[bool]:
    """Whether a text column begins with ``start``, by its index where the database compares code points."""
    if connection.dialect.name == "postgresql":
        return func.starts_with(column, start)
    return (column >= start) & (column < start + _LAST_CHARACTER)


def collected_first(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column to sort what was found by: SQLite would walk its index and look at each row of the table in turn."""
    if connection.dialect.name == "postgresql":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def nulls_first(connection: Connection, *, descending: bool) -> bool:
    """Where an index of this database holds missing values, read in this direction."""
    return (connection.dialect.name == "sqlite") != descending
