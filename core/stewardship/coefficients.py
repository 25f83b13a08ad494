"""The coefficients of a field audit round: about communities and fields, never about who lives or collects there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import select

from core.i18n import N_
from core.model.stewardship import audit_item
from core.security.workspace import Workspace, permits
from core.spatial.tiles import SMALLEST
from core.stewardship.audit_items import FOUND, personal
from core.stewardship.estimating import Coefficient, Stratum, of_stratum, overall
from core.stewardship.field_audit import Round, require_drawn, round_of

State = Literal["checked", "partly", "not_checked", "too_few"]
Judged = tuple[bool, bool]
"""Of a record that was looked at: whether it counts for a measure, and whether it is good."""
_Look = Callable[[str, Mapping[str, str]], Judged]

MEASURES: Final = ("existence", "completeness", "accuracy")
"""Existence: the record is there at all, of those looked at. Completeness: nothing is missing, of those found.
Accuracy: it is there and nothing that is said of it is wrong, of those looked at."""

MEASURE_NAMES: Final = {
    "existence": N_("existence"), "completeness": N_("completeness"), "accuracy": N_("accuracy"),
}  # fmt: skip


@dataclass(frozen=True)
class CommunityResult:
    """One community: its records, how many were drawn and looked at, and its coefficients by measure.

    They are None while nothing was looked at (``not_checked``) and where so few records of people were looked at
    that the figure would point at somebody (``too_few``).
    """

    community_code: str
    size: int
    drawn: int
    checked: int
    state: State
    measures: Mapping[str, Coefficient | None]


@dataclass(frozen=True)
class Result:
    """A round's coefficients; ``covered`` of ``size`` records lie in communities where something was looked at.

    ``measures`` speak for these communities only; ``fields`` has completeness and accuracy of each field among the
    records that were found.
    """

    round: Round
    size: int
    covered: int
    measures: Mapping[str, Coefficient | None]
    fields: Mapping[str, Mapping[str, Coefficient | None]]
    communities: Sequence[CommunityResult]


@permits("report.read")
def coefficients(workspace: Workspace, number: int) -> Result:
    """The round's coefficients with 95 % intervals as far as it was checked (formulas: ``estimating``)."""
    columns = (audit_item.c.community_code, audit_item.c.found, audit_item.c.results)
    with workspace.store.read() as connection:
        one = require_drawn(round_of(connection, number))
        rows = connection.execute(select(*columns).where(audit_item.c.round == number)).all()
    by_community: dict[str, list[Any]] = {code: [] for code in sorted(one.strata)}
    for row in rows:
        by_community[row.community_code].append(row)
    least = SMALLEST if personal(one) else 1
    listed = [_community(code, one.strata[code], drawn, least) for code, drawn in by_community.items()]
    return Result(
        round=one,
        size=sum(one.strata.values()),
        covered=sum(each.size for each in listed if each.checked),
        measures={name: _overall(one, by_community, look, least) for name, look in _MEASURES.items()},
        fields={
            field: {name: _overall(one, by_community, look, least) for name, look in _of_field(field).items()}
            for field in one.fields
        },
        communities=listed,
    )


def _community(code: str, size: int, drawn: Sequence[Any], least: int) -> CommunityResult:
    strata = {name: _stratum(size, drawn, look) for name, look in _MEASURES.items()}
    checked = next(iter(strata.values())).checked
    state: State = "checked" if checked == len(drawn) else "partly"
    if checked < least:
        state = "too_few" if checked else "not_checked"
    shown = {name: of_stratum(s) if s.counted >= least else None for name, s in strata.items()}
    return CommunityResult(code, size, len(drawn), checked, state, shown)


def _overall(
    one: Round, by_community: Mapping[str, Sequence[Any]], look: _Look, least: int
) -> Coefficient | None:
    made = overall([_stratum(one.strata[code], drawn, look) for code, drawn in by_community.items()])
    return made if made and made.counted >= least else None


def _stratum(size: int, drawn: Sequence[Any], look: _Look) -> Stratum:
    judged = [look(row.found, row.results or {}) for row in drawn if row.found]
    counted = sum(counts for counts, _good in judged)
    return Stratum(size, len(judged), counted, sum(good for _counts, good in judged))


def _existence(found: str, _results: Mapping[str, str]) -> Judged:
    return True, found == FOUND


def _completeness(found: str, results: Mapping[str, str]) -> Judged:
    return found == FOUND, found == FOUND and "missing" not in results.values()


def _accuracy(found: str, results: Mapping[str, str]) -> Judged:
    return True, found == FOUND and "wrong" not in results.values()


_MEASURES: Final[Mapping[str, _Look]] = {
    "existence": _existence,
    "completeness": _completeness,
    "accuracy": _accuracy,
}


def _of_field(field: str) -> dict[str, _Look]:
    def complete(_found: str, results: Mapping[str, str]) -> Judged:
        return field in results, results.get(field) in {"right", "wrong"}

    def accurate(_found: str, results: Mapping[str, str]) -> Judged:
        return results.get(field) in {"right", "wrong"}, results.get(field) == "right"

    return {"completeness": complete, "accuracy": accurate}
