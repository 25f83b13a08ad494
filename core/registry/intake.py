"""Intake: rows of one resource at a time through stage → difference → apply, within one change set.

Packages, filled spreadsheets and rows released from quarantine all come in this way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection, select

from core.i18n import _
from core.jobs import Progress
from core.model.ledger import finding, quarantine
from core.model.registry import TABLES
from core.model.resources import Resource, references
from core.registry.applying import apply
from core.registry.correcting import corrected
from core.registry.difference import Difference, difference
from core.registry.holding import Loss, refuse_shifted
from core.registry.rule_settings import severities
from core.registry.staging import Staged, stage
from core.security.workspace import Workspace
from core.store import bulk, reading
from core.verification.context import Context, district_context
from core.verification.keys import hashed
from core.verification.together import with_topology

Read = Callable[[], pl.DataFrame]
"""Gives the rows of a resource when they are wanted: text columns as in a package, and ``line``."""
Watch = Callable[[Staged, Difference], None]
"""Is told what became of the rows of each resource."""
_FINDING = ("line", "key", "rule", "severity", "field", "value")


@dataclass(frozen=True)
class ResourceCounts:
    """What became of one resource's rows: ``read`` = ``accepted`` + ``quarantined``."""

    read: int
    accepted: int
    quarantined: int
    new: int
    changed: int
    unchanged: int
    retired: int
    missing: int


@dataclass
class Intake:
    """What comes in from one sender as change set ``number``; a dry run counts and writes nothing.

    ``counts`` and ``findings`` (by rule) gather what became of the rows of each resource, ``losses`` what a
    snapshot no longer names.
    """

    workspace: Workspace
    connection: Connection
    number: int
    sender: str
    mode: str
    scope: Sequence[str]
    progress: Progress
    dry_run: bool = False
    watch: Watch | None = None
    counts: dict[str, ResourceCounts] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    losses: list[Loss] = field(default_factory=list)
    _accepted: dict[str, list[pl.Series]] = field(default_factory=dict)
    _held: dict[str, pl.Series] = field(default_factory=dict)

    def resources(self, coming: Sequence[tuple[Resource, Read]]) -> None:
        """Takes in one resource after another; the next is read and verified beside while one is stored."""
        with ThreadPoolExecutor(1) as beside:
            waiting: list[Future[tuple[pl.DataFrame, Staged]]] = []
            for at, (resource, read) in enumerate(coming):
                self.progress.phase(_("Verifying {resource}").format(resource=resource.name))
                if not waiting:
                    waiting = [beside.submit(_read_and_staged, resource, read, self._context(resource))]
                rows, staged = waiting.pop().result()
                refuse_shifted(self.connection, resource, rows)
                self._accepted.setdefault(resource.name, []).append(staged.accepted["id"])
                for following, its_read in coming[at + 1 : at + 2]:
                    context = self._context(following)
                    waiting = [beside.submit(_read_and_staged, following, its_read, context)]
                self._take(resource, rows, staged)

    def resource(self, resource: Resource, rows: pl.DataFrame) -> ResourceCounts:
        """Takes rows in: text columns as in a package, envelope included, and ``line``."""
        self.resources([(resource, lambda: rows)])
        return self.counts[resource.name]

    def _take(self, resource: Resource, rows: pl.DataFrame, staged: Staged) -> None:
        self.progress.phase(_("Comparing {resource}").format(resource=resource.name))
        plan = difference(self.connection, staged, sender=self.sender, mode=self.mode, scope=self.scope)
        self.findings.update(dict(staged.findings["rule"].value_counts().iter_rows()))
        counts = ResourceCounts(
            read=staged.read,
            accepted=staged.accepted.height,
            quarantined=staged.quarantined.height,
            **plan.counts,
        )
        self.counts[resource.name] = counts
        self._note_loss(resource, plan)
        if self.watch is not None:
            self.watch(staged, plan)
        if not self.dry_run:
            self.progress.phase(_("Storing {resource}").format(resource=resource.name))
            apply(self.connection, plan, change_set=self.number, sender=self.sender)
            corrected(self.connection, staged, self.number, self.sender, whole=self.mode == "snapshot")
            self._store_findings(staged, rows)
            self._store_quarantine(staged)

    def _note_loss(self, resource: Resource, plan: Difference) -> None:
        """In a snapshot everything that comes was reported before, or is new."""
        if plan.missing:
            reported = self.counts[resource.name].accepted - self.counts[resource.name].new
            self.losses.append(Loss(resource.name, len(plan.missing), reported + len(plan.missing)))

    def _context(self, resource: Resource) -> Context:
        known = {target: self._known(target) for target in set(references(resource).values())}
        return district_context(
            mode=self.mode, sender=self.sender, known=known, now=self.workspace.clock(),
            severities=severities(self.connection),
        )  # fmt: skip

    def _known(self, target: str) -> pl.Series:
        """Ids that a reference may point to: what the registry has and what this change set brought."""
        if target not in self._held:
            rows = bulk.rows_of(self.connection, select(TABLES[target].c.id))
            self._held[target] = pl.Series("id", [row[0] for row in rows], dtype=pl.Int64)
        brought = self._accepted.get(target, [])
        return pl.concat([self._held[target], *(ids.rename("id") for ids in brought)])

    def _store_findings(self, staged: Staged, rows: pl.DataFrame) -> None:
        """Findings with what people work them off by: sender, collector and grid."""
        if staged.findings.is_empty():
            return
        about = rows.filter(pl.col("line").is_in(staged.findings["line"].unique().implode()))
        place = about.select("line", "collector").with_columns(
            grid_of(self.connection, about).alias("grid_code")
        )
        found = staged.findings.join(place, on="line", how="left", maintain_order="left").select(
            pl.lit(self.number).alias("change_set"), pl.lit(staged.resource.name).alias("resource"), *_FINDING,
            hashed(pl.col("key")).alias("entity"), pl.lit(self.sender).alias("sender"), "collector", "grid_code",
        )  # fmt: skip
        bulk.insert_rows(self.connection, finding, found.columns, found.iter_rows())

    def _store_quarantine(self, staged: Staged) -> None:
        if staged.quarantined.is_empty():
            return
        name = staged.resource.name
        columns = [
            c for c in staged.quarantined.columns if c not in {"line", "key"} and not c.startswith("_")
        ]
        held = staged.quarantined.select(
            pl.lit(self.number).alias("change_set"), pl.lit(name).alias("resource"), "line", "key",
            pl.struct(columns).struct.json_encode().alias("row"), hashed(pl.col("key")).alias("entity"),
            pl.lit(self.sender).alias("sender"),
        )  # fmt: skip
        bulk.insert_rows(self.connection, quarantine, held.columns, held.iter_rows())


