"""Extraction of what a source holds: pages kept with their cursor, reconciled, verified, applied; resumable."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from core.errors import GridLinkError
from core.exchange import ways
from core.exchange.configuration import endpoint
from core.exchange.declaration import Connector, Incoming
from core.exchange.declared import in_force
from core.exchange.extraction import runs
from core.exchange.extraction.applying import apply
from core.exchange.extraction.mapping import held_by_community, split
from core.exchange.extraction.reconciling import Community, compare, summary
from core.exchange.extraction.runs import Ledger, Run
from core.exchange.hours import require_open
from core.exchange.transports.source import Source, View, garbled
from core.exchange.troubles import Rejected, Trouble
from core.i18n import _
from core.jobs import Progress
from core.model.resources import RESOURCES
from core.security import audit
from core.security.workspace import Workspace, permits

Result = TypeVar("Result")
_VIEWS: Final = 2
"""How often a view that does not agree with the source, or has expired, is followed by a new one."""


class NotASource(GridLinkError):
    """Nothing is extracted from the system that was named."""

    code = "not_a_source"


class ExtractionDiffers(GridLinkError):
    """What was read is not what the source says it holds; nothing was changed."""

    code = "extraction_differs"


@dataclass(frozen=True)
class _Job:
    """One resource of one system, and what the work on it needs."""

    workspace: Workspace
    it: Connector
    source: Source
    resource: str
    progress: Progress
    pause: Callable[[float], None]

    @property
    def what(self) -> Incoming:
        return self.it.extract[self.resource]


@permits("exchange.extract")
def extract(
    workspace: Workspace, system: str, *, full: bool = False, progress: Progress | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> list[Run]:  # fmt: skip
    """Extracts every resource that ``system`` is declared to give: what changed since the last run, or everything.

    A run that was killed is taken up where it stood. Raises ``NotASource``, ``ConnectorNotConfigured``,
    ``OutsideHours``, ``ExtractionDiffers``, ``ExtractionBusy`` or the ``Trouble`` that ended it; pages read until
    then are kept.
    """
    it = in_force(workspace.store, system)
    if not it.extract:
        raise NotASource(
            _("Nothing is extracted from {system}.").format(system=_(it.title)),
            cure=_("“gridlink connector list” shows which systems are sources."),
        )
    where = endpoint(workspace.store, system).base_url
    done: list[Run] = []
    with ways.source(workspace, system) as source:
        for resource in (name for name in RESOURCES if name in it.extract):
            job = _Job(workspace, it, source, resource, progress or Progress(), pause)
            done.append(_extracted(job, where, full=full))
    return done


def _extracted(job: _Job, where: str, *, full: bool) -> Run:
    """One resource, in a second view where the first expired or did not agree."""
    for attempt in range(1, _VIEWS + 1):
        ledger = _opened(job, where, full=full)
        try:
            done, communities = _worked(job, ledger, last=attempt == _VIEWS)
        finally:
            ledger.let_go()
        if done is not None:
            return done
    raise _differs(job, ledger.run, communities)


def _worked(job: _Job, ledger: Ledger, *, last: bool) -> tuple[Run | None, tuple[Community, ...]]:
    """Reads, compares and applies one view; no run where another view must be tried."""
    try:
        view = _view(job, ledger, ledger.run.since or "")
        _read_pages(job, ledger, view)
        communities = _reconciled(job, ledger, view)
    except Rejected as trouble:
        ledger.give_up("failed", trouble.short)
        if last or trouble.details.get("status") != 410:
            raise
        return None, ()
    if all(c.agrees for c in communities):
        job.progress.phase(_("Applying {resource}").format(resource=job.resource))
        return apply(job.workspace, job.it, ledger, job.progress), communities
    ledger.give_up("failed", "differs")
    _on_record(job, ledger.run, "exchange.extract_differs")
    return None, communities


def _opened(job: _Job, where: str, *, full: bool) -> Ledger:
    """The run to work on: the one that a kill left, or a new one."""
    left = runs.unfinished(job.workspace, job.it.target, job.resource)
    since = "" if full else runs.watermark(job.workspace, job.it.target, job.resource)
    mode: runs.Mode = "incremental" if since else "full"
    if left is not None and (left.run.mode, left.run.endpoint, left.run.since or "") == (mode, where, since):
        runs.taken_up(left)
        return left
    if left is not None:
        left.give_up("given_up", "replaced")
    return runs.begin(
        job.workspace, system=job.it.target, resource=job.resource, mode=mode, transport=job.source.kind,
        endpoint=where, since=since,
    )  # fmt: skip


def _view(job: _Job, ledger: Ledger, since: str) -> View:
    """The run's view: as it was where the source keeps it, else one that reaches no further than it did."""
    run = ledger.run
    if run.snapshot and job.source.lasting:
        return View(run.snapshot, since, run.until or "")
    until = (run.until or "") if run.pages else ""
    view = _patiently(job, lambda: job.source.view(job.resource, job.what, since=since, until=until))
    if not run.pages:
        ledger.opened(view)
    return view


