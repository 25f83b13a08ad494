"""Return files: "please correct at the source", as a form that people correct and as a signed package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, func, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.names import label
from core.model.resources import SENDERS
from core.model.stewardship import return_file, return_item
from core.packages.builder import BuiltPackage, write_package
from core.security import audit, keys
from core.security.workspace import Workspace, permits
from core.sheets.forms import Part, Record, write_form
from core.stewardship.return_rows import Returned, returned
from core.store import bulk
from core.store.lifecycle import read_setting
from core.verification.catalogue import describe

FROM: Final = "police"


class NothingToReturn(GridLinkError):
    """The sender has no open finding that goes back to it."""

    code = "nothing_to_return"


@dataclass(frozen=True)
class ReturnResult:
    """What was written: the form, the package, and how many findings in how many rows they hold."""

    sender: str
    number: int
    xlsx: Path
    package: Path
    findings: int
    rows: int


@permits("finding.work")
def write_return(
    workspace: Workspace, sender: str, out: Path, *, progress: Progress | None = None
) -> ReturnResult:
    """Writes the return file of a sender into the folder ``out``; raises ``NothingToReturn``.

    Errors and warnings that are open go back; what the sender corrects and sends, or what is corrected in the form
    and imported, closes exactly those findings.
    """
    progress = progress or Progress()
    progress.phase(_("Gathering what {sender} has to correct").format(sender=sender))
    with workspace.store.write() as connection:
        parts = list(returned(connection, sender, workspace.now()[:10])) if sender in SENDERS else []
        if not parts:
            raise NothingToReturn(
                _("Nothing goes back to {sender}: no error or warning of its rows is open.").format(sender=sender),
                cure=_("Import its newest package, or verify the registry first."),
            )
        stem = f"{workspace.now()[:10]}-return-{sender}"
        number = _entered(connection, workspace, sender, parts, stem)
        xlsx, package = out / f"{stem}-{number}.xlsx", out / f"{stem}-{number}.zip"
        progress.phase(_("Writing {file}").format(file=xlsx.name))
        write_form(
            xlsx, [_part(one) for one in parts], explanation=_explanation(sender, parts),
            meta={"form": "return", "return_file": number, "sender": sender, "made_at": workspace.now()},
        )  # fmt: skip
        progress.checkpoint()
        built = _package(connection, workspace, parts, sender, package)
        _complete(connection, number, xlsx, built)
        rows = sum(one.rows.height for one in parts)
        findings = sum(one.findings.height for one in parts)
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="return_file.write", subject=sender,
            details={"number": number, "findings": findings, "rows": rows},
        )  # fmt: skip
    return ReturnResult(sender, number, xlsx, package, findings, rows)


@permits("finding.read")
def return_files(workspace: Workspace) -> Sequence[Any]:
    """Every return file, the newest first, with how many of its findings are cleared (``cleared``)."""
    cleared = (
        select(return_item.c.return_file, func.count(return_item.c.cleared_in).label("cleared"))
        .group_by(return_item.c.return_file).subquery()
    )  # fmt: skip
    joined = return_file.outerjoin(cleared, cleared.c.return_file == return_file.c.id)
    with workspace.store.read() as connection:
        query = select(return_file, cleared.c.cleared).select_from(joined).order_by(return_file.c.id.desc())
        return connection.execute(query).all()


def _entered(
    connection: Connection, workspace: Workspace, sender: str, parts: Sequence[Returned], stem: str
) -> int:
    key = connection.execute(
        insert(return_file).values(
            sender=sender, file_name=stem, file_hash="", form="xlsx+package", descriptor_hash="",
            findings=sum(one.findings.height for one in parts), rows=sum(one.rows.height for one in parts),
            at=workspace.now(), actor=workspace.actor.name,
        )
    ).inserted_primary_key  # fmt: skip
    assert key is not None
    number = int(key[0])
    items = ((number, finding) for one in parts for finding in one.findings["finding"])
    bulk.insert_rows(connection, return_item, ("return_file", "finding"), items)
    return number


def _complete(connection: Connection, number: int, xlsx: Path, built: BuiltPackage) -> None:
    digest = "sha256:" + hashlib.sha256(xlsx.read_bytes()).hexdigest()
    done = {"file_name": xlsx.name, "file_hash": digest, "descriptor_hash": built.descriptor_hash}
    connection.execute(update(return_file).where(return_file.c.id == number).values(done))


def _part(one: Returned) -> Part:
    """Rows with what is wrong by cell; a returned form is for people, so objects of its rows are what it is made of."""
    problems: dict[str, dict[str, list[str]]] = {}
    for found in one.findings.to_dicts():
        message, cure = describe(found["rule"], field=found["field"], value=found["value"])
        problems.setdefault(found["reference"], {}).setdefault(found["field"], []).append(f"{message} {cure}")
    columns = (*one.resource.column_names, "collected_at", "collector", "op")
    records = [
        Record({name: row[name] for name in columns}, problems.get(row["reference"], {}), row["reference"])
        for row in one.rows.to_dicts()
    ]
    return Part(one.resource, columns, records)


def _package(
    connection: Connection, workspace: Workspace, parts: Sequence[Returned], sender: str, out: Path
) -> BuiltPackage:
    """The same rows, signed by the station; what is wrong stands in two columns that version 1 lets pass."""
    private, _public = keys.sign_key_pems(connection)
    frames: dict[str, pl.DataFrame | bytes] = {
        one.resource.name: one.rows.join(_told(one), on="reference", maintain_order="left")
        .with_columns(source=pl.lit(sender)).drop("reference")
        for one in parts
    }  # fmt: skip
    last = connection.execute(
        select(return_file.c.descriptor_hash).where(return_file.c.descriptor_hash != "").order_by(return_file.c.id)
    ).scalars().all()  # fmt: skip
    previous = BuiltPackage(out, "", "", len(last), last[-1], {}) if last else None
    return write_package(
        frames, out=out, sender=FROM, receiver=read_setting(connection, "station"), key_pem=private, mode="delta",
        previous=previous, purpose=_("Please correct at the source"),
        legal_basis=_("State Council order 809 on the sharing of government data, correction at the source"),
    )  # fmt: skip


def _told(one: Returned) -> pl.DataFrame:
    rows = [
        (f["reference"], f"{f['rule']}@{f['field']}", " ".join(describe(f["rule"], field=f["field"], value=f["value"])))
        for f in one.findings.to_dicts()
    ]
    told = pl.DataFrame(rows, schema=["reference", "finding_rules", "finding_texts"], orient="row")
    return told.group_by("reference", maintain_order=True).agg(
        pl.col("finding_rules").str.join(" "), pl.col("finding_texts").str.join("; ")
    )


def _explanation(sender: str, parts: Sequence[Returned]) -> list[str]:
    findings = sum(one.findings.height for one in parts)
    return [
        _("Please correct at the source: {sender}").format(sender=label("sender", sender)),
        _("{findings} findings in {rows} rows. Cells with a red frame are wrong; the note on them says why.").format(
            findings=f"{findings:,}", rows=f"{sum(one.rows.height for one in parts):,}"
        ),
        _("The column “what is wrong, and what to do” repeats it in words."),
        _("Correct the cells and leave everything else, the hidden columns too, as it is."),
        _("Correct it in your own system as well; otherwise your next package brings the mistake back."),
        _("Send the saved form back, or a package with the corrected rows."),
    ]
