"""The atlas: all layers in memory, brought up to date after each change set by what it changed and no more."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select

from core.atlas import columns, layers
from core.atlas.columns import READ, Columns, Numbers
from core.atlas.layers import LAYERS, SINGLE, WORK_LISTS, Layer
from core.jobs import Progress
from core.model.ledger import change_set, finding, recollected
from core.model.registry import TABLES, entity_id
from core.model.stewardship import comparison, ignoring
from core.security.workspace import Workspace, permits
from core.stewardship.ignoring import is_ignored

_BULK: Final = frozenset({"import", "sheet", "extraction"})
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Atlas:
    """The layers named (all unless told otherwise), as of change set ``last``.

    One thread refreshes at a time; whoever reads ``held`` holds ``lock``, so that its columns belong together.
    """

    def __init__(self, only: Collection[str] = LAYERS) -> None:
        self._only = [name for name in LAYERS if name in only]
        self._needed = [r for r in READ if any(r in layers.needs(name) for name in self._only)]
        self.lock = threading.Lock()
        self.held: dict[str, Columns] = {}
        self.layers: dict[str, Layer] = {}
        self.cycles: dict[int, int] = {}
        self.last, self.today = 0, 0
        self._lists: tuple[Any, ...] = ()
        self._moved: dict[str, Numbers] = {}

    def refresh(self, workspace: Workspace, progress: Progress | None = None) -> set[str]:
        """Reads what change sets since the last time wrote; the names of the layers that may look different."""
        return _refresh(workspace, self, progress or Progress())

    def _read(self, connection: Connection, progress: Progress) -> set[str]:
        """Brings the columns up to date; the resources that changed."""
        rows = connection.execute(
            select(change_set.c.id, change_set.c.undoes).where(change_set.c.id > self.last)
        ).all()
        if not rows and self.held:
            return set()
        undone = [row.undoes for row in rows if row.undoes is not None]
        whole = not self.held or any(kind in _BULK for kind in _kinds(connection, undone))
        touched: set[str] = set()
        for resource in self._needed:
            progress.checkpoint()
            if whole:
                self.held[resource] = columns.read(connection, resource)
                touched.add(resource)
            elif self._bring(connection, resource, undone, touched):
                touched.add(resource)
        self.last = max([self.last, *(row.id for row in rows)])
        return touched

    def _bring(self, connection: Connection, resource: str, undone: Sequence[int], touched: set[str]) -> bool:
        """Brings one resource up to date; whether rows of it, or what they stand at, are others than before."""
        table, held = TABLES[resource], self.held[resource]
        new = columns.read(
            connection, resource, or_(table.c.changed_in > self.last, _collected(resource, self.last))
        )
        back = held["id"][np.isin(held["changed"], undone)] if undone else np.zeros(0, np.int64)
        again = columns.by_ids(connection, resource, back.tolist()) if len(back) else None
        if again is not None:
            new = columns.merged(again, new)
        gone = back[~np.isin(back, new["id"])]
        self._moved[resource] = np.concatenate((new["id"], gone))
        if len(self._moved[resource]):
            self.held[resource] = columns.merged(held, new, gone)
            return True
        at = "house" if resource == "person" else "address"
        if at not in touched or "anchor" not in held:
            return False
        there = held["id"][np.isin(held["anchor"], self._moved[at])]
        self._moved[resource] = there  # they stand where something moved
        return bool(len(there))

    def _derive(self, connection: Connection, workspace: Workspace, touched: set[str]) -> set[str]:
        today = workspace.today()
        day, cycles = today.toordinal() - _EPOCH, _cycles(connection)
        late = day != self.today or cycles != self.cycles
        self.today, self.cycles = day, cycles
        made = set()
        lists = _signature(connection, str(today))
        worked = lists != self._lists
        self._lists = lists
        for name in self._only:
            if name in WORK_LISTS:
                if workspace.actor.may("finding.read") and (worked or touched):
                    entries = _entries(connection, name, str(today))
                    self.layers[name] = layers.listed(self.held, name, entries)
                    made.add(name)
            elif touched & _shows(name) or (name == "overdue" and late):
                self.layers[name] = _layer(self, name)
                made.add(name)
        return made


@permits("map.read")
def _refresh(workspace: Workspace, atlas: Atlas, progress: Progress) -> set[str]:
    with atlas.lock, workspace.store.read() as connection:
        touched = atlas._read(connection, progress)
        return atlas._derive(connection, workspace, touched)


@permits("map.read")
def newest(workspace: Workspace) -> int:
    """The number of the newest change set, to see whether an atlas is behind."""
    with workspace.store.read() as connection:
        return int(connection.execute(select(func.max(change_set.c.id))).scalar() or 0)


def _shows(layer: str) -> set[str]:
    """The resources whose rows, or whose rows' places, a layer shows: those it only passes through do not count."""
    return {"person": {"person"}, "overdue": set(layers.KEPT_UP)}.get(layer, {layer})


def _signature(connection: Connection, today: str) -> tuple[Any, ...]:
    """Changes whenever findings, what is ignored, or conflicts may be others than before."""
    count = func.count()
    found = select(func.max(finding.c.id), count, func.count(finding.c.fixed_in))
    left = select(func.max(ignoring.c.id), func.count(ignoring.c.withdrawn_at))
    conflicts = select(count, func.max(comparison.c.at)).where(comparison.c.state == "conflict")
    return (today, *(tuple(connection.execute(query).one()) for query in (found, left, conflicts)))


def _layer(atlas: Atlas, name: str) -> Layer:
    if name in SINGLE:
        return layers.single(atlas.held, name)
    if name == "person":
        return layers.people(atlas.held)
    return layers.overdue(atlas.held, atlas.cycles, atlas.today)


def _kinds(connection: Connection, numbers: Sequence[int]) -> list[str]:
    if not numbers:
        return []
    return list(connection.execute(select(change_set.c.kind).where(change_set.c.id.in_(numbers))).scalars())


def _collected(resource: str, since: int) -> ColumnElement[bool]:
    """Rows that came again unchanged: only their date moved on, their version did not."""
    again = select(recollected.c.entity).where(
        recollected.c.change_set > since, recollected.c.resource == resource
    )
    return TABLES[resource].c.id.in_(again)


def _cycles(connection: Connection) -> dict[int, int]:
    grid = TABLES["grid"]
    rows = connection.execute(select(grid.c.grid_code, grid.c.cycle_days).where(grid.c.retired_in.is_(None)))
    return {entity_id(row.grid_code): int(row.cycle_days) for row in rows}


def _entries(connection: Connection, name: str, today: str) -> dict[str, tuple[Any, Any]]:
    """Open findings or conflicts by resource: ids and how many each has."""
    if name == "findings":
        open_ = (finding.c.fixed_in.is_(None), finding.c.entity.is_not(None), ~is_ignored(today))
        query = select(finding.c.resource, finding.c.entity, func.count()).where(*open_)
        rows = connection.execute(query.group_by(finding.c.resource, finding.c.entity)).all()
    else:
        query = select(comparison.c.resource, comparison.c.entity, func.count())
        found = query.where(comparison.c.state == "conflict").group_by(
            comparison.c.resource, comparison.c.entity
        )
        rows = connection.execute(found).all()
    made: dict[str, tuple[list[int], list[int]]] = {}
    for resource, entity, count in rows:
        ids, counts = made.setdefault(resource, ([], []))
        ids.append(entity)
        counts.append(count)
    return {r: (np.array(ids, np.int64), np.array(counts, np.int64)) for r, (ids, counts) in made.items()}
