"""What a figure is: a number or small table that states its unit, population, method and moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from core.jobs import Progress

Cell = str | int | float | bool | None
Kind = Literal["text", "code", "resource", "sender", "state", "target", "integer", "percent", "time", "flag"]
"""How a cell is shown: ``percent`` cells hold percentages (99.5), ``flag`` cells True, False or None."""


@dataclass(frozen=True)
class Column:
    """A figure's column: stable name, title (English, translated where shown) and the kind of its cells."""

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Definition:
    """The same words on screen, in the spreadsheet and in the PDF; texts are translated where shown."""

    id: str
    title: str
    unit: str
    population: str
    method: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Figure:
    """A computed figure: raw cells in the order of the definition's columns; ``total`` counts all rows
    that there are, ``rows`` may be the first of them.
    """

    definition: Definition
    as_of: str
    rows: tuple[tuple[Cell, ...], ...]
    total: int

    def column(self, name: str) -> list[Cell]:
        """One column's cells."""
        at = [column.name for column in self.definition.columns].index(name)
        return [row[at] for row in self.rows]

    def dicts(self) -> list[dict[str, Cell]]:
        """The rows by column name."""
        names = [column.name for column in self.definition.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def only(self, name: str, value: Cell) -> Figure:
        """The rows whose column ``name`` is ``value``."""
        at = [column.name for column in self.definition.columns].index(name)
        rows = tuple(row for row in self.rows if row[at] == value)
        return replace(self, rows=rows, total=len(rows))

    def first(self, count: int) -> Figure:
        """At most ``count`` rows; ``total`` still says how many there are."""
        return replace(self, rows=self.rows[:count])


Rows = Sequence[Sequence[Cell]]
Compute = Callable[[Connection, Progress], Rows]

COMPUTED: dict[str, tuple[Definition, Compute]] = {}


def declare(definition: Definition) -> Callable[[Compute], Compute]:
    """Declares how a figure is computed; the function gets one connection, so all figures agree."""

    def keep(compute: Compute) -> Compute:
        COMPUTED[definition.id] = (definition, compute)
        return compute

    return keep


def percentage(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in per cent, cut (never rounded up) to two places; None of nothing.

    100 is shown only when nothing is missing.
    """
    return None if whole == 0 else (part * 10_000 // whole) / 100
