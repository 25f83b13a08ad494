"""Standard addresses that the district misses: proposed to the bureau, which alone gives them; never invented here.

A proposal is queued like anything that leaves, and what became of it is derived, not kept: from its delivery, from
what the bureau says of it, and in the end from the address that an extraction brings under the bureau's code.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from core.errors import GridLinkError
from core.exchange import states
from core.exchange.connectors import connectors
from core.exchange.declaration import Connector
from core.exchange.reasons import explain
from core.exchange.states import State
from core.i18n import _
from core.model.exchange import address_proposal, delivery
from core.model.registry import TABLES, entity_id
from core.registry.divisions import communities
from core.security import audit, masking
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks
from core.verification.matching.service import Match, match_text

Stage = Literal["proposed", "sent", "accepted", "refused", "arrived", "withdrawn"]
STAGES: Final = ("proposed", "sent", "accepted", "refused", "arrived", "withdrawn")
ORIGINS: Final = ("typed", "sheet", "qr", "reference")
"""Typed by somebody; a row whose address in words means none; a resident's report; a reference that was refused."""
_SHORTEST, _LONGEST = 6, 200


class ProposalInvalid(GridLinkError):
    """What was given cannot be an address that is missing."""

    code = "proposal_invalid"


class AddressExists(GridLinkError):
    """There is such a standard address, or there may be; ``candidates`` names them."""

    code = "address_exists"


class AlreadyProposed(GridLinkError):
    """The same address is proposed and not decided yet."""

    code = "already_proposed"


class ProposalGone(GridLinkError):
    """There is no such proposal, or it has left already."""

    code = "proposal_gone"


@dataclass(frozen=True)
class Place:
    """Where it lies, if somebody has been there."""

    lon: float
    lat: float
    crs: str = "EPSG:4490"


@dataclass(frozen=True)
class Proposal:
    """One proposal and what became of it: ``code`` is the bureau's, ``note`` its reason or ours."""

    number: str
    full_text: str
    community_code: str
    subdistrict_code: str
    lon: float | None
    lat: float | None
    crs: str | None
    origin: str
    origin_ref: str
    reason: str
    proposed_by: str
    proposed_at: str
    stage: Stage
    since: str
    code: str
    note: str
    delivery: int | None


@permits("address.propose")
def propose(
    workspace: Workspace, text: str, community: str, *, reason: str, place: Place | None = None, origin: str = "typed",
    origin_ref: str = "", different: bool = False,
) -> Proposal:  # fmt: skip
    """Proposes a missing address; it leaves with the next push. Addresses that may be meant refuse it.

    ``different`` says that it is none of those that are only similar; one that surely is the same refuses it always.
    Raises ``ProposalInvalid``, ``AddressExists`` or ``AlreadyProposed``.
    """
    wanted = "".join(text.split())
    _check(wanted, community, reason=reason, origin=origin)
    _refuse_known(match_text(workspace, wanted), wanted, different=different)
    it, now, number = bureau(), workspace.now(), f"TY-{uuid.uuid4().hex[:12].upper()}"
    with workspace.store.write() as connection:
        _refuse_same_text(connection, wanted)
        _refuse_proposed(connection, it, wanted)
        connection.execute(insert(address_proposal).values(
            number=number, full_text=wanted, community_code=community, subdistrict_code=f"{community[:9]}000",
            lon=place.lon if place else None, lat=place.lat if place else None, crs=place.crs if place else None,
            origin=origin, origin_ref=origin_ref or None, reason=reason.strip(), proposed_by=workspace.actor.name,
            proposed_at=now,
        ))  # fmt: skip
        connection.execute(insert(delivery).values(
            target=it.target, resource="address", entity=entity_id(number), key=number, op="propose",
            version=entity_id(f"{wanted} {community}"), change_set=0, state="waiting", due_at=now, queued_at=now,
        ))  # fmt: skip
        audit.note(
            connection, workspace, "address.propose", number, {"origin": origin, "community": community}
        )
        (made,) = _shown(connection, it, [number])
    return made


