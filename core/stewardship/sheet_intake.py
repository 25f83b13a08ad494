"""Spreadsheet intake: a filled template or a corrected return file, through the same verification as a package."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, and_, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.ledger import change_set, finding, quarantine
from core.model.resources import RESOURCES, SENDERS, Resource, references
from core.model.stewardship import return_item, sheet
from core.packages.never import is_forbidden
from core.registry import changes
from core.registry.importing import ImportResult
from core.registry.intake import Intake, Watch
from core.security.workspace import Workspace, permits
from core.sheets.forms import FIRST_ROW, REFERENCE, Part, write_form
from core.sheets.reading import SUFFIXES, Table, read_book
from core.stewardship.return_rows import digest_of
from core.verification.matching.answering import match_frame
from core.verification.matching.index import index_of
from core.verification.writing import IN_WORDS

STATION: Final = "police"
"""Who speaks in a sheet that does not say: the station's own."""
_NAMED: Final = 100
"""Addresses for which the note names candidates; all are found again among the findings."""
_BY_HAND: Final = ("collected_at", "collector")


class SheetRefused(GridLinkError):
    """The sheet holds what must not be kept, is for somebody else, or names no known sender."""

    code = "sheet_refused"


@dataclass(frozen=True)
class Template:
    """A template that was written."""

    path: Path
    resource: str
    columns: tuple[str, ...]


def is_sheet(path: Path) -> bool:
    """Whether a file is to be read as a spreadsheet, by its ending."""
    return path.suffix.lower() in SUFFIXES


@permits("finding.read")
def write_template(workspace: Workspace, resource: str, out: Path, *, sender: str = STATION) -> Template:
    """Writes an empty form for a resource; raises ``SheetRefused`` for sealed data, ``SheetUnwritable``."""
    declared = RESOURCES[resource]
    if declared.sealed or resource == "grid":
        raise SheetRefused(
            _("There is no spreadsheet for {resource}.").format(resource=resource),
            cure=_("Identities travel sealed, grids as maps: both come in packages only."),
        )
    columns = (*declared.column_names, *_BY_HAND)
    write_form(
        out, [Part(declared, columns)], explanation=_explanation(),
        meta={"form": "template", "resource": resource, "sender": sender, "made_at": workspace.now()},
    )  # fmt: skip
    return Template(out, resource, columns)


@permits("package.import")
def ingest_sheet(
    workspace: Workspace, path: Path, *, sender: str = "", dry_run: bool = False, progress: Progress | None = None,
    watch: Watch | None = None,
) -> ImportResult:  # fmt: skip
    """Imports a spreadsheet as one change set; a byte-identical repeat and rows returned unchanged do nothing.

    ``sender`` is who speaks; without it the form says so, else it is the station. Raises ``SheetUnreadable`` or
    ``SheetRefused`` and then changes nothing.
    """
    started, progress = time.monotonic(), progress or Progress()
    progress.phase(_("Reading {file}").format(file=path.name))
    book = read_book(path)
    who = sender or str(book.meta.get("sender") or STATION)
    _check(path, who, book.tables)
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    unit = workspace.store.read() if dry_run else workspace.store.write()
    with unit as connection:
        repeated = _repeated(connection, digest)
        if repeated is not None:
            return _result(path, who, started, change_set=repeated, repeat=True, dry_run=dry_run)
        number = 0 if dry_run else changes.begin(connection, workspace, "sheet", path.name)
        intake = Intake(workspace, connection, number, who, "delta", (), progress, dry_run=dry_run, watch=watch)
        notes: list[dict[str, Any]] = []
        returned = book.meta.get("return_file")
        for table in book.tables:
            rows = _prepared(table, who, workspace)
            if returned:
                rows = _corrected_only(rows, table.resource)
                _answer(connection, rows[REFERENCE].to_list(), number) if not dry_run else None
            rows, words = _with_codes(rows, table, workspace)
            notes += words
            intake.resource(table.resource, rows.drop(REFERENCE, strict=False))
        due = {} if dry_run else _finish(connection, workspace, intake, path, digest, returned=returned)
        progress.checkpoint()
    warnings = notes + [
        {"code": "column_unknown", "message": _("{sheet}: the column “{column}” is unknown and was left out.").format(
            sheet=table.sheet, column=column), "details": {"column": column}}
        for table in book.tables for column in table.unknown
    ]  # fmt: skip
    return _result(
        path, who, started, change_set=None if dry_run else number, repeat=False, dry_run=dry_run,
        resources=intake.counts, findings=dict(intake.findings), warnings=warnings, due=due,
    )  # fmt: skip


def _check(path: Path, sender: str, tables: Any) -> None:
    forbidden = [(t.sheet, column) for t in tables for column in t.above if is_forbidden(column)]
    if forbidden:
        raise SheetRefused(
            _("{path}: the column “{column}” must not be kept by GridLink; nothing was imported.").format(
                path=path.name, column=forbidden[0][1]
            ),
            cure=_("Delete the column from the sheet “{sheet}” and import it again.").format(sheet=forbidden[0][0]),
            columns=[column for _sheet, column in forbidden],
        )
    if sender not in SENDERS:
        raise SheetRefused(
            _("“{sender}” is no department.").format(sender=sender),
            cure=_("Choose one of: {senders}.").format(senders=", ".join(SENDERS)),
        )


