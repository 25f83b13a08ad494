"""Commands that bring packages in and take change sets back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, sentence, table
from core.cli.session import FILE, Session, command
from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import SENDERS
from core.packages.order import in_order
from core.registry import importing
from core.registry.importing import ImportResult
from core.registry.undo import undo
from core.stewardship.sheet_intake import ingest_sheet, is_sheet


def add_to(cli: click.Group) -> None:
    """Adds ``ingest`` and ``undo``."""
    for one in (ingest, undo_command):
        cli.add_command(one)


class SomeRefused(GridLinkError):
    """One or more of several packages were refused; the others were imported."""

    code = "some_refused"


@command("ingest")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Report the same figures and change nothing.")
@click.option("--confirm-loss", default="", help="Why it is right that a snapshot no longer names so much.")
@click.option("--sender", type=click.Choice(SENDERS), help="Who speaks in a spreadsheet that does not say so.")
def ingest(
    session: Session, files: tuple[Path, ...], *, dry_run: bool, confirm_loss: str, sender: str | None
) -> Outcome:
    """Checks, verifies and imports packages and filled spreadsheets, oldest first; a refused one changes nothing."""
    workspace = session.workspace()
    done: list[ImportResult] = []
    refused: list[tuple[Path, GridLinkError]] = []
    with session.watched() as progress:
        for file in in_order(files):
            try:
                if is_sheet(file):
                    done.append(ingest_sheet(workspace, file, sender=sender or "", dry_run=dry_run, progress=progress))
                    continue
                done.append(
                    importing.ingest(workspace, file, dry_run=dry_run, confirmed=confirm_loss, progress=progress)
                )
            except GridLinkError as trouble:
                refused.append((file, trouble))
    data = {"packages": [one.as_dict() for one in done], "dry_run": dry_run}
    lines = [line for one in done for line in _lines(one)]
    return Outcome(data, lines, _trouble(refused, len(files)))


def _trouble(refused: list[tuple[Path, GridLinkError]], count: int) -> GridLinkError | None:
    if not refused:
        return None
    if count == 1:
        return refused[0][1]
    listed = [{"file": str(file), **trouble.as_dict()} for file, trouble in refused]
    return SomeRefused(
        _("{n} of {count} packages were refused: {names}.").format(
            n=len(refused), count=count, names="; ".join(f"{f.name}: {t.message.rstrip('.。')}" for f, t in refused)
        ),
        cure=sentence(refused[0][1]) if len(refused) == 1 else _("Each refusal has its own report."),
        refused=listed,
    )


def _lines(result: ImportResult) -> list[str]:
    if result.repeat:
        return [
            _("{name}: already imported, byte for byte the same; nothing was done.").format(
                name=result.package
            )
        ]
    head = (
        _("resource"), _("read"), _("accepted"), _("quarantined"), _("new"), _("changed"), _("same"),
        _("retired"), _("missing"),
    )  # fmt: skip
    title = _("{name}: change set {number}, {seconds} s, {findings} findings").format(
        name=result.package, number=result.change_set or _("none (dry run)"), seconds=f"{result.seconds:.1f}",
        findings=f"{sum(result.findings.values()):,}",
    )  # fmt: skip
    rows = ((name, *asdict(counts).values()) for name, counts in result.resources.items())
    return [title, *table(head, rows), *(f"⚠ {warning['message']}" for warning in result.warnings), ""]


@command("undo")
@click.argument("change_set", type=click.IntRange(min=1))
@click.option("--reason", default="")
def undo_command(session: Session, change_set: int, reason: str) -> Outcome:
    """Takes an import back; refuses, naming them, where later changes stand on it."""
    with session.watched() as progress:
        result = undo(session.workspace(), change_set, reason=reason, progress=progress)
    line = _("Import of {name} undone: {removed} rows removed, {restored} restored; {pushed} already pushed.").format(
        name=result.package, removed=f"{sum(result.removed.values()):,}",
        restored=f"{sum(result.restored.values()):,}", pushed=f"{result.pushed:,}",
    )  # fmt: skip
    return Outcome(asdict(result), [line])
