"""The findings workbench: everything that verification found, by whom and where, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    false,
    func,
    not_,
    or_,
    select,
)

from core.model.ledger import change_set, finding, package
from core.model.stewardship import verification_run
from core.security.workspace import Workspace, permits
from core.stewardship.ignoring import anything_ignored, is_ignored
from core.store import bulk
from core.verification.catalogue import describe

State = Literal["open", "ignored", "fixed", "all"]
GROUPS: Final = ("rule", "sender", "grid", "collector", "day", "resource", "severity")

_DAY = func.coalesce(func.substr(change_set.c.at, 1, 10), func.substr(verification_run.c.at, 1, 10))
_BY: Final[Mapping[str, Any]] = {
    "rule": finding.c.rule, "sender": finding.c.sender, "grid": finding.c.grid_code, "collector": finding.c.collector,
    "day": _DAY, "resource": finding.c.resource, "severity": finding.c.severity,
}  # fmt: skip
_SOURCE = (
    finding.outerjoin(change_set, change_set.c.id == finding.c.change_set)
    .outerjoin(package, package.c.id == change_set.c.package_id)
    .outerjoin(verification_run, verification_run.c.id == finding.c.run)
)


@dataclass(frozen=True)
class Filters:
    """Which findings: each empty field means any; ``community`` are the 12 digits a grid's code begins with."""

    rule: str = ""
    resource: str = ""
    severity: str = ""
    sender: str = ""
    grid: str = ""
    community: str = ""
    collector: str = ""
    day: str = ""
    key: str = ""
    package: str = ""
    state: State = "open"


@dataclass(frozen=True)
class Counts:
    """How many findings of the filter are open, ignored and corrected; the first is what is left to do."""

    open: int
    ignored: int
    fixed: int

    @property
    def all(self) -> int:
        """Every finding ever made that is still on record."""
        return self.open + self.ignored + self.fixed


@dataclass(frozen=True)
class Group:
    """One value of what is grouped by, with the complete number of findings and the errors among them."""

    value: str
    count: int
    errors: int


@dataclass(frozen=True)
class Listed:
    """One finding as people read it; message and cure are made when shown. Without ``package`` a run found it."""

    number: int
    resource: str
    key: str
    entity: int | None
    line: int
    rule: str
    severity: str
    field: str
    value: str | None
    message: str
    cure: str
    sender: str
    collector: str
    grid: str
    package: str
    day: str
    state: str


@permits("finding.read")
def counts(workspace: Workspace, filters: Filters | None = None) -> Counts:
    """The findings of a filter by state, whatever state the filter names."""
    filters = filters or Filters()
    fixed = finding.c.fixed_in.is_not(None)
    with workspace.store.read() as connection:
        ignored = and_(not_(fixed), _ignored(connection, _today(workspace)))
        query = (
            select(func.count(), func.count().filter(ignored), func.count().filter(fixed))
            .select_from(_source(filters)).where(_matching(filters))
        )  # fmt: skip
        total, hidden, done = connection.execute(query).one()
    return Counts(total - hidden - done, hidden, done)


@permits("finding.read")
def groups(workspace: Workspace, by: str = "rule", filters: Filters | None = None) -> Sequence[Group]:
    """The findings of a filter grouped, the largest group first; the counts are complete."""
    column = func.coalesce(_BY[by], "")
    errors = func.count().filter(finding.c.severity == "error")
    filters = filters or Filters()
    with workspace.store.read() as connection:
        query = (
            select(column, func.count(), errors).select_from(_source(filters, by))
            .where(_where(connection, filters, _today(workspace))).group_by(column)
            .order_by(func.count().desc(), column)
        )  # fmt: skip
        return [Group(str(row[0]), int(row[1]), int(row[2])) for row in connection.execute(query)]


@permits("finding.read")
def listed(
    workspace: Workspace, filters: Filters | None = None, *, after: int = 0, limit: int = 100
) -> Sequence[Listed]:
    """Findings in the order in which they were made; ``after`` is the last number seen."""
    filters = filters or Filters()
    with workspace.store.read() as connection:
        where = and_(_where(connection, filters, _today(workspace)), finding.c.id > after)
        rows = connection.execute(_rows(_today(workspace)).where(where).order_by(finding.c.id).limit(limit)).all()
    return [_as_listed(row) for row in rows]


@permits("finding.read")
def numbers(workspace: Workspace, filters: Filters | None = None) -> Sequence[int]:
    """The numbers of every finding of a filter, in order: what a table of any size scrolls over."""
    filters = filters or Filters()
    with workspace.store.read() as connection:
        where = _where(connection, filters, _today(workspace))
        query = select(finding.c.id).select_from(_source(filters)).where(where)
        return [row[0] for row in bulk.rows_of(connection, query.order_by(finding.c.id))]


@permits("finding.read")
def by_number(workspace: Workspace, wanted: Sequence[int]) -> Sequence[Listed]:
    """These findings, in order of their numbers."""
    query = _rows(_today(workspace)).where(finding.c.id.in_(wanted)).order_by(finding.c.id)
    with workspace.store.read() as connection:
        return [_as_listed(row) for row in connection.execute(query)]


@permits("finding.read")
def fired(workspace: Workspace) -> Mapping[str, int]:
    """How often each rule has fired, whatever became of it."""
    query = select(finding.c.rule, func.count()).group_by(finding.c.rule)
    with workspace.store.read() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}


def _source(filters: Filters, by: str = "") -> FromClause:
    """The findings, joined with what brought them only where somebody asks for that: there may be millions."""
    return _SOURCE if filters.day or filters.package or by == "day" else finding


def _matching(filters: Filters) -> ColumnElement[bool]:
    """What the filters say, but for the state."""
    wanted = [
        _BY[name] == value
        for name in ("rule", "resource", "severity", "sender", "grid", "collector", "day")
        if (value := getattr(filters, name))
    ]
    if filters.community:
        wanted.append(finding.c.grid_code.like(f"{filters.community}%"))
    if filters.key:
        wanted.append(finding.c.key == filters.key)
    if filters.package:
        name = filters.package
        named = (package.c.name == name.removesuffix(".zip"), package.c.file_name == name, package.c.uuid == name)
        wanted.append(or_(*named))
    return and_(True, *wanted)


def _where(connection: Connection, filters: Filters, today: str) -> ColumnElement[bool]:
    ignored, fixed = _ignored(connection, today), finding.c.fixed_in.is_not(None)
    states = {"open": and_(not_(fixed), not_(ignored)), "ignored": and_(not_(fixed), ignored), "fixed": fixed}
    return and_(_matching(filters), *([states[filters.state]] if filters.state in states else []))


def _ignored(connection: Connection, today: str) -> ColumnElement[bool]:
    """Whether a finding is ignored; where nothing at all is, no row needs to be asked."""
    return is_ignored(today) if anything_ignored(connection, today) else false()


def _rows(today: str) -> Select[Any]:
    return select(
        finding, package.c.name.label("package"), _DAY.label("day"), is_ignored(today).label("is_ignored")
    ).select_from(_SOURCE)


def _as_listed(row: Row[Any]) -> Listed:
    message, cure = describe(row.rule, field=row.field, value=row.value)
    state = "fixed" if row.fixed_in is not None else "ignored" if row.is_ignored else "open"
    return Listed(
        row.id, row.resource, row.key, row.entity, row.line, row.rule, row.severity, row.field, row.value, message,
        cure, row.sender or "", row.collector or "", row.grid_code or "", row.package or "", row.day or "", state,
    )  # fmt: skip


def _today(workspace: Workspace) -> str:
    return workspace.now()[:10]
