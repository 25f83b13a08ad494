"""Field audit (F22): rounds of records that chance chose, to be compared with what is really there.

A round says what it was drawn from, so that it can be shown later that nobody chose by hand.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import change_set
from core.model.resources import RESOURCES
from core.model.stewardship import audit_item, audit_round
from core.security import audit
from core.security.workspace import Workspace, permits
from core.stewardship import sampling
from core.store import bulk

FIELDS: Mapping[str, tuple[str, ...]] = {
    "address": ("full_text", "community_code", "grid_code"),
    "house": ("address_code", "use", "rooms", "tenants_max", "landlord_masked"),
    "person": ("name_masked", "sex", "birth_year", "residence", "move_in", "phone_masked"),
    "organisation": ("name", "kind", "address_code", "representative_masked", "phone_masked", "employees"),
}
"""What is compared unless a round names other fields."""


AUDIT, VISIT = "audit", "visit"
"""What a round is for: drawn by chance to judge the whole, or picked by somebody to be looked at (``visits``)."""


class RoundUnclear(GridLinkError):
    """A round cannot be drawn as it was asked for."""

    code = "audit_round_unclear"


class RoundGone(GridLinkError):
    """There is no round of this number."""

    code = "audit_round_gone"


class RoundClosed(GridLinkError):
    """The round was closed and takes no more results."""

    code = "audit_round_closed"


@dataclass(frozen=True)
class Round:
    """A round: what it compares, how it was drawn, how far it has come (``checked`` of ``items``).

    ``assignee``, ``due_on`` (a day, ISO) and ``reason`` are a visit's.
    """

    id: int
    title: str
    resource: str
    seed: str
    per_community: int
    fields: Sequence[str]
    strata: Mapping[str, int]
    frame_digest: str
    unplaced: int
    drawn_in: int
    at: str
    actor: str
    items: int
    checked: int
    closed_at: str = ""
    closed_by: str = ""
    purpose: str = AUDIT
    assignee: str = ""
    due_on: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Reproduction:
    """Whether a round can be drawn again today: the list is unchanged, and it gives the same sample.

    ``same_sample`` is None where the list has changed since: nothing can be said then.
    """

    same_frame: bool
    same_sample: bool | None
    frame_then: int
    frame_now: int


@permits("field_audit.run")
def draw(
    workspace: Workspace, resource: str, *, per_community: int, seed: str = "", title: str = "",
    fields: Sequence[str] = (), progress: Progress | None = None,
) -> Round:  # fmt: skip
    """Draws a round; without a seed chance gives one. Raises ``RoundUnclear``."""
    progress = progress or Progress()
    chosen = _fields(resource, fields)
    if per_community < 1:
        raise RoundUnclear(
            _("At least one record has to be drawn from each community."), cure=_("Name a number from 1 on.")
        )
    seed = seed.strip() or secrets.token_hex(8)
    progress.phase(_("Reading the list to draw from"))
    with workspace.store.write() as connection:
        frame = sampling.frame_of(connection, resource, workspace.clock().date(), progress)
        strata, digest = sampling.strata_of(frame), sampling.digest_of(frame)
        if not strata:
            raise RoundUnclear(
                _("There is nothing to draw from: no community holds such a record."),
                cure=_("Import the data first."),
            )
        _require_new(connection, digest, resource=resource, seed=seed, per_community=per_community)
        drawn = sampling.sample(frame, seed, per_community)
        unplaced = frame["community_code"].null_count()
        values = {
            "title": title.strip() or _("Audit of {date}").format(date=workspace.clock().date().isoformat()),
            "resource": resource, "seed": seed, "per_community": per_community, "fields": list(chosen),
            "strata": strata, "frame_digest": digest, "unplaced": unplaced, "drawn_in": _newest(connection),
            "at": workspace.now(), "actor": workspace.actor.name,
        }  # fmt: skip
        key = connection.execute(insert(audit_round).values(**values)).inserted_primary_key
        assert key is not None
        number = int(key[0])
        columns = ("round", "community_code", "position", "entity", "key")
        bulk.insert_rows(connection, audit_item, columns, ((number, *row) for row in drawn.iter_rows()))
        _record(connection, workspace, "field_audit.drawn", number, {
            "resource": resource, "seed": seed, "per_community": per_community, "frame": sum(strata.values()),
            "frame_digest": digest, "communities": len(strata), "drawn": drawn.height, "unplaced": unplaced,
        })  # fmt: skip
        return round_of(connection, number)


@permits("field_audit.enter")
def rounds(workspace: Workspace) -> Sequence[Round]:
    """Every round, the newest first; of visits those handed to the actor, all for who hands them out."""
    with workspace.store.read() as connection:
        return [one for one in _rounds(connection) if may_see(workspace, one)]


@permits("field_audit.enter")
def reproduce(workspace: Workspace, number: int, *, progress: Progress | None = None) -> Reproduction:
    """Draws the round again from today's registry, as it was drawn then, and compares; nothing is written."""
    with workspace.store.read() as connection:
        one = require_drawn(round_of(connection, number))
        frame = sampling.frame_of(connection, one.resource, workspace.clock().date(), progress)
        query = select(audit_item.c.community_code, audit_item.c.position, audit_item.c.key)
        kept = {tuple(row) for row in connection.execute(query.where(audit_item.c.round == number))}
    same = sampling.digest_of(frame) == one.frame_digest
    again = sampling.sample(frame, one.seed, one.per_community).select("community_code", "position", "key")
    now = frame.height - frame["community_code"].null_count()
    return Reproduction(same, set(again.iter_rows()) == kept if same else None, sum(one.strata.values()), now)


