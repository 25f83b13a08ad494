"""Figures over what the registry holds: entities, their sources, their place on the map, grids."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from core.i18n import N_
from core.jobs import Progress
from core.model.registry import TABLES
from core.statistics.definition import Cell, Column, Definition, declare, percentage

ON_THE_MAP = ("address", "person", "house", "organisation")
_OWN_COORDINATES = ("address", "place", "thing", "event")
_THROUGH_ADDRESS = ("house", "organisation")
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
    counts = {name: _own(connection, name) for name in _OWN_COORDINATES}
    progress.checkpoint()
    counts |= {name: _by_address(connection, name) for name in _THROUGH_ADDRESS}
    progress.checkpoint()
    counts["person"] = _people(connection)
    order = (*ON_THE_MAP, *(name for name in _OWN_COORDINATES if name != "address"))
    return [_placed_row(name, *counts[name]) for name in order]


@declare(Definition(
    "registry.grids", N_("Grids and their addresses"), N_("records"),
    N_("Current grids, and current addresses that name one."),
    N_("Addresses joined to grids by grid code; an address without a code or with an unknown one belongs to none."),
    (Column("kind", N_("Grid kind"), "state"), Column("grids", N_("Grids"), "integer"),
     Column("addresses", N_("Addresses in them"), "integer")),
))  # fmt: skip
def _grids(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    grid, address = TABLES["grid"], TABLES["address"]
    named = (
        select(address.c.grid_code, func.count().label("n"))
        .where(address.c.retired_in.is_(None))
        .group_by(address.c.grid_code)
        .subquery()
    )
    query = (
        select(grid.c.kind, func.count(), func.coalesce(func.sum(named.c.n), 0))
        .outerjoin_from(grid, named, named.c.grid_code == grid.c.grid_code)
        .where(grid.c.retired_in.is_(None))
    )
    rows = [(kind, grids, int(n)) for kind, grids, n in connection.execute(query.group_by(grid.c.kind))]
    progress.checkpoint()
    return sorted(rows)


def _placed_row(name: str, total: int, placed: int) -> tuple[Cell, ...]:
    return name, total, placed, total - placed, percentage(placed, total)


def _own(connection: Connection, name: str) -> tuple[int, int]:
    table = TABLES[name]
    both = table.c.lon.is_not(None) & table.c.lat.is_not(None)
    query = select(func.count(), func.count().filter(both)).where(table.c.retired_in.is_(None))
    total, placed = connection.execute(query).one()
    return int(total), int(placed)


def _placed_addresses() -> Select[tuple[str]]:
    address = TABLES["address"]
    there = address.c.retired_in.is_(None) & address.c.lon.is_not(None) & address.c.lat.is_not(None)
    return select(address.c.address_code).where(there)


def _by_address(connection: Connection, name: str) -> tuple[int, int]:
    table = TABLES[name]
    # Materialised: one pass over each table; a lookup per row would read the encrypted pages at random.
    placed = _placed_addresses().cte("placed").prefix_with("MATERIALIZED")
    query = (
        select(func.count(), func.count(placed.c.address_code))
        .outerjoin_from(table, placed, placed.c.address_code == table.c.address_code)
        .where(table.c.retired_in.is_(None))
    )
    total, there = connection.execute(query).one()
    return int(total), int(there)


def _people(connection: Connection) -> tuple[int, int]:
    """All rows are counted from the index on the house, then the few retired ones taken off again."""
    person, house = TABLES["person"], TABLES["house"]
    addresses = _placed_addresses().cte("placed").prefix_with("MATERIALIZED")
    houses = (
        select(house.c.house_code)
        .join(addresses, addresses.c.address_code == house.c.address_code)
        .where(house.c.retired_in.is_(None))
        .cte("placed_house")
        .prefix_with("MATERIALIZED")
    )
    counted = select(func.count(), func.count(houses.c.house_code)).outerjoin_from(
        person, houses, houses.c.house_code == person.c.house_code
    )
    total, placed = connection.execute(counted).one()
    gone, gone_placed = connection.execute(counted.where(person.c.retired_in.is_not(None))).one()
    return int(total - gone), int(placed - gone_placed)
