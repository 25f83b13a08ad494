"""Named reads of what came in and what it did: for the Inbox, the Workbench, the status bar and the CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func as sql, or_, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.exchange import delivery
from core.model.ledger import change_set, finding, package, quarantine, refusal
from core.model.registry import TABLES
from core.registry.digest import digest
from core.security.separation import separation
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting, schema_version
from core.verification.catalogue import describe


class PackageUnknown(GridLinkError):
    """No imported package bears the name, file name or id that was asked for."""

    code = "package_unknown"


@dataclass(frozen=True)
class Finding:
    """One finding as people read it; its message and cure are made from the rule when shown."""

    number: int
    package: str
    resource: str
    line: int
    key: str
    rule: str
    severity: str
    field: str
    value: str | None
    message: str
    cure: str


@dataclass(frozen=True)
class FindingsPage:
    """Findings in the order they were found; ``total`` and ``by_rule`` count all, ``rows`` may be fewer."""

    total: int
    by_rule: Mapping[str, int]
    rows: Sequence[Finding]


@dataclass(frozen=True)
class Overview:
    """The figures that the Workbench and the status bar show."""

    entities: Mapping[str, int]
    waiting: int
    rejected: int
    findings: int
    quarantined: int
    refusals: int
    packages: int
    last_package: str
    last_import_at: str
    station: str


@permits("finding.read")
def packages(workspace: Workspace) -> Sequence[Row[Any]]:
    """Every package ever imported (undone ones too), newest first, with the columns of ``package``."""
    with workspace.store.read() as connection:
        return connection.execute(select(package).order_by(package.c.id.desc())).all()


@permits("finding.read")
def refusals(workspace: Workspace) -> Sequence[Row[Any]]:
    """Every refused package, newest first."""
    with workspace.store.read() as connection:
        return connection.execute(select(refusal).order_by(refusal.c.id.desc())).all()


@permits("finding.read")
def change_sets(workspace: Workspace) -> Sequence[Row[Any]]:
    """Every change set, newest first."""
    with workspace.store.read() as connection:
        return connection.execute(select(change_set).order_by(change_set.c.id.desc())).all()


@permits("finding.read")
def findings(
    workspace: Workspace, *, package_name: str = "", rule: str = "", limit: int = 100, after: int = 0
) -> FindingsPage:
    """Findings of a package (by name, file name or id) and rule; ``after`` is the last number seen."""
    with workspace.store.read() as connection:
        wanted = [finding.c.rule == rule] if rule else []
        if package_name:
            wanted.append(finding.c.change_set.in_(_change_sets_of(connection, package_name)))
        counted = select(finding.c.rule, sql.count()).where(*wanted).group_by(finding.c.rule)
        by_rule = {
            str(name): int(count) for name, count in connection.execute(counted.order_by(finding.c.rule))
        }
        rows = connection.execute(_finding_rows().where(*wanted, finding.c.id > after).limit(limit)).all()
    return FindingsPage(sum(by_rule.values()), by_rule, [_as_finding(row) for row in rows])


@permits("registry.read")
def overview(workspace: Workspace) -> Overview:
    """What the Workbench shows; a handful of counts."""
    with workspace.store.read() as connection:
        last = connection.execute(
            select(package.c.name, package.c.imported_at)
            .where(package.c.state == "imported")
            .order_by(package.c.id.desc())
        ).first()
        return Overview(
            entities=_entities(connection),
            waiting=_count(connection, delivery, delivery.c.state.in_(("waiting", "sent"))),
            rejected=_count(connection, delivery, delivery.c.state == "rejected"),
            findings=_count(connection, finding),
            quarantined=_count(connection, quarantine),
            refusals=_count(connection, refusal),
            packages=_count(connection, package, package.c.state == "imported"),
            last_package=last.name if last else "",
            last_import_at=last.imported_at if last else "",
            station=read_setting(connection, "station"),
        )


@permits("registry.read")
def store_info(workspace: Workspace, *, with_digest: bool = False) -> dict[str, Any]:
    """The store's facts as the headless contract prints them; the digest reads every row."""
    store = workspace.store
    with store.read() as connection:
        info = {
            "entities": _entities(connection),
            "schema_version": schema_version(store),
            "encrypted": store.encrypted,
            "backend": store.backend,
            "station": read_setting(connection, "station"),
            "store_id": read_setting(connection, "store_id"),
            "location": store.location.rsplit("@", 1)[-1],
            "size_bytes": Path(store.location).stat().st_size if store.backend == "sqlcipher" else None,
            "administration": separation(connection).sentence,
        }
        return info | ({"digest": digest(connection)} if with_digest else {})


@permits("finding.read")
def require_package(workspace: Workspace, name: str) -> None:
    """Raises ``PackageUnknown`` unless a package of this name, file name or id was imported."""
    with workspace.store.read() as connection:
        _change_sets_of(connection, name)


def _change_sets_of(connection: Connection, name: str) -> list[int]:
    stem = name.removesuffix(".zip")
    named = or_(package.c.name == stem, package.c.file_name == name, package.c.uuid == name)
    found = [int(n) for n in connection.execute(select(package.c.change_set).where(named)).scalars()]
    if not found:
        raise PackageUnknown(
            _("No package called “{name}” was imported into this store.").format(name=name),
            cure=_("Use the name that ingest printed, the file name, or the package's id."),
            package=name,
        )
    return found


def _finding_rows() -> Select[Any]:
    joined = finding.outerjoin(change_set, change_set.c.id == finding.c.change_set).outerjoin(
        package, package.c.id == change_set.c.package_id
    )
    return select(finding, package.c.name.label("package")).select_from(joined).order_by(finding.c.id)


def _as_finding(row: Row[Any]) -> Finding:
    message, cure = describe(row.rule, field=row.field, value=row.value)
    return Finding(
        number=row.id, package=row.package or "", resource=row.resource, line=row.line, key=row.key, rule=row.rule,
        severity=row.severity, field=row.field, value=row.value, message=message, cure=cure,
    )  # fmt: skip


def _entities(connection: Connection) -> dict[str, int]:
    """Current entities by kind; both counts are answered from indexes, whatever the size."""
    return {
        name: _count(connection, table) - _count(connection, table, table.c.retired_in.is_not(None))
        for name, table in TABLES.items()
    }


def _count(connection: Connection, table: Table, *where: Any) -> int:
    return connection.execute(select(sql.count()).select_from(table).where(*where)).scalar_one()
