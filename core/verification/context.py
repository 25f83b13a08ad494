"""What verification knows besides the rows: the registry, the clock, the district, the thresholds."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from core.errors import GridLinkError
from core.i18n import _
from core.settings import CHINA, RESOURCES, read_toml

_DIVISIONS = RESOURCES / "divisions"
Thresholds = Mapping[str, Mapping[str, float]]
Matcher = Callable[[pl.Series], pl.Series]
"""Addresses in words to the codes of standard addresses; null where it is not sure of one."""


class ThresholdWrong(GridLinkError):
    """``thresholds.toml`` gives a value that is not a number."""

    code = "threshold_wrong"


@dataclass(frozen=True)
class Context:
    """What one resource of one package is held against.

    ``known`` maps a resource to the entity ids that references may point to (a resource that is not there
    is not checked). ``boundary`` is the district's outline in WGS-84; without it, and without
    ``divisions``, coordinates and division codes are not held against the district. The mode is that of the
    package, or ``standing`` where the registry's own rows are looked at. ``severities`` are those that the
    administrator has switched (``off`` among them). ``matcher`` finds the standard address that words mean.
    """

    mode: str
    sender: str
    now: datetime
    known: Mapping[str, pl.Series] = field(default_factory=dict)
    divisions: frozenset[str] = frozenset()
    boundary: BaseGeometry | None = None
    thresholds: Thresholds = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    matcher: Matcher | None = None

    @property
    def today(self) -> date:
        """The calendar day in China."""
        return self.now.astimezone(CHINA).date()

    def soon(self, minutes: float) -> pl.Expr:
        """The moment that many minutes from now: clocks of terminals are never quite right."""
        return pl.lit((self.now + timedelta(minutes=minutes)).astimezone(UTC))

    @property
    def longitudes(self) -> tuple[float, float]:
        """The longitudes within a degree of the district (none if it has no outline)."""
        return self._around(0, 2)

    @property
    def latitudes(self) -> tuple[float, float]:
        """The latitudes within a degree of the district (none if it has no outline)."""
        return self._around(1, 3)

    def _around(self, low: int, high: int) -> tuple[float, float]:
        if self.boundary is None:
            return 1.0, 0.0
        bounds = self.boundary.bounds
        return bounds[low] - 1, bounds[high] + 1

    def threshold(self, rule: str, name: str, default: float) -> float:
        """The number that ``thresholds.toml`` gives for a rule's parameter, else ``default``."""
        value: Any = self.thresholds.get(rule, {}).get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ThresholdWrong(
                _("The threshold {name} of rule {rule} is not a number.").format(name=name, rule=rule),
                cure=_("Correct it in thresholds.toml."),
            )
        return value


def district_context(
    *, mode: str, sender: str, known: Mapping[str, pl.Series], now: datetime,
    severities: Mapping[str, str] | None = None, matcher: Matcher | None = None,
) -> Context:  # fmt: skip
    """The context of this district: its divisions, outline and thresholds."""
    return Context(mode, sender, now, known, divisions(), outline(), thresholds(), severities or {}, matcher)


@functools.cache
def divisions() -> frozenset[str]:
    """The 12-digit codes of the district, its sub-districts and communities."""
    with (_DIVISIONS / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


@functools.cache
def outline() -> BaseGeometry:
    """The outline of the district in WGS-84."""
    with (_DIVISIONS / "gusu_boundary.geojson").open(encoding="utf-8") as file:
        return shape(json.load(file)["features"][0]["geometry"])


@functools.cache
def thresholds() -> Thresholds:
    """The thresholds of the rules by rule id."""
    section: Thresholds = read_toml("thresholds.toml").get("verification", {})
    return section
