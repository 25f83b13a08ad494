"""Editing one record: verified as it is typed, saved with a reason, never over somebody else's change unseen.

A screen asks ``editable`` for the values and their ``version``, ``check`` while somebody types (nothing is written)
and ``edit`` to save. If the record was changed meanwhile, ``EditConflict`` carries both versions; whoever decides for
his own saves again with the version that the conflict names. Old errors in other fields never stop a correction.
An edit is the station's word with the person as decider; it stands until a department says something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import change_set
from core.model.registry import HISTORY, TABLES
from core.model.resources import RESOURCES
from core.registry import changes, drafts, trial
from core.registry.deciding import decide
from core.registry.record import RecordGone
from core.registry.trial import Tried
from core.security.own_grids import require_inside
from core.security.workspace import Workspace, permits
from core.verification.catalogue import describe
from core.verification.declaration import Severity


class ReasonNeeded(GridLinkError):
    """A change without a reason cannot be understood later."""

    code = "reason_needed"


class EditRefused(GridLinkError):
    """The edited fields break a rule; ``remarks`` says which and what to do."""

    code = "edit_refused"

    def __init__(self, message: str, *, cure: str, remarks: Sequence[Remark]) -> None:
        super().__init__(message, cure=cure, findings=[(one.rule, one.field) for one in remarks])
        self.remarks = remarks


class EditConflict(GridLinkError):
    """The record was changed since it was read: ``seen`` as it was then, ``stored`` as it is now, ``mine`` as wanted.

    Save again with ``version`` to decide for one's own; ``actor`` and ``at`` say who changed it and when.
    """

    code = "edit_conflict"

    def __init__(
        self, message: str, *, cure: str, version: int, actor: str, at: str, seen: Mapping[str, Any],
        stored: Mapping[str, Any], mine: Mapping[str, Any],
    ) -> None:  # fmt: skip
        differing = sorted(name for name in stored if seen and stored[name] != seen.get(name))
        super().__init__(message, cure=cure, version=version, actor=actor, at=at, fields=differing)
        self.version, self.actor, self.at = version, actor, at
        self.seen, self.stored, self.mine = seen, stored, mine


@dataclass(frozen=True)
class Remark:
    """What verification says of the record as it would be; ``is_new`` where the edit brings it, else it was there."""

    rule: str
    severity: str
    field: str
    message: str
    cure: str
    is_new: bool


@dataclass(frozen=True)
class Editable:
    """A record's own values and the version they are of; ``draft`` is what was typed before and not saved."""

    resource: str
    id: int
    version: int
    values: Mapping[str, Any]
    draft: drafts.Draft | None = None


@dataclass(frozen=True)
class EditResult:
    """What an edit did: whether the row changed, what remains to be said of it, what became due upstream."""

    change_set: int
    changed: bool
    version: int
    remarks: Sequence[Remark]
    due: Mapping[str, int] = field(default_factory=dict)


@permits("registry.edit")
def editable(workspace: Workspace, resource: str, entity: int) -> Editable:
    """A record to edit. Raises ``RecordGone`` or ``OutsideGrids``."""
    require_inside(workspace, resource, entity)
    with workspace.store.read() as connection:
        version, values = _stored(connection, resource, entity)
    return Editable(resource, entity, version, values, drafts.of(workspace, resource, entity))


@permits("registry.edit")
def check(workspace: Workspace, resource: str, entity: int, fields: Mapping[str, Any]) -> Sequence[Remark]:
    """What verification says of the record with these fields; nothing is written. New errors would refuse the edit."""
    with workspace.store.read() as connection:
        return _remarks(_tried(connection, workspace, resource, entity, fields))


