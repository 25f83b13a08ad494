"""Commands for spreadsheets: empty forms, and return files to the sources."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome
from core.cli.session import FILE, FOLDER, Session, command
from core.i18n import _
from core.model.resources import RESOURCES, SENDERS
from core.stewardship import return_files, sheet_intake


def add_to(cli: click.Group) -> None:
    """Adds ``template`` and ``return-file``."""
    for one in (template, return_file):
        cli.add_command(one)


@command("template")
@click.argument("resource", type=click.Choice(list(RESOURCES)))
@click.option("--out", type=FILE, required=True, help="Where the .xlsx goes.")
@click.option("--sender", type=click.Choice(SENDERS), default=sheet_intake.STATION, show_default=True)
def template(session: Session, resource: str, out: Path, sender: str) -> Outcome:
    """An empty spreadsheet for a resource, with drop-downs; filled, it is imported with ingest."""
    made = sheet_intake.write_template(session.workspace(), resource, out, sender=sender)
    line = _("Form for {resource} written to {path}.").format(resource=resource, path=out)
    return Outcome(asdict(made), [line])


@command("return-file")
@click.option("--sender", type=click.Choice(SENDERS), required=True)
@click.option("--out", type=FOLDER, required=True, help="The folder for the spreadsheet and the package.")
def return_file(session: Session, sender: str, out: Path) -> Outcome:
    """What a sender has to correct: a spreadsheet with the bad cells marked, and the same as a signed package."""
    workspace = session.workspace()
    with session.watched() as progress:
        result = return_files.write_return(workspace, sender, out, progress=progress)
    line = _("{findings} findings in {rows} rows go back to {sender}: {xlsx}, {package}.").format(
        findings=f"{result.findings:,}", rows=f"{result.rows:,}", sender=sender, xlsx=result.xlsx,
        package=result.package,
    )  # fmt: skip
    return Outcome(asdict(result), [line])