def _prepared(table: Table, sender: str, workspace: Workspace) -> pl.DataFrame:
    """The rows as a package would carry them: every column, the sender, and who collected it when, if not given."""
    header = table.resource.header("delta")
    rows = table.rows.with_columns(
        pl.lit(None, pl.String).alias(name) for name in header if name not in table.rows.columns
    )
    return rows.with_columns(
        source=pl.lit(sender),
        op=pl.col("op").fill_null("upsert"),
        collected_at=pl.col("collected_at").fill_null(workspace.now()),
        collector=pl.col("collector").fill_null("sheet"),
    )


def _with_codes(
    rows: pl.DataFrame, table: Table, workspace: Workspace
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Addresses in words by the codes of the standard addresses that they surely mean, and what is to be said of it.

    What may mean several stays as it is: verification holds the row, the note names the candidates.
    """
    columns = [name for name, target in references(table.resource).items() if target == "address"]
    if not columns:
        return rows, []
    words = rows.filter(pl.col(columns[0]).str.contains(IN_WORDS)).select("line", columns[0])
    if words.is_empty():
        return rows, []
    answers = match_frame(words[columns[0]], index_of(workspace)).with_columns(line=words["line"])
    sure = answers.filter(pl.col("decision") == "match").select("line", _code="address_code")
    joined = rows.join(sure, on="line", how="left", maintain_order="left")
    coded = joined.with_columns(pl.coalesce("_code", columns[0]).alias(columns[0])).drop("_code")
    told = _("{sheet}: {matched} of {words} addresses in words were matched with standard addresses.")
    unclear = answers.filter(pl.col("decision") != "match").head(_NAMED).select("line", "candidates")
    return coded, [{
        "code": "addresses_matched",
        "message": told.format(sheet=table.sheet, matched=f"{sure.height:,}", words=f"{words.height:,}"),
        "details": {"matched": sure.height, "words": words.height, "unclear": unclear.to_dicts()},
    }]  # fmt: skip


def _corrected_only(rows: pl.DataFrame, resource: Resource) -> pl.DataFrame:
    """The rows of a return file that somebody changed; a row that was added has no reference and counts too."""
    if REFERENCE not in rows.columns:
        return rows.with_columns(pl.lit(None, pl.String).alias(REFERENCE))
    was = pl.col(REFERENCE).str.split(":").list.last()
    return rows.filter((was != digest_of(resource)).fill_null(value=True))


def _answer(connection: Connection, references: list[str | None], number: int) -> None:
    """Marks what the corrected rows answer: the row in quarantine, and its findings in the return file."""
    for reference in references:
        kind, _sep, rest = (reference or "").partition(":")
        if kind != "q" or not rest.split(":")[0].isdigit():
            continue
        held = quarantine.c.id == int(rest.split(":")[0])
        row = connection.execute(select(quarantine).where(held, quarantine.c.released_in.is_(None))).first()
        if row is None:
            continue
        connection.execute(update(quarantine).where(held).values(released_in=number))
        mine = and_(
            finding.c.change_set == row.change_set, finding.c.resource == row.resource, finding.c.line == row.line
        )
        connection.execute(update(finding).where(mine, finding.c.fixed_in.is_(None)).values(fixed_in=number))


def _finish(
    connection: Connection, workspace: Workspace, intake: Intake, path: Path, digest: str, *, returned: Any
) -> dict[str, int]:
    read = sum(counts.read for counts in intake.counts.values())
    connection.execute(insert(sheet).values(
        change_set=intake.number, file_name=path.name, file_hash=digest, resource=" ".join(intake.counts),
        sender=intake.sender, rows=read, at=workspace.now(), actor=workspace.actor.name,
        return_file=int(returned) if returned else None,
    ))  # fmt: skip
    if returned:
        cleared = select(finding.c.id).where(finding.c.fixed_in == intake.number)
        mine = and_(return_item.c.return_file == int(returned), return_item.c.finding.in_(cleared))
        connection.execute(update(return_item).where(mine).values(cleared_in=intake.number))
    counts = {name: asdict(figures) for name, figures in intake.counts.items()}
    return changes.finish(
        connection, workspace, intake.number, action="sheet.import", subject=path.name, counts=counts,
        details={"file_hash": digest, "return_file": returned},
    )  # fmt: skip


def _repeated(connection: Connection, digest: str) -> int | None:
    joined = sheet.join(change_set, change_set.c.id == sheet.c.change_set)
    same = select(sheet.c.change_set).select_from(joined).where(
        sheet.c.file_hash == digest, change_set.c.undone_by.is_(None)
    )  # fmt: skip
    return connection.execute(same).scalar()


def _result(path: Path, sender: str, started: float, **figures: Any) -> ImportResult:
    return ImportResult(
        package=path.stem, uuid="", file=str(path), sender=sender, sequence=0,
        seconds=round(time.monotonic() - started, 2), **figures,
    )  # fmt: skip


def _explanation() -> list[str]:
    where = _("One row for each record, from row {row} on. Leave the two rows of headings as they are.")
    return [
        _("How to fill this form"),
        where.format(row=FIRST_ROW),
        _("Columns with a star must be filled. Where a cell has a list, choose from it."),
        _("Names, numbers and phones are entered masked, as they are shown on screen: 张*, 138****5678."),
        _("Instead of an address code the address in words will do: it is matched with the standard addresses."),
        _("Days are written 2026-11-23. Codes of addresses and houses are text and are not shortened."),
        _("If “collected at” and “collector” stay empty, the moment of the import is taken."),
        _("Save it and import it in GridLink (Inbox, or gridlink ingest): each row is verified as in a package."),
    ]
