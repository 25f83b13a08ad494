"""Fixes: correcting in bulk what a rule knows how to correct, in the registry and in quarantine; one undoable act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from sqlalchemy import Connection, and_, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import finding, quarantine
from core.model.registry import TABLES
from core.model.resources import RESOURCES, SENDERS, Resource
from core.registry import changes, words
from core.registry.deciding import decide
from core.registry.intake import Intake
from core.registry.rule_settings import severities
from core.security.workspace import Workspace, permits
from core.store import bulk
from core.verification.catalogue import rule as rule_of
from core.verification.context import Context, district_context
from core.verification.declaration import Rule
from core.verification.engine import STANDING
from core.verification.fixing import Fixed, fix
from core.verification.keys import key_text
from core.verification.matching.service import matcher_of
from core.verification.showing import shape
from core.verification.storage import typed

SHOWN: Final = 200
_ENVELOPE: Final = ("source", "collected_at", "collector", "op")


class NotFixable(GridLinkError):
    """The rule is unknown or knows no fix."""

    code = "not_fixable"


@dataclass(frozen=True)
class Change:
    """One field as it is and as it would be; personal values by their shape only."""

    resource: str
    key: str
    field: str
    before: str | None
    after: str | None
    quarantined: bool


@dataclass(frozen=True)
class FixPreview:
    """What a fix would do: rows in the registry and in quarantine, rows it cannot cure, and the first changes."""

    rule: str
    registry: int
    quarantine: int
    not_curable: int
    changes: Sequence[Change]


@dataclass(frozen=True)
class FixResult:
    """What a fix did: ``corrected`` registry rows, ``released`` rows from quarantine, ``held`` still there."""

    change_set: int
    rule: str
    corrected: int
    released: int
    held: int
    not_curable: int
    due: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Work:
    """Rows of one resource that the rule is broken in; ``ids`` by line: registry ids, or quarantine numbers."""

    resource: Resource
    sender: str
    broken: int
    ids: pl.DataFrame
    fixed: Fixed

    @property
    def quarantined(self) -> bool:
        return bool(self.sender)


@permits("finding.work")
def preview(workspace: Workspace, rule_id: str) -> FixPreview:
    """What ``apply`` would do; counts are complete, the changes are the first."""
    one = _fixable(rule_id)
    registry = held = broken = 0
    shown: list[Change] = []
    with workspace.store.read() as connection:
        for work in _work(connection, workspace, one):
            broken += work.broken
            registry += 0 if work.quarantined else work.fixed.rows.height
            held += work.fixed.rows.height if work.quarantined else 0
            shown += _shown(work, SHOWN - len(shown))
    return FixPreview(rule_id, registry, held, broken - registry - held, shown)


@permits("finding.work")
def apply(workspace: Workspace, rule_id: str, *, reason: str = "", progress: Progress | None = None) -> FixResult:
    """Applies the rule's fix to every open finding that it cures, as one change set; verified again as it goes in."""
    one, progress = _fixable(rule_id), progress or Progress()
    corrected = broken = cured = 0
    with workspace.store.write() as connection:
        number = changes.begin(connection, workspace, "fix", reason or rule_id)
        works = list(_work(connection, workspace, one))
        progress.phase(_("Correcting"), len(works))
        released: list[tuple[int, int]] = []
        for work in works:
            broken += work.broken
            cured += work.fixed.rows.height
            if work.quarantined:
                released.append(_release(connection, workspace, work, number, progress=progress))
            elif work.fixed.rows.height:
                corrected += _correct(connection, workspace, work, one, number=number, reason=reason or rule_id)
            progress.advance()
            progress.checkpoint()
        counts = {
            "corrected": corrected, "released": sum(r for r, _h in released), "held": sum(h for _r, h in released),
            "not_curable": broken - cured,
        }  # fmt: skip
        due = changes.finish(
            connection, workspace, number, action="finding.fix", subject=rule_id, counts=counts,
            details={"reason": reason},
        )  # fmt: skip
    return FixResult(number, rule_id, due=due, **counts)


def _fixable(rule_id: str) -> Rule:
    one = rule_of(rule_id)
    if one is None or one.fix is None:
        raise NotFixable(
            _("{rule} cannot be corrected by rule: somebody has to look.").format(rule=rule_id),
            cure=_("The catalogue of rules says which can; send the others back to the source."), rule=rule_id,
        )  # fmt: skip
    return one


def _work(connection: Connection, workspace: Workspace, one: Rule) -> Iterator[_Work]:
    """The open findings' rows, resource by resource in the order in which references need them."""
    context = district_context(
        mode=STANDING, sender="", known={}, now=workspace.clock(), severities=severities(connection),
        matcher=matcher_of(workspace),
    )
    for name in RESOURCES:
        if name not in one.resources:
            continue
        for sender in SENDERS:
            rows = _quarantined(connection, name, one, sender)
            if rows.height:
                yield _made(RESOURCES[name], sender, rows, one, context)
        rows = _registered(connection, name, one)
        if rows.height:
            yield _made(RESOURCES[name], "", rows, one, context)


