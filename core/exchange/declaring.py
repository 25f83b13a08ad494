"""Changing a declaration when the operator's document arrives: checked, on record, and back to what was shipped.

The shipped file stays as it is. What the administrator makes of it is kept in the store, so that every client of the
store works by the same one, with who changed it, when and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from core.errors import GridLinkError
from core.exchange.connectors import FOLDER, DeclarationInvalid, connector, invalid, line_of, parse
from core.exchange.declaration import Connector, Outgoing, Proposed
from core.exchange.declared import changed_text
from core.i18n import _
from core.model.exchange import connector_declaration
from core.security import audit
from core.security.workspace import Workspace, permits

_FIXED: Final = ("title", "direction", "sender", "queued", "carried_by", "identity")
"""What the product decides, not the operator's document."""
_LONGEST: Final = 200


class NothingChanged(GridLinkError):
    """The declaration is the one that is in force already."""

    code = "nothing_changed"


class ReasonMissing(GridLinkError):
    """A declaration is changed without saying why."""

    code = "reason_missing"


class DeclarationMoved(GridLinkError):
    """Somebody else changed the declaration in the meantime."""

    code = "declaration_moved"


@dataclass(frozen=True)
class Declaration:
    """The text in force; ``change`` is the number of the change that made it (0: as shipped).

    ``outdated`` says that the shipped file has become another since the change was made.
    """

    target: str
    text: str
    shipped: str
    change: int
    outdated: bool


@dataclass(frozen=True)
class Difference:
    """One value that a change made another; None is a value that is not given."""

    place: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One change of a declaration as it stands on record; ``back`` says that it went back to the shipped one."""

    number: int
    at: str
    actor: str
    reason: str
    back: bool
    differences: tuple[Difference, ...]


@permits("exchange.read")
def declaration(workspace: Workspace, target: str) -> Declaration:
    """The text that counts for a system."""
    name, shipped = connector(target).target, shipped_text(target)
    with workspace.store.read() as connection:
        row = _newest(connection, name)
    if row is None or not row.text:
        return Declaration(name, shipped, shipped, row.id if row else 0, False)
    return Declaration(name, row.text, shipped, row.id, row.shipped != _digest(shipped))


def shipped_text(target: str) -> str:
    """The declaration as it came with the product."""
    return (FOLDER / f"{connector(target).target}.toml").read_text(encoding="utf-8")


def checked(target: str, text: str) -> Connector:
    """The declaration in a text; raises ``DeclarationInvalid`` with every fault, its line and its cure.

    What belongs to the product must be as shipped: what is due at all, how open an identity leaves, what is masked.
    """
    shipped, made = connector(target), parse(text, name=target)
    faults = [
        (line_of(text, place), _("“{place}” belongs to the product and stays as it was shipped.").format(
            place=".".join(place)))
        for place in _touched(shipped, made)
    ]  # fmt: skip
    if faults:
        raise invalid(f"{target}.toml", faults)
    return made


def faults_of(target: str, text: str) -> dict[int, str]:
    """What is wrong with a text, by line; empty where it can be put in force."""
    found: dict[int, str] = {}
    try:
        checked(target, text)
    except DeclarationInvalid as error:
        for one in error.details["faults"]:
            found[one["line"]] = "; ".join(filter(None, (found.get(one["line"]), one["message"])))
    return found


def proposed(target: str, before: str, after: str) -> tuple[Difference, ...]:
    """What a text that has no faults would change of another."""
    name = connector(target).target
    return differences(parse(before, name=name), parse(after, name=name))


@permits("exchange.configure")
def change_declaration(
    workspace: Workspace, target: str, text: str, *, reason: str, based_on: int | None = None
) -> int:
    """Puts a text in force for a system from now on; returns the number of the change.

    ``based_on`` is the change that was seen (see ``Declaration``). Raises ``DeclarationInvalid``, ``ReasonMissing``,
    ``NothingChanged`` or ``DeclarationMoved``.
    """
    it = checked(target, text)
    return _keep(workspace, it.target, text if text != shipped_text(target) else "", reason, based_on)


@permits("exchange.configure")
def back_to_shipped(workspace: Workspace, target: str, *, reason: str) -> int:
    """Lets the shipped declaration count again; what was changed stays in the history."""
    return _keep(workspace, connector(target).target, "", reason, None)


@permits("exchange.read")
def history(workspace: Workspace, target: str) -> list[Change]:
    """Who changed what of a declaration when and why, the newest first."""
    shipped = connector(target)
    mine = select(connector_declaration).where(connector_declaration.c.target == shipped.target)
    with workspace.store.read() as connection:
        rows = connection.execute(mine.order_by(connector_declaration.c.id)).all()
    made, before = [], _read(shipped, "")
    for row in rows:
        after = _read(shipped, row.text)
        made.append(Change(row.id, row.at, row.actor, row.reason, not row.text, differences(before, after)))
        before = after
    return made[::-1]


def differences(before: Connector, after: Connector) -> tuple[Difference, ...]:
    """What one declaration says otherwise than another, place by place."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    places = [*old, *(place for place in new if place not in old)]
    return tuple(Difference(p, old.get(p), new.get(p)) for p in places if old.get(p) != new.get(p))


