"""Filters: conditions on a kind's columns that combine, and the selection "all N matching" that acts take.

A ``Selection`` is a plain value: it is counted, shown as a table, exported, edited in bulk, put on the map and
saved as a view; whoever gets one works on exactly the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, String, and_, cast, not_, or_, select, true

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.registry.fields import KINDS, Field, fields, leading_to, link, way_to_address
from core.settings import CHINA
from core.store import reading, search

Operator = Literal[
    "is", "is_not", "contains", "begins", "one_of", "above", "from", "to", "below", "blank", "not_blank"
]
OPERATORS: Final[tuple[Operator, ...]] = (
    "is", "is_not", "contains", "begins", "one_of", "above", "from", "to", "below", "blank", "not_blank",
)  # fmt: skip
State = Literal["in_use", "retired", "all"]
_DAY_LENGTH = 10


class FilterUnclear(GridLinkError):
    """A condition names a column, an operator or a value that the kind does not have."""

    code = "filter_unclear"


@dataclass(frozen=True)
class Condition:
    """One condition: ``column operator value``; ``one_of`` takes a tuple, ``blank`` and ``not_blank`` nothing.

    ``from`` and ``to`` include their value, ``above`` and ``below`` do not; of a moment the day is enough.
    """

    column: str
    operator: Operator
    value: str | tuple[str, ...] = ""


@dataclass(frozen=True)
class Selection:
    """All rows of a kind that fulfil every condition; ``ids`` and ``addresses`` narrow it to rows that were picked.

    ``ids`` are of the kind itself; ``addresses`` are ids of addresses (from the map): the rows that lie there;
    ``grids`` are codes: the rows that lie in them, by their address.
    """

    resource: str
    conditions: tuple[Condition, ...] = ()
    state: State = "in_use"
    ids: tuple[int, ...] | None = None
    addresses: tuple[int, ...] | None = None
    grids: tuple[str, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing narrows it but the state."""
        return not self.conditions and self.ids is None and self.addresses is None and self.grids is None

    def with_condition(self, condition: Condition) -> Selection:
        """The selection narrowed by one more condition."""
        return replace(self, conditions=(*self.conditions, condition))

    def as_dict(self) -> dict[str, Any]:
        """The selection as JSON keeps it."""
        return asdict(self)


def selection_of(kept: Mapping[str, Any]) -> Selection:
    """A selection as ``as_dict`` kept it."""
    conditions = tuple(
        Condition(
            c["column"], c["operator"], tuple(c["value"]) if isinstance(c["value"], list) else c["value"]
        )
        for c in kept["conditions"]
    )
    picked = {
        name: None if kept.get(name) is None else tuple(kept[name]) for name in ("ids", "addresses", "grids")
    }
    return Selection(kept["resource"], conditions, kept["state"], **picked)


def checked(selection: Selection) -> Selection:
    """The selection if its kind has such columns, operators and values; else ``FilterUnclear``."""
    if selection.resource not in KINDS:
        raise FilterUnclear(
            _("There is no table of {kind}.").format(kind=selection.resource),
            cure=_("Choose one of: {kinds}.").format(kinds=", ".join(KINDS)),
        )
    for one in selection.conditions:
        field = field_of(selection.resource, one.column)
        values = one.value if isinstance(one.value, tuple) else (one.value,)
        for value in values if one.operator not in {"blank", "not_blank"} else ():
            _typed(field, value)
            _refuse_unknown_code(field, one.operator, value)
    return selection


def field_of(resource: str, name: str) -> Field:
    """The field of this name; raises ``FilterUnclear``."""
    known = fields(resource)
    if name not in known:
        raise FilterUnclear(
            _("{kind} has no column “{column}”.").format(kind=resource, column=name),
            cure=_("Its columns are: {columns}.").format(columns=", ".join(known)),
        )
    return known[name]


def where(connection: Connection, selection: Selection) -> ColumnElement[bool]:
    """The selection as a condition on the kind's table. Raises ``FilterUnclear``."""
    checked(selection)
    table, wanted = TABLES[selection.resource], [_state(selection)]
    wanted += [_one(connection, selection, one) for one in selection.conditions]
    if selection.ids is not None:
        wanted.append(reading.among(connection, table.c.id, selection.ids))
    if selection.addresses is not None:
        picked = reading.among(connection, TABLES["address"].c.id, selection.addresses)
        wanted.append(picked if selection.resource == "address" else leading_to(selection.resource, picked))
    if selection.grids is not None:
        wanted.append(_in_grids(selection.resource, selection.grids))
    return and_(true(), *wanted)


