"""The demonstration: the whole main job on a training district, in a folder of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import GridLinkError
from core.exchange.configuration import configure_connector
from core.exchange.push import push
from core.i18n import _, language
from core.jobs import Progress
from core.packages.order import in_order
from core.packages.trust import import_sender_key
from core.registry import ledger
from core.registry.importing import ImportResult, ingest
from core.registry.undo import undo
from core.reports.acceptance import write_acceptance
from core.security import audit
from core.security.founding import found
from core.security.workspace import Workspace
from core.training.generator import TrainingDistrict, build_training
from core.training.upstream import Upstream, start_upstream

MARKER = ".gridlink-demo"
USER = "training"
TARGET = "residence_permit"


class FolderNotOurs(GridLinkError):
    """The folder holds something that an earlier demonstration did not make."""

    code = "folder_not_empty"


def run(
    out: Path, *, people: int, seed: int, headless: bool, progress: Progress
) -> tuple[dict[str, Any], list[str]]:
    """Runs the main job in ``out`` (emptied of an earlier demonstration) and returns summary and lines.

    Headless it leaves screenshots, report and ``summary.json``; otherwise it opens the desktop on the
    training store and keeps the loopback upstream running until the window is closed.
    """
    started = time.monotonic()
    headless = headless or not _has_display()
    folder = _fresh(out)
    access = _access()
    os.environ.update(access)
    progress.phase(_("Building the training district"))
    district = build_training(folder / "training", people=people, seed=seed, progress=progress)
    workspace = found(
        str(folder / "gridlink.db"), admin=USER, password=access["GRIDLINK_PASSWORD"], station="320508"
    )
    (folder / "access.json").write_text(json.dumps(access, indent=2), encoding="utf-8")
    with start_upstream(folder / "upstream") as upstream:
        summary = _main_job(workspace, district, upstream, folder, progress)
        progress.phase(_("Looking at every page") if headless else _("The desktop is open"))
        summary["screenshots"] = _show(workspace, folder, headless=headless)
    summary["seconds"] = round(time.monotonic() - started, 1)
    (folder / "summary.json").write_text(
        json.dumps(summary, ensure_ascii=False, indent=2, default=str), "utf-8"
    )
    workspace.store.close()
    return summary, _lines(summary, folder)


def _main_job(
    workspace: Workspace, district: TrainingDistrict, upstream: Upstream, folder: Path, progress: Progress
) -> dict[str, Any]:
    for sender, pem in district.public_keys.items():
        import_sender_key(workspace, sender, pem, reason=_("Training district"))
    files = in_order([Path(path) for path in district.packages])
    imported = [ingest(workspace, file, progress=progress) for file in files[:-1]]
    last = _try_and_take_back(workspace, files[-1], progress)
    _leave_for_the_user(files[-1], folder)
    connect_upstream(workspace, upstream)
    sent = push(workspace, None, progress=progress)
    report = write_acceptance(workspace, folder / "report", progress=progress)
    chain = audit.verify_chain(workspace, progress)
    overview = ledger.overview(workspace)
    return {
        "people": district.people,
        "packages": [one.as_dict() for one in imported],
        "tried_and_undone": last,
        "truth": _against_truth(district.truth, imported),
        "push": {target: asdict(result) for target, result in sent.items()},
        "report": report.as_dict(),
        "audit": {"ok": chain.ok, "entries": chain.entries, "first_bad": chain.first_bad},
        "entities": dict(overview.entities),
    }


def _try_and_take_back(workspace: Workspace, file: Path, progress: Progress) -> dict[str, Any]:
    """Imports one more package and undoes it; the digests prove that the registry is as it was."""
    before = ledger.store_info(workspace, with_digest=True)["digest"]
    trial = ingest(workspace, file, dry_run=True, progress=progress)
    result = ingest(workspace, file, progress=progress)
    assert result.change_set is not None
    undone = undo(workspace, result.change_set, reason=_("Demonstration"), progress=progress)
    after = ledger.store_info(workspace, with_digest=True)["digest"]
    return {
        "package": result.package,
        "dry_run_agrees": trial.resources == result.resources,
        "undone": asdict(undone),
        "registry_as_before": before == after,
    }


def connect_upstream(workspace: Workspace, upstream: Upstream) -> None:
    """Points the residence-permit connector of a training store to the loopback endpoint."""
    configure_connector(
        workspace, TARGET, base_url=upstream.base_url, ca_pem=upstream.ca_pem,
        receipt_public_pem=upstream.receipt_public_pem, token=upstream.token,
    )  # fmt: skip


def write_connection(folder: Path, upstream: Upstream) -> dict[str, str]:
    """Writes the files that ``gridlink connector set`` takes and returns where they are."""
    files = {
        "ca": (folder / "ca.pem", upstream.ca_pem),
        "receipt_key": (folder / "receipt.pub.pem", upstream.receipt_public_pem),
        "token_file": (folder / "token.txt", upstream.token),
    }
    for path, text in files.values():
        path.write_text(text, encoding="ascii")
    return {"url": upstream.base_url, **{name: str(path) for name, (path, _text) in files.items()}}


def _against_truth(truth: Path, imported: list[ImportResult]) -> dict[str, Any]:
    """Planted errors of the imported packages against what verification found, by count of each rule."""
    import polars as pl  # noqa: PLC0415 - training may, and the desktop's start must not pay for it

    names = [one.package for one in imported]
    planted = pl.read_csv(truth, infer_schema=False).filter(pl.col("package").is_in(names))
    found: Counter[str] = Counter()
    for one in imported:
        found.update(one.findings)
    expected = Counter(planted["rule"].to_list())
    return {"planted": planted.height, "found": sum(found.values()), "agree": found == expected}


def _leave_for_the_user(file: Path, folder: Path) -> None:
    (folder / "next").mkdir(exist_ok=True)
    shutil.copy2(file, folder / "next" / file.name)


def _show(workspace: Workspace, folder: Path, *, headless: bool) -> list[str]:
    """Opens the desktop in a process of its own: on the screen, or offscreen for pictures of every page."""
    words = [
        sys.executable,
        "-m",
        "desktop",
        "--store",
        workspace.store.location,
        "--lang",
        language(),
        "--user",
        USER,
    ]
    if not headless:
        subprocess.run(words, check=True)
        return []
    pictures = folder / "screenshots"
    offscreen = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(
        [*words, "--screenshots", str(pictures)], check=True, env=offscreen, stdout=subprocess.DEVNULL
    )
    return sorted(str(path) for path in pictures.glob("*.png"))


def _has_display() -> bool:
    return sys.platform in {"win32", "darwin"} or any(
        os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _access() -> Mapping[str, str]:
    """A key and a password of this demonstration's own; they are written beside the training store."""
    return {
        "GRIDLINK_STORE_KEY": secrets.token_hex(32),
        "GRIDLINK_USER": USER,
        "GRIDLINK_PASSWORD": f"train-{secrets.token_hex(6)}",
    }


