"""Tables of a million rows: any filter in order, from any place on, with how many there are.

How a screen uses it: ``page`` gives the first rows of a whole kind at once; ``matches`` (a job, cancellable) says how
many rows a selection has and remembers their order; ``rows_at(matches, start, count)`` then jumps anywhere (a whole
kind is read by position; ``with_positions``, in a job after the first paint, makes its middle as near as its ends).
With a filter, ``page`` might look through the whole kind for its first rows: ask it for those among the first
``AT_ONCE`` in order, which are there at once, and ``matches`` for the rest. A row is ``(id, retired, *columns)`` with
the columns asked for (``fields.fields(kind)`` are those there are). After a change, ``is_stale(matches)`` says that
they should be asked for again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from core.errors import Cancelled
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import change_set
from core.model.registry import TABLES
from core.registry import words
from core.registry.at_home import require_home
from core.registry.browse import SHOWN, total
from core.registry.fields import fields, joined, link, way_to_address
from core.registry.filters import FilterUnclear, Selection, where
from core.registry.where import say
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store import bulk, reading
from core.store.engine import Store, cancellable
from core.verification.keys import hashed

PAGE: Final = 200
AT_ONCE: Final = 4_000
"""Rows of a million that are looked at in less than a twentieth of a second, wherever they lie."""
_RETIRED: Final[WeakKeyDictionary[Store, dict[str, tuple[int, int]]]] = WeakKeyDictionary()
"""Per open store and kind: the change set after which its retired rows were counted, and how many."""

_HOMES: Final[WeakKeyDictionary[Store, dict[tuple[Selection, Order], Matches]]] = WeakKeyDictionary()
"""Per open store, the rows of somebody's own grids as they were found last."""
_HOMES_KEPT: Final = 12


