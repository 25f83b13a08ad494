"""The entry: global options, the commands, and the one place where errors become sentences."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from core import i18n
from core.cli import (
    adjudicating,
    answering,
    assigning,
    browsing,
    checking,
    configuring,
    connecting,
    declaring,
    duplicating,
    evidencing,
    exchanging,
    extracting,
    ferrying,
    field_auditing,
    grids,
    importing,
    mapping,
    matching,
    packaging,
    placing,
    pushing,
    rounding,
    ruling,
    sheets,
    stewarding,
    stores,
    training,
    upkeep,
    visiting,
)
from core.cli.helping import prepare
from core.cli.output import Outcome, bug_report, show
from core.cli.session import Session, default_location
from core.errors import Cancelled, GridLinkError
from core.i18n import _
from core.settings import bug_report_folder


class Stopped(GridLinkError):
    """The user stopped the command; whatever was not finished was not done."""

    code = "cancelled"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--store", default=None, help="Path of the store file, or a postgresql:// URL.")
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), is_eager=True, expose_value=False,
    callback=lambda _context, _option, value: i18n.set_language(value or "zh"), help="Language of messages.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, hidden=True)
@click.version_option(package_name="gridlink")
@click.pass_context
def cli(context: click.Context, store: str | None, as_json: bool) -> None:
    """网格联动 GridLink: the base data that the civil and the policing grid share."""
    context.obj = Session(store or default_location(), as_json=as_json)


_MODULES = (
    stores, packaging, importing, stewarding, sheets, upkeep, adjudicating, duplicating, field_auditing, checking,
    ruling, matching, mapping, browsing, grids, placing, exchanging, connecting, configuring, declaring, extracting,
    evidencing, pushing, answering, rounding, ferrying, training, assigning, visiting,
)  # fmt: skip
for module in _MODULES:
    module.add_to(cli)
prepare(cli)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the client and returns its exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        return _run(words)
    except BrokenPipeError:  # whoever read our output stopped reading; that is their right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except click.ClickException as wrong:
        wrong.show()
        return 2
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a report
        return show(Outcome({}, (), _trouble(error)), as_json=as_json)
    except KeyboardInterrupt:
        return show(Outcome({}, (), _stopped()), as_json=as_json)


def _trouble(error: Exception) -> GridLinkError:
    if isinstance(error, GridLinkError):
        return error
    if isinstance(error, Cancelled | click.Abort):
        return _stopped()
    return bug_report(error, traceback.format_exc(), bug_report_folder())


def _stopped() -> Stopped:
    return Stopped(_("Stopped; what was not finished was not done."), cure=_("Run the command again."))


def _run(words: list[str]) -> int:
    i18n.set_language("zh")  # until --lang says otherwise: --help is answered before it is read
    try:
        with cli.make_context("gridlink", words) as context:
            try:
                cli.invoke(context)
            finally:
                session: Session | None = context.obj  # made by the group's own options
                if session:
                    session.close()
    except click.exceptions.Exit as end:  # --help and --version end this way
        return end.exit_code
    return session.exit_code if session else 0
