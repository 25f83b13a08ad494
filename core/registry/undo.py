"""Undo: taking one change set back, unless later changes stand on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, and_, delete, func as sql, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import (
    change_set,
    finding,
    missing,
    package,
    quarantine,
    recollected,
    source_record_history,
)
from core.model.registry import HISTORY, TABLES
from core.model.resources import REFERENCES, RESOURCES, references
from core.model.stewardship import apart
from core.registry import publication
from core.registry.correcting import reopened
from core.registry.deciding import take_back
from core.registry.rows import collected_before
from core.security import assigning, audit
from core.security.workspace import Workspace, permits
from core.store import search


class UndoRefused(GridLinkError):
    """Later change sets stand on this one, or it is not one that can be taken back."""

    code = "undo_refused"


@dataclass(frozen=True)
class UndoResult:
    """What an undo did; ``pushed`` counts records that upstream had already accepted and will be told."""

    change_set: int
    undone: int
    package: str
    removed: dict[str, int]
    restored: dict[str, int]
    pushed: int


@permits("package.undo")
def undo(
    workspace: Workspace, number: int, *, reason: str = "", progress: Progress | None = None
) -> UndoResult:
    """Takes change set ``number`` back as a change set of its own; raises ``UndoRefused``.

    The registry is afterwards as it was before: the undone rows leave the store, the versions they had
    replaced return from the history, and the package may be imported again.
    """
    return _undone(workspace, number, reason, progress or Progress())


@permits("registry.edit")
def undo_edit(
    workspace: Workspace, number: int, *, reason: str = "", progress: Progress | None = None
) -> UndoResult:
    """Takes back an edit of one's own, as ``undo`` does for everything; raises ``UndoRefused``."""
    with workspace.store.read() as connection:
        made = connection.execute(
            select(change_set.c.kind, change_set.c.actor).where(change_set.c.id == number)
        ).first()
    if made is None or (made.kind, made.actor) != ("edit", workspace.actor.name):
        raise UndoRefused(
            _("Change set {number} is no edit of yours.").format(number=number),
            cure=_("A data steward can undo what others did."),
        )
    return _undone(workspace, number, reason, progress or Progress())


def _undone(workspace: Workspace, number: int, reason: str, progress: Progress) -> UndoResult:
    with workspace.store.write() as connection:
        name = _undoable(connection, number)
        _refuse_if_built_upon(connection, number)
        now = workspace.now()
        own = _record(connection, workspace, number, reason, now)
        search.forget(connection, number)
        removed: dict[str, int] = {}
        restored: dict[str, int] = {}
        progress.phase(_("Undoing"), len(TABLES))
        for resource in reversed(tuple(RESOURCES)):
            restored[resource], removed[resource] = _restore(connection, resource, number)
            progress.advance()
        collected_before(connection, number)
        take_back(connection, number)
        reopened(connection, number)
        assigning.taken_back(connection, number)
        pushed = publication.withdraw(connection, number, now)
        for table in (missing, finding, quarantine, apart):
            connection.execute(delete(table).where(table.c.change_set == number))
        connection.execute(update(package).where(package.c.change_set == number).values(state="undone"))
        counts = {"removed": removed, "restored": restored, "pushed": pushed}
        connection.execute(update(change_set).where(change_set.c.id == own).values(counts=counts))
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="package.undo", subject=name,
            details={"change_set": number, "reason": reason, **counts},
        )  # fmt: skip
    return UndoResult(own, number, name, removed, restored, pushed)


def _undoable(connection: Connection, number: int) -> str:
    row = connection.execute(
        select(change_set.c.kind, change_set.c.undone_by, change_set.c.reason, package.c.name)
        .select_from(change_set.outerjoin(package, package.c.id == change_set.c.package_id))
        .where(change_set.c.id == number)
    ).first()
    if row is None:
        raise UndoRefused(
            _("There is no change set {number}.").format(number=number),
            cure=_("The numbers are in the Inbox and in the output of ingest."),
        )
    if row.undone_by is not None or row.kind == "undo":
        raise UndoRefused(
            _("Change set {number} is already undone, or is an undo itself.").format(number=number),
            cure=_("Import the package again to bring its rows back."),
        )
    return str(row.name or row.reason)


