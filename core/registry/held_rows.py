"""The rows that an import held back: which still wait in quarantine, and which a correction has let in since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from core.model.ledger import change_set, finding, quarantine
from core.security.workspace import Workspace, permits
from core.verification.catalogue import describe


@dataclass(frozen=True)
class HeldRow:
    """One row in quarantine: why it was held, and since when it is in (empty while it waits)."""

    resource: str
    line: int
    key: str
    message: str
    cure: str
    released_at: str
    released_in: int | None


@dataclass(frozen=True)
class HeldRows:
    """An import's quarantine: ``waiting`` rows, ``released`` ones, and the first of both."""

    waiting: int
    released: int
    rows: Sequence[HeldRow]


@permits("finding.read")
def held_rows(workspace: Workspace, number: int, *, limit: int | None = 500) -> HeldRows:
    """What change set ``number`` held back; the counts are complete, and with ``limit`` None the rows too."""
    mine = quarantine.c.change_set == number
    first = select(func.min(finding.c.id)).where(
        finding.c.change_set == quarantine.c.change_set, finding.c.resource == quarantine.c.resource,
        finding.c.line == quarantine.c.line, finding.c.severity == "error",
    ).correlate(quarantine).scalar_subquery()  # fmt: skip
    joined = quarantine.outerjoin(finding, finding.c.id == first).outerjoin(
        change_set, change_set.c.id == quarantine.c.released_in
    )
    query = (
        select(quarantine.c.resource, quarantine.c.line, quarantine.c.key, quarantine.c.released_in,
               finding.c.rule, finding.c.field, finding.c.value, change_set.c.at)
        .select_from(joined).where(mine).order_by(quarantine.c.released_in.is_not(None), quarantine.c.id).limit(limit)
    )  # fmt: skip
    with workspace.store.read() as connection:
        released = connection.execute(
            select(func.count()).select_from(quarantine).where(and_(mine, quarantine.c.released_in.is_not(None)))
        ).scalar_one()
        total = connection.execute(select(func.count()).select_from(quarantine).where(mine)).scalar_one()
        rows = connection.execute(query).all()
    made = []
    for row in rows:
        message, cure = describe(row.rule, field=row.field, value=row.value) if row.rule else ("", "")
        made.append(HeldRow(row.resource, row.line, row.key, message, cure, row.at or "", row.released_in))
    return HeldRows(total - released, released, made)
