"""The command that tells a connector where its system is, how to know it, and with what we show who we are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from core.cli.exchanging import connector as group
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.cli.stores import read_text
from core.exchange.configuration import Endpoint, configure_connector, configured, endpoint
from core.exchange.trust import Trust, trust
from core.i18n import _
from core.security.workspace import Workspace


def add_to(cli: click.Group) -> None:
    """The command hangs on the group ``connector``, which ``exchanging`` adds."""


@command("set", group)
@click.argument("target")
@click.option("--url", help="Its address: https://, sftp://, file:// or a database's, as it is declared.")
@click.option(
    "--ca", "ca_file", type=FILE, help="What the server must show: certificate (PEM), or SSH host key."
)
@click.option("--receipt-key", type=FILE, help="Public key (PEM) that signs the receipts.")
@click.option("--token-file", type=FILE, help="The access token.")
@click.option("--certificate", type=FILE, help="Our own certificate (PEM) for mutual TLS.")
@click.option("--certificate-key", type=FILE, help="Its private key (PEM); goes to the keyring.")
@click.option(
    "--secret", "secret_files", type=(str, FILE), multiple=True, metavar="NAME FILE",
    help="A secret that the declaration names, from a file, to the keyring; may be given again.",
)  # fmt: skip
def connector_set(
    session: Session, target: str, *, secret_files: tuple[tuple[str, Path], ...], **files: Any
) -> Outcome:
    """Tells a connector where its upstream system is and how to know it; what is left out stays as it is."""
    workspace = session.workspace()
    secrets = {name: read_text(file).strip() for name, file in secret_files}
    if files["certificate_key"]:
        secrets["client_key"] = read_text(files["certificate_key"])
    token = read_text(files["token_file"]).strip() if files["token_file"] else secrets.pop("token", None)
    held = (
        endpoint(workspace.store, target)
        if files["url"] is None or configured(workspace.store, target)
        else None
    )
    configure_connector(
        workspace, target, base_url=files["url"] or (held.base_url if held else ""),
        ca_pem=_text(files["ca_file"], held, "ca_pem"),
        receipt_public_pem=_text(files["receipt_key"], held, "receipt_public_pem"),
        token=token, certificate=read_text(files["certificate"]) if files["certificate"] else None, secrets=secrets,
    )  # fmt: skip
    return _told(workspace, target)


def _text(file: Path | None, held: Endpoint | None, name: str) -> str:
    """What is in the file, else what is set already."""
    return read_text(file) if file else str(getattr(held, name)) if held else ""


def _told(workspace: Workspace, target: str) -> Outcome:
    """What is set now: of secrets only whether there is one."""
    now: Trust = trust(workspace, target)
    shown = [asdict(certificate) for certificate in now.certificates]
    data = {"target": target, "url": now.base_url, "secrets": dict(now.secrets), "certificates": shown}
    rows = ((name, _("kept") if held else _("missing")) for name, held in now.secrets.items())
    lines = [_("{target} is configured.").format(target=target)]
    return Outcome(data, [*lines, *(table((_("secret"), _("state")), rows) if now.secrets else ())])
