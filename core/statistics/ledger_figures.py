"""Figures over what came in: runs, their reconciliation with the registry, refusals, findings."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, select

from core.i18n import N_
from core.jobs import Progress
from core.model.extraction import extraction_run
from core.model.ledger import change_set, finding, package, quarantine, refusal
from core.model.registry import TABLES
from core.statistics.definition import Cell, Column, Definition, declare

_RUNS = N_("Imports and extractions in force, those taken back left out.")


@declare(Definition(
    "import.runs", N_("Import runs"), N_("runs"), N_("Every package ever imported, undone ones too, newest first."),
    N_("One row a package and kind, from the package ledger."),
    (Column("package", N_("Package"), "code"), Column("sender", N_("Sender"), "sender"),
     Column("sequence", N_("No."), "integer"), Column("mode", N_("Mode"), "state"),
     Column("resource", N_("Kind"), "resource"), Column("read", N_("Read"), "integer"),
     Column("accepted", N_("Accepted"), "integer"), Column("quarantined", N_("Quarantined"), "integer"),
     Column("change_set", N_("Change set"), "integer"), Column("imported_at", N_("Import time"), "time"),
     Column("state", N_("State"), "state")),
))  # fmt: skip
def _runs(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for run in connection.execute(select(package).order_by(package.c.id.desc())):
        for name, counts in run.resources.items():
            rows.append((
                run.name, run.sender, run.sequence, run.mode, name, counts["read"], counts["accepted"],
                counts["quarantined"], run.change_set, run.imported_at, run.state,
            ))  # fmt: skip
    return rows


@declare(Definition(
    "import.reconciliation", N_("Reconciliation of imports with the registry"), N_("rows"), _RUNS,
    N_("Per kind: rows read = accepted + quarantined; rows kept in quarantine = quarantined; entities first "
       "brought by these imports = entities held; the change set's counts = the package's."),
    (Column("resource", N_("Kind"), "resource"), Column("runs", N_("Runs"), "integer"),
     Column("snapshots", N_("Snapshots"), "integer"), Column("bureau", N_("From the city bureau"), "integer"),
     Column("read", N_("Read"), "integer"), Column("accepted", N_("Accepted"), "integer"),
     Column("quarantined", N_("Quarantined"), "integer"), Column("kept", N_("In quarantine"), "integer"),
     Column("new", N_("First brought"), "integer"), Column("held", N_("Held"), "integer"),
     Column("reconciles", N_("Reconciles"), "flag")),
))  # fmt: skip
def _reconciliation(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    sums: dict[str, Counter[str]] = {name: Counter() for name in TABLES}
    for run in connection.execute(_in_force()):
        for name, counts in run.resources.items():
            sums[name].update(_sums(run, name, counts))
    for run in connection.execute(_extracted()):
        sums[run.resource].update(_sums_of_extraction(run))
    kept = dict(_quarantined(connection))
    rows: list[tuple[Cell, ...]] = []
    for name, each in sums.items():
        if each["runs"]:
            held = connection.execute(select(func.count()).select_from(TABLES[name])).scalar_one()
            rows.append(_reconciled(name, each, kept=kept.get(name, 0), held=held))
        progress.checkpoint()
    return rows


@declare(Definition(
    "import.senders", N_("Packages by sender"), N_("packages"), _RUNS,
    N_("Sequence numbers between the first and the last; a gap is a number in between that never arrived."),
    (Column("sender", N_("Sender"), "sender"), Column("packages", N_("Packages"), "integer"),
     Column("first", N_("First no."), "integer"), Column("last", N_("Last no."), "integer"),
     Column("gaps", N_("Gaps"), "integer"), Column("latest", N_("Latest import"), "time")),
))  # fmt: skip
def _senders(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    numbers = package.c.sequence
    query = (
        select(package.c.sender, func.count(numbers.distinct()), func.min(numbers), func.max(numbers),
               func.max(package.c.imported_at))
        .where(package.c.state == "imported").group_by(package.c.sender).order_by(package.c.sender)
    )  # fmt: skip
    return [
        (s, n, first, last, last - first + 1 - n, at) for s, n, first, last, at in connection.execute(query)
    ]


@declare(Definition(
    "import.refusals", N_("Refused packages"), N_("packages"),
    N_("Every attempt to import a package that was refused whole; it changed nothing."),
    N_("Entries of the refusal log by reason."),
    (Column("code", N_("Reason"), "code"), Column("count", N_("Count"), "integer"),
     Column("latest", N_("Latest"), "time")),
))  # fmt: skip
def _refusals(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    query = select(refusal.c.code, func.count(), func.max(refusal.c.at)).group_by(refusal.c.code)
    return [tuple(row) for row in connection.execute(query.order_by(refusal.c.code))]


@declare(Definition(
    "verification.findings", N_("Findings by rule"), N_("findings"), _RUNS,
    N_("Every finding that verification kept, by rule and severity; none is left out."),
    (Column("severity", N_("Severity"), "state"), Column("rule", N_("Rule"), "code"),
     Column("resource", N_("Kind"), "resource"), Column("count", N_("Count"), "integer")),
))  # fmt: skip
def _findings(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    columns = (finding.c.severity, finding.c.rule, finding.c.resource)
    query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return [tuple(row) for row in connection.execute(query)]


def _in_force() -> Any:
    return (
        select(package, change_set.c.counts)
        .outerjoin(change_set, change_set.c.id == package.c.change_set)
        .where(package.c.state == "imported")
    )


def _sums(run: Any, name: str, counts: dict[str, int]) -> dict[str, int]:
    return {
        "runs": 1,
        "snapshots": int(run.mode == "snapshot"),
        "bureau": int(run.sender == "bureau"),
        "differs": int((run.counts or {}).get(name) != counts),
        "unaccounted": int(counts["read"] != counts["accepted"] + counts["quarantined"]),
        **{key: counts[key] for key in ("read", "accepted", "quarantined", "new")},
    }


def _extracted() -> Any:
    """The extractions in force that brought something."""
    return (
        select(extraction_run, change_set.c.counts.label("told"))
        .join(change_set, change_set.c.id == extraction_run.c.change_set)
        .where(extraction_run.c.state == "applied", change_set.c.undone_by.is_(None))
    )


def _sums_of_extraction(run: Any) -> dict[str, int]:
    told = (run.told or {}).get(run.resource, {})
    counts = {key: int(run.counts[key]) for key in ("read", "accepted", "quarantined", "new")}
    return {
        "runs": 1,
        "snapshots": int(run.mode == "full"),
        "bureau": int(run.system == "bureau_collection"),
        "differs": int(any(told.get(key) != count for key, count in counts.items())),
        "unaccounted": int(counts["read"] != counts["accepted"] + counts["quarantined"]),
        **counts,
    }


def _quarantined(connection: Connection) -> list[tuple[str, int]]:
    query = select(quarantine.c.resource, func.count()).group_by(quarantine.c.resource)
    return [(str(name), int(count)) for name, count in connection.execute(query)]


def _reconciled(name: str, each: Counter[str], *, kept: int, held: int) -> tuple[Cell, ...]:
    agrees = not each["differs"] and not each["unaccounted"]
    agrees = agrees and kept == each["quarantined"] and held == each["new"]
    figures = (each[key] for key in ("runs", "snapshots", "bureau", "read", "accepted", "quarantined"))
    return name, *figures, kept, each["new"], held, agrees
