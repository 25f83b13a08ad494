"""Whose round it is, and how each duty went: small transactions of their own, so that a kill leaves the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.exchange.leasing import is_gone, new_owner
from core.model.exchange import exchange_duty, exchange_round
from core.security.workspace import Workspace, permits

_LEASE: Final = timedelta(hours=1)
"""A round that has not come to its next duty within this is taken for dead where its process cannot be asked."""
_ONE: Final = exchange_round.c.id == 1


@dataclass(frozen=True)
class LastRound:
    """The newest round of a store: who went it, since when, until when (None while it is under way)."""

    began_at: str
    ended_at: str | None
    actor: str
    under_way: bool


@permits("exchange.read")
def last_round(workspace: Workspace) -> LastRound | None:
    """The newest round; None before the first."""
    with workspace.store.read() as connection:
        row = connection.execute(select(exchange_round).where(_ONE)).mappings().first()
    if row is None:
        return None
    return LastRound(row["began_at"], row["ended_at"], row["actor"], _is_held(row, workspace.clock()))


class Lease:
    """The round in our hands, renewed with each duty."""

    def __init__(self, workspace: Workspace, owner: str) -> None:
        self._workspace, self._owner = workspace, owner

    def renew(self) -> bool:
        """Whether the round is still ours; it is for another while then."""
        with self._workspace.store.write() as connection:
            mine = and_(_ONE, exchange_round.c.owner == self._owner)
            later = _until(self._workspace.clock())
            return (
                connection.execute(update(exchange_round).where(mine).values(lease_until=later)).rowcount == 1
            )


@contextmanager
def the_round(workspace: Workspace) -> Iterator[Lease | None]:
    """The round of the store for the length of the block; None where another client is at it."""
    owner = new_owner()
    try:
        with workspace.store.write() as connection:
            taken = _take(connection, workspace, owner)
    except IntegrityError:
        taken = False  # another client was the first of all at the same moment
    if not taken:
        yield None
        return
    try:
        yield Lease(workspace, owner)
    finally:
        with workspace.store.write() as connection:
            mine = and_(_ONE, exchange_round.c.owner == owner)
            ended = {"owner": None, "lease_until": None, "ended_at": workspace.now()}
            connection.execute(update(exchange_round).where(mine).values(ended))


def begun(workspace: Workspace, target: str, act: str) -> None:
    """Notes that a duty is tried now, before anything of it happens."""
    _note(workspace, target, act, tried_at=workspace.now())


def ended(workspace: Workspace, target: str, act: str, *, trouble: str = "", message: str = "") -> None:
    """Notes how a duty ended: well, or with what trouble."""
    if not trouble:
        well = {"done_at": workspace.now(), "failures": 0, "trouble": None, "message": None}
        _note(workspace, target, act, **well)
        return
    failures = exchange_duty.c.failures + 1
    _note(workspace, target, act, failures=failures, trouble=trouble, message=message)


def _note(workspace: Workspace, target: str, act: str, **values: Any) -> None:
    mine = and_(exchange_duty.c.target == target, exchange_duty.c.act == act)
    with workspace.store.write() as connection:
        if connection.execute(update(exchange_duty).where(mine).values(values)).rowcount == 0:
            connection.execute(insert(exchange_duty).values(target=target, act=act, **values))


def _take(connection: Connection, workspace: Workspace, owner: str) -> bool:
    row = connection.execute(select(exchange_round).where(_ONE).with_for_update()).mappings().first()
    now = workspace.clock()
    ours = {"owner": owner, "lease_until": _until(now), "began_at": workspace.now(), "ended_at": None,
            "actor": workspace.actor.name}  # fmt: skip
    if row is None:
        connection.execute(insert(exchange_round).values(id=1, **ours))
        return True
    if _is_held(row, now):
        return False
    connection.execute(update(exchange_round).where(_ONE).values(ours))
    return True


def _is_held(row: RowMapping, now: datetime) -> bool:
    """Whether somebody is at it; a lease that reaches further than any can is a clock's that was put back."""
    if not row["owner"] or not row["lease_until"] or is_gone(row["owner"]):
        return False
    return now <= datetime.fromisoformat(row["lease_until"]) <= now + _LEASE + timedelta(minutes=5)


def _until(now: datetime) -> str:
    return (now + _LEASE).astimezone(UTC).isoformat(timespec="milliseconds")