@permits("field_audit.run")
def close(workspace: Workspace, number: int) -> Round:
    """Closes a round: results can no longer be entered. Raises ``RoundClosed`` where it is closed already."""
    with workspace.store.write() as connection:
        one = require_open(connection, number)
        connection.execute(
            update(audit_round)
            .where(audit_round.c.id == number)
            .values(closed_at=workspace.now(), closed_by=workspace.actor.name)
        )
        _record(
            connection, workspace, "field_audit.closed", number, {"items": one.items, "checked": one.checked}
        )
        return round_of(connection, number)


def may_see(workspace: Workspace, one: Round) -> bool:
    """Whether the actor works on a round: any that chance drew, visits handed to him, or all if he hands them out."""
    actor = workspace.actor
    return one.purpose != VISIT or one.assignee == actor.name or actor.may("field_audit.run")


def round_of(connection: Connection, number: int) -> Round:
    """The round of this number; raises ``RoundGone``."""
    found = _rounds(connection, number)
    if not found:
        raise RoundGone(
            _("There is no field audit round {number}.").format(number=number),
            cure=_("Look at the list of rounds."),
        )
    return found[0]


def require_drawn(one: Round) -> Round:
    """The round if chance drew it; raises ``RoundUnclear`` for a visit, which says nothing of the whole."""
    if one.purpose == VISIT:
        raise RoundUnclear(
            _("The records of visit {number} were picked by hand; they say nothing of the whole.").format(
                number=one.id
            ),
            cure=_("Draw a sample for that."),
        )
    return one


def require_open(connection: Connection, number: int) -> Round:
    """The round of this number, for writing to it; raises ``RoundGone`` or ``RoundClosed``.

    Whoever writes to a round holds it until the unit of work ends, so that nothing slips in after its closing.
    """
    connection.execute(select(audit_round.c.id).where(audit_round.c.id == number).with_for_update())
    one = round_of(connection, number)
    if one.closed_at:
        raise RoundClosed(
            _("Field audit round {number} was closed by {user} on {day}.").format(
                number=number, user=one.closed_by, day=one.closed_at[:10]
            ),
            cure=_("A closed round stands as it is; draw a new one."),
        )
    return one


def _record(
    connection: Connection, workspace: Workspace, action: str, number: int, details: Mapping[str, Any]
) -> None:
    audit.record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action,
        subject=f"field_audit:{number}", details=details,
    )  # fmt: skip


def _rounds(connection: Connection, number: int | None = None) -> list[Round]:
    counted = (
        select(
            audit_item.c.round,
            func.count().label("items"),
            func.count(audit_item.c.found).label("checked"),
        )
        .group_by(audit_item.c.round)
        .subquery()
    )
    query = (
        select(audit_round, counted.c["items"], counted.c.checked)
        .join(counted, counted.c.round == audit_round.c.id)
        .order_by(audit_round.c.id.desc())
    )
    query = query.where(audit_round.c.withdrawn_at.is_(None))
    if number is not None:
        query = query.where(audit_round.c.id == number)
    return [_round(row) for row in connection.execute(query).mappings()]


def _round(row: RowMapping) -> Round:
    known: dict[str, Any] = {}
    for name in Round.__dataclass_fields__:
        known[name] = "" if row[name] is None else row[name]
    return Round(**known)


def _fields(resource: str, wanted: Sequence[str]) -> tuple[str, ...]:
    if resource not in sampling.AUDITED:
        raise RoundUnclear(
            _("Records of the kind {resource} are not audited in the field.").format(resource=resource),
            cure=_("Choose one of: {kinds}.").format(kinds=", ".join(sampling.AUDITED)),
        )
    declared = RESOURCES[resource]
    able = [
        c.name
        for c in declared.columns
        if c.name not in (*declared.key, declared.alternative_key) and not c.name.endswith("_token")
    ]
    unknown = [name for name in wanted if name not in able]
    if unknown:
        raise RoundUnclear(
            _("{field} is not a field that can be compared.").format(field=unknown[0]),
            cure=_("Choose one of: {kinds}.").format(kinds=", ".join(able)),
        )
    return tuple(dict.fromkeys(wanted)) or FIELDS[resource]


def _require_new(connection: Connection, digest: str, **drawn: Any) -> None:
    """The same draw again would be the same sample under another number."""
    same = [audit_round.c[name] == value for name, value in drawn.items()]
    query = select(audit_round.c.id).where(audit_round.c.frame_digest == digest, *same)
    earlier = connection.execute(query).scalar()
    if earlier is not None:
        raise RoundUnclear(
            _(
                "Round {number} was drawn with this seed from the same list: it would be the same sample."
            ).format(number=earlier),
            cure=_("Work on that round, or leave the seed to chance."),
            round=earlier,
        )


def _newest(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(change_set.c.id), 0))).scalar_one())
