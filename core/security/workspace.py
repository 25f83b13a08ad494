"""The workspace: an open store together with who is working in it; every core function takes one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import GridLinkError
from core.i18n import N_, _
from core.settings import CHINA
from core.store.engine import Store

P = ParamSpec("P")
R = TypeVar("R")

ROLES: dict[str, frozenset[str]] = {
    "officer": frozenset({
        "address.place", "registry.read", "registry.edit", "registry.export", "map.read", "report.read",
        "field_audit.enter", "upkeep.read", "address.propose",
    }),
    "steward": frozenset({
        "registry.read", "registry.edit", "registry.bulk_edit", "registry.export",
        "map.read", "report.read", "package.check", "package.import", "package.undo", "finding.read",
        "exchange.push", "exchange.read", "exchange.extract", "report.acceptance", "personal.reveal",
        "finding.work", "conflict.settle", "grid.hand_over", "field_audit.run", "field_audit.enter",
        "grid.edit", "grid.assign", "address.place", "address.propose", "upkeep.read",
    }),
    "system_administrator": frozenset({
        "registry.read", "map.read", "report.read", "report.acceptance", "store.configure",
        "exchange.read", "exchange.configure", "exchange.push", "finding.read", "package.check",
        "rule.configure", "upkeep.read",
    }),
    "security_administrator": frozenset({"account.manage", "grid.assign", "key.manage"}),
    "audit_administrator": frozenset({"audit.read", "audit.verify"}),
}  # fmt: skip
"""What each role may do. The three administrations are separate (GB/T 22239 level 3); the founder of a
store holds all of them until others are appointed, and the store says so."""

ADMINISTRATIONS = ("system_administrator", "security_administrator", "audit_administrator")

ROLE_LABELS = {
    "officer": N_("station officer"),
    "steward": N_("data steward"),
    "system_administrator": N_("system administrator"),
    "security_administrator": N_("security administrator"),
    "audit_administrator": N_("audit administrator"),
}


def role_names(roles: Iterable[str]) -> str:
    """Roles as people read them, in the order of ``ROLES``."""
    held = frozenset(roles)
    return _(", ").join(_(ROLE_LABELS[role]) for role in ROLES if role in held)


def utc_now() -> datetime:
    """The clock that workspaces use unless a test gives another."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Actor:
    """Who acts: the account's name and the roles it had when it logged in."""

    name: str
    roles: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether one of the actor's roles carries the permission."""
        return any(permission in ROLES.get(role, ()) for role in self.roles)


@dataclass(frozen=True)
class Workspace:
    """An open store, who works in it, and the clock (the only thing that tests replace)."""

    store: Store
    actor: Actor
    clock: Callable[[], datetime] = field(default=utc_now)

    def now(self) -> str:
        """The present moment as the store keeps it: RFC 3339, UTC, whole milliseconds."""
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds")

    def today(self) -> date:
        """The day by which deadlines and cycles are counted."""
        return self.clock().astimezone(CHINA).date()

    def now_at_desk(self) -> str:
        """The present moment as people read it in what they print and export, to the minute."""
        return f"{self.clock().astimezone(CHINA):%Y-%m-%d %H:%M}"


class NotPermitted(GridLinkError):
    """The actor's roles do not carry the permission."""

    code = "not_permitted"


def permits(
    permission: str,
) -> Callable[[Callable[Concatenate[Workspace, P], R]], Callable[Concatenate[Workspace, P], R]]:
    """Declares on a core function which permission its workspace's actor must hold."""

    def declare(function: Callable[Concatenate[Workspace, P], R]) -> Callable[Concatenate[Workspace, P], R]:
        @functools.wraps(function)
        def guarded(workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(workspace.actor, permission)
            return function(workspace, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the menus
        return guarded

    return declare


def require(actor: Actor, permission: str) -> None:
    """Raises ``NotPermitted`` unless the actor holds the permission."""
    if not actor.may(permission):
        raise NotPermitted(
            _("“{user}” may not do this: it needs the permission {permission}.").format(
                user=actor.name, permission=permission
            ),
            cure=_("Ask the security administrator for a role that carries it."),
            permission=permission,
        )