@dataclass(frozen=True)
class Order:
    """In the order of a column that has an index; equal values by id."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Key:
    """The place of a row in an order: read on after it with ``page(after=…)``."""

    value: Any
    id: int


@dataclass(frozen=True)
class Page:
    """Some rows in order: ``(id, retired, *columns)`` each; ``last`` is the place of the last one."""

    rows: Sequence[tuple[Any, ...]]
    last: Key | None = None


@dataclass(frozen=True)
class Matches:
    """How many rows a selection has, in which order; ``ids`` is None for a whole kind, which is read by position."""

    selection: Selection
    order: Order
    total: int
    state: int  # the newest change set then
    ids: array[int] | None = field(default=None, repr=False)


def default_columns(resource: str) -> tuple[str, ...]:
    """The columns that a table shows until somebody chooses others."""
    return SHOWN.get(resource) or tuple(fields(resource))


def sortable(resource: str) -> tuple[str, ...]:
    """The columns by which a table can be ordered at any size."""
    return tuple(name for name, one in fields(resource).items() if one.sortable)


def begins_at_once(selection: Selection, order: Order) -> bool:
    """Whether the first rows are there before all are found: of a whole kind, of the own grids along their way."""
    if selection.whole or selection.grids is None or not replace(selection, grids=None).whole:
        return selection.whole
    return bool(way_to_address(selection.resource)) and order.column == link(selection.resource).name


@permits("registry.read")
def page(
    workspace: Workspace, selection: Selection, order: Order, *, columns: Sequence[str] = (),
    after: Key | None = None, count: int = PAGE, within: int = 0, progress: Progress | None = None,
) -> Page:  # fmt: skip
    """The first rows of a selection, or those after a place; cancellable. A filter's first page is on record.

    ``within`` looks only at so many rows from the start of the order on, and may find fewer than there are: it goes
    before ``matches``, which puts the filter on record for both.
    """
    require_home(workspace, selection)
    table, by = TABLES[selection.resource], _ordered(selection, order)
    with workspace.store.read() as connection:
        query = select(table.c.id, by).where(where(connection, selection))
        if within:
            first = select(table.c.id).limit(within)
            query = query.where(table.c.id.in_(_in_order(connection, first, selection, order)))
        if after is not None:
            query = query.where(_beyond(connection, selection.resource, order, after))
        with cancellable(connection, progress or Progress()):
            ordered = _in_order(connection, query, selection, order, found_first=bool(within))
            keys = connection.execute(ordered.limit(count)).all()
        rows = _rows(connection, selection.resource, columns, [row[0] for row in keys])
    if after is None and not within and not begins_at_once(selection, order):
        _audit(workspace, selection, len(keys))
    return Page(rows, Key(keys[-1][1], keys[-1][0]) if keys else None)


@permits("registry.read")
def matches(
    workspace: Workspace, selection: Selection, order: Order, *, progress: Progress | None = None
) -> Matches:
    """Every row of a selection in order, by id; cancellable at any moment. A filter is on record as a search."""
    require_home(workspace, selection)
    progress, by = progress or Progress(), _ordered(selection, order)
    if selection.whole:
        state, count = _newest(workspace), _held(workspace, selection)
        return Matches(selection, order, count, state)
    homes = _HOMES.setdefault(workspace.store, {})
    if (known := homes.get((selection, order))) is not None and known.state == _newest(workspace):
        _audit(workspace, selection, known.total)
        return known
    table = TABLES[selection.resource]
    with workspace.store.read() as connection:
        state = connection.execute(_NEWEST).scalar() or 0
        sorting = reading.collected_first(connection, by)
        query = select(table.c.id).where(where(connection, selection))
        down = order.descending
        query = query.order_by(sorting.desc() if down else sorting, table.c.id.desc() if down else table.c.id)
        try:
            with cancellable(connection, progress):
                ids = array("q", connection.execute(query).scalars())
        except Cancelled:  # its first rows may have been seen
            _audit(workspace, selection, None)
            raise
    _audit(workspace, selection, len(ids))
    found = Matches(selection, order, len(ids), state, ids)
    if replace(selection, grids=None).whole:
        _keep(homes, found)
    return found


@permits("registry.read")
def rows_at(
    workspace: Workspace, found: Matches, start: int, count: int = PAGE, *, columns: Sequence[str] = ()
) -> Page:
    """Rows ``start`` to ``start + count``; the last ones cost no more than the first. Rows that went are left out."""
    require_home(workspace, found.selection)
    resource = found.selection.resource
    with workspace.store.read() as connection:
        if found.ids is not None:
            ids: Sequence[int] = found.ids[start : start + count]
        else:
            ids = _by_position(connection, found, start, count)
        return Page(_rows(connection, resource, columns, ids))


@permits("registry.read")
def count(workspace: Workspace, selection: Selection, *, progress: Progress | None = None) -> int:
    """How many rows a selection has; cancellable. What ``matches`` says without their order."""
    require_home(workspace, selection)
    if selection.whole:
        return _held(workspace, selection)
    table = TABLES[selection.resource]
    with workspace.store.read() as connection:
        query = select(func.count()).select_from(table).where(where(connection, selection))
        with cancellable(connection, progress or Progress()):
            found = connection.execute(query).scalar_one()
    _audit(workspace, selection, found)
    return found


@permits("registry.read")
def with_positions(workspace: Workspace, found: Matches, *, progress: Progress | None = None) -> Matches:
    """The same matches of a whole kind with every id in order (a second for a million): any jump is then at once."""
    require_home(workspace, found.selection)
    if found.ids is not None:
        return found
    query = select(TABLES[found.selection.resource].c.id)
    with workspace.store.read() as connection, cancellable(connection, progress or Progress()):
        inside = query.where(where(connection, found.selection))
        ordered = _in_order(connection, inside, found.selection, found.order)
        ids = array("q", connection.execute(ordered).scalars())
    return replace(found, ids=ids, total=len(ids))


@permits("registry.read")
def addresses_of(
    workspace: Workspace, selection: Selection, *, progress: Progress | None = None
) -> array[int]:
    """The ids of the addresses at which a selection's rows lie, each once: what a map shows of it."""
    require_home(workspace, selection)
    resource = selection.resource
    way = way_to_address(resource)
    if not way:
        return array("q")
    with workspace.store.read() as connection, cancellable(connection, progress or Progress()):
        column = link(resource)  # not DISTINCT in SQL: that would walk an index and look at each row in turn
        codes = connection.execute(select(column).where(where(connection, selection))).scalars().all()
        named = pl.DataFrame({column.name: codes}, schema={column.name: pl.String}).drop_nulls().unique()
        if way == "house":
            house = TABLES["house"]
            ids = named.select(hashed(pl.col("house_code")))["house_code"].to_list()
            types = {"id": pl.Int64, "address_code": pl.String}
            named = words.frame_of(connection, [house.c.id, house.c.address_code], ids, types)
    found = named.select(hashed(pl.col("address_code"))).to_series()
    return array("q", found.drop_nulls().unique().to_list())


def is_stale(workspace: Workspace, found: Matches) -> bool:
    """Whether the registry has changed since the matches were found."""
    return _newest(workspace) != found.state


