"""Commands about the store, its accounts, its keys and its audit chain."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, LoginRequired, Session, command
from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import SENDERS
from core.packages.trust import import_sender_key
from core.registry import ledger
from core.security import accounts, audit, keys
from core.security.founding import found
from core.security.workspace import ADMINISTRATIONS, ROLES, role_names


class AuditBroken(GridLinkError):
    """The audit chain does not hold."""

    code = "audit_broken"


def add_to(cli: click.Group) -> None:
    """Adds the groups ``store``, ``user``, ``key`` and ``audit``."""
    for group in (store, user, key, audit_group):
        cli.add_command(group)


@click.group()
def store() -> None:
    """The encrypted store."""


@click.group()
def user() -> None:
    """Accounts and roles."""


@click.group()
def key() -> None:
    """Trusted keys of senders, and the station's own."""


@click.group("audit")
def audit_group() -> None:
    """The audit chain."""


@command("init", store)
@click.option("--admin", default=None, help="Name of the first administrator.")
@click.option("--station", default="320508", show_default=True, help="The receiver code packages must bear.")
def store_init(session: Session, admin: str | None, station: str) -> Outcome:
    """Creates the encrypted store and its first administrator."""
    name, password = (
        admin or os.environ.get("GRIDLINK_USER") or "admin",
        os.environ.get("GRIDLINK_PASSWORD", ""),
    )
    if not password:
        raise LoginRequired(
            _("The first administrator needs a password."),
            cure=_("Set it in GRIDLINK_PASSWORD and run this again."),
        )
    made = found(session.location, admin=name, password=password, station=station)
    seal = keys.seal_public_pem(made)
    info = ledger.store_info(made)
    lines = [
        _("Store created at {path}; encrypted: {answer}.").format(
            path=info["location"], answer=_("yes") if info["encrypted"] else _("by the server")
        ),
        _("First administrator: {name}. Station: {station}.").format(name=name, station=station),
    ]
    return Outcome({**info, "admin": name, "seal_public_pem": seal}, lines)


@command("info", store)
@click.option("--digest", is_flag=True, help="Also the registry's fingerprint; reads every row.")
def store_info(session: Session, digest: bool) -> Outcome:
    """What the store holds."""
    info = ledger.store_info(session.workspace(), with_digest=digest)
    lines = [f"{name}: {value}" for name, value in info.items() if name != "entities"]
    return Outcome(info, [*lines, *table((_("kind"), _("count")), info["entities"].items())])


@command("add", user)
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(sorted(ROLES)))
def user_add(session: Session, name: str, roles: tuple[str, ...]) -> Outcome:
    """Creates an account; its first password is in GRIDLINK_NEW_PASSWORD."""
    password = os.environ.get("GRIDLINK_NEW_PASSWORD", "")
    accounts.create_account(session.workspace(), name, password, roles)
    return Outcome({"name": name, "roles": list(roles)}, [_("Account {name} created.").format(name=name)])


@command("list", user)
def user_list(session: Session) -> Outcome:
    """All accounts with their roles."""
    held = accounts.list_accounts(session.workspace())
    rows = [asdict(row) for row in held]
    shown = table((_("account"), _("roles"), _("state")), (
        (one.name, role_names(one.roles), _("may log in") if one.state == "active" else _("disabled")) for one in held
    ))  # fmt: skip
    return Outcome({"accounts": rows, "administrations": list(ADMINISTRATIONS)}, shown)


@command("import-sender", key)
@click.argument("sender", type=click.Choice(SENDERS))
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help="Why this key is trusted; goes into the audit chain.")
def key_import_sender(session: Session, sender: str, file: Path, reason: str) -> Outcome:
    """Trusts a sender's Ed25519 public key."""
    fingerprint = import_sender_key(session.workspace(), sender, read_text(file), reason=reason)
    line = _("{sender} is now trusted with the key {fingerprint}.").format(
        sender=sender, fingerprint=fingerprint
    )
    return Outcome({"sender": sender, "fingerprint": fingerprint}, [line])


@command("export-station", key)
@click.argument("out", type=FILE)
def key_export_station(session: Session, out: Path) -> Outcome:
    """Writes the station's public sealing key, to which senders seal identity data."""
    out.write_text(keys.seal_public_pem(session.workspace()), encoding="ascii")
    return Outcome({"file": str(out)}, [_("Public sealing key written to {path}.").format(path=out)])


@command("verify", audit_group)
def audit_verify(session: Session) -> Outcome:
    """Walks the audit chain from its first entry to its head."""
    with session.watched() as progress:
        result = audit.verify_chain(session.workspace(), progress)
    data = {
        "ok": result.ok,
        "entries": result.entries,
        "first_bad": result.first_bad,
        "reason": result.reason,
    }
    if result.ok:
        return Outcome(data, [audit.explain(result)])
    trouble = AuditBroken(
        audit.explain(result),
        cure=_("Keep this store as evidence and tell the audit administrator."),
    )
    return Outcome(data, (), trouble)


def read_text(file: Path) -> str:
    """A small text file named by the user; a missing one is the user's trouble, not a bug."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(
            _("{path} cannot be read: {reason}.").format(path=file, reason=error),
            cure=_("Check the path and try again."),
        ) from error


class FileUnreadable(GridLinkError):
    """A file named on the command line is missing or not text."""

    code = "file_unreadable"
