"""Bulk edit: a field of all N matching records set, or a text in it replaced, through verification, as one act.

``preview`` says how many would change, which and how, and how many are refused by which rule; ``apply`` does it in one
unit of work (cancelled or killed, it leaves nothing) and can be undone like any change set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from sqlalchemy import Connection, select

from core.i18n import _
from core.jobs import Progress
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.registry import changes, trial
from core.registry.at_home import require_home
from core.registry.deciding import decide
from core.registry.editing import require_reason
from core.registry.filters import Selection, where
from core.registry.record import title_of
from core.registry.trial import Tried
from core.registry.where import say
from core.security.workspace import Workspace, permits
from core.store.engine import cancellable
from core.verification.declaration import Severity
from core.verification.showing import shape

SHOWN: Final = 200
_BATCH: Final = 20_000


@dataclass(frozen=True)
class BulkChange:
    """What to do with a field: give it ``value`` (blank empties it), or put ``value`` where ``find`` stands in it."""

    field: str
    value: str = ""
    find: str = ""


@dataclass(frozen=True)
class Sample:
    """One record before and after; personal values by their shape only."""

    id: int
    title: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class BulkPreview:
    """What a bulk edit would do: ``total`` = ``changing`` + ``unchanged`` + ``refused``; rules that refuse, by id."""

    total: int
    changing: int
    unchanged: int
    refused: int
    by_rule: Mapping[str, int]
    samples: Sequence[Sample]


@dataclass(frozen=True)
class BulkResult:
    """What a bulk edit did; ``change_set`` can be undone as one."""

    change_set: int
    changed: int
    unchanged: int
    refused: int
    by_rule: Mapping[str, int]
    due: Mapping[str, int] = field(default_factory=dict)


@permits("registry.bulk_edit")
def preview(
    workspace: Workspace, selection: Selection, change: BulkChange, *, progress: Progress | None = None
) -> BulkPreview:
    """What ``apply`` would do; the counts are complete, the samples are the first."""
    require_home(workspace, selection)
    progress, refusing, samples = progress or Progress(), Counter[str](), list[Sample]()
    total = changing = refused = 0
    with workspace.store.read() as connection:
        for tried in _batches(connection, workspace, selection, change=change, progress=progress):
            changed = tried.changed
            total += tried.after.height
            changing += changed.height
            refused += len(tried.blocked)
            refusing.update(_refusing(tried))
            samples += _samples(tried, changed.head(SHOWN - len(samples)), change.field)
    return BulkPreview(total, changing, total - changing - refused, refused, dict(refusing), samples)


@permits("registry.bulk_edit")
def apply(
    workspace: Workspace,
    selection: Selection,
    change: BulkChange,
    *,
    reason: str,
    progress: Progress | None = None,
) -> BulkResult:
    """Changes the field in every matching record whose edited row verification lets pass; one change set."""
    require_reason(reason)
    require_home(workspace, selection)
    progress, refusing = progress or Progress(), Counter[str]()
    total = changed = refused = 0
    with workspace.store.write() as connection:
        number = changes.begin(connection, workspace, "edit", reason)
        for tried in _batches(
            connection, workspace, selection, change=change, progress=progress, locking=True
        ):
            rows = trial.as_decided(tried, [change.field])
            if rows.height:
                changed += decide(
                    connection, workspace, number, selection.resource, rows, kind="edit", reason=reason
                )
                trial.note_findings(connection, tried, number)
            total += tried.after.height
            refused += len(tried.blocked)
            refusing.update(_refusing(tried))
        progress.phase(_("Indexing for search"))
        counts = {"changed": changed, "unchanged": total - changed - refused, "refused": refused}
        due = changes.finish(
            connection, workspace, number, action="registry.bulk_edit", subject=selection.resource, counts=counts,
            details={"reason": reason, "filter": say(selection), "field": change.field},
        )  # fmt: skip
        progress.checkpoint()
    return BulkResult(number, by_rule=dict(refusing), due=due, **counts)


def _batches(
    connection: Connection,
    workspace: Workspace,
    selection: Selection,
    *,
    change: BulkChange,
    progress: Progress,
    locking: bool = False,
) -> Iterator[Tried]:
    trial.require_editable(selection.resource, [change.field])
    declared, table = RESOURCES[selection.resource], TABLES[selection.resource]
    query = select(table.c.id).where(where(connection, selection), table.c.retired_in.is_(None))
    if locking:
        query = query.with_for_update()
    with cancellable(connection, progress):
        ids = list(connection.execute(query).scalars())
    ids.sort()
    progress.phase(_("Verifying {resource}").format(resource=selection.resource), len(ids))
    for start in range(0, len(ids), _BATCH):
        before = trial.read(connection, declared, ids[start : start + _BATCH])
        after = before.with_columns(_edited(change).alias(change.field))
        yield trial.attempt(connection, workspace, declared, before, after)
        progress.advance(before.height)


def _edited(change: BulkChange) -> pl.Expr:
    if change.find:
        replaced = pl.col(change.field).str.replace_all(change.find, change.value, literal=True)
        return pl.when(replaced != "").then(replaced)
    return pl.lit(trial.given_text(change.value), pl.String)


def _refusing(tried: Tried) -> dict[str, int]:
    """In how many refused rows each rule is broken."""
    errors = tried.findings.filter(
        (pl.col("severity") == Severity.ERROR) & pl.col("line").is_in(tried.blocked.implode())
    )
    told = errors.unique(["line", "rule"])["rule"].value_counts()
    return dict(told.iter_rows())


def _samples(tried: Tried, rows: pl.DataFrame, name: str) -> list[Sample]:
    if rows.is_empty():
        return []
    both = rows.join(
        tried.before.select("line", pl.col(name).alias("_before")), on="line", maintain_order="left"
    )
    both = both.with_columns(pl.col(name).alias("_after"))
    if tried.resource.by_name[name].personal:
        both = both.with_columns(shape(pl.col(n)).alias(n) for n in ("_before", "_after"))
    return [
        Sample(r["id"], title_of(tried.resource.name, r), r["_before"], r["_after"]) for r in both.to_dicts()
    ]
