"""Commands on the evidence of the exchange: the message log, written out and verified by anybody."""

from __future__ import annotations

from pathlib import Path

import click

from core.cli.output import Outcome
from core.cli.session import FILE, Session, command
from core.cli.stores import FileUnreadable
from core.errors import GridLinkError
from core.exchange import log_verify, message_log
from core.i18n import _


class LogBroken(GridLinkError):
    """The message log is not whole."""

    code = "message_log_broken"


@click.group()
def exchange() -> None:
    """The exchange with upstream systems: its log and its channels."""


def add_to(cli: click.Group) -> None:
    """Adds the group ``exchange``."""
    cli.add_command(exchange)


@command("export-log", exchange)
@click.argument("file", type=FILE)
def export_log(session: Session, file: Path) -> Outcome:
    """Writes the message log to a file that anybody can verify."""
    with session.watched() as progress:
        head = message_log.export_log(session.workspace(), file, progress)
    line = _("{entries} entries; the end of the log is {head}.").format(
        entries=f"{head.entries:,}", head=head
    )
    return Outcome({"file": str(file), "entries": head.entries, "head": str(head)}, [line])


@command("verify-log", exchange)
@click.argument("file", type=FILE)
@click.option(
    "--head", "heads", multiple=True, metavar="N:HASH", help="An end of the log that was shown earlier."
)
def verify_log(session: Session, file: Path, *, heads: tuple[str, ...]) -> Outcome:
    """Verifies an exported message log, without a store: finds what was altered, deleted, inserted or cut off."""
    for head in heads:
        number, colon, _digest = head.partition(":")
        if not (colon and number.isdigit()):
            raise click.UsageError(_("--head takes a number, a colon and a hash, as it was printed."))
    try:
        result = log_verify.verify_file(str(file), heads)
    except OSError as error:
        raise FileUnreadable(
            _("{path} cannot be read: {reason}.").format(path=file, reason=error),
            cure=_("Check the path and try again."),
        ) from error
    data = dict(result._asdict())
    if result.ok:
        return Outcome(data, [message_log.explain(result)])
    trouble = LogBroken(
        message_log.explain(result), cure=_("Keep the file as evidence and tell the audit administrator.")
    )
    return Outcome(data, (), trouble)