@permits("address.propose")
def withdraw(workspace: Workspace, number: str) -> None:
    """Takes a proposal back that has not left yet; raises ``ProposalGone``."""
    it, now = bureau(), workspace.now()
    waits = and_(delivery.c.target == it.target, delivery.c.op == "propose", delivery.c.key == number,
                 delivery.c.state.in_(("waiting", "held")))  # fmt: skip
    with workspace.store.write() as connection:
        gone = update(delivery).where(waits).values(state="withdrawn", settled_at=now, reason="taken_back")
        if connection.execute(gone).rowcount != 1:
            raise ProposalGone(
                _("Proposal {number} is not waiting any more.").format(number=number),
                cure=_("What has left is decided by the bureau; ask it to refuse the proposal."),
                number=number,
            )
        mine = update(address_proposal).where(address_proposal.c.number == number)
        connection.execute(mine.values(withdrawn_at=now, withdrawn_by=workspace.actor.name))
        audit.note(connection, workspace, "address.withdraw", number, {})


@permits("address.propose")
def proposals(workspace: Workspace, *, stage: str = "", limit: int = 500) -> list[Proposal]:
    """What was proposed, the newest first."""
    query = select(address_proposal.c.number).order_by(address_proposal.c.id.desc())
    with workspace.store.read() as connection:
        numbers = connection.execute(query if stage else query.limit(limit)).scalars().all()
        found = _shown(connection, bureau(), numbers)
    return [one for one in found if stage in ("", one.stage)][:limit]


@permits("address.propose")
def similar(workspace: Workspace, text: str) -> Match:
    """What a text may mean of the addresses that there are."""
    return match_text(workspace, "".join(text.split()))


def bureau() -> Connector:
    """The system that missing addresses are proposed to."""
    return next(it for it in connectors() if it.proposes("missing"))


def open_texts(connection: Connection) -> set[str]:
    """The texts that are proposed and neither decided against nor taken back."""
    numbers = connection.execute(select(address_proposal.c.number)).scalars().all()
    shown = _shown(connection, bureau(), numbers)
    return {one.full_text for one in shown if one.stage not in ("refused", "withdrawn")}


def _check(text: str, community: str, *, reason: str, origin: str) -> None:
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise _invalid(_("An address has between {least} and {most} characters.").format(
            least=_SHORTEST, most=_LONGEST), "full_text")  # fmt: skip
    if masking.find(text):
        raise _invalid(_("There is a number of a person in the text."), "full_text")
    if community not in communities():
        raise _invalid(_("“{code}” is no community of the district.").format(code=community), "community")
    if not reason.strip():
        raise _invalid(_("The bureau wants to know how it was found out."), "reason")
    if origin not in ORIGINS:
        raise _invalid(_("“{origin}” is no origin that is known.").format(origin=origin), "origin")


def _refuse_known(found: Match, text: str, *, different: bool) -> None:
    same = next((one for one in found.candidates if one.full_text == text), None)
    code = found.address_code or (same.address_code if same else None)
    if code is not None:
        named = next((one.full_text for one in found.candidates if one.address_code == code), "")
        raise _exists(code, named, [one.address_code for one in found.candidates])
    if found.candidates and not different:
        listed = _("; ").join(f"{one.address_code} {one.full_text}" for one in found.candidates[:3])
        raise AddressExists(
            _("It may be one of these: {listed}.").format(listed=listed),
            cure=_("Use the code of the right one, or say that it is none of them."), address_code="",
            candidates=[one.address_code for one in found.candidates],
        )  # fmt: skip


def _refuse_same_text(connection: Connection, text: str) -> None:
    table = TABLES["address"]
    same = select(table.c.address_code).where(table.c.full_text == text, table.c.retired_in.is_(None))
    if code := connection.execute(same.limit(1)).scalar():
        raise _exists(code, text, [code])


