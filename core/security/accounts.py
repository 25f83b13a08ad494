"""Accounts: Argon2 passwords, lockout after failures, roles with the three administrations kept apart."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, RowMapping, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.security import account
from core.security import audit, passwords, separation
from core.security.workspace import ADMINISTRATIONS, ROLES, Actor, Workspace, permits
from core.store.engine import Store
from core.store.lifecycle import read_setting, write_setting

FAILURES_TO_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)
FOUNDER_ROLES = frozenset({*ADMINISTRATIONS, "steward"})
IDLE_LOCK_DEFAULT = 10


class LoginRefused(GridLinkError):
    """Name and password do not open an account; the reason is in the audit chain only."""

    code = "login_refused"


class AccountInvalid(GridLinkError):
    """The account cannot be made or changed like this."""

    code = "account_invalid"


@dataclass(frozen=True)
class Account:
    """An account as the administrator sees it."""

    name: str
    roles: frozenset[str]
    state: str
    locked_until: str | None
    password_changed_at: str
    created_at: str
    created_by: str


# --- logging in ------------------------------------------------------------------------------------


def authenticate(store: Store, name: str, password: str, *, clock: Callable[[], datetime]) -> Actor:
    """The actor that name and password belong to; every attempt is audited.

    Raises ``LoginRefused`` in the same words and about the same time whether the account is unknown,
    locked, disabled or the password wrong. Five failures lock an account for fifteen minutes.
    """
    with store.read() as connection:
        known = _row(connection, name)
    fits = _fits(known["password_hash"] if known else _decoy(), password)
    now = clock()
    with store.write() as connection:
        row = _row(connection, name, lock=True)  # again: another attempt may have locked it meanwhile
        outcome = _outcome(row, fits and known is not None, now)
        _note(connection, row, name, outcome=outcome, now=now, password=password)
    if row is None or outcome != "login.succeeded":
        raise _refused()
    return Actor(row["name"], frozenset(row["roles"]))


def _outcome(row: RowMapping | None, fits: bool, now: datetime) -> str:
    if row is None:
        return "login.unknown"
    if row["state"] != "active":
        return "login.disabled"
    if row["locked_until"] and _stamp(now) < row["locked_until"]:
        return "login.while_locked"
    if fits:
        return "login.succeeded"
    return "login.locked" if row["failures"] + 1 >= FAILURES_TO_LOCK else "login.failed"


def _note(
    connection: Connection, row: RowMapping | None, name: str, *, outcome: str, now: datetime, password: str
) -> None:
    # A password typed into the name field must not reach the chain: unknown names are masked.
    subject = row["name"] if row is not None else f"{name[:1]}***"
    audit.record(
        connection, at=_stamp(now), actor=subject, action=outcome, subject=subject, details={}
    )  # fmt: skip
    changes: dict[str, Any] = {}
    if row is not None and outcome == "login.succeeded":
        changes = {"failures": 0, "locked_until": None}
        if _hasher().check_needs_rehash(row["password_hash"]):
            changes["password_hash"] = _hasher().hash(password)
    elif outcome == "login.locked":
        changes = {"failures": 0, "locked_until": _stamp(now + LOCKED_FOR)}
    elif row is not None and outcome == "login.failed":
        changes = {"failures": row["failures"] + 1}
    if changes and row is not None:
        _change(connection, row["name"], **changes)


def _refused() -> LoginRefused:
    return LoginRefused(
        _("The name or the password is wrong, or the account is locked."),
        cure=_(
            "Type both again. After {failures} failures an account is locked for {minutes} minutes; "
            "the security administrator can set a new password."
        ).format(failures=FAILURES_TO_LOCK, minutes=int(LOCKED_FOR.total_seconds()) // 60),
    )


# --- making and changing accounts ------------------------------------------------------------------


def found_store_account(connection: Connection, name: str, password: str, at: str) -> Actor:
    """Makes the first administrator of a new store, who holds every administration until others do."""
    if connection.execute(select(account.c.id).limit(1)).first():
        raise AccountInvalid(_("The store already has accounts."), cure=_("Log in with one of them."))
    _insert(connection, name, password, roles=FOUNDER_ROLES, at=at, by=name)
    return Actor(name, FOUNDER_ROLES)


@permits("account.manage")
def create_account(workspace: Workspace, name: str, password: str, roles: Iterable[str]) -> None:
    """Makes an account. Raises ``AccountInvalid``, ``PasswordWeak`` or ``SeparationBroken``."""
    wanted = _known_roles(roles)
    separation.check(frozenset(), wanted)
    with workspace.store.write() as connection:
        _insert(connection, name, password, roles=wanted, at=workspace.now(), by=workspace.actor.name)


@permits("account.manage")
def set_roles(workspace: Workspace, name: str, roles: Iterable[str]) -> None:
    """Gives an account exactly these roles, in force from its next login.

    Raises ``SeparationBroken`` when it would newly combine administrations, or leave one without anybody.
    """
    wanted = _known_roles(roles)
    with workspace.store.write() as connection:
        held = frozenset(_existing(connection, name)["roles"])
        separation.check(held, wanted)
        _change(connection, name, roles=sorted(wanted))
        separation.check_all_held(connection)
        _record(
            workspace, connection, "account.roles_set", name, before=sorted(held), after=sorted(wanted)
        )  # fmt: skip


@permits("account.manage")
def set_enabled(workspace: Workspace, name: str, *, enabled: bool) -> None:
    """Disables an account or lets it in again; accounts are never deleted, the chain names them."""
    with workspace.store.write() as connection:
        _existing(connection, name)
        state = "active" if enabled else "disabled"
        _change(connection, name, state=state, failures=0, locked_until=None)
        separation.check_all_held(connection)
        _record(workspace, connection, "account.enabled" if enabled else "account.disabled", name)


@permits("account.manage")
def reset_password(workspace: Workspace, name: str, password: str) -> None:
    """Sets another account's password and unlocks it."""
    with workspace.store.write() as connection:
        row = _existing(connection, name)
        _set_password(workspace, connection, row["name"], password)
        _record(workspace, connection, "account.password_reset", name)