@permits("registry.edit")
def edit(
    workspace: Workspace, resource: str, entity: int, fields: Mapping[str, Any], *, version: int, reason: str
) -> EditResult:
    """Makes the fields of a record what they are given as, as one change set that can be undone.

    Raises ``EditConflict`` if the record is no longer of ``version``, ``EditRefused`` if a field breaks a rule,
    ``FieldFixed``, ``ReasonNeeded``, ``OutsideGrids`` or ``RecordGone``; then nothing is changed and the draft stays.
    """
    require_reason(reason)
    require_inside(workspace, resource, entity)
    with workspace.store.write() as connection:
        _refuse_if_changed(connection, resource, entity, version=version, mine=fields)
        tried = _tried(connection, workspace, resource, entity, fields)
        remarks = _remarks(tried)
        _refuse_if_wrong(tried, remarks)
        number = changes.begin(connection, workspace, "edit", reason)
        rows = trial.as_decided(tried, sorted(fields))
        changed = (
            decide(connection, workspace, number, resource, rows, kind="edit", reason=reason)
            if rows.height
            else 0
        )
        trial.note_findings(connection, tried, number)
        drafts.drop(connection, workspace, resource, entity)
        due = changes.finish(
            connection, workspace, number, action="registry.edit", subject=f"{resource}:{entity}",
            counts={"changed": changed}, details={"fields": sorted(fields), "reason": reason},
        )  # fmt: skip
        now = _stored(connection, resource, entity)[0]
    return EditResult(number, bool(changed), now, remarks, due)


def require_reason(reason: str) -> None:
    """Raises ``ReasonNeeded`` unless something is said."""
    if not reason.strip():
        raise ReasonNeeded(
            _("A change keeps who made it and why; the reason is missing."),
            cure=_("Say in a few words how it was found out."),
        )


def _tried(
    connection: Connection, workspace: Workspace, resource: str, entity: int, fields: Mapping[str, Any]
) -> Tried:
    trial.require_editable(resource, list(fields))
    declared = RESOURCES[resource]
    before = trial.read(connection, declared, [entity])
    if before.is_empty():
        raise _gone()
    after = before.with_columns(pl.lit(trial.given_text(v), pl.String).alias(n) for n, v in fields.items())
    return trial.attempt(connection, workspace, declared, before, after)


def _remarks(tried: Tried) -> list[Remark]:
    return [
        Remark(
            r["rule"], r["severity"], r["field"], *describe(r["rule"], field=r["field"], value=r["value"]), r["is_new"]
        )
        for r in tried.findings.to_dicts()
    ]  # fmt: skip


def _refuse_if_wrong(tried: Tried, remarks: Sequence[Remark]) -> None:
    if tried.blocked.is_empty():
        return
    errors = [one for one in remarks if one.severity == Severity.ERROR]
    wrong = [one for one in errors if one.is_new] or errors
    raise EditRefused(
        _("Not saved: {field}: {message}").format(field=wrong[0].field, message=wrong[0].message),
        cure=wrong[0].cure, remarks=wrong,
    )  # fmt: skip


def _refuse_if_changed(
    connection: Connection, resource: str, entity: int, *, version: int, mine: Mapping[str, Any]
) -> None:
    table, past = TABLES[resource], HISTORY[resource]
    # whoever holds the row is waited for; what it then says is read anew, for it may have been replaced
    connection.execute(select(table.c.id).where(table.c.id == entity).with_for_update()).first()
    current, stored = _stored(connection, resource, entity)
    if current == version:
        return
    query = select(past).where(past.c.id == entity, past.c.changed_in == version)
    old = connection.execute(query).mappings().first()
    who = connection.execute(
        select(change_set.c.actor, change_set.c.at).where(change_set.c.id == current)
    ).one()
    raise EditConflict(
        _("{actor} changed this record at {at}, after you opened it; nothing of yours is lost.").format(
            actor=who.actor, at=who.at
        ),
        cure=_("Look at both versions and decide which fields to save."), version=current, actor=who.actor, at=who.at,
        seen={name: old[name] for name in stored} if old else {}, stored=stored, mine=dict(mine),
    )  # fmt: skip


def _stored(connection: Connection, resource: str, entity: int) -> tuple[int, dict[str, Any]]:
    """The version of a record in use and its own values. Raises ``RecordGone``."""
    table, declared = TABLES[resource], RESOURCES[resource]
    names = [c.name for c in declared.columns if c.kind != "geometry"]
    query = select(table.c.changed_in, *(table.c[name] for name in names))
    row = (
        connection.execute(query.where(table.c.id == entity, table.c.retired_in.is_(None))).mappings().first()
    )
    if row is None:
        raise _gone()
    return int(row["changed_in"]), {name: row[name] for name in names}


def _gone() -> RecordGone:
    return RecordGone(
        _("This record is no longer in the registry."), cure=_("An import may have been undone; look again.")
    )