def _exists(code: str, text: str, candidates: Sequence[str]) -> AddressExists:
    return AddressExists(
        _("There is such a standard address: {code} {text}").format(code=code, text=text),
        cure=_("Use its code; nothing needs to be proposed."), address_code=code, candidates=list(candidates),
    )  # fmt: skip


def _refuse_proposed(connection: Connection, it: Connector, text: str) -> None:
    mine = select(address_proposal.c.number).where(address_proposal.c.full_text == text)
    for one in _shown(connection, it, connection.execute(mine).scalars().all()):
        if one.stage in {"proposed", "sent", "accepted", "arrived"}:
            raise AlreadyProposed(
                _("{who} proposed this address on {day} already ({number}).").format(
                    who=one.proposed_by, day=one.proposed_at[:10], number=one.number
                ),
                cure=_("Wait for the bureau's answer under Exchange."), number=one.number,
            )  # fmt: skip


def _shown(connection: Connection, it: Connector, numbers: Sequence[str]) -> list[Proposal]:
    made: list[Proposal] = []
    for some in chunks(list(numbers), 500):
        mine = select(address_proposal).where(address_proposal.c.number.in_(some))
        rows = connection.execute(mine.order_by(address_proposal.c.id.desc())).mappings().all()
        sent = _deliveries(connection, it, some)
        heard = states.newest(connection, it, [entity_id(number) for number in some])
        codes = {one.code for one in heard.values() if one.code}
        table = TABLES["address"]
        there = select(table.c.address_code).where(
            table.c.address_code.in_(codes), table.c.retired_in.is_(None)
        )
        arrived = set(connection.execute(there).scalars()) if codes else set()
        made += [_proposal(it, row, sent.get(row["number"]), heard.get(entity_id(row["number"])), arrived=arrived)
                 for row in rows]  # fmt: skip
    return made


def _deliveries(connection: Connection, it: Connector, numbers: Sequence[str]) -> dict[str, RowMapping]:
    """Number → the newest delivery of the proposal."""
    ours = and_(delivery.c.target == it.target, delivery.c.op == "propose", delivery.c.key.in_(numbers))
    newest = select(func.max(delivery.c.id)).where(ours).group_by(delivery.c.key)
    rows = connection.execute(select(delivery).where(delivery.c.id.in_(newest))).mappings()
    return {row["key"]: row for row in rows}


def _proposal(
    it: Connector, row: RowMapping, sent: RowMapping | None, heard: State | None, *, arrived: set[str]
) -> Proposal:
    stage, since, note = _stage(it, row, sent, heard)
    code = heard.code if heard and stage == "accepted" else ""
    if code and code in arrived:
        stage = "arrived"
    kept: dict[str, Any] = {name: row[name] for name in Proposal.__dataclass_fields__ if name in row}
    return Proposal(**kept | {"origin_ref": row["origin_ref"] or ""}, stage=stage, since=since, code=code, note=note,
                    delivery=sent["id"] if sent else None)  # fmt: skip


def _stage(
    it: Connector, row: RowMapping, sent: RowMapping | None, heard: State | None
) -> tuple[Stage, str, str]:
    """How far it has come, since when, and what there is to say."""
    if row["withdrawn_at"]:
        return "withdrawn", row["withdrawn_at"], ""
    if heard is not None:
        becomes = it.states[heard.state].becomes if heard.state in it.states else ""
        said = heard.note or heard.meaning
        return becomes or "sent", heard.at or heard.heard_at, "" if becomes == "accepted" else said
    if sent is not None and sent["state"] == "rejected":
        return "refused", sent["settled_at"], explain(sent["reason"])[0]
    if sent is not None and sent["state"] in {"sent", "accepted"}:
        return "sent", sent["settled_at"] or sent["state_at"] or sent["queued_at"], ""
    return "proposed", row["proposed_at"], ""



def _invalid(message: str, field: str) -> ProposalInvalid:
    return ProposalInvalid(message, cure=_("Correct it and propose again; nothing was queued."), field=field)
