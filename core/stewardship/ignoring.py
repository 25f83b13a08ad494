"""Ignoring: findings that somebody knows and does not want to see for a while, with a reason and an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import finding
from core.model.stewardship import ignoring
from core.security import audit
from core.security.workspace import Workspace, permits
from core.verification.catalogue import rule

LONGEST_DAYS: Final = 366


class IgnoringIncomplete(GridLinkError):
    """Rule, reason or end are missing, or the end is not within a year."""

    code = "ignoring_incomplete"


@dataclass(frozen=True)
class Ignored:
    """Findings of ``rule`` that are ignored; every empty field means any."""

    rule: str
    resource: str = ""
    key: str = ""
    field: str = ""
    sender: str = ""
    grid_code: str = ""
    community_code: str = ""


def is_ignored(today: str) -> ColumnElement[bool]:
    """Whether somebody ignores a ``finding`` on that day (ISO); what has expired is back by itself."""
    one = ignoring.c
    same = [
        or_(one[name].is_(None), one[name] == finding.c[name])
        for name in ("resource", "key", "field", "sender", "grid_code")
    ]
    here = or_(
        one.community_code.is_(None), func.substr(finding.c.grid_code, 1, 12) == one.community_code
    )
    return exists(
        select(one.id).where(one.rule == finding.c.rule, one.withdrawn_at.is_(None), one.until >= today, *same, here)
    )


def anything_ignored(connection: Connection, today: str) -> bool:
    """Whether anything at all is ignored on that day."""
    one = ignoring.c
    query = select(one.id).where(one.withdrawn_at.is_(None), one.until >= today).limit(1)
    return connection.execute(query).first() is not None


@permits("finding.work")
def ignore(workspace: Workspace, what: Ignored, *, reason: str, until: str) -> int:
    """Ignores what is found until the day ``until`` (ISO, at most a year ahead); returns the entry's number."""
    _require(workspace, what, reason, until)
    entry = {name: value or None for name, value in asdict(what).items()}
    with workspace.store.write() as connection:
        key = connection.execute(
            insert(ignoring).values(
                **entry, reason=reason, until=until, at=workspace.now(), actor=workspace.actor.name
            )
        ).inserted_primary_key
        assert key is not None
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="finding.ignore", subject=what.rule,
            details={"number": key[0], "until": until, "reason": reason, **{k: v for k, v in entry.items() if v}},
        )  # fmt: skip
    return int(key[0])


@permits("finding.work")
def stop_ignoring(workspace: Workspace, number: int) -> None:
    """Shows again what entry ``number`` ignored."""
    with workspace.store.write() as connection:
        mine = and_(ignoring.c.id == number, ignoring.c.withdrawn_at.is_(None))
        if connection.execute(select(ignoring.c.id).where(mine)).first() is None:
            raise IgnoringIncomplete(
                _("Nothing is ignored under number {number}.").format(number=number),
                cure=_("Look at the list of what is ignored."),
            )
        connection.execute(
            update(ignoring).where(mine).values(withdrawn_at=workspace.now(), withdrawn_by=workspace.actor.name)
        )
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="finding.show", subject=str(number),
            details={},
        )  # fmt: skip


@permits("finding.read")
def ignorings(workspace: Workspace) -> Sequence[Row[Any]]:
    """Everything that was ever ignored, the newest first: who, why and until when."""
    with workspace.store.read() as connection:
        return connection.execute(select(ignoring).order_by(ignoring.c.id.desc())).all()


def _require(workspace: Workspace, what: Ignored, reason: str, until: str) -> None:
    today = workspace.clock().date()
    try:
        end = date.fromisoformat(until)
    except ValueError:
        end = today - timedelta(days=1)
    if rule(what.rule) is None or not reason.strip() or not today <= end <= today + timedelta(days=LONGEST_DAYS):
        raise IgnoringIncomplete(
            _("To ignore findings takes a rule, a reason, and an end within a year."),
            cure=_("Give the day as YYYY-MM-DD; what is ignored comes back on its own then."), rule=what.rule,
        )  # fmt: skip
