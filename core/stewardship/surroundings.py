"""The registry's rows for verification, a batch at a time, with what surrounds each (``verification.surroundings``).

What can be had from a neighbour is joined by the database; what has to be counted over all is counted once
and joined to each batch. Only what is out of the ordinary is kept: of a million phones those that many share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from core.model.registry import TABLES
from core.model.resources import RESOURCES, references
from core.registry import words
from core.spatial.coordinates import to_wgs84
from core.spatial.topology import GridMap
from core.verification.context import Matcher
from core.verification.surroundings import SURROUNDINGS
from core.verification.together import with_topology

BATCH: Final = 100_000
_CRS: Final = "EPSG:4490"
_TOLD: Final = ("address", "full_text", "地址")
"""Under these names a report may say in words which address it means."""
_PERSON, _HOUSE, _ADDRESS = TABLES["person"], TABLES["house"], TABLES["address"]
_ORGANISATION, _GRID, _IDENTITY = TABLES["organisation"], TABLES["grid"], TABLES["identity"]


@dataclass(frozen=True)
class Scope:
    """What is looked at: resources (all if empty), and of them what lies in a division or grid (by its code)."""

    resources: tuple[str, ...] = ()
    area: str = ""

    def within(self, resource: str) -> ColumnElement[bool] | None:
        """The condition on the joined address (or the grid) of a row; None where everything is meant."""
        if not self.area:
            return None
        place = _GRID if resource == "grid" else _ADDRESS
        begins = self.area[:6] if self.area.endswith("000000") else self.area.removesuffix("000")
        return or_(place.c.grid_code == self.area, place.c.community_code.like(f"{begins}%"))


@dataclass
class Surroundings:
    """Counts over the whole registry for one resource, made once; ``today`` is the calendar day (ISO).

    ``matcher`` finds the addresses of which reports from door plates speak.
    """

    connection: Connection
    resource: str
    today: str
    matcher: Matcher | None = None
    _tables: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    _grids: GridMap | None = None

    def __post_init__(self) -> None:
        self._tables = [
            (key, self._counted(query, key))
            for key, query in (_COUNTS[self.resource](self.today) if self.resource in _COUNTS else {}).items()
        ]
        if self.resource == "address":
            kind = and_(_GRID.c.kind == "governance", _GRID.c.retired_in.is_(None))
            rows = self.connection.execute(select(_GRID.c.grid_code, _GRID.c.geometry).where(kind)).all()
            self._grids = GridMap.of([row[0] for row in rows], [row[1] for row in rows])

    def batches(self, scope: Scope) -> Iterator[pl.DataFrame]:
        """Rows in use as text columns with ``id``, ``line`` (in the batch), ``grid`` and the surrounding columns."""
        query, types = _rows(self.resource, scope)
        last = None
        while True:
            table = TABLES[self.resource]
            after = query if last is None else query.where(table.c.id > last)
            found = self.connection.execute(after.order_by(table.c.id).limit(BATCH)).all()
            if not found:
                return
            frame = pl.DataFrame([tuple(row) for row in found], schema=types, orient="row", strict=False)
            last = int(frame["id"][-1])
            yield self._surrounded(frame)
            if len(found) < BATCH:
                return

    def _surrounded(self, frame: pl.DataFrame) -> pl.DataFrame:
        for key, counted in self._tables:
            frame = frame.join(counted, on=key, how="left", maintain_order="left")
        if self._grids is not None:
            frame = _placed(frame, self._grids)
        if self.resource == "qr_report" and self.matcher is not None:
            frame = frame.with_columns(_address_meant=_meant(frame["payload"], self.matcher))
        if self.resource == "grid":
            frame = with_topology(frame)
        absent = [name for name in SURROUNDINGS if name not in frame.columns]
        own = [name for name in RESOURCES[self.resource].header("snapshot") if frame.schema.get(name) != pl.String]
        return frame.with_columns(
            *(pl.lit(None, SURROUNDINGS[name]).alias(name) for name in absent),
            *(pl.col(name).cast(pl.String) for name in own if name in frame.columns),
            pl.row_index("line").cast(pl.UInt32),
            *(() if "grid" in frame.columns else (pl.lit(None, pl.String).alias("grid"),)),
        )

    def _counted(self, query: Select[Any], key: str) -> pl.DataFrame:
        names = [column.name for column in query.selected_columns]
        types = {name: SURROUNDINGS.get(name, pl.String) for name in names}
        rows = [tuple(row) for row in self.connection.execute(query)]
        return pl.DataFrame(rows, schema=types, orient="row", strict=False).unique(key)


def _rows(resource: str, scope: Scope) -> tuple[Select[Any], dict[str, Any]]:
    """The resource's rows in use with what their address, house and grid say, and their types."""
    table, declared = TABLES[resource], RESOURCES[resource]
    names = [*declared.column_names, "source", "collected_at", "collector"]
    columns: list[Any] = [table.c.id, *(table.c[name] for name in names)]
    types: dict[str, Any] = {"id": pl.Int64, **words.schema(declared)} | dict.fromkeys(names[-3:], pl.String)
    source, extra = joined(resource)
    columns += [column.label(name) for name, column in extra.items()]
    types |= {name: SURROUNDINGS.get(name, pl.String) for name in extra}
    query = select(*columns).select_from(source).where(table.c.retired_in.is_(None))
    inside = scope.within(resource)
    if inside is not None and "grid" in extra:
        query = query.where(inside)
    elif inside is not None:
        query = query.where(table.c.id.is_(None))  # what lies nowhere is in no area
    return query, types