def _read_and_staged(resource: Resource, read: Read, context: Context) -> tuple[pl.DataFrame, Staged]:
    rows = with_topology(read()) if resource.name == "grid" else read()
    return rows, stage(resource, rows, context)


def grid_of(connection: Connection, rows: pl.DataFrame) -> pl.Series:
    """The grid of each row: as it says itself, else that of the address (or of its house's) in the registry."""
    if "grid_code" in rows.columns:
        return rows["grid_code"]
    address, house = TABLES["address"], TABLES["house"]
    if "address_code" in rows.columns:
        pointing, query = "address_code", select(address.c.id, address.c.grid_code)
        key = address.c.id
    elif "house_code" in rows.columns:
        joined = house.join(address, address.c.address_code == house.c.address_code)
        pointing, query = "house_code", select(house.c.id, address.c.grid_code).select_from(joined)
        key = house.c.id
    else:
        return pl.Series([None] * rows.height, dtype=pl.String)
    ids = rows.select(hashed(pl.col(pointing)).alias("id"))["id"]
    found = [
        tuple(row)
        for some in bulk.chunks(ids.drop_nulls().unique().to_list())
        for row in connection.execute(query.where(reading.among(connection, key, some)))
    ]
    grids = pl.DataFrame(found, schema={"id": pl.Int64, "grid_code": pl.String}, orient="row")
    return ids.to_frame().join(grids.unique("id"), on="id", how="left", maintain_order="left")["grid_code"]
