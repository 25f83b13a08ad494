"""The ledger of extractions: a run from its beginning over its pages to its end, in small transactions of its own."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import orjson
import polars as pl
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, select, update

from core.errors import GridLinkError
from core.exchange import leasing
from core.exchange.connectors import connector
from core.exchange.transports.source import Columns, Page, View
from core.i18n import _
from core.model.extraction import extraction_page, extraction_run
from core.model.ledger import change_set
from core.registry import publication
from core.security.workspace import Workspace
from core.store.trouble import StoreTrouble

Mode = Literal["full", "incremental"]


_LEASE: Final = timedelta(minutes=30)
"""How long a client may be at one step (a page, the applying) before another takes its run over."""


class ExtractionBusy(GridLinkError):
    """Somebody else is extracting the same at this moment."""

    code = "extraction_busy"


@dataclass(frozen=True)
class Run:
    """One extraction as the ledger has it: what, when, how many, how long, from where, by whom, does it agree."""

    id: int
    system: str
    resource: str
    mode: str
    state: str
    transport: str
    endpoint: str
    actor: str
    started_at: str
    ended_at: str | None
    seconds: float | None
    snapshot: str | None
    since: str | None
    until: str | None
    cursor: str | None
    pages: int
    read: int
    counts: Mapping[str, Any] | None
    reconciliation: Mapping[str, Any] | None
    agrees: int | None
    resumed: int | None
    trouble: str | None
    change_set: int | None

    def as_dict(self) -> dict[str, Any]:
        """The run as the headless contract prints it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"agrees": self.agreed}

    @property
    def agreed(self) -> bool | None:
        """Whether counts and digests agreed; None while not compared."""
        return None if self.agrees is None else bool(self.agrees)


_SHOWN: Final = [extraction_run.c[name] for name in Run.__dataclass_fields__]


@dataclass
class Ledger:
    """One run being written."""

    workspace: Workspace
    run: Run
    owner: str
    _since: float = field(default_factory=time.monotonic)
    _frame: tuple[int, pl.DataFrame] | None = None

    def opened(self, view: View) -> None:
        """Notes the view that the pages belong to."""
        self._set(snapshot=view.name, since=view.since, until=view.until)

    def keep(self, page: Page) -> None:
        """Keeps a page and moves the cursor behind it, both or neither; raises ``ExtractionBusy``."""
        run = self.run
        body = zlib.compress(orjson.dumps(page.columns), level=1)
        new = {
            "cursor": page.last,
            "pages": run.pages + 1,
            "read": run.read + page.rows,
            "seconds": self.seconds(),
        }
        with self.workspace.store.write() as connection:
            self._write(connection, extraction_run.c.pages == run.pages, **new)
            connection.execute(
                insert(extraction_page).values(run=run.id, page=new["pages"], rows=page.rows, body=body)
            )
        self.run = _read(self.workspace, run.id)

    def frame(self, connection: Connection) -> pl.DataFrame:
        """Every kept page as one frame of text columns; pages become columns one by one, and once a run."""
        if self._frame is None or self._frame[0] != self.run.pages:
            mine = select(extraction_page.c.body).where(extraction_page.c.run == self.run.id)
            bodies = connection.execute(mine.order_by(extraction_page.c.page)).scalars()
            self._frame = (self.run.pages, pl.concat(_columns(body) for body in bodies))
        return self._frame[1]

    def reconciled(self, told: Mapping[str, Any], *, agrees: bool) -> None:
        """Notes what the comparison with the source gave."""
        self._set(reconciliation=dict(told), agrees=int(agrees))

    def end(self, connection: Connection, state: str, **values: Any) -> None:
        """Ends the run in the caller's transaction; its pages have done their work."""
        ended = {"state": state, "ended_at": self.workspace.now(), "seconds": self.seconds(), **values}
        self._write(connection, owner=None, lease_until=None, **ended)
        connection.execute(delete(extraction_page).where(extraction_page.c.run == self.run.id))

    def hold(self, connection: Connection) -> None:
        """Keeps others out until the caller's transaction ends; raises ``ExtractionBusy`` where one has taken over."""
        self._write(connection)

    def let_go(self) -> None:
        """Leaves a run that has not ended to whoever goes on with it."""
        leasing.ENDED.add(self.owner)
        mine = and_(extraction_run.c.id == self.run.id, extraction_run.c.owner == self.owner)
        with contextlib.suppress(StoreTrouble), self.workspace.store.write() as connection:
            connection.execute(update(extraction_run).where(mine).values(owner=None, lease_until=None))

    def give_up(self, state: str, trouble: str) -> None:
        """Ends the run without a change to the registry."""
        with self.workspace.store.write() as connection:
            self.end(connection, state, trouble=trouble)
        self.run = _read(self.workspace, self.run.id)

    def seconds(self) -> float:
        """How long the run has been worked on, in every process that did."""
        now = time.monotonic()
        worked, self._since = now - self._since, now
        self._worked = getattr(self, "_worked", self.run.seconds or 0.0) + worked
        return round(self._worked, 3)

    def refresh(self) -> Run:
        """The run as the store has it now."""
        self.run = _read(self.workspace, self.run.id)
        return self.run

    def _set(self, **values: Any) -> None:
        with self.workspace.store.write() as connection:
            self._write(connection, **values)
        self.refresh()

    def _write(self, connection: Connection, *as_it_was: ColumnElement[bool], **values: Any) -> None:
        """Writes to the run while it is ours, and holds it for as long again."""
        mine = and_(extraction_run.c.id == self.run.id, extraction_run.c.state == "running",
                    extraction_run.c.owner == self.owner, *as_it_was)  # fmt: skip
        held = {"lease_until": _until(self.workspace)} | values
        if connection.execute(update(extraction_run).where(mine).values(held)).rowcount != 1:
            raise _busy(_read(self.workspace, self.run.id))