def joined(resource: str) -> tuple[Any, dict[str, Any]]:
    """What a row is joined with, and the columns that this brings."""
    table, pointing = TABLES[resource], references(RESOURCES[resource])
    if resource == "grid":
        return table, {"grid": table.c.grid_code}
    if resource == "address":
        return table.outerjoin(_GRID, _GRID.c.grid_code == table.c.grid_code), {
            "grid": table.c.grid_code, "_cycle_days": _GRID.c.cycle_days,
        }  # fmt: skip
    if "house_code" in pointing and "address_code" not in pointing:
        source: Any = table.outerjoin(_HOUSE, _HOUSE.c.house_code == table.c.house_code)
        address, more = _HOUSE.c.address_code, {"_use": _HOUSE.c.use}
    elif "address_code" in pointing:
        source, address, more = table, table.c.address_code, {}
    else:
        return table, {}
    source = source.outerjoin(_ADDRESS, _ADDRESS.c.address_code == address)
    source = source.outerjoin(_GRID, _GRID.c.grid_code == _ADDRESS.c.grid_code)
    return source, more | {
        "grid": _ADDRESS.c.grid_code, "_cycle_days": _GRID.c.cycle_days, "_address_status": _ADDRESS.c.status,
    }  # fmt: skip


def _placed(frame: pl.DataFrame, grids: GridMap) -> pl.DataFrame:
    """In how many grids each position lies, and in which."""
    lon, lat = frame["lon"].to_numpy().astype(float), frame["lat"].to_numpy().astype(float)
    crs = frame["crs"].fill_null(_CRS).to_numpy()
    for system in np.unique(crs):
        here = crs == system
        lon[here], lat[here] = to_wgs84(lon[here], lat[here], str(system))
    count, code = grids.containing(lon, lat)
    known = pl.col("lon").is_not_null() & pl.lit(bool(len(grids.codes)))
    return frame.with_columns(_grids=pl.Series(count), _grid_here=pl.Series(code, dtype=pl.String)).with_columns(
        _grids=pl.when(known).then("_grids"), _grid_here=pl.when(known).then("_grid_here")
    )


def _meant(payloads: pl.Series, matcher: Matcher) -> pl.Series:
    """The standard address of which a report's own words speak, where they name one."""
    told = pl.coalesce(pl.first().str.json_path_match(f"$.{name}") for name in _TOLD)
    words = payloads.to_frame().select(told).to_series()
    named = words.is_not_null()
    meant = pl.Series([None] * len(words), dtype=pl.String)
    return meant.scatter(named.arg_true(), matcher(words.filter(named))) if named.any() else meant


def _lives_here(today: str) -> ColumnElement[bool]:
    return and_(_PERSON.c.retired_in.is_(None), or_(_PERSON.c.move_out.is_(None), _PERSON.c.move_out > today))


def _of_houses(today: str) -> dict[str, Select[Any]]:
    tenant = _PERSON.c.residence != "registered"
    own_household = or_(_PERSON.c.relation_to_head.is_(None), _PERSON.c.relation_to_head.in_(("01", "02", "99")))
    head = and_(~tenant, _PERSON.c.relation_to_head.in_(("01", "02")))

    def count(condition: ColumnElement[bool]) -> Any:
        return func.sum(case((condition, 1), else_=0))

    people = select(
        _PERSON.c.house_code, func.count().label("_people"), count(tenant).label("_tenants"),
        count(and_(tenant, own_household)).label("_households"), count(head).label("_heads"),
    ).where(_lives_here(today)).group_by(_PERSON.c.house_code)  # fmt: skip
    return {"house_code": people}