def _fresh(out: Path) -> Path:
    folder = out.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise FolderNotOurs(
            _("{path} is not empty, and no demonstration made it.").format(path=folder),
            cure=_("Name another folder with --out."),
        )
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARKER).touch()
    return folder


def _lines(summary: dict[str, Any], folder: Path) -> list[str]:
    truth, undone = summary["truth"], summary["tried_and_undone"]
    pushed = summary["push"][TARGET]
    lines = [
        _("{people} people, {packages} packages imported.").format(
            people=f"{summary['people']:,}", packages=len(summary["packages"])
        ),
        _("Errors planted {planted}, found {found}.").format(planted=truth["planted"], found=truth["found"]),
        _("One more package tried and undone; the registry is as before: {answer}.").format(
            answer=_("yes") if undone["registry_as_before"] else _("no")
        ),
        _("Pushed {sent}, accepted {accepted}, rejected {rejected}, waiting {waiting}.").format(**pushed),
        _("Audit chain: {n} entries, holds: {answer}.").format(
            n=summary["audit"]["entries"], answer=_("yes") if summary["audit"]["ok"] else _("no")
        ),
        _("Everything is in {path}; the package in “next” is for you to drop in.").format(path=folder),
    ]
    return [*lines, *(str(path) for path in summary["report"]["files"])]
