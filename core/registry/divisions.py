"""The names of the district's sub-districts and communities by their codes."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping

from core.settings import RESOURCES


def division_name(code: str) -> str:
    """The name of a division, whose code may lack the zeros at its end; the code itself where it is unknown."""
    return _names().get(code.ljust(12, "0"), code)


@functools.cache
def communities() -> Mapping[str, str]:
    """The names of the district's communities by their codes."""
    with (RESOURCES / "divisions" / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file) if row["level"] == "community"}


@functools.cache
def _names() -> Mapping[str, str]:
    with (RESOURCES / "divisions" / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}