def _of_persons(today: str) -> dict[str, Select[Any]]:
    one_source = (
        select(_PERSON.c.person_token, func.count().label("_houses")).where(_lives_here(today))
        .group_by(_PERSON.c.person_token, _PERSON.c.source).having(func.count() > 1)
    )  # fmt: skip
    phones = (
        select(_PERSON.c.phone_masked, func.count().label("_phone_people"))
        .where(_PERSON.c.retired_in.is_(None), _PERSON.c.phone_masked.is_not(None))
        .group_by(_PERSON.c.phone_masked).having(func.count() > 20)
    )  # fmt: skip
    is_open = func.max(case((_ORGANISATION.c.status == "open", "open"), else_="closed"))
    operators = (
        select(_HOUSE.c.house_code, is_open.label("_operators"))
        .join(_ORGANISATION, _ORGANISATION.c.address_code == _HOUSE.c.address_code)
        .where(_HOUSE.c.use == "dormitory", _ORGANISATION.c.retired_in.is_(None)).group_by(_HOUSE.c.house_code)
    )  # fmt: skip
    return {"person_token": one_source, "phone_masked": phones, "house_code": operators}


def _of_addresses(_today: str) -> dict[str, Select[Any]]:
    in_use = and_(_ADDRESS.c.retired_in.is_(None), _ADDRESS.c.status == "active")
    texts = select(_ADDRESS.c.full_text, func.count().label("_same_text")).where(in_use)
    return {"full_text": texts.group_by(_ADDRESS.c.full_text).having(func.count() > 1)}


def _of_organisations(_today: str) -> dict[str, Select[Any]]:
    inner = func.substr(_ORGANISATION.c.uscc, 9, 9)
    code = func.coalesce(func.nullif(inner, ""), func.replace(_ORGANISATION.c.org_no, "-", ""))
    other = _ORGANISATION.alias()
    other_code = func.coalesce(
        func.nullif(func.substr(other.c.uscc, 9, 9), ""), func.replace(other.c.org_no, "-", "")
    )
    used = (
        select(other_code.label("code"), func.count().label("n")).where(other.c.retired_in.is_(None))
        .group_by(other_code).having(func.count() > 1).subquery()
    )  # fmt: skip
    users = select(_ORGANISATION.c.uscc, used.c.n.label("_code_users")).join(used, used.c.code == code)
    return {"uscc": users.where(_ORGANISATION.c.uscc.is_not(None))}


def _of_identities(_today: str) -> dict[str, Select[Any]]:
    def shared(column: Any, name: str, more_than: int) -> Select[Any]:
        grouped = select(column, func.count().label(name)).where(_IDENTITY.c.retired_in.is_(None), column.is_not(None))
        return grouped.group_by(column).having(func.count() > more_than)

    born = (
        select(_PERSON.c.person_token, func.max(_PERSON.c.birth_year).label("_born"), func.min(1).label("_known"))
        .where(_PERSON.c.retired_in.is_(None)).group_by(_PERSON.c.person_token)
    )  # fmt: skip
    return {
        "phone": shared(_IDENTITY.c.phone, "_phone_people", 4),
        "id_number": shared(_IDENTITY.c.id_number, "_number_people", 1), "person_token": born,
    }  # fmt: skip


def _of_grids(_today: str) -> dict[str, Select[Any]]:
    dwelling = case((_HOUSE.c.use.in_(("self", "rented", "vacant")), 1), else_=0)
    houses = _ADDRESS.outerjoin(_HOUSE, _HOUSE.c.address_code == _ADDRESS.c.address_code)
    counted = (
        select(_ADDRESS.c.grid_code, func.count().label("_addresses"), func.sum(dwelling).label("_dwellings"))
        .select_from(houses).where(_ADDRESS.c.retired_in.is_(None), _ADDRESS.c.grid_code.is_not(None))
        .group_by(_ADDRESS.c.grid_code)
    )  # fmt: skip
    return {"grid_code": counted}


_COUNTS: Final[dict[str, Callable[[str], dict[str, Select[Any]]]]] = {
    "house": _of_houses, "person": _of_persons, "address": _of_addresses, "organisation": _of_organisations,
    "identity": _of_identities, "grid": _of_grids,
}  # fmt: skip