def _made(resource: Resource, sender: str, rows: pl.DataFrame, one: Rule, context: Context) -> _Work:
    lined = rows.with_columns((pl.row_index("line") + 1).cast(pl.UInt32))
    return _Work(
        resource, sender, rows.height, lined.select("line", "id"), fix(resource.name, lined.drop("id"), one, context)
    )


def _quarantined(connection: Connection, name: str, one: Rule, sender: str) -> pl.DataFrame:
    """Rows still in quarantine in which the rule was found, as text columns with ``id`` (of the quarantine)."""
    found = and_(
        finding.c.change_set == quarantine.c.change_set, finding.c.resource == quarantine.c.resource,
        finding.c.line == quarantine.c.line, finding.c.rule == one.id, finding.c.fixed_in.is_(None),
    )  # fmt: skip
    query = select(quarantine.c.id, quarantine.c.row).where(
        quarantine.c.resource == name, quarantine.c.sender == sender, quarantine.c.released_in.is_(None),
        select(finding.c.id).where(found).exists(),
    )  # fmt: skip
    held = [tuple(row) for row in connection.execute(query.order_by(quarantine.c.id))]
    columns = dict.fromkeys((*RESOURCES[name].header("delta"), *_ENVELOPE), pl.String)
    rows = pl.DataFrame(held, schema={"id": pl.Int64, "row": pl.String}, orient="row")
    whole = rows.with_columns(pl.col("row").str.json_decode(pl.Struct(columns))).unnest("row")
    return whole.with_columns(pl.col("op").fill_null("upsert"))


def _registered(connection: Connection, name: str, one: Rule) -> pl.DataFrame:
    """Registry rows in which the rule was found, as text columns with ``id``."""
    resource, table = RESOURCES[name], TABLES[name]
    entities = select(finding.c.entity).where(
        finding.c.resource == name, finding.c.rule == one.id, finding.c.fixed_in.is_(None),
        finding.c.severity != "error",
    )  # fmt: skip
    ids = sorted({entity for entity in connection.execute(entities).scalars() if entity is not None})
    names = [*resource.column_names, *_ENVELOPE[:3]]
    types = {"id": pl.Int64, **words.schema(resource)} | dict.fromkeys(_ENVELOPE[:3], pl.String)
    rows = words.frame_of(connection, [table.c.id, *(table.c[n] for n in names)], ids, types,
                          where=table.c.retired_in.is_(None))  # fmt: skip
    return rows.with_columns(pl.col(n).cast(pl.String) for n in names)


def _correct(
    connection: Connection, workspace: Workspace, work: _Work, one: Rule, *, number: int, reason: str
) -> int:
    fields = work.fixed.changes["field"].unique().to_list()
    whole = typed(work.fixed.rows, work.resource.name).join(work.ids, on="line")
    rows = whole.select(pl.col("id").alias("entity"), *fields)
    changed = decide(connection, workspace, number, work.resource.name, rows, kind="fix", reason=reason)
    for some in bulk.chunks(rows["entity"].to_list()):
        mine = and_(
            finding.c.resource == work.resource.name, finding.c.rule == one.id, finding.c.entity.in_(some),
            finding.c.fixed_in.is_(None),
        )  # fmt: skip
        connection.execute(update(finding).where(mine).values(fixed_in=number))
    return changed


def _release(
    connection: Connection, workspace: Workspace, work: _Work, number: int, *, progress: Progress
) -> tuple[int, int]:
    """Sends corrected rows through the one way in: how many came in, how many are held again."""
    if work.fixed.rows.is_empty():
        return 0, 0
    ids = work.fixed.rows.join(work.ids, on="line")["id"].to_list()
    for some in bulk.chunks(ids):
        mine = quarantine.c.id.in_(some)
        connection.execute(update(quarantine).where(mine).values(released_in=number))
        places = select(quarantine.c.change_set, quarantine.c.resource, quarantine.c.line).where(mine).subquery()
        answered = select(finding.c.id).join(
            places, and_(places.c.change_set == finding.c.change_set, places.c.resource == finding.c.resource,
                         places.c.line == finding.c.line),
        )  # fmt: skip
        connection.execute(update(finding).where(finding.c.id.in_(answered)).values(fixed_in=number))
    intake = Intake(workspace, connection, number, work.sender, "delta", (), progress)
    counts = intake.resource(work.resource, work.fixed.rows)
    return counts.accepted, counts.quarantined


def _shown(work: _Work, most: int) -> list[Change]:
    first = work.fixed.changes.head(max(most, 0))
    keys = work.fixed.rows.select("line", key_text(work.resource).alias("key"))
    personal = [c.name for c in work.resource.columns if c.personal]
    hidden = pl.col("field").is_in(personal)
    told = first.join(keys, on="line", maintain_order="left").with_columns(
        pl.when(hidden).then(shape(pl.col(n))).otherwise(pl.col(n)).alias(n) for n in ("before", "after")
    )
    return [
        Change(work.resource.name, r["key"], r["field"], r["before"], r["after"], work.quarantined)
        for r in told.to_dicts()
    ]

