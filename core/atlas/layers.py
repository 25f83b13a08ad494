"""The layers of the map out of the columns in memory; people and what is to be done stand at addresses, as counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.atlas.columns import Columns, Numbers, lookup
from core.i18n import N_
from core.spatial.tiles import SMALLEST, PointIndex

KEPT_UP: Final = ("address", "house", "person", "organisation")
SINGLE: Final = ("address", "house", "organisation", "place", "thing", "event", "hazard", "dispute")
"""Layers of which each point is a record of its own."""
COUNTED: Final = ("person", "overdue", "findings", "conflicts")
"""Layers that count at an address; what opens is the address."""
LAYERS: Final = ("address", "house", "person", *SINGLE[2:], "findings", "overdue", "conflicts")
AREAS: Final = ("subdistrict", "community", "grid", "police")
TITLES: Final = {
    "findings": N_("Findings"), "overdue": N_("Overdue"), "conflicts": N_("Conflicts"),
    "subdistrict": N_("Sub-districts"), "community": N_("Communities"), "grid": N_("Governance grids"),
    "police": N_("Police grids"),
}  # fmt: skip
"""Names of the layers that are not simply a resource."""
WORK_LISTS: Final = ("findings", "conflicts")


@dataclass(frozen=True)
class Layer:
    """One layer: its index of points, how many are placed, and how many there are."""

    name: str
    index: PointIndex
    placed: int
    total: int

    @property
    def opens(self) -> str:
        """The resource whose record a single point opens."""
        return "address" if self.name in COUNTED else self.name


def needs(layer: str) -> tuple[str, ...]:
    """The resources whose columns a layer is made of."""
    if layer in WORK_LISTS or layer == "overdue":
        return ("address", "house", "person", "organisation", *SINGLE[3:])
    return {"address": ("address",), "person": ("address", "house", "person")}.get(layer, ("address", layer))


def address_of(held: Mapping[str, Columns], resource: str) -> Numbers:
    """For each row the place of its address among the address rows; -1 where it has none."""
    rows, addresses = held[resource], held["address"]["id"]
    if resource == "address":
        return np.arange(len(addresses))
    if resource == "person":
        house = lookup(held["house"]["id"], rows["anchor"])
        at = address_of(held, "house")
        return np.where(house >= 0, at[house], -1) if len(at) else np.full(len(rows["id"]), -1, np.int64)
    return lookup(addresses, rows["anchor"])


def single(held: Mapping[str, Columns], name: str) -> Layer:
    """A layer of records, each at its own position or else at its address's."""
    rows = held[name]
    alive = rows["alive"]
    lon, lat = positions(held, name)
    shown = alive & np.isfinite(lon)
    index = PointIndex(rows["id"][shown], lon[shown], lat[shown])
    return Layer(name, index, int(shown.sum()), int(alive.sum()))


def positions(held: Mapping[str, Columns], resource: str) -> tuple[Numbers, Numbers]:
    """Where each row is: its own position, else its address's, else NaN."""
    rows, address = held[resource], held["address"]
    if resource == "address":
        return rows["lon"], rows["lat"]
    at = address_of(held, resource)
    lon, lat = (np.where(at >= 0, address[c][at], np.nan) if len(address["id"]) else np.full(len(at), np.nan)
                for c in ("lon", "lat"))  # fmt: skip
    if "lon" in rows:
        own = np.isfinite(rows["lon"])
        lon, lat = np.where(own, rows["lon"], lon), np.where(own, rows["lat"], lat)
    return lon, lat


def people(held: Mapping[str, Columns]) -> Layer:
    """People as counts at their address; small counts are never shown."""
    alive = held["person"]["alive"]
    at = address_of(held, "person")[alive]
    return counted(held, "person", at, np.ones(len(at), np.int64), total=int(alive.sum()), least=SMALLEST)


def overdue(held: Mapping[str, Columns], cycles: Mapping[int, int], today: int) -> Layer:
    """What is due again by the cycle of its grid (``cycles``: days by grid id), counted at its address."""
    at = [np.zeros(0, np.int64)]
    for resource in KEPT_UP:
        late, place = lateness(held, resource, cycles, today)
        at.append(place[late])
    whole = np.concatenate(at)
    return counted(held, "overdue", whole, np.ones(len(whole), np.int64), total=len(whole))


def lateness(
    held: Mapping[str, Columns], resource: str, cycles: Mapping[int, int], today: int
) -> tuple[Numbers, Numbers]:
    """For each row whether it is overdue, and the place of its address; rows without a grid never are."""
    rows, at = held[resource], address_of(held, resource)
    keys = np.array(sorted(cycles), np.int64)
    days = np.array([cycles[key] for key in sorted(cycles)], np.int64)
    if not len(keys) or not len(held["address"]["id"]):
        return np.zeros(len(at), bool), at
    which = lookup(keys, held["address"]["grid"][at])
    late = (at >= 0) & (which >= 0) & rows["alive"] & (rows["day"] < today - days[which])
    return late, at


def listed(held: Mapping[str, Columns], name: str, entries: Mapping[str, tuple[Numbers, Numbers]]) -> Layer:
    """A work list (ids and counts by resource) counted at the addresses of its records."""
    at, weights, total = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for resource, (ids, counts) in entries.items():
        total += int(counts.sum())
        if resource not in held:
            continue
        place = lookup(held[resource]["id"], ids)
        there = place >= 0
        at.append(address_of(held, resource)[place[there]])
        weights.append(counts[there])
    return counted(held, name, np.concatenate(at), np.concatenate(weights), total=total)


def counted(
    held: Mapping[str, Columns], name: str, at: Numbers, weights: Numbers, *, total: int, least: int = 1
) -> Layer:
    """Sums at addresses (places among the address rows, -1 for none)."""
    address = held["address"]
    sums = np.bincount(at[at >= 0], weights=weights[at >= 0], minlength=len(address["id"])).astype(np.int64)
    shown = (sums > 0) & np.isfinite(address["lon"])
    index = PointIndex(
        address["id"][shown], address["lon"][shown], address["lat"][shown], sums[shown], least=least
    )
    return Layer(name, index, index.total, total)
