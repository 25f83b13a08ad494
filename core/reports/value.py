"""The acceptance report as a frozen value: what the writers render, what its digest is computed over."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from core.statistics.definition import Cell, Definition, Figure


@dataclass(frozen=True)
class Indicator:
    """One declared indicator with its evidence; ``met`` None means that data do not support it yet.

    Texts are in the report's language; ``needs`` says what evidence the declaration asks for.
    """

    id: str
    number: str
    group: str
    title: str
    value: Cell
    unit: str
    target: str
    met: bool | None
    population: str
    note: str
    needs: str
    evidence: tuple[Figure, ...]


@dataclass(frozen=True)
class Milestone:
    """A step of the project and when it was due."""

    title: str
    period: str


@dataclass(frozen=True)
class AcceptanceReport:
    """Everything the report says. ``as_of`` is the one moment that all figures were read at (UTC)."""

    title: str
    language: str
    station: str
    store_id: str
    as_of: str
    generated_by: str
    version: str
    indicators: tuple[Indicator, ...]
    milestones: tuple[Milestone, ...]
    figures: tuple[Figure, ...]

    @property
    def digest(self) -> str:
        """``sha256:`` over the canonical JSON of the value; the same value always gives the same digest."""
        return digest_of(snapshot(self))

    def tally(self) -> tuple[int, int, int]:
        """How many indicators are met, not met, and not yet supported by data."""
        met = [indicator.met for indicator in self.indicators]
        return met.count(True), met.count(False), met.count(None)


def snapshot(report: AcceptanceReport) -> dict[str, Any]:
    """The report as JSON-ready data: the canonical form that the digest covers."""
    return {
        "title": report.title, "language": report.language, "station": report.station,
        "store_id": report.store_id, "as_of": report.as_of, "generated_by": report.generated_by,
        "version": report.version,
        "indicators": [indicator_data(each) for each in report.indicators],
        "milestones": [{"title": each.title, "period": each.period} for each in report.milestones],
        "figures": [figure_data(each) for each in report.figures],
    }  # fmt: skip


def digest_of(data: dict[str, Any]) -> str:
    """The digest of a snapshot, computed as an auditor computes it from the file."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def recomputes(text: str) -> bool:
    """Whether a snapshot file's digest is the digest of what it says."""
    data = json.loads(text)
    return bool(data.get("digest") == digest_of(data.get("report", {})))


def indicator_data(indicator: Indicator) -> dict[str, Any]:
    """One indicator as JSON-ready data."""
    return {
        "id": indicator.id, "number": indicator.number, "class": indicator.group, "title": indicator.title,
        "value": indicator.value, "unit": indicator.unit, "target": indicator.target, "met": indicator.met,
        "population": indicator.population, "note": indicator.note, "needs": indicator.needs,
        "evidence": [figure_data(each) for each in indicator.evidence],
    }  # fmt: skip


def figure_data(figure: Figure) -> dict[str, Any]:
    """One figure with its definition as JSON-ready data; rows by column name."""
    return _definition_data(figure.definition) | {
        "as_of": figure.as_of, "total": figure.total, "rows": figure.dicts(),
    }  # fmt: skip


def _definition_data(definition: Definition) -> dict[str, Any]:
    return {
        "figure": definition.id, "title": definition.title, "unit": definition.unit,
        "population": definition.population, "method": definition.method,
    }  # fmt: skip
