"""Figures over what the registry holds: entities, their sources, their place on the map, grids."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, func, select

from core.i18n import N_
from core.jobs import Progress
from core.model.registry import TABLES
from core.statistics.definition import Cell, Column, Definition, declare, percentage

ON_THE_MAP = ("address", "person", "house", "organisation")
_OWN_COORDINATES = ("address", "place", "thing", "event")
_CURRENT = N_("Entities in the registry now; retired ones are counted apart, undone imports not at all.")


@declare(Definition(
    "registry.entities", N_("Entities by kind and department"), N_("records"), _CURRENT,
    N_("Rows of each registry table, grouped by the department whose word the registry holds."),
    (Column("resource", N_("Kind"), "resource"), Column("source", N_("Department"), "sender"),
     Column("current", N_("Current"), "integer"), Column("retired", N_("Retired"), "integer"),
     Column("latest", N_("Latest collection"), "time")),
))  # fmt: skip
def _entities(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for name, table in TABLES.items():
        retired = func.count(table.c.retired_in)
        query = select(table.c.source, func.count() - retired, retired, func.max(table.c.collected_at))
        grouped = connection.execute(query.group_by(table.c.source).order_by(table.c.source))
        rows += [(name, *row) for row in grouped]
        progress.checkpoint()
    return rows


@declare(Definition(
    "map.placed", N_("On the map"), N_("records"),
    N_("Entities in the registry now, retired ones left out."),
    N_("Placed: longitude and latitude are present; people, houses and organisations are placed by their "
       "address. Share = placed ÷ total, cut to two places."),
    (Column("resource", N_("Kind"), "resource"), Column("total", N_("Total"), "integer"),
     Column("placed", N_("Placed"), "integer"), Column("missing", N_("Not placed"), "integer"),
     Column("share", N_("Share"), "percent")),
))  # fmt: skip
def _placed(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    placed = _by_address(connection) | {name: _own(connection, name) for name in _OWN_COORDINATES}
    progress.checkpoint()
    order = (*ON_THE_MAP, *(name for name in _OWN_COORDINATES if name != "address"))
    return [_placed_row(name, _current(connection, name), placed[name]) for name in order]


@declare(Definition(
    "registry.grids", N_("Grids and their addresses"), N_("records"),
    N_("Current grids, and current addresses that name one."),
    N_("Addresses joined to grids by grid code; an address without a code or with an unknown one belongs to none."),
    (Column("kind", N_("Grid kind"), "state"), Column("grids", N_("Grids"), "integer"),
     Column("addresses", N_("Addresses in them"), "integer")),
))  # fmt: skip
def _grids(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    grid, address = TABLES["grid"], TABLES["address"]
    per_code = select(address.c.grid_code, func.count().label("n")).group_by(address.c.grid_code)
    named = per_code.subquery()  # from the index alone; the few retired ones are then taken off
    retired = select(address.c.grid_code).where(address.c.retired_in.is_not(None)).cte("retired")
    retired = retired.prefix_with("MATERIALIZED")
    gone = select(retired.c.grid_code, func.count().label("n")).group_by(retired.c.grid_code).subquery()
    query = (
        select(grid.c.kind, func.count(), func.sum(func.coalesce(named.c.n, 0) - func.coalesce(gone.c.n, 0)))
        .outerjoin_from(grid, named, named.c.grid_code == grid.c.grid_code)
        .outerjoin(gone, gone.c.grid_code == grid.c.grid_code)
        .where(grid.c.retired_in.is_(None))
    )
    rows = [(kind, grids, int(n)) for kind, grids, n in connection.execute(query.group_by(grid.c.kind))]
    progress.checkpoint()
    return sorted(rows)


def _placed_row(name: str, total: int, placed: int) -> tuple[Cell, ...]:
    return name, total, placed, total - placed, percentage(placed, total)


def _current(connection: Connection, name: str) -> int:
    """All rows and retired rows are each counted from an index, whatever the size."""
    table = TABLES[name]
    rows = select(func.count()).select_from(table)
    retired = rows.where(table.c.retired_in.is_not(None))
    return int(connection.execute(select(rows.scalar_subquery() - retired.scalar_subquery())).scalar_one())


def _own(connection: Connection, name: str) -> int:
    table = TABLES[name]
    return int(
        connection.execute(
            select(func.count()).select_from(table).where(_has_coordinates(table))
        ).scalar_one()
    )


def _has_coordinates(table: Table) -> ColumnElement[bool]:
    return table.c.retired_in.is_(None) & table.c.lon.is_not(None) & table.c.lat.is_not(None)


def _by_address(connection: Connection) -> dict[str, int]:
    """Houses, organisations and people at a placed address.

    Materialised: one pass over each table, where a lookup a row would read encrypted pages at random; people
    are counted from the index on their house, and the few retired ones are taken off again.
    """
    address, house, person, organisation = (TABLES[n] for n in ("address", "house", "person", "organisation"))
    placed = (
        select(address.c.address_code)
        .where(_has_coordinates(address))
        .cte("placed")
        .prefix_with("MATERIALIZED")
    )
    homes = (
        select(house.c.house_code)
        .join(placed, placed.c.address_code == house.c.address_code)
        .where(house.c.retired_in.is_(None))
        .cte("homes")
        .prefix_with("MATERIALIZED")
    )
    at_home = homes.c.house_code == person.c.house_code
    people = select(func.count(homes.c.house_code)).outerjoin_from(
        person, homes, at_home
    )  # outer: in index order
    seats = select(func.count()).join_from(
        organisation, placed, placed.c.address_code == organisation.c.address_code
    )
    parts = (
        select(func.count()).select_from(homes),
        seats.where(organisation.c.retired_in.is_(None)),
        people,
        people.where(person.c.retired_in.is_not(None)),
    )
    counted = connection.execute(select(*(part.scalar_subquery() for part in parts))).one()
    return {"house": counted[0], "organisation": counted[1], "person": counted[2] - counted[3]}