def _in_grids(resource: str, grids: tuple[str, ...]) -> ColumnElement[bool]:
    """The rows that lie in grids, by the indexes that lead from a grid to its addresses, houses and people."""
    table, address = TABLES[resource], TABLES["address"]
    if "grid_code" in table.c:
        return table.c.grid_code.in_(grids)
    return leading_to(resource, address.c.grid_code.in_(grids)) if way_to_address(resource) else true()


def _state(selection: Selection) -> ColumnElement[bool]:
    table = TABLES[selection.resource]
    retired = table.c.retired_in.is_not(None)
    if selection.state == "all":
        return true()
    if selection.state == "retired":
        return retired
    if selection.whole:  # so that an index in order answers alone, without a look at each row
        return table.c.id.not_in(select(table.c.id).where(retired))
    return table.c.retired_in.is_(None)


def _one(connection: Connection, selection: Selection, condition: Condition) -> ColumnElement[bool]:
    field = field_of(selection.resource, condition.column)
    own = TABLES["address" if field.through else selection.resource].c[field.name]
    opposite: dict[str, Operator] = {"is_not": "is", "blank": "not_blank"}
    positive = replace(condition, operator=opposite.get(condition.operator, condition.operator))
    holds = _holds(connection, selection, field, positive)
    if field.through:
        here = leading_to(selection.resource, holds)
        negative = or_(link(selection.resource).is_(None), not_(here))
    else:
        here, negative = holds, or_(own.is_(None), not_(holds))
    return negative if condition.operator in opposite else here


def _holds(
    connection: Connection, selection: Selection, field: Field, condition: Condition
) -> ColumnElement[bool]:
    """The condition on the table that holds the column, without negation."""
    home = "address" if field.through else selection.resource
    column, operator = TABLES[home].c[field.name], condition.operator
    if operator == "not_blank":
        return column.is_not(None) if _is_number(field) else and_(column.is_not(None), column != "")
    if operator == "one_of":
        return column.in_([_typed(field, value) for value in condition.value])
    value = str(condition.value)
    text = cast(column, String) if _is_number(field) else column
    if operator == "contains":
        indexed = (
            search.containing(connection, home, field.name, value) if selection.state == "in_use" else None
        )
        return text.icontains(value, autoescape=True) if indexed is None else indexed
    if operator == "begins":
        return reading.begins(connection, text, value)
    if field.kind == "datetime" and len(value) == _DAY_LENGTH:
        return _BY_DAY[operator](column, *_day(value))
    return _COMPARED[operator](column, _typed(field, value))


_COMPARED: Final[Mapping[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "is": lambda column, value: column == value,
    "above": lambda column, value: column > value,
    "from": lambda column, value: column >= value,
    "to": lambda column, value: column <= value,
    "below": lambda column, value: column < value,
}
_BY_DAY: Final[Mapping[str, Callable[[Any, str, str], ColumnElement[bool]]]] = {
    "is": lambda column, start, end: and_(column >= start, column < end),
    "above": lambda column, _start, end: column >= end,
    "from": lambda column, start, _end: column >= start,
    "to": lambda column, _start, end: column < end,
    "below": lambda column, start, _end: column < start,
}
"""Comparing a moment with a day of China, from its start to its end."""


def _is_number(field: Field) -> bool:
    return field.kind in {"integer", "number", "year"}


def _typed(field: Field, value: str) -> Any:
    """A value in the column's storage type; raises ``FilterUnclear``."""
    if field.kind == "datetime" and len(value) > _DAY_LENGTH:
        return _moment(value)
    if not _is_number(field):
        return value
    try:
        return float(value) if field.kind == "number" else int(value)
    except ValueError as wrong:
        raise FilterUnclear(
            _("{column} is a number, “{value}” is none.").format(column=field.name, value=value),
            cure=_("Write it in digits."),
        ) from wrong


def _refuse_unknown_code(field: Field, operator: Operator, value: str) -> None:
    if field.codes and operator in {"is", "is_not", "one_of"} and value not in field.codes:
        raise FilterUnclear(
            _("{column} is never “{value}”.").format(column=field.name, value=value),
            cure=_("It is one of: {codes}.").format(codes=", ".join(field.codes)),
        )


def _day(day: str) -> tuple[str, str]:
    """Start and end of a calendar day in China, as moments are stored."""
    try:
        start = datetime.fromisoformat(day).replace(tzinfo=CHINA)
    except ValueError as wrong:
        raise FilterUnclear(
            _("“{value}” is no day.").format(value=day), cure=_("Write it as in 2026-11-25.")
        ) from wrong
    return _stored(start), _stored(start + timedelta(days=1))


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise FilterUnclear(
            _("“{value}” is no moment.").format(value=value), cure=_("Write it as in 2026-11-25T08:00.")
        ) from wrong
    return _stored(moment if moment.tzinfo else moment.replace(tzinfo=CHINA))


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
