"""Where things lie: addresses in grids, grids beside each other."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification.declaration import (
    CHECK_ON_SITE,
    REGISTRY,
    Dimension,
    Rule,
    Severity,
    Terms,
    at,
    example,
)

_GRIDS = N_("GB/T 34300-2017, grids within a community")
_PLATFORM = N_("Have the grid platform correct the boundary; addresses in it belong to no grid, or to two.")

_IN_USE = pl.col("status") == "active"


def _households_implausible(terms: Terms) -> pl.Expr:
    return (terms.value > terms.number("most")) | (terms.value < terms.number("fewest"))


def _households_differ(terms: Terms) -> pl.Expr:
    houses, said = pl.col("_dwellings"), terms.value
    return (said > 0) & (houses >= terms.number("houses")) & ((houses - said).abs() > terms.number("share") * said)


RULES = (
    Rule(
        id="address.not_placed", standing=True,
        applies=at("address", "lon"),
        severity=Severity.NOTICE, dimension=Dimension.ACCESSIBILITY,
        message=N_("The address has no position, so it cannot be shown on the map."),
        cure=N_("Place it on the map, or have the bureau send its coordinates."), source=REGISTRY,
        broken=lambda terms: terms.value.is_null() & _IN_USE,
        passes=example(lon="120.6", lat="31.3", crs="EPSG:4490"), fails=example(status="active"),
    ),
    Rule(
        id="address.grid_missing", standing=True,
        applies=at("address", "grid_code"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("The address lies in no grid, and none is named."),
        cure=N_("Name the grid; if the boundary has a gap, have the grid platform close it."), source=_GRIDS,
        broken=lambda terms: terms.value.is_null() & (pl.col("_grids").fill_null(0) == 0) & _IN_USE,
        passes=example(status="active", _grids=1, _grid_here="G1"), fails=example(status="active", _grids=0),
    ),
    Rule(
        id="address.grids_several", standing=True,
        applies=at("address", "grid_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The position of the address lies in more than one grid."),
        cure=_PLATFORM, source=_GRIDS,
        broken=lambda _terms: pl.col("_grids") > 1,
        passes=example(grid_code="G1", _grids=1), fails=example(grid_code="G1", _grids=2),
    ),
    Rule(
        id="address.grid_differs", standing=True,
        applies=at("address", "grid_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The address is entered in grid {value}, but its position lies in another one."),
        cure=N_("Check position and grid on the map and correct whichever is wrong."), source=_GRIDS,
        broken=lambda terms: (pl.col("_grids") == 1) & (terms.value != pl.col("_grid_here")),
        passes=example(grid_code="G1", _grids=1, _grid_here="G1"),
        fails=example(grid_code="G1", _grids=1, _grid_here="G2"),
    ),
    Rule(
        id="address.same_text", standing=True,
        applies=at("address", "full_text"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("Several addresses in use have the full text “{value}”."),
        cure=N_("Have the city bureau keep one of them and retire the others."),
        source=N_("GA/T 2000.32-2014, standard address"),
        broken=lambda _terms: (pl.col("_same_text") > 1) & _IN_USE,
        passes=example(full_text="平江路58号", status="active"),
        fails=example(full_text="平江路58号", status="active", _same_text=2),
    ),
    Rule(
        id="grid.overlap",
        applies=at("grid", "geometry"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("{value} m² of the grid are covered by another grid of the same kind."),
        cure=_PLATFORM, source=_GRIDS,
        parameters={"area_m2": 100}, broken=lambda terms: pl.col("_overlap_m2") > terms.number("area_m2"),
        shown=pl.col("_overlap_m2").round(0).cast(pl.Int64).cast(pl.String),
        passes=example(grid_code="G1", geometry="", _overlap_m2=2.0),
        fails=example(grid_code="G1", geometry="", _overlap_m2=5000.0),
    ),
    Rule(
        id="grid.gap",
        applies=at("grid", "geometry"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("{value} m² beside the grid, between grids of its kind, belong to none."),
        cure=_PLATFORM, source=_GRIDS,
        parameters={"area_m2": 100}, broken=lambda terms: pl.col("_gap_m2") > terms.number("area_m2"),
        shown=pl.col("_gap_m2").round(0).cast(pl.Int64).cast(pl.String),
        passes=example(grid_code="G1", geometry="", _gap_m2=2.0),
        fails=example(grid_code="G1", geometry="", _gap_m2=5000.0),
    ),
    Rule(
        id="grid.cycle_implausible",
        applies=at("grid", "cycle_days"),
        severity=Severity.WARNING, dimension=Dimension.TIMELINESS,
        message=N_("An update cycle of {value} days is longer than {days} days."),
        cure=CHECK_ON_SITE, source=_GRIDS,
        parameters={"days": 366}, broken=lambda terms: terms.value > terms.number("days"),
        passes=example(cycle_days="90"), fails=example(cycle_days="900"),
    ),
    Rule(
        id="grid.households_implausible", standing=True,
        applies=at("grid", "households"),
        severity=Severity.NOTICE, dimension=Dimension.ACCURACY,
        message=N_("{value} households in one grid; the standard speaks of 300 to 500."),
        cure=N_("Have the grid platform check the number, or divide or join the grid."), source=_GRIDS,
        parameters={"fewest": 50, "most": 1500},
        broken=_households_implausible,
        passes=example(households="420", _addresses=1), fails=example(households="4200", _addresses=1),
    ),
    Rule(
        id="grid.households_differ", standing=True,
        applies=at("grid", "households"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("The grid is said to have {value} households; the registry's number of dwellings is far from it."),
        cure=CHECK_ON_SITE, source=REGISTRY,
        parameters={"share": 0.5, "houses": 20}, broken=_households_differ,
        passes=example(households="420", _dwellings=400), fails=example(households="420", _dwellings=40),
    ),
    Rule(
        id="grid.empty", standing=True,
        applies=at("grid", "grid_code"),
        severity=Severity.NOTICE, dimension=Dimension.COMPLETENESS,
        message=N_("No address lies in the grid."),
        cure=N_("Have the addresses entered in the grid, or have the platform retire it."), source=_GRIDS,
        broken=lambda _terms: (pl.col("kind") == "governance") & (pl.col("_addresses").fill_null(0) == 0),
        passes=example(kind="governance", _addresses=12), fails=example(kind="governance"),
    ),
)  # fmt: skip