def values_of(
    connection: Connection, resource: str, columns: Sequence[str], ids: Sequence[int]
) -> Select[Any]:
    """The query for ``(id, *columns)`` of rows by id, with what their addresses say; for exports and screens."""
    source, known = joined(resource)
    table = TABLES[resource]
    chosen = [known[name].label(name) for name in columns]
    return select(table.c.id, *chosen).select_from(source).where(reading.among(connection, table.c.id, ids))


_NEWEST: Final = select(func.max(change_set.c.id))


def _keep(homes: dict[tuple[Selection, Order], Matches], found: Matches) -> None:
    """Keeps the rows of somebody's own grids, the newest few: the table that an officer opens again and again."""
    homes.pop((found.selection, found.order), None)
    homes[found.selection, found.order] = found
    while len(homes) > _HOMES_KEPT:
        homes.pop(next(iter(homes)))


def _newest(workspace: Workspace) -> int:
    with workspace.store.read() as connection:
        return connection.execute(_NEWEST).scalar() or 0


def _held(workspace: Workspace, selection: Selection) -> int:
    """How many rows a whole kind has; counted once after each change."""
    known = _RETIRED.setdefault(workspace.store, {})
    resource, newest = selection.resource, _newest(workspace)
    if known.get(resource, (-1, 0))[0] != newest:
        table = TABLES[resource]
        query = select(func.count()).select_from(table).where(table.c.retired_in.is_not(None))
        with workspace.store.read() as connection:
            known[resource] = (newest, connection.execute(query).scalar_one())
    retired = known[resource][1]
    if selection.state == "retired":
        return retired
    return total(workspace, resource) - (retired if selection.state == "in_use" else 0)


def _ordered(selection: Selection, order: Order) -> ColumnElement[Any]:
    if order.column not in sortable(selection.resource):
        raise FilterUnclear(
            _("{kind} cannot be put in the order of “{column}”.").format(
                kind=selection.resource, column=order.column
            ),
            cure=_("Choose one of: {columns}.").format(columns=", ".join(sortable(selection.resource))),
        )
    return TABLES[selection.resource].c[order.column]


def _in_order(
    connection: Connection, query: Select[Any], selection: Selection, order: Order, *, backwards: bool = False,
    found_first: bool = False,
) -> Select[Any]:  # fmt: skip
    """A whole kind by the index of its order; few rows, as the retired are, are sorted after they are found."""
    table = TABLES[selection.resource]
    by: ColumnElement[Any] = table.c[order.column]
    if found_first or selection.state == "retired":
        by = reading.collected_first(connection, by)
    down = order.descending != backwards
    return query.order_by(by.desc() if down else by, table.c.id.desc() if down else table.c.id)


def _beyond(connection: Connection, resource: str, order: Order, key: Key) -> ColumnElement[bool]:
    """The rows after a place; missing values stand where the database's index has them."""
    table = TABLES[resource]
    by, number, down = table.c[order.column], table.c.id, order.descending
    further = number < key.id if down else number > key.id
    first = reading.nulls_first(connection, descending=down)
    if key.value is None:
        same = and_(by.is_(None), further)
        return or_(same, by.is_not(None)) if first else same
    past = and_(
        by <= key.value if down else by >= key.value,
        or_(by < key.value if down else by > key.value, further),
    )
    return past if first or not by.nullable else or_(past, by.is_(None))


def _by_position(connection: Connection, found: Matches, start: int, count: int) -> list[int]:
    """The second half is read from the other end."""
    from_end = start > found.total // 2
    skip = max(0, found.total - start - count) if from_end else start
    wanted = min(count, found.total - start) if from_end else count
    query = select(TABLES[found.selection.resource].c.id).where(where(connection, found.selection))
    ordered = _in_order(connection, query, found.selection, found.order, backwards=from_end)
    ids = list(connection.execute(ordered.limit(max(wanted, 0)).offset(skip)).scalars())
    return ids[::-1] if from_end else ids


def _rows(
    connection: Connection, resource: str, columns: Sequence[str], ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    names = columns or default_columns(resource)
    retired = TABLES[resource].c.retired_in.is_not(None)
    held: dict[int, tuple[Any, ...]] = {}
    for some in bulk.chunks(ids):
        query = values_of(connection, resource, names, some).add_columns(retired)
        held |= {row[0]: (row[0], row[-1], *row[1:-1]) for row in connection.execute(query)}
    return [held[one] for one in ids if one in held]


def _audit(workspace: Workspace, selection: Selection, hits: int | None) -> None:
    """A filter on record; without a number of hits it was given up before all were found."""
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.filter",
            subject=selection.resource, details={"filter": say(selection), "hits": hits},
        )  # fmt: skip