def change_password(workspace: Workspace, old: str, new: str) -> None:
    """Changes the actor's own password. Raises ``LoginRefused`` when ``old`` is not it."""
    with workspace.store.write() as connection:
        row = _existing(connection, workspace.actor.name)
        fits = _fits(row["password_hash"], old)
        if fits:
            _set_password(workspace, connection, row["name"], new)
        action = "account.password_changed" if fits else "account.password_change_failed"
        _record(workspace, connection, action, row["name"])
    if not fits:
        raise LoginRefused(_("The old password is wrong."), cure=_("Type it again; nothing was changed."))


@permits("account.manage")
def list_accounts(workspace: Workspace) -> list[Account]:
    """Every account by name, without passwords."""
    with workspace.store.read() as connection:
        rows = connection.execute(select(account).order_by(account.c.name)).mappings().all()
    return [_account(row) for row in rows]


# --- idle lock -------------------------------------------------------------------------------------


def idle_lock_minutes(workspace: Workspace) -> int:
    """After how many idle minutes the desktop locks."""
    with workspace.store.read() as connection:
        return int(read_setting(connection, "idle_lock_minutes", str(IDLE_LOCK_DEFAULT)))


@permits("store.configure")
def set_idle_lock_minutes(workspace: Workspace, minutes: int) -> None:
    """Sets the idle lock, between 1 and 60 minutes: it cannot be switched off."""
    if not 1 <= minutes <= 60:
        raise AccountInvalid(
            _("The idle lock must be between 1 and 60 minutes, not {minutes}.").format(minutes=minutes),
            cure=_("Choose a number of minutes from 1 to 60."),
        )
    with workspace.store.write() as connection:
        write_setting(connection, "idle_lock_minutes", str(minutes))
        _record(workspace, connection, "setting.changed", "idle_lock_minutes", value=minutes)


# --- below: the table and the hasher ---------------------------------------------------------------


def _insert(
    connection: Connection, name: str, password: str, *, roles: frozenset[str], at: str, by: str
) -> None:
    if not 2 <= len(name) <= 64 or name != name.strip() or not name.isprintable():
        raise AccountInvalid(
            _("“{name}” cannot be an account's name.").format(name=name),
            cure=_("Use 2 to 64 visible characters without a blank at either end."),
        )
    if _row(connection, name) is not None:
        raise AccountInvalid(
            _("There is already an account named “{name}”.").format(name=name), cure=_("Choose another name.")
        )
    passwords.check(password, name=name)
    connection.execute(insert(account).values(
        name=name, password_hash=_hasher().hash(password), roles=sorted(roles), state="active", failures=0,
        locked_until=None, password_changed_at=at, created_at=at, created_by=by,
    ))  # fmt: skip
    audit.record(
        connection, at=at, actor=by, action="account.created", subject=name, details={"roles": sorted(roles)}
    )


def _set_password(workspace: Workspace, connection: Connection, name: str, password: str) -> None:
    passwords.check(password, name=name)
    _change(
        connection, name, password_hash=_hasher().hash(password), password_changed_at=workspace.now(),
        failures=0, locked_until=None,
    )  # fmt: skip


def _known_roles(roles: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(roles)
    unknown = sorted(wanted - ROLES.keys())
    if unknown or not wanted:
        raise AccountInvalid(
            _("These are not roles: {roles}.").format(roles=", ".join(unknown))
            if unknown
            else _("An account needs at least one role."),
            cure=_("Choose from {roles}.").format(roles=", ".join(ROLES)),
        )
    return wanted


def _row(connection: Connection, name: str, *, lock: bool = False) -> RowMapping | None:
    query = select(account).where(account.c.name == name)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def _existing(connection: Connection, name: str) -> RowMapping:
    row = _row(connection, name, lock=True)
    if row is None:
        raise AccountInvalid(
            _("There is no account named “{name}”.").format(name=name), cure=_("Check the spelling.")
        )
    return row


def _change(connection: Connection, name: str, **changes: Any) -> None:
    connection.execute(update(account).where(account.c.name == name).values(**changes))


def _record(workspace: Workspace, connection: Connection, action: str, subject: str, **details: Any) -> None:
    audit.record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=subject,
        details=details,
    )  # fmt: skip


def _account(row: RowMapping) -> Account:
    return Account(
        row["name"], frozenset(row["roles"]), row["state"], row["locked_until"],
        row["password_changed_at"], row["created_at"], row["created_by"],
    )  # fmt: skip


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2-cffi's defaults: Argon2id, RFC 9106's low-memory profile


@functools.cache
def _decoy() -> str:
    """A hash that nothing fits, so that an unknown name costs as much time as a known one."""
    return _hasher().hash("no account has this password")


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except VerifyMismatchError:
        return False
