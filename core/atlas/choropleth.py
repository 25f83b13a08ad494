"""Statistics by area for colouring the map: what each means, its unit, and as of when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from core.atlas import layers
from core.atlas.areas import Area, Areas
from core.atlas.atlas import Atlas
from core.atlas.columns import Numbers, lookup
from core.atlas.layers import KEPT_UP
from core.i18n import N_
from core.model.registry import entity_id
from core.security.workspace import Workspace, permits
from core.spatial.tiles import SMALLEST

By = Literal["community", "grid"]
CLASSES: Final = 5
_BY_KM2: Final = {"density": ("person", SMALLEST), "organisations": ("organisation", 0)}
"""What is counted by area, and the fewest that may be shown."""
_PER_ADDRESS: Final = {"hazards": "hazard", "disputes": "dispute"}


@dataclass(frozen=True)
class Definition:
    """What a statistic counts (``population``), in which unit, and whether more of it is better."""

    id: str
    title: str
    population: str
    unit: str
    good: bool | None = None


DEFINITIONS: Final[Mapping[str, Definition]] = {
    one.id: one
    for one in (
        Definition("density", N_("Population density"), N_("people who live here, by the address of their house"),
                   N_("people/km²")),
        Definition("freshness", N_("Freshness"),
                   N_("addresses, houses, people and organisations within the update cycle of their grid"), "%",
                   good=True),
        Definition("coverage", N_("On the map"), N_("standard addresses that have a position"), "%", good=True),
        Definition("findings", N_("Findings per 100 addresses"), N_("open findings, by the address they are about"),
                   N_("per 100 addresses"), good=False),
        Definition("organisations", N_("Organisations per km²"), N_("organisations, by their address"),
                   N_("organisations/km²")),
        Definition("hazards", N_("Hazards per 100 addresses"), N_("hazards on record, by their address"),
                   N_("per 100 addresses"), good=False),
        Definition("disputes", N_("Disputes per 100 addresses"), N_("disputes on record, by their address"),
                   N_("per 100 addresses"), good=False),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Choropleth:
    """One statistic by area code; None where nothing can be said: nobody and nothing is there, or, in the areas of
    ``suppressed``, too few people to be shown.

    ``breaks`` part the values into classes (upper ends, ascending); ``as_of`` is the day, ``change_set`` the last one.
    """

    definition: Definition
    by: By
    values: Mapping[str, float | None]
    breaks: Sequence[float]
    as_of: str
    change_set: int
    suppressed: Set[str] = frozenset()


@permits("map.read")
def choropleth(workspace: Workspace, atlas: Atlas, areas: Areas, statistic: str, by: By) -> Choropleth:
    """A statistic by community or governance grid, from the layers in memory."""
    definition = DEFINITIONS[statistic]
    some = areas[by]
    known = np.array(sorted(entity_id(area.code) for area in some), np.int64)
    with atlas.lock:
        listed = _values(atlas, statistic, by, known, some)
        few = _too_few(atlas, statistic, by, known)
        number = atlas.last
    found = dict(zip(known.tolist(), listed, strict=True))
    values = {area.code: found[entity_id(area.code)] for area in some}
    told = np.array([value for value in values.values() if value is not None])
    hidden = frozenset(area.code for area in some if entity_id(area.code) in few)
    return Choropleth(definition, by, values, _breaks(told), workspace.now()[:10], number, hidden)


def _breaks(values: Numbers) -> list[float]:
    """Upper ends of classes of equal size; of equal width where most areas have the same value."""
    if not len(values):
        return []
    steps = np.unique(np.round(np.quantile(values, np.arange(1, CLASSES + 1) / CLASSES), 1))
    if len(steps) < CLASSES - 1:
        steps = np.unique(np.round(np.linspace(values.min(), values.max(), CLASSES + 1)[1:], 1))
    return [float(step) for step in steps]


def _values(atlas: Atlas, statistic: str, by: By, known: Numbers, some: Sequence[Area]) -> list[float | None]:
    area = lookup(known, atlas.held["address"][by])
    count = len(known)
    if statistic in _BY_KM2:
        resource, least = _BY_KM2[statistic]
        square = {entity_id(one.code): one.km2 for one in some}
        sums = _standing(atlas, resource, area, count)
        return [
            round(n / square[key], 1) if n >= least and square[key] > 0 else None
            for key, n in zip(known.tolist(), sums.tolist(), strict=True)
        ]
    part, whole = np.zeros(count), np.zeros(count)
    alive = np.flatnonzero(atlas.held["address"]["alive"])
    if statistic == "freshness":
        for resource in KEPT_UP:
            late, at = layers.lateness(atlas.held, resource, atlas.cycles, atlas.today)
            here = atlas.held[resource]["alive"]
            whole += _sums(area, at[here], count)
            part += _sums(area, at[here & ~late], count)
    else:
        whole = _sums(area, alive, count)
        part = _parts(atlas, statistic, area, alive, count)
    return [round(100 * p / w, 1) if w else None for p, w in zip(part.tolist(), whole.tolist(), strict=True)]


def _too_few(atlas: Atlas, statistic: str, by: By, known: Numbers) -> Set[int]:
    """The areas (by id) in which there is somebody, but fewer than may be shown."""
    resource, least = _BY_KM2.get(statistic, ("", 0))
    if not least:
        return frozenset()
    sums = _standing(atlas, resource, lookup(known, atlas.held["address"][by]), len(known))
    return frozenset(known[(sums > 0) & (sums < least)].tolist())


def _parts(atlas: Atlas, statistic: str, area: Numbers, alive: Numbers, count: int) -> Numbers:
    address = atlas.held["address"]
    if statistic == "coverage":
        return _sums(area, alive[np.isfinite(address["lon"][alive])], count)
    if statistic in _PER_ADDRESS:
        return _standing(atlas, _PER_ADDRESS[statistic], area, count)
    layer = atlas.layers.get("findings")
    if layer is None:
        return np.zeros(count)
    place = lookup(address["id"], layer.index.ids)
    here = place >= 0
    return _sums(area, place[here], count, layer.index.weight[here])


def _standing(atlas: Atlas, resource: str, area: Numbers, count: int) -> Numbers:
    """How many rows in use of a resource stand at an address of each area."""
    return _sums(area, layers.address_of(atlas.held, resource)[atlas.held[resource]["alive"]], count)


def _sums(area: Numbers, at: Numbers, count: int, weights: Numbers | None = None) -> Numbers:
    """How much stands in each area, of what stands at these address rows (-1 for nowhere)."""
    there = at >= 0
    where = area[at[there]]
    inside = where >= 0
    chosen = None if weights is None else weights[there][inside]
    return np.bincount(where[inside], weights=chosen, minlength=count).astype(np.float64)