def _keep(workspace: Workspace, target: str, text: str, reason: str, based_on: int | None) -> int:
    if not reason.strip():
        raise ReasonMissing(
            _("A declaration is changed for a reason that stays on record."),
            cure=_("Say why, for instance which of the operator's documents it follows."),
        )
    shipped = connector(target)
    with workspace.store.write() as connection:
        row = _newest(connection, target)
        before = changed_text(connection, target)
        if based_on is not None and based_on != (row.id if row else 0):
            raise DeclarationMoved(
                _("Somebody else has changed the declaration of {system} meanwhile.").format(
                    system=_(shipped.title)
                ),
                cure=_("Look at it again and make your change on top of it."),
            )
        if text == before:
            raise NothingChanged(
                _("The declaration of {system} is this one already.").format(system=_(shipped.title)),
                cure=_("Nothing is to be done."),
            )
        now = workspace.now()
        key = connection.execute(insert(connector_declaration).values(
            target=target, text=text, shipped=_digest(shipped_text(target)), at=now, actor=workspace.actor.name,
            reason=reason.strip()[:_LONGEST],
        )).inserted_primary_key  # fmt: skip
        assert key is not None
        changed = [d.place for d in differences(_read(shipped, before), _read(shipped, text))]
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="exchange.declare", subject=target,
            details={"reason": reason.strip()[:_LONGEST], "changed": changed[:_LONGEST], "back": not text},
        )  # fmt: skip
    return int(key[0])


def _touched(shipped: Connector, made: Connector) -> Iterator[tuple[str, ...]]:
    """The places of the product that a text has otherwise."""
    for name in _FIXED:
        if getattr(made, name) != getattr(shipped, name):
            yield (name,)
    for part in ("push", "extract", "propose"):
        ours, theirs = getattr(shipped, part), getattr(made, part)
        for resource in ours.keys() ^ theirs.keys():
            yield (part, resource)
    for resource in shipped.push.keys() & made.push.keys():
        if made.push[resource].where != shipped.push[resource].where:
            yield ("push", resource, "where")
    for part in ("push", "propose"):
        ours, theirs = getattr(shipped, part), getattr(made, part)
        for resource in ours.keys() & theirs.keys():
            yield from _opened((part, resource), ours[resource], theirs[resource])


def _opened(
    place: tuple[str, ...], ours: Outgoing | Proposed, theirs: Outgoing | Proposed
) -> Iterator[tuple[str, ...]]:
    """Where a mapping lets leave open what was masked, or sends something else back."""
    if isinstance(ours, Proposed) and isinstance(theirs, Proposed) and theirs.what != ours.what:
        yield (*place, "what")
    masked = {f.column for f in ours.fields if f.masked}
    for field in theirs.fields:
        if (field.column in masked or field.column.endswith("_masked")) and not field.masked:
            yield (*place, "fields", field.name, "masked")


def _leaves(it: Connector) -> Iterator[tuple[str, Any]]:
    """Every value of a declaration with its place; a mapping's fields go by their upstream names."""
    yield from _flat("", it.model_dump(mode="json"))


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = {one["name"]: {k: v for k, v in one.items() if k != "name"} for one in value}
    if isinstance(value, dict) and not place.endswith(".codes"):
        for name, one in value.items():
            yield from _flat(f"{place}.{name}" if place else str(name), one)
    else:
        yield place, value


def _read(shipped: Connector, text: str) -> Connector:
    """A change as far as this version can read it."""
    try:
        return parse(text, name=shipped.target) if text else shipped
    except GridLinkError:
        return shipped


def _newest(connection: Connection, target: str) -> Any:
    mine = select(connector_declaration).where(connector_declaration.c.target == target)
    return connection.execute(mine.order_by(connector_declaration.c.id.desc()).limit(1)).first()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
