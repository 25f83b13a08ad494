"""Verifying what the registry holds: every rule over its rows and what surrounds them, as one run on record."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from sqlalchemy import Connection, and_, delete, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import finding
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.stewardship import verification_run
from core.registry.rule_settings import severities
from core.security import audit
from core.security.workspace import Workspace, permits
from core.stewardship import proposals
from core.stewardship.surroundings import Scope, Surroundings
from core.store import bulk
from core.verification.context import Context, district_context
from core.verification.engine import STANDING, verify
from core.verification.freetext import mask_free_text
from core.verification.matching.service import matcher_of

_COLUMNS: Final = (
    "change_set", "resource", "line", "key", "rule", "severity", "field", "value", "entity", "sender", "collector",
    "grid_code", "run",
)  # fmt: skip


class ScopeUnknown(GridLinkError):
    """The scope is no resource, division or grid of this registry."""

    code = "scope_unknown"


@dataclass(frozen=True)
class RunResult:
    """What a run looked at (rows by resource) and found.

    ``total`` findings are new or renewed, by rule and severity; ``listed`` more are on the list from an import
    already. ``proposals`` are houses for which a hazard is now suggested.
    """

    run: int
    checked: dict[str, int]
    by_rule: dict[str, int]
    by_severity: dict[str, int]
    total: int
    listed: int
    proposals: int
    seconds: float = 0.0


@dataclass
class _Found:
    checked: dict[str, int] = field(default_factory=dict)
    ids: dict[str, list[pl.Series]] = field(default_factory=dict)
    parts: list[pl.DataFrame] = field(default_factory=list)
    houses: list[pl.DataFrame] = field(default_factory=list)
    listed: int = 0


def scope_of(workspace: Workspace, words: tuple[str, ...]) -> Scope:
    """The scope that words name: resources, and one division or grid by its code. Raises ``ScopeUnknown``."""
    resources = tuple(word for word in words if word in RESOURCES)
    areas = [word for word in words if word not in RESOURCES]
    with workspace.store.read() as connection:
        unknown = [area for area in areas if not _is_area(connection, area)]
    if unknown or len(areas) > 1:
        raise ScopeUnknown(
            _("“{scope}” is no resource, division or grid of this registry, or one too many.").format(
                scope=(unknown or areas)[-1]
            ),
            cure=_("Name resources such as person, and at most one community, sub-district or grid by its code."),
        )
    return Scope(resources, areas[0] if areas else "")


@permits("finding.work")
def verify_registry(
    workspace: Workspace, scope: Scope | None = None, *, progress: Progress | None = None
) -> RunResult:
    """Verifies the registry's rows in use; the findings replace those of earlier runs about the same rows.

    Reads first and writes at the end, in one transaction, so nobody waits for it and a cancelled run left nothing.
    """
    started, scope, progress = time.monotonic(), scope or Scope(), progress or Progress()
    names = [name for name in RESOURCES if not scope.resources or name in scope.resources]
    found = _Found()
    with workspace.store.read() as connection:
        context = district_context(
            mode=STANDING, sender="", known={}, now=workspace.clock(), severities=severities(connection),
            matcher=matcher_of(workspace),
        )
        for name in names:
            _look_at(connection, name, scope, context=context, found=found, progress=progress)
    findings = pl.concat(found.parts) if found.parts else None
    by_rule = dict(findings["rule"].value_counts(sort=True).iter_rows()) if findings is not None else {}
    by_severity = dict(findings["severity"].value_counts(sort=True).iter_rows()) if findings is not None else {}
    progress.phase(_("Writing down what was found"))
    with workspace.store.write() as connection:
        run = _open_run(connection, workspace, scope, found, by_rule)
        _forget_earlier(connection, scope, found)
        if findings is not None:
            rows = findings.with_columns(pl.lit(run).alias("run")).select(_COLUMNS)
            bulk.insert_rows(connection, finding, _COLUMNS, rows.iter_rows())
        houses = pl.concat(found.houses) if found.houses else None
        checked = pl.concat(found.ids["house"]).to_list() if found.ids.get("house") else []
        proposed = proposals.propose(connection, workspace, run, houses, checked)
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.verify", subject=f"run:{run}",
            details={"checked": found.checked, "findings": by_rule, "area": scope.area},
        )  # fmt: skip
        progress.checkpoint()
    total = sum(by_rule.values())
    seconds = time.monotonic() - started
    return RunResult(run, found.checked, by_rule, by_severity, total, found.listed, proposed, round(seconds, 2))


def _look_at(
    connection: Connection, name: str, scope: Scope, *, context: Context, found: _Found, progress: Progress
) -> None:
    total = TABLES[name]
    progress.phase(_("Verifying {resource}").format(resource=total.name))
    around = Surroundings(connection, name, str(context.today), context.matcher)
    listed = _listed(connection, name)
    found.checked[name] = 0
    for rows in around.batches(scope):
        verdict = verify(name, mask_free_text(rows, name), context)
        place = rows.select("line", "id", "source", "collector", "grid")
        told = verdict.findings.join(place, on="line", maintain_order="left").select(
            pl.lit(0, pl.Int64).alias("change_set"), pl.lit(name).alias("resource"),
            pl.lit(0, pl.Int64).alias("line"), "key", "rule", "severity", "field", "value",
            pl.col("id").alias("entity"), pl.col("source").alias("sender"), "collector",
            pl.col("grid").alias("grid_code"),
        )  # fmt: skip
        new = told.join(listed, on=["entity", "rule", "field"], how="anti", maintain_order="left")
        found.parts.append(new)
        found.listed += told.height - new.height
        found.checked[name] += rows.height
        found.ids.setdefault(name, []).append(rows["id"])
        if name == "house":
            found.houses.append(told.select("rule", "key", "entity"))
        progress.advance(rows.height)
        progress.checkpoint()


def _listed(connection: Connection, name: str) -> pl.DataFrame:
    """What the imports found and nobody has corrected yet: it is on the list already."""
    query = select(finding.c.entity, finding.c.rule, finding.c.field).where(
        finding.c.resource == name, finding.c.run.is_(None), finding.c.fixed_in.is_(None)
    )
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema={"entity": pl.Int64, "rule": pl.String, "field": pl.String}, orient="row")


def _open_run(
    connection: Connection, workspace: Workspace, scope: Scope, found: _Found, by_rule: dict[str, int]
) -> int:
    key = connection.execute(
        insert(verification_run).values(
            at=workspace.now(), actor=workspace.actor.name, checked=found.checked, counts=by_rule,
            scope={"resources": list(scope.resources), "area": scope.area},
        )
    ).inserted_primary_key  # fmt: skip
    assert key is not None
    run = int(key[0])
    if not scope.area and not scope.resources:
        earlier = and_(verification_run.c.id != run, verification_run.c.superseded_by.is_(None))
        connection.execute(update(verification_run).where(earlier).values(superseded_by=run))
    return run


def _forget_earlier(connection: Connection, scope: Scope, found: _Found) -> None:
    """A run's findings stand for what it looked at until the next one looks there."""
    for name, counted in found.checked.items():
        earlier = and_(finding.c.resource == name, finding.c.run.is_not(None))
        if not scope.area:
            connection.execute(delete(finding).where(earlier))
            continue
        for some in bulk.chunks(pl.concat(found.ids[name]).to_list() if counted else []):
            connection.execute(delete(finding).where(earlier, finding.c.entity.in_(some)))


def _is_area(connection: Connection, code: str) -> bool:
    grid, address = TABLES["grid"], TABLES["address"]
    begins = code[:6] if code.endswith("000000") else code.removesuffix("000")
    for table in (grid, address):
        here = select(table.c.id).where((table.c.grid_code == code) | table.c.community_code.like(f"{begins}%"))
        if code.isalnum() and len(code) >= 6 and connection.execute(here.limit(1)).first() is not None:
            return True
    return False


@dataclass(frozen=True)
class LastRun:
    """When the whole registry was last verified and by whom (``run`` 0: never), and what changed it since."""

    run: int
    at: str
    actor: str


@permits("finding.read")
def last_run(workspace: Workspace) -> LastRun:
    """The last run over the whole registry: without one, "no findings" would mean "not checked"."""
    with workspace.store.read() as connection:
        rows = connection.execute(select(verification_run).order_by(verification_run.c.id.desc())).all()
    for row in rows:
        if not row.scope.get("area") and not row.scope.get("resources"):
            return LastRun(row.id, row.at, row.actor)
    return LastRun(0, "", "")
