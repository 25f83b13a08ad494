"""Who works in which grids: assigned and taken away, followed when grids are split or merged, cured where they hang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import HISTORY, TABLES
from core.model.security import account
from core.model.working import assignment
from core.security import audit
from core.security.own_grids import own
from core.security.workspace import ROLES, Workspace, permits

_GRID = TABLES["grid"]
_SUCCESSORS: Final = 5


class AssignmentRefused(GridLinkError):
    """There is no such account or grid, or somebody would change his own grids."""

    code = "assignment_refused"


@dataclass(frozen=True)
class Assignment:
    """A grid in which an account works; who said so and when."""

    account: str
    grid_code: str
    at: str
    actor: str


@dataclass(frozen=True)
class Hanging:
    """An assignment to a grid that is no longer in use, and the grids in which its addresses lie now, most first."""

    account: str
    grid_code: str
    name: str
    retired_in: int | None
    successors: Sequence[str]


@permits("grid.assign")
def assignments(workspace: Workspace, name: str = "") -> Sequence[Assignment]:
    """Who works in which grids; of one account where it is named."""
    query = select(assignment.c.account, assignment.c.grid_code, assignment.c.at, assignment.c.actor)
    query = query.where(assignment.c.ended_in.is_(None)).order_by(
        assignment.c.account, assignment.c.grid_code
    )
    if name:
        query = query.where(assignment.c.account == name)
    with workspace.store.read() as connection:
        return [Assignment(*row) for row in connection.execute(query)]


@permits("grid.assign")
def workers(workspace: Workspace) -> Sequence[str]:
    """The active accounts that open files or work on them: those to whom grids can be assigned."""
    with workspace.store.read() as connection:
        return able(connection, "registry.read")


def able(connection: Connection, permission: str) -> list[str]:
    """The active accounts whose roles carry a permission, by name."""
    rows = connection.execute(select(account.c.name, account.c.roles).where(account.c.state == "active"))
    return sorted(row.name for row in rows if any(permission in ROLES.get(role, ()) for role in row.roles))


@permits("grid.assign")
def assign(workspace: Workspace, name: str, grids: Sequence[str]) -> int:
    """Lets an account work in these grids too; returns how many are new. Raises ``AssignmentRefused``."""
    _require_other(workspace, name)
    with workspace.store.write() as connection:
        return len(_give(connection, workspace, name, grids))


@permits("grid.assign")
def unassign(workspace: Workspace, name: str, grids: Sequence[str] = ()) -> int:
    """Takes grids from an account, all where none is named; returns how many. Without any it works everywhere."""
    _require_other(workspace, name)
    with workspace.store.write() as connection:
        return len(_take(connection, workspace, name, grids))


@permits("grid.assign")
def exchange(workspace: Workspace, name: str, gone: Sequence[str], new: Sequence[str]) -> int:
    """Gives an account other grids in place of some, in one act; returns how many are new: the cure of what hangs."""
    _require_other(workspace, name)
    with workspace.store.write() as connection:
        given = _give(connection, workspace, name, new) if new else []
        if left := set(gone) - set(new):
            _take(connection, workspace, name, sorted(left))
    return len(given)


@permits("grid.assign")
def hanging(workspace: Workspace) -> Sequence[Hanging]:
    """Assignments to grids that an import or somebody retired, with where their addresses went."""
    gone = or_(_GRID.c.id.is_(None), _GRID.c.retired_in.is_not(None))
    held = assignment.outerjoin(_GRID, _GRID.c.grid_code == assignment.c.grid_code)
    query = select(assignment.c.account, assignment.c.grid_code, _GRID.c.name, _GRID.c.retired_in)
    query = query.select_from(held).where(assignment.c.ended_in.is_(None), gone)
    with workspace.store.read() as connection:
        rows = connection.execute(query.order_by(assignment.c.grid_code, assignment.c.account)).all()
        went = {code: _successors(connection, code) for code in {row.grid_code for row in rows}}
    return [Hanging(r.account, r.grid_code, r.name or "", r.retired_in, went[r.grid_code]) for r in rows]


def follow(
    connection: Connection, workspace: Workspace, number: int, *, parted: Mapping[str, str],
    joined: Mapping[str, str],
) -> int:  # fmt: skip
    """After change set ``number``, whoever had a grid has its new part (new: old) and what took it in (gone: kept).

    Returns how many assignments are new; ``taken_back`` undoes it with the change set.
    """
    new = 0
    for target, source in (*parted.items(), *((kept, gone) for gone, kept in joined.items())):
        had = set(connection.execute(_holders(source)).scalars())
        has = set(connection.execute(_holders(target)).scalars())
        _insert(connection, workspace, [(name, target) for name in sorted(had - has)], change_set=number)
        new += len(had - has)
    ended = and_(assignment.c.grid_code.in_(list(joined)), assignment.c.ended_in.is_(None))
    connection.execute(update(assignment).where(ended).values(ended_in=number))
    return new


def taken_back(connection: Connection, number: int) -> None:
    """Undoes what ``follow`` did with a change set."""
    connection.execute(delete(assignment).where(assignment.c.change_set == number))
    connection.execute(update(assignment).where(assignment.c.ended_in == number).values(ended_in=None))


def _give(connection: Connection, workspace: Workspace, name: str, grids: Sequence[str]) -> list[str]:
    _require_known(connection, name, grids)
    new = sorted(set(grids) - own(connection, name))
    if new:
        _insert(connection, workspace, [(name, code) for code in new])
        audit.note(connection, workspace, "grid.assigned", name, {"grids": new})
    return new


def _take(connection: Connection, workspace: Workspace, name: str, grids: Sequence[str]) -> list[str]:
    held = own(connection, name)
    gone = sorted(held & set(grids) if grids else held)
    if gone:
        mine = and_(assignment.c.account == name, assignment.c.grid_code.in_(gone))
        connection.execute(delete(assignment).where(mine))
        audit.note(connection, workspace, "grid.unassigned", name, {"grids": gone})
    return gone


def _insert(
    connection: Connection, workspace: Workspace, pairs: Sequence[tuple[str, str]], *, change_set: int | None = None
) -> None:  # fmt: skip
    """Assignments that had ended make room for new ones."""
    at, actor = workspace.now(), workspace.actor.name
    for name, code in pairs:
        same = and_(assignment.c.account == name, assignment.c.grid_code == code)
        connection.execute(delete(assignment).where(same))
        values = {"account": name, "grid_code": code, "at": at, "actor": actor, "change_set": change_set}
        connection.execute(insert(assignment).values(**values))


def _holders(code: str) -> Any:
    return select(assignment.c.account).where(assignment.c.grid_code == code, assignment.c.ended_in.is_(None))


def _successors(connection: Connection, code: str) -> list[str]:
    """The grids in which the addresses are that lay in a grid before, those with the most first."""
    now, past = TABLES["address"], HISTORY["address"]
    moved = past.join(now, now.c.id == past.c.id)
    query = select(now.c.grid_code).select_from(moved).where(past.c.grid_code == code)
    query = query.where(now.c.grid_code.is_not(None), now.c.grid_code != code, now.c.retired_in.is_(None))
    most = query.group_by(now.c.grid_code).order_by(func.count().desc(), now.c.grid_code)
    return list(connection.execute(most.limit(_SUCCESSORS)).scalars())


def _require_other(workspace: Workspace, name: str) -> None:
    if name == workspace.actor.name:
        raise AssignmentRefused(
            _("Nobody assigns grids to himself."), cure=_("Ask another steward or administrator.")
        )


def _require_known(connection: Connection, name: str, grids: Sequence[str]) -> None:
    if connection.execute(select(account.c.name).where(account.c.name == name)).first() is None:
        raise AssignmentRefused(
            _("There is no account named “{name}”.").format(name=name), cure=_("Check the spelling.")
        )
    held = select(_GRID.c.grid_code).where(_GRID.c.grid_code.in_(grids), _GRID.c.retired_in.is_(None))
    governance = held.where(_GRID.c.kind == "governance")
    if unknown := sorted(set(grids) - set(connection.execute(governance).scalars())):
        raise AssignmentRefused(
            _("The registry has no such governance grid in use: {grids}.").format(grids=", ".join(unknown)),
            cure=_("Check the codes; “gridlink grid check” counts the grids held."),
        )
