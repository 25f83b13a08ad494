"""Import: open → stage → verify → difference → apply, as one change set in one transaction."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import psutil
from sqlalchemy import Connection, insert, select, update

from core.i18n import _
from core.jobs import Progress
from core.model.ledger import change_set, package
from core.model.resources import RESOURCES, Resource
from core.packages.reader import PackageFile, open_package
from core.packages.refusals import PackageRefused
from core.packages.trust import trust_of
from core.registry import changes, refused
from core.registry.holding import require_confirmed
from core.registry.intake import Intake, ResourceCounts, Watch
from core.security.workspace import Workspace, permits


@dataclass(frozen=True)
class ImportResult:
    """One package's import, or what it would be (``dry_run``); a ``repeat`` did nothing."""

    package: str
    uuid: str
    file: str
    sender: str
    sequence: int
    change_set: int | None
    repeat: bool
    dry_run: bool
    resources: dict[str, ResourceCounts] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    due: dict[str, int] = field(default_factory=dict)
    losses: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    peak_mb: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The result as the headless contract prints it."""
        return asdict(self)


@permits("package.import")
def ingest(
    workspace: Workspace, path: Path, *, dry_run: bool = False, confirmed: str = "", progress: Progress | None = None,
    watch: Watch | None = None,
) -> ImportResult:  # fmt: skip
    """Imports a data package; raises ``PackageRefused`` and then changes nothing but the refusal log.

    A dry run reports the same figures and writes nothing. A byte-identical repeat is a no-op. A snapshot that no
    longer names too much raises ``SnapshotHeld`` unless ``confirmed`` says why that is right. ``watch`` is told what
    became, or would become, of the rows of each resource.
    """
    try:
        return _imported(
            workspace, path, progress or Progress(), dry_run=dry_run, confirmed=confirmed, watch=watch
        )
    except PackageRefused as refusal:  # on opening, or because the file was exchanged while it was read
        if not dry_run:
            refused.record(workspace, path, refusal)
        raise


def _imported(
    workspace: Workspace,
    path: Path,
    progress: Progress,
    *,
    dry_run: bool,
    confirmed: str,
    watch: Watch | None,
) -> ImportResult:
    started = time.monotonic()
    opened = open_package(path, trust_of(workspace), progress)
    if opened.repeat:
        return _result(
            opened, started, change_set=_change_set_of(workspace, opened), repeat=True, dry_run=dry_run
        )
    unit = workspace.store.read() if dry_run else workspace.store.write()
    with unit as connection:
        run = _Run(workspace, connection, opened, progress, dry_run=dry_run)
        run.intake.watch = watch
        run.resources()
        if not dry_run:
            require_confirmed(run.intake.losses, confirmed)
        due = run.finish(confirmed)
        progress.checkpoint()
    return _result(
        opened,
        started,
        change_set=None if dry_run else run.number,
        repeat=False,
        dry_run=dry_run,
        resources=run.intake.counts,
        findings=dict(run.intake.findings),
        due=due,
        losses=[
            asdict(loss) | {"share": loss.share, "too_much": loss.too_much} for loss in run.intake.losses
        ],
    )


class _Run:
    """One package's import in its unit of work."""

    def __init__(
        self,
        workspace: Workspace,
        connection: Connection,
        opened: PackageFile,
        progress: Progress,
        *,
        dry_run: bool,
    ) -> None:
        self.workspace, self.connection, self.opened = workspace, connection, opened
        self.progress, self.dry_run = progress, dry_run
        declared = opened.declared
        self.number = 0 if dry_run else changes.begin(connection, workspace, "import", declared.purpose)
        self.intake = Intake(
            workspace, connection, self.number, declared.sender, declared.mode, declared.scope, progress,
            dry_run=dry_run,
        )  # fmt: skip

    def resources(self) -> None:
        inside = [RESOURCES[name] for name in self.opened.resource_names]
        self.intake.resources([(resource, partial(self._rows, resource)) for resource in inside])

    def _rows(self, resource: Resource) -> pl.DataFrame:
        """The resource's rows; a sealed one gets the envelope that only open resources carry."""
        rows = self.opened.frame(resource.name)
        if not resource.sealed:
            return rows
        return rows.with_columns(
            source=pl.lit(self.opened.declared.sender),
            collected_at=pl.lit(self.opened.declared.created),
            collector=pl.lit("sealed"),
        )

    def finish(self, confirmed: str) -> dict[str, int]:
        """Enters the package in the ledger and queues what is now due upstream, in the same transaction."""
        if self.dry_run:
            return {}
        self.progress.phase(_("Indexing for search"))
        counts = {name: asdict(figures) for name, figures in self.intake.counts.items()}
        package_id = self._enter_package(counts)
        self.connection.execute(
            update(change_set).where(change_set.c.id == self.number).values(package_id=package_id)
        )
        return changes.finish(
            self.connection, self.workspace, self.number, action="package.import",
            subject=self.opened.declared.name, counts=counts,
            details={"file_hash": self.opened.file_hash} | ({"loss_confirmed": confirmed} if confirmed else {}),
        )  # fmt: skip

    def _enter_package(self, counts: dict[str, Any]) -> int:
        opened, declared = self.opened, self.opened.declared
        entry = {
            "uuid": declared.uuid,
            "name": declared.name,
            "sender": declared.sender,
            "receiver": declared.receiver,
            "sequence": declared.sequence,
            "mode": declared.mode,
            "scope": list(declared.scope),
            "created": declared.created,
            "purpose": declared.purpose,
            "legal_basis": declared.legal_basis,
            "descriptor_hash": opened.descriptor_hash,
            "file_hash": opened.file_hash,
            "file_name": opened.path.name,
            "bytes": opened.size_bytes,
            "state": "imported",
            "imported_at": self.workspace.now(),
            "resources": counts,
            "warnings": opened.warnings,
            "change_set": self.number,
        }
        key = self.connection.execute(insert(package).values(entry)).inserted_primary_key
        assert key is not None
        return int(key[0])


def _change_set_of(workspace: Workspace, opened: PackageFile) -> int | None:
    with workspace.store.read() as connection:
        same = (package.c.file_hash == opened.file_hash) & (package.c.state == "imported")
        number = connection.execute(select(package.c.change_set).where(same)).scalar()
    return None if number is None else int(number)


def _result(opened: PackageFile, started: float, **figures: Any) -> ImportResult:
    return ImportResult(
        package=opened.declared.name,
        uuid=opened.declared.uuid,
        file=str(opened.path),
        sender=opened.declared.sender,
        sequence=opened.declared.sequence,
        warnings=opened.warnings,
        seconds=round(time.monotonic() - started, 3),
        peak_mb=_peak_mb(),
        **figures,
    )


def _peak_mb() -> float:
    """The most memory this process has held so far, in MiB."""
    info: Any = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):
        return round(float(info.peak_wset) / 2**20, 1)
    import resource as process  # noqa: PLC0415 - there is no such module on Windows

    return round(process.getrusage(process.RUSAGE_SELF).ru_maxrss / 2**10, 1)