def _read_pages(job: _Job, ledger: Ledger, view: View) -> None:
    job.progress.phase(_("Extracting {resource} from {system}").format(
        resource=job.resource, system=_(job.it.title)))  # fmt: skip
    job.progress.advance(ledger.run.read)
    while True:
        after = ledger.run.cursor or ""
        page = _patiently(job, functools.partial(job.source.page, job.resource, job.what, view, after=after))
        if page.more and page.last == after:
            raise garbled("stuck")
        if page.rows or not ledger.run.pages:
            ledger.keep(page)
        job.progress.advance(page.rows)
        if not page.more:
            return


def _reconciled(job: _Job, ledger: Ledger, view: View) -> tuple[Community, ...]:
    """Compares what was kept with what the source itself counts, and puts it on record."""
    job.progress.phase(_("Reconciling {resource} with {system}").format(
        resource=job.resource, system=_(job.it.title)))  # fmt: skip
    theirs = _patiently(job, lambda: job.source.totals(job.resource, job.what, view))
    with job.workspace.store.read() as connection:
        live, _gone = split(job.what, ledger.frame(connection))
    communities = compare(theirs, held_by_community(job.what, live))
    ledger.reconciled(summary(communities), agrees=all(c.agrees for c in communities))
    return communities


def _patiently(job: _Job, ask: Callable[[], Result]) -> Result:
    """Asks again after troubles that may pass, as often as the declaration allows."""
    attempt = 0
    while True:
        job.progress.checkpoint()
        require_open(job.it, job.workspace.clock())
        try:
            return ask()
        except Trouble as trouble:
            attempt += 1
            final = isinstance(trouble, Rejected) or trouble.details.get("status") in {401, 403, 404}
            final = final or trouble.details.get("cause") in {"certificate", "denied", "host_key"}
            if final or attempt >= job.it.retry.attempts:
                raise
            now = job.workspace.clock()
            due = job.it.retry.due(trouble, attempt, now)
            job.pause((due - now).total_seconds() if due else 0.0)


def _on_record(job: _Job, run: Run, action: str) -> None:
    with job.workspace.store.write() as connection:
        audit.record(
            connection, at=job.workspace.now(), actor=job.workspace.actor.name, action=action,
            subject=job.it.target, details={"run": run.id, "resource": run.resource, "read": run.read},
        )  # fmt: skip


def _differs(job: _Job, run: Run, communities: tuple[Community, ...]) -> ExtractionDiffers:
    wrong: list[dict[str, Any]] = [
        {"community": c.community, "source": c.theirs, "read": c.ours} for c in communities if not c.agrees
    ]
    return ExtractionDiffers(
        _(
            "{system}: {resource} does not agree with the source in {n} communities. Nothing was changed."
        ).format(system=_(job.it.title), resource=job.resource, n=len(wrong)),
        cure=_("Extract again; if it differs again, send the operator the list of communities."),
        run=run.id,
        communities=wrong[:50],
    )