def _refuse_if_built_upon(connection: Connection, number: int) -> None:
    standing = sorted({*_superseding(connection, number), *_referring(connection, number)})
    if not standing:
        return
    named = connection.execute(
        select(change_set.c.id, package.c.name)
        .select_from(change_set.outerjoin(package, package.c.id == change_set.c.package_id))
        .where(change_set.c.id.in_(standing))
        .order_by(change_set.c.id.desc())
    ).all()
    text = ", ".join(f"{row.id} ({row.name})" for row in named)
    raise UndoRefused(
        _("Change set {number} cannot be undone: later changes stand on it: {later}.").format(
            number=number, later=text
        ),
        cure=_("Undo those first, the newest first."),
        change_set=number,
        later=[{"change_set": row.id, "package": row.name} for row in named],
    )


def _superseding(connection: Connection, number: int) -> Iterator[int]:
    """Change sets that replaced a version which this one wrote, or collected anew what it had collected."""
    for history in (*HISTORY.values(), source_record_history):
        wrote = history.c.changed_in if "changed_in" in history.c else history.c.kept_in
        yield from connection.execute(
            select(history.c.superseded_in).where(wrote == number).distinct()
        ).scalars()
    later, mine = recollected.alias(), recollected
    same = and_(
        later.c.entity == mine.c.entity, later.c.resource == mine.c.resource, later.c.change_set > number
    )
    anew = select(later.c.change_set).join(mine, same).where(mine.c.change_set == number)
    yield from connection.execute(anew.distinct()).scalars()


def _referring(connection: Connection, number: int) -> Iterator[int]:
    """Change sets whose rows point to an entity that this one created."""
    for resource in RESOURCES.values():
        table = TABLES[resource.name]
        for column, target in references(resource).items():
            pointed = TABLES[target]
            if not _wrote_any(connection, pointed, number):
                continue
            key = next(name for name in REFERENCES if REFERENCES[name] == target)
            yield from connection.execute(
                select(table.c.changed_in)
                .join(pointed, table.c[column] == pointed.c[key])
                .where(pointed.c.created_in == number, table.c.changed_in != number)
                .distinct()
            ).scalars()


def _wrote_any(connection: Connection, table: Table, number: int) -> bool:
    return (
        connection.execute(select(table.c.id).where(table.c.created_in == number).limit(1)).first()
        is not None
    )


def _record(connection: Connection, workspace: Workspace, number: int, reason: str, now: str) -> int:
    own = connection.execute(
        insert(change_set).values(
            kind="undo", at=now, actor=workspace.actor.name, reason=reason, undoes=number, counts={}
        )
    ).inserted_primary_key
    assert own is not None
    connection.execute(update(change_set).where(change_set.c.id == number).values(undone_by=own[0]))
    return int(own[0])


def _restore(connection: Connection, resource: str, number: int) -> tuple[int, int]:
    """Removes what the change set wrote and brings back what it replaced: (restored, removed)."""
    table, history = TABLES[resource], HISTORY[resource]
    others = connection.execute(select(table.c.id).where(table.c.changed_in != number).limit(1)).first()
    wrote = connection.execute(
        select(sql.count()).select_from(table).where(table.c.changed_in == number)
    ).scalar_one()
    if wrote:
        # Without a condition SQLite drops the pages instead of visiting every row.
        connection.execute(
            delete(table) if others is None else delete(table).where(table.c.changed_in == number)
        )
    columns = [column.name for column in table.columns]
    old = select(*(history.c[name] for name in columns)).where(history.c.superseded_in == number)
    # PostgreSQL's driver forgets the count of an INSERT unless it is asked to keep it.
    keep = {"preserve_rowcount": True}
    restored = connection.execute(insert(table).from_select(columns, old), execution_options=keep).rowcount
    if restored:
        connection.execute(delete(history).where(history.c.superseded_in == number))
    return restored, wrote - restored
