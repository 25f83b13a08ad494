"""A refused package leaves an entry in the log, and a copy beside a report in ``refused/``; nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from sqlalchemy import insert, select

from core.model.ledger import refusal
from core.packages.refusals import PackageRefused
from core.security import audit
from core.security.workspace import Workspace


def record(workspace: Workspace, path: Path, reason: PackageRefused) -> None:
    """Logs the refusal and puts the package with its report into ``refused/`` beside the original.

    The original stays where it is; on a folder that cannot be written the log entry alone remains.
    """
    digest = _digest(path)
    with workspace.store.write() as connection:
        now = workspace.now()
        connection.execute(
            insert(refusal).values(
                at=now, actor=workspace.actor.name, file_name=path.name, file_hash=digest, code=reason.code,
                message=reason.message, details=reason.details,
            )
        )  # fmt: skip
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="package.refuse", subject=path.name,
            details={"file_hash": digest, "code": reason.code},
        )  # fmt: skip
    folder = path.resolve().parent / "refused"
    if path.is_file() and os.access(folder.parent, os.W_OK):
        _put_aside(path, folder, reason)


def earlier(workspace: Workspace, digest: str, since: str) -> tuple[str, str] | None:
    """Code and sentence with which a file of this SHA-256 was refused since a time; None if it was not."""
    query = select(refusal.c.code, refusal.c.message).where(
        refusal.c.file_hash == f"sha256:{digest}", refusal.c.at >= since
    )
    with workspace.store.read() as connection:
        row = connection.execute(query.order_by(refusal.c.id.desc()).limit(1)).first()
    return (str(row[0]), str(row[1])) if row else None


def _put_aside(path: Path, folder: Path, reason: PackageRefused) -> None:
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if not target.exists():
        try:
            os.link(path, target)  # 300 MB need not be copied on the same disk
        except OSError:
            shutil.copy2(path, target)
    report = json.dumps(reason.as_dict(), ensure_ascii=False, indent=2)
    target.with_name(target.name + ".report.json").write_text(report, encoding="utf-8")


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
