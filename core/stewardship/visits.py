"""Visits: records that somebody picked, handed to a named officer to be looked at until a day, for a reason.

A visit is a round of the field audit with another purpose: the same check sheets, the same results by keyboard, read
back from the same spreadsheet. What was picked by hand says nothing of the whole, so it has no coefficients. Addresses,
houses and organisations are handed out, never a list of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, func, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import change_set
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.stewardship import audit_item, audit_round
from core.registry.at_home import require_home
from core.registry.fields import joined
from core.registry.filters import Selection, where
from core.registry.where import say
from core.security import audit
from core.security.assigning import able
from core.security.reasons import stated
from core.security.workspace import Workspace, permits
from core.stewardship.field_audit import FIELDS, VISIT, Round, require_open, round_of, rounds
from core.stewardship.sampling import key_of
from core.store import bulk
from core.store.engine import cancellable

VISITED: Final = ("address", "house", "organisation")
"""What is handed out, record by record."""
_PIECE: Final = 50_000


class VisitUnclear(GridLinkError):
    """Nobody can take the visit, the day has passed, or there is nothing to look at."""

    code = "visit_unclear"


@dataclass(frozen=True)
class VisitsLeft:
    """What an officer still has to look at: records in how many visits, how many are overdue, the next day."""

    records: int
    visits: int
    overdue: int
    next_due: str


@permits("field_audit.run")
def takers(workspace: Workspace) -> Sequence[str]:
    """The active accounts to whom a visit can be handed."""
    with workspace.store.read() as connection:
        return able(connection, "field_audit.enter")


@permits("field_audit.run")
def hand_out(
    workspace: Workspace, selection: Selection, to: str, *, due: str, reason: str, title: str = "",
    progress: Progress | None = None,
) -> Round:  # fmt: skip
    """Hands every record of a selection to an officer until a day (ISO). Raises ``VisitUnclear``; can be withdrawn."""
    require_home(workspace, selection)
    said, progress = _sound(workspace, selection, due, reason), progress or Progress()
    progress.phase(_("Reading what is handed out"))
    with workspace.store.write() as connection:
        _require_taker(connection, to)
        picked = _picked(connection, selection, progress)
        if picked.is_empty():
            raise VisitUnclear(_("No record in use fulfils this."), cure=_("Pick at least one record."))
        newest = connection.execute(select(func.coalesce(func.max(change_set.c.id), 0))).scalar_one()
        key = connection.execute(insert(audit_round).values(
            title=title.strip() or said, resource=selection.resource, seed="", per_community=0,
            fields=list(FIELDS[selection.resource]), strata={}, frame_digest="", unplaced=0, drawn_in=newest,
            at=workspace.now(), actor=workspace.actor.name, purpose=VISIT, assignee=to, due_on=due, reason=said,
        )).inserted_primary_key  # fmt: skip
        assert key is not None
        number = int(key[0])
        columns = ("round", "community_code", "position", "entity", "key")
        bulk.insert_rows(connection, audit_item, columns, ((number, *row) for row in picked.iter_rows()))
        progress.checkpoint()
        _record(connection, workspace, "visit.handed_out", number, {
            "to": to, "due": due, "reason": said, "records": picked.height, "filter": say(selection),
        })  # fmt: skip
        return round_of(connection, number)


@permits("field_audit.run")
def hand_over(workspace: Workspace, number: int, to: str, *, due: str = "", reason: str) -> Round:
    """Gives an open visit to another officer, with another day where one is named; what was entered stays."""
    said = stated(reason, _("A visit is handed over for a reason."))
    with workspace.store.write() as connection:
        one = _open_visit(connection, number)
        _require_taker(connection, to)
        day = _day(workspace, due) if due else one.due_on
        mine = audit_round.c.id == number
        connection.execute(update(audit_round).where(mine).values(assignee=to, due_on=day))
        details = {"from": one.assignee, "to": to, "due": day, "was_due": one.due_on, "reason": said}
        _record(connection, workspace, "visit.handed_over", number, details)
        return round_of(connection, number)


@permits("field_audit.run")
def withdraw(workspace: Workspace, number: int) -> None:
    """Takes a visit back of which nothing was entered yet. Raises ``VisitUnclear``."""
    with workspace.store.write() as connection:
        one = _open_visit(connection, number)
        if one.checked:
            raise VisitUnclear(
                _("Results of visit {number} were entered already.").format(number=number),
                cure=_("Close it, or hand it over."),
            )
        gone = {"withdrawn_at": workspace.now(), "withdrawn_by": workspace.actor.name}
        connection.execute(update(audit_round).where(audit_round.c.id == number).values(**gone))
        _record(connection, workspace, "visit.withdrawn", number, {"to": one.assignee, "records": one.items})


@permits("field_audit.enter")
def visits(workspace: Workspace, *, mine: bool = False) -> Sequence[Round]:
    """The visits that the actor may see, the newest first: his own, all of them for who hands them out."""
    name = workspace.actor.name
    return [one for one in rounds(workspace) if one.purpose == VISIT and (not mine or one.assignee == name)]


@permits("field_audit.enter")
def visits_left(workspace: Workspace) -> VisitsLeft:
    """What the actor himself still has to look at."""
    today = _today(workspace).isoformat()
    open_ = [one for one in visits(workspace, mine=True) if not one.closed_at and one.checked < one.items]
    return VisitsLeft(
        sum(one.items - one.checked for one in open_), len(open_), sum(one.due_on < today for one in open_),
        min((one.due_on for one in open_), default=""),
    )  # fmt: skip


def _picked(connection: Connection, selection: Selection, progress: Progress) -> pl.DataFrame:
    """``community_code, position, entity, key`` of the records in use, as columns; without community it is empty."""
    declared, table = RESOURCES[selection.resource], TABLES[selection.resource]
    source, known = joined(selection.resource)
    keys = (*declared.key, *((declared.alternative_key,) if declared.alternative_key else ()))
    query = select(
        table.c.id, *(table.c[name] for name in keys), known["community_code"].label("community_code")
    )
    query = query.select_from(source).where(where(connection, selection), table.c.retired_in.is_(None))
    schema = {"entity": pl.Int64, **dict.fromkeys(keys, pl.String), "community_code": pl.String}
    pieces = [pl.DataFrame(schema=schema)]
    with cancellable(connection, progress):
        for part in connection.execute(query, execution_options={"yield_per": _PIECE}).partitions():
            pieces.append(pl.DataFrame([tuple(row) for row in part], schema=schema, orient="row"))
            progress.advance(len(part))
    rows = pl.concat(pieces).select(
        "entity", key_of(declared).alias("key"), pl.col("community_code").fill_null("")
    )
    return rows.sort("community_code", "key").with_columns(
        (pl.int_range(pl.len()).over("community_code") + 1).alias("position")
    ).select("community_code", "position", "entity", "key")  # fmt: skip


def _sound(workspace: Workspace, selection: Selection, due: str, reason: str) -> str:
    if selection.resource not in VISITED:
        raise VisitUnclear(
            _("Records of the kind {resource} are not handed out.").format(resource=selection.resource),
            cure=_("Hand out the addresses or houses; who lives there stands in their files."),
        )
    _day(workspace, due)
    return stated(reason, _("A visit is handed out for a reason."))


def _day(workspace: Workspace, due: str) -> str:
    try:
        day = date.fromisoformat(due)
    except ValueError as wrong:
        raise VisitUnclear(
            _("“{value}” is no day.").format(value=due), cure=_("Write it as in 2026-11-25.")
        ) from wrong
    if day < _today(workspace):
        raise VisitUnclear(
            _("The day {day} has passed.").format(day=due), cure=_("Name today or a later day.")
        )
    return day.isoformat()


def _today(workspace: Workspace) -> date:
    return workspace.today()


def _require_taker(connection: Connection, to: str) -> None:
    if to not in able(connection, "field_audit.enter"):
        raise VisitUnclear(
            _("“{name}” is no active account that enters what was found.").format(name=to),
            cure=_("Choose an officer or a steward."),
        )


def _open_visit(connection: Connection, number: int) -> Round:
    one = require_open(connection, number)
    if one.purpose != VISIT:
        raise VisitUnclear(
            _("Round {number} was drawn by chance; it is no visit.").format(number=number),
            cure=_("Look at the list of visits."),
        )
    return one


def _record(
    connection: Connection, workspace: Workspace, action: str, number: int, details: Mapping[str, Any]
) -> None:
    audit.record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=f"visit:{number}",
        details=details,
    )  # fmt: skip
