"""The columns of each kind's table: its own, and what its address says (street, community, grid)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Column, ColumnElement, FromClause, select

from core.model.registry import TABLES
from core.model.resources import RESOURCES, Kind

KINDS: Final = tuple(name for name, resource in RESOURCES.items() if not resource.sealed)
"""What has a table; sealed identities have none."""

Through = Literal["", "address", "house"]

_ADDRESS, _HOUSE = TABLES["address"], TABLES["house"]
_OF_ADDRESS: Final = ("full_text", "community_code", "grid_code", "subdistrict_code")


@dataclass(frozen=True)
class Field:
    """One column of a table; ``through`` says that it is the address's (by way of the house, for people).

    ``sortable`` at any size: it has an index. ``editable``: a person may change it (keys and envelope never).
    """

    name: str
    kind: Kind
    codes: tuple[str, ...] = ()
    personal: bool = False
    sortable: bool = False
    editable: bool = False
    through: Through = ""


@functools.cache
def fields(resource: str) -> Mapping[str, Field]:
    """Every column of a kind's table by name, in order."""
    declared = RESOURCES[resource]
    never = {*declared.key, declared.alternative_key}
    own = {
        c.name: Field(c.name, c.kind, c.codes, c.personal, c.indexed, c.name not in never)
        for c in declared.columns
        if c.kind != "geometry"
    }
    envelope = {n: Field(n, declared.by_name[n].kind, declared.by_name[n].codes) for n in
                ("source", "collected_at", "collector")}  # fmt: skip
    return own | _borrowed(resource) | envelope


def _borrowed(resource: str) -> dict[str, Field]:
    own, way = RESOURCES[resource].by_name, way_to_address(resource)
    if resource == "address" or not way:
        return {}
    names = (*_OF_ADDRESS, "address_code") if way == "house" else _OF_ADDRESS
    declared = RESOURCES["address"].by_name
    return {
        n: Field(n, declared[n].kind, declared[n].codes, through=way) for n in names if n not in own
    }  # fmt: skip


def way_to_address(resource: str) -> Through:
    """How a kind's row leads to its address: directly, by its house, or not at all."""
    own = RESOURCES[resource].by_name
    return "address" if "address_code" in own else "house" if "house_code" in own else ""


def joined(resource: str) -> tuple[FromClause, Mapping[str, ColumnElement[Any]]]:
    """The kind's table with its address beside it, and every column of ``fields`` by name."""
    table = TABLES[resource]
    source: FromClause = table
    way = way_to_address(resource)
    if resource != "address" and way == "house":
        source = source.outerjoin(_HOUSE, _HOUSE.c.house_code == table.c.house_code)
        source = source.outerjoin(_ADDRESS, _ADDRESS.c.address_code == _HOUSE.c.address_code)
    elif resource != "address" and way:
        source = source.outerjoin(_ADDRESS, _ADDRESS.c.address_code == table.c.address_code)
    return source, {
        name: (_ADDRESS if field.through else table).c[name] for name, field in fields(resource).items()
    }


def link(resource: str) -> Column[Any]:
    """The column by which a row leads towards its address."""
    return TABLES[resource].c["address_code" if way_to_address(resource) == "address" else "house_code"]


def leading_to(resource: str, addresses: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows of a kind whose address fulfils the condition on ``address``."""
    codes = select(_ADDRESS.c.address_code).where(addresses)
    if way_to_address(resource) == "house":
        return link(resource).in_(select(_HOUSE.c.house_code).where(_HOUSE.c.address_code.in_(codes)))
    return link(resource).in_(codes)
