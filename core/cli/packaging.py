"""Commands about package files: building and checking them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, FOLDER, Session, command
from core.cli.stores import read_text
from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import SENDERS
from core.packages.builder import build_package
from core.packages.reader import check_package
from core.packages.trust import trust_of


class CheckFailed(GridLinkError):
    """The package would be refused."""

    code = "package_refused"


def add_to(cli: click.Group) -> None:
    """Adds the group ``package``."""
    cli.add_command(package)


@click.group()
def package() -> None:
    """Data packages."""


@command("build", package)
@click.argument("folder", type=FOLDER)
@click.option("--sender", required=True, type=click.Choice(SENDERS))
@click.option("--receiver", required=True)
@click.option(
    "--key", "key_file", required=True, type=FILE, help="The sender's Ed25519 private key (PKCS8 PEM)."
)
@click.option("--out", required=True, type=FILE)
@click.option("--sequence", type=click.IntRange(min=1), default=None)
@click.option("--previous", type=FILE, default=None, help="The sender's previous package.")
@click.option("--mode", type=click.Choice(["snapshot", "delta"]), default="snapshot", show_default=True)
@click.option(
    "--scope", multiple=True, help="Division codes a snapshot speaks for; the receiver's unless named."
)
@click.option("--purpose", default="一标多实基础数据共享")
@click.option("--legal-basis", default="政务数据共享条例")
@click.option(
    "--seal-to", type=FILE, default=None, help="The receiver's public sealing key, for identity.csv."
)
def build(session: Session, folder: Path, key_file: Path, seal_to: Path | None, **options: Any) -> Outcome:
    """Packs a folder of <resource>.csv files, right or wrong rows alike; needs no store."""
    built = build_package(
        folder, key_pem=read_text(key_file), seal_to_pem=read_text(seal_to) if seal_to else None, **options
    )
    data = {
        "package": built.name, "id": built.uuid, "sequence": built.sequence, "file": str(built.path),
        "descriptor_hash": built.descriptor_hash, "resources": dict(built.resources),
    }  # fmt: skip
    line = _("Package {name}, sequence {sequence}, written to {path}.").format(
        name=built.name, sequence=built.sequence, path=built.path
    )
    return Outcome(data, [line, *table((_("resource"), _("rows")), built.resources.items())])


@command("check", package)
@click.argument("file", type=FILE)
def check(session: Session, file: Path) -> Outcome:
    """Opens and checks a package against this store's keys and chain; writes nothing."""
    report = check_package(file, trust_of(session.workspace()))
    data = {
        "ok": report.ok, "package": report.name, "sender": report.sender, "sequence": report.sequence,
        "resources": dict(report.resources), "errors": list(report.errors), "warnings": list(report.warnings),
    }  # fmt: skip
    if report.ok:
        line = _("{name} from {sender}, number {sequence}: every check passed.").format(
            name=report.name, sender=report.sender, sequence=report.sequence
        )
        return Outcome(data, [line, *table((_("resource"), _("rows")), report.resources.items())])
    first = report.errors[0]
    lines = [f"{error['code']}: {error['message']}" for error in report.errors]
    trouble = CheckFailed(
        first["message"],
        cure=first.get("cure") or _("Ask the sender for a correct package."),
        errors=report.errors,
    )
    return Outcome(data, lines, trouble)
