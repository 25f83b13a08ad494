"""Named reads for looking around in the registry: search, and listings of a million rows by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Table, func as sql, select

from core.model.ledger import change_set
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.registry.lookup import KINDS, look_up
from core.security import audit
from core.security.own_grids import require_list
from core.security.workspace import Workspace, permits
from core.store import search as index
from core.store.engine import Store
from core.store.search import Hit

SHOWN: Final = {
    "address": ("full_text", "address_code", "community_code", "grid_code", "status"),
    "house": ("house_code", "address_code", "use", "area_m2", "rooms", "landlord_masked"),
    "person": (
        "name_masked",
        "sex",
        "birth_year",
        "residence",
        "id_masked",
        "house_code",
        "move_in",
        "person_token",
    ),
    "organisation": ("name", "uscc", "org_no", "kind", "address_code", "status"),
    "grid": ("name", "grid_code", "kind", "community_code", "maintainer", "cycle_days"),
    "place": ("name", "kind", "place_no", "address_code"),
    "thing": ("kind", "thing_no", "state", "address_code"),
    "event": ("kind", "event_no", "occurred_at", "summary"),
    "dispute": ("kind", "dispute_no", "occurred_at", "severity", "state", "summary"),
    "hazard": ("kind", "hazard_no", "found_at", "severity", "house_code", "description"),
    "qr_report": ("kind", "report_no", "submitted_at", "address_code"),
}
"""The columns of each listing; sealed identities are in none."""
_FOUND: Final = 1000
_TOTALS: Final[WeakKeyDictionary[Store, dict[str, tuple[int, int]]]] = WeakKeyDictionary()
"""Per open store and kind: the change set after which it was counted, and the count."""


@dataclass(frozen=True)
class Slice:
    """Rows of a listing from ``start`` on: ``(id, retired, *shown columns)`` each."""

    start: int
    rows: Sequence[tuple[Any, ...]]


@permits("registry.read")
def search(workspace: Workspace, wanted: str, *, limit: int = 20) -> Sequence[Hit]:
    """Entities whose text holds every word of ``wanted``; each search is one audit entry (F57).

    What ``lookup.look_up`` finds among records, kinds side by side.
    """
    kinds = [kind for kind in KINDS if kind in TABLES]
    groups = look_up(workspace, wanted, kinds=kinds, limit=limit).groups
    side_by_side = (
        hit for row in zip_longest(*(group.hits for group in groups)) for hit in row if hit is not None
    )
    return list(islice(side_by_side, limit))


@permits("registry.read")
def total(workspace: Workspace, resource: str) -> int:
    """How many rows a listing has; retired ones are listed too, and marked.

    Counted once after each change: a million rows take 160 ms to count, and only change sets change them.
    """
    known = _TOTALS.setdefault(workspace.store, {})
    with workspace.store.read() as connection:
        last = connection.execute(select(sql.max(change_set.c.id))).scalar() or 0
        if known.get(resource, (-1, 0))[0] != last:
            counted = connection.execute(select(sql.count()).select_from(TABLES[resource])).scalar_one()
            known[resource] = (last, counted)
    return known[resource][1]


@permits("registry.read")
def sortable(workspace: Workspace, resource: str) -> Sequence[str]:
    """The shown columns by which a listing can be sorted at any size: those with an index."""
    return [name for name in SHOWN[resource] if RESOURCES[resource].by_name[name].indexed]


@permits("registry.read")
def listing(
    workspace: Workspace, resource: str, *, order_by: str, descending: bool, start: int, count: int, of: int
) -> Slice:
    """Rows ``start`` to ``start + count`` of the ``of`` rows in the order of an indexed column.

    The second half is read from the other end, so that the last rows cost no more than the first.
    """
    require_list(workspace, resource, None)
    table = TABLES[resource]
    from_end = start > of // 2
    skip = max(0, of - start - count) if from_end else start
    wanted = min(count, of - start) if from_end else count
    order = table.c[order_by]
    backwards = descending != from_end
    keys = (order.desc(), table.c.id.desc()) if backwards else (order, table.c.id)
    ids = select(table.c.id).order_by(*keys).limit(wanted).offset(skip)
    with workspace.store.read() as connection:
        chosen = list(connection.execute(ids).scalars())
        rows = {
            row[0]: tuple(row)
            for row in connection.execute(_rows(table, resource).where(table.c.id.in_(chosen)))
        }
    ordered = [rows[one] for one in chosen if one in rows]
    return Slice(start, ordered[::-1] if from_end else ordered)


@permits("registry.read")
def filtered(workspace: Workspace, resource: str, wanted: str) -> Slice:
    """The rows of one kind that a search finds, the first thousand; audited as a search."""
    require_list(workspace, resource, None)
    table = TABLES[resource]
    with workspace.store.read() as connection:
        hits = [hit.id for hit in index.search(connection, wanted, limit=_FOUND) if hit.resource == resource]
        rows = {
            row[0]: tuple(row)
            for row in connection.execute(_rows(table, resource).where(table.c.id.in_(hits)))
        }
    _audit(workspace, wanted, len(rows))
    return Slice(0, [rows[one] for one in hits if one in rows])


def _rows(table: Table, resource: str) -> Any:
    return select(table.c.id, table.c.retired_in.is_not(None), *(table.c[name] for name in SHOWN[resource]))


def _audit(workspace: Workspace, wanted: str, hits: int) -> None:
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.search", subject=wanted,
            details={"hits": hits},
        )  # fmt: skip