def _columns(body: bytes) -> pl.DataFrame:
    columns: Columns = orjson.loads(zlib.decompress(body))
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def begin(
    workspace: Workspace, *, system: str, resource: str, mode: Mode, transport: str, endpoint: str, since: str
) -> Ledger:
    """Enters a new run; raises ``ExtractionBusy`` where another client has begun one."""
    owner = leasing.new_owner()
    with workspace.store.write() as connection:
        if (other := _running(connection, system, resource)) is not None:
            raise _busy(_read(workspace, other["id"]), other["owner"])
        key = connection.execute(insert(extraction_run).values(
            system=system, resource=resource, mode=mode, state="running", transport=transport, endpoint=endpoint,
            actor=workspace.actor.name, started_at=workspace.now(), since=since, pages=0, read=0, resumed=0,
            owner=owner, lease_until=_until(workspace),
        )).inserted_primary_key  # fmt: skip
    assert key is not None
    return Ledger(workspace, _read(workspace, int(key[0])), owner)


def unfinished(workspace: Workspace, system: str, resource: str) -> Ledger | None:
    """The run that a kill or a cancellation left, taken over, if there is one.

    Raises ``ExtractionBusy`` where another client is at it.
    """
    owner = leasing.new_owner()
    with workspace.store.write() as connection:
        left = _running(connection, system, resource)
        if left is None:
            return None
        if _is_held(left, workspace.clock()):
            raise _busy(_read(workspace, left["id"]), left["owner"])
        ours = {"owner": owner, "lease_until": _until(workspace)}
        connection.execute(update(extraction_run).where(extraction_run.c.id == left["id"]).values(ours))
    return Ledger(workspace, _read(workspace, left["id"]), owner)


def _running(connection: Connection, system: str, resource: str) -> RowMapping | None:
    """The run that has not ended, with nobody else deciding about one until the transaction ends."""
    publication.hold_still(connection)
    mine = and_(extraction_run.c.system == system, extraction_run.c.resource == resource,
                extraction_run.c.state == "running")  # fmt: skip
    columns = (extraction_run.c.id, extraction_run.c.owner, extraction_run.c.lease_until)
    query = select(*columns).where(mine).order_by(extraction_run.c.id.desc())
    return connection.execute(query).mappings().first()


def _is_held(run: RowMapping, now: datetime) -> bool:
    """Whether somebody is at it; a lease that reaches further than any can is a clock's that was put back."""
    if not run["owner"] or not run["lease_until"] or leasing.is_gone(run["owner"]):
        return False
    return now <= datetime.fromisoformat(run["lease_until"]) <= now + _LEASE + timedelta(minutes=5)


def _until(workspace: Workspace) -> str:
    return (workspace.clock() + _LEASE).astimezone(UTC).isoformat(timespec="milliseconds")


def taken_up(ledger: Ledger) -> None:
    """Counts that the run was taken up again."""
    ledger._set(resumed=(ledger.run.resumed or 0) + 1)


def watermark(workspace: Workspace, system: str, resource: str) -> str:
    """Up to where the registry has what the source says; "" if it must be read from the beginning.

    A run that was undone is not in force, nor is any that only followed on from it.
    """
    columns = (extraction_run.c.mode, extraction_run.c.since, extraction_run.c.until, change_set.c.undone_by)
    query = (
        select(*columns)
        .select_from(extraction_run.outerjoin(change_set, change_set.c.id == extraction_run.c.change_set))
        .where(extraction_run.c.system == system, extraction_run.c.resource == resource,
               extraction_run.c.state == "applied")
        .order_by(extraction_run.c.id)
    )  # fmt: skip
    reached = ""
    with workspace.store.read() as connection:
        for mode, since, until, undone_by in connection.execute(query):
            follows = mode == "full" or (reached and (since or "") <= reached)
            if undone_by is None and follows:
                reached = max(reached, until or "")
    return reached


def runs(workspace: Workspace, *, system: str = "", limit: int = 200) -> list[Run]:
    """The runs, newest first."""
    query = select(*_SHOWN).order_by(extraction_run.c.id.desc()).limit(limit)
    if system:
        query = query.where(extraction_run.c.system == system)
    with workspace.store.read() as connection:
        return [_run(row) for row in connection.execute(query).mappings()]


def _read(workspace: Workspace, number: int) -> Run:
    with workspace.store.read() as connection:
        found = connection.execute(select(*_SHOWN).where(extraction_run.c.id == number)).mappings().one()
    return _run(found)


def _run(row: RowMapping) -> Run:
    return Run(**dict(row))


def _busy(run: Run, owner: str | None = None) -> ExtractionBusy:
    return ExtractionBusy(
        _("{system}: {resource} is being extracted by {actor} on {host} at this moment.").format(
            system=_(connector(run.system).title), resource=run.resource, actor=run.actor,
            host=leasing.host_of(owner or "") or "–",
        ),
        cure=_("Wait until that run has ended; it is in the list of extractions."),
        run=run.id,
    )  # fmt: skip
