"""Grids under the hand: borders moved with their neighbours, drawn, split and merged; checked while they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
import shapely
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shapely.geometry.base import BaseGeometry
from shiboken6 import isValid

from core.atlas.areas import Area, Areas, around
from core.atlas.grid_editing import GridResult, merge_grids, next_code, save_grids, split_grid
from core.atlas.grid_files import Grid
from core.i18n import _
from core.registry.undo import undo_edit
from core.spatial.tessellation import Problem, problems
from desktop import theme
from desktop.desk import Desk
from desktop.map.view import MapView
from desktop.widgets.map_grid_files import GridFiles
from desktop.widgets.parts import button, label, rule

_BESIDE: Final = 1e-5
"""Degrees (a metre) within which another grid is a neighbour."""


class GridPanel(QWidget):
    """Choose a grid on the map, move its corners, see at once whether it still fits, save with a reason."""

    def __init__(self, desk: Desk, view: MapView, areas: Callable[[], Areas]) -> None:
        super().__init__()
        self._desk, self._map, self._areas = desk, view, areas
        self.chosen: Area | None = None
        self.neighbours: list[Area] = []
        self.edited: dict[str, BaseGeometry] = {}
        self._asked, self._turn = "choose", 0
        self.last: list[int] = []
        self.level = QComboBox()
        self.level.addItem(_("Governance grids"), "grid")
        self.level.addItem(_("Police grids"), "police")
        self.level.currentIndexChanged.connect(lambda _n: self.discard())
        self.title = label("", "heading", wrap=True)
        self.state = label("", "muted", wrap=True)
        self.found = QListWidget()
        self.found.setMaximumHeight(150)
        self.found.itemClicked.connect(self._go)
        self.reason, self.name, self.maintainer = QLineEdit(), QLineEdit(), QLineEdit()
        self.reason.setPlaceholderText(_("Reason, kept with the change"))
        self.name.setPlaceholderText(_("Name of a new grid"))
        self.maintainer.setPlaceholderText(_("Its maintainer"))
        self.files = GridFiles(desk, self.reason.text)
        self.files.go.connect(lambda lon, lat: view.go(lon, lat, 18))
        self.files.stored.connect(self._stored)
        self.save_button = button(_("Save"), self.save, icon="done", kind="primary")
        self._build()
        self.ask("choose")

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.S, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.level)
        column.addWidget(self.title)
        column.addWidget(self.state)
        column.addWidget(self.found)
        column.addWidget(self.reason)
        column.addLayout(_row(self.save_button, button(_("Discard"), self.discard)))
        column.addWidget(rule())
        column.addLayout(_row(
            button(_("Choose a grid"), lambda: self.ask("choose"), icon="grid"),
            button(_("Split"), lambda: self.ask("split"), tip=_("Draw a line through the grid, double-click its end")),
            button(_("Merge"), lambda: self.ask("merge"), tip=_("Click the grid that is to become part of this one")),
        ))  # fmt: skip
        column.addWidget(rule())
        column.addWidget(self.name)
        column.addWidget(self.maintainer)
        column.addLayout(_row(button(_("Draw a new grid"), lambda: self.ask("draw"), icon="grid")))
        column.addWidget(rule())
        column.addWidget(self.files)
        column.addWidget(rule())
        if self._desk.workspace.actor.may("registry.edit"):
            column.addLayout(
                _row(button(_("Undo the last change"), self.take_back, icon="undo", kind="link"))
            )
        keys = _(
            "Drag corners: neighbours move along, corners and borders nearby catch. "
            "Click a middle to add a corner, right-click to take one away, Ctrl+Z takes a step back."
        )
        column.addWidget(label(keys, "muted", wrap=True))
        column.addStretch(1)

    # --- what the hand is asked for ---

    def ask(self, what: str) -> None:
        """Waits for a grid (choose, merge), a line (split) or a polygon (draw)."""
        if what in {"split", "merge"} and self.chosen is None:
            what = "choose"
        self._asked = what
        self._map.call("tool", {"choose": "grid", "merge": "grid", "split": "line", "draw": "polygon"}[what])
        if self.chosen is None:
            self._say()

    def clicked(self, lon: float, lat: float) -> None:
        """A click into a grid: the one to work on, or the one to merge."""
        near = around(self._areas(), self.level.currentData(), (lon, lat, lon, lat))
        here = next((area for area in near if shapely.intersects_xy(area.shape, lon, lat)), None)
        if here is None:
            self._desk.messages.notice(_("No grid of this kind lies there."))
            return
        self._map.call("tool", "")
        if self._asked == "merge" and self.chosen is not None:
            first, second, reason = self.chosen.code, here.code, self.reason.text()
            self._run(
                _("Merging grids"), lambda: merge_grids(self._desk.workspace, [first, second], reason=reason)
            )
        else:
            self.choose(here)

    def lined(self, geometry: dict[str, Any]) -> None:
        """A line through the grid splits it."""
        area, reason, workspace = self.chosen, self.reason.text(), self._desk.workspace
        if area is None:
            return
        line = shapely.from_geojson(orjson.dumps(geometry))
        name = self.name.text().strip() or _("{name} (2)").format(name=area.name)
        community = area.code[:12]

        def act() -> GridResult:
            new = next_code(workspace, community)
            return split_grid(workspace, area.code, line, new_code=new, new_name=name, reason=reason)

        self._run(_("Splitting grid {name}").format(name=area.name), act)

    def shaped(self, geometry: dict[str, Any]) -> bool:
        """A polygon becomes a new grid, without what belongs to others of its kind; False if none was asked for."""
        if self._asked != "draw":
            return False
        self._asked = "choose"
        shape = shapely.make_valid(shapely.from_geojson(orjson.dumps(geometry)))
        level, workspace = str(self.level.currentData()), self._desk.workspace
        others = [area.shape for area in around(self._areas(), level, shape.bounds)]
        rest = shapely.difference(shape, shapely.union_all(others)) if others else shape
        community = self._community(shape)
        kind = "governance" if level == "grid" else "police"
        values: dict[str, Any] = {
            "name": self.name.text().strip(), "kind": kind, "community_code": community, "cycle_days": 30,
            "maintainer": self.maintainer.text().strip(),
        }  # fmt: skip
        reason = self.reason.text()

        def act() -> GridResult:
            grid = Grid(values | {"grid_code": next_code(workspace, community)}, rest)
            return save_grids(workspace, [grid], reason=reason)

        self._run(_("Storing a new grid"), act)
        return True

    # --- editing ---

    def choose(self, area: Area) -> None:
        """Opens a grid with its neighbours for editing."""
        west, south, east, north = area.shape.bounds
        near = around(
            self._areas(), area.level, (west - _BESIDE, south - _BESIDE, east + _BESIDE, north + _BESIDE)
        )
        self.chosen, self.edited = area, {}
        self.neighbours = [
            one for one in near if one.code != area.code and shapely.dwithin(one.shape, area.shape, _BESIDE)
        ]
        self._map.fit(area.shape.bounds)
        self._map.show_draft({
            "chosen": area.code,
            "grids": {one.code: one.feature()["geometry"] for one in (area, *self.neighbours)},
        })  # fmt: skip
        self._check()

    def changed(self, grids: dict[str, Any]) -> None:
        """The hand moved something: keeps it, and checks."""
        shapes = {code: _single(shapely.from_geojson(orjson.dumps(shape))) for code, shape in grids.items()}
        before = {one.code: one.shape for one in self._draft()}
        self.edited = {
            code: shape for code, shape in shapes.items() if code in before and not _same(shape, before[code])
        }
        if self._map.place.draft is not None:
            self._map.place.draft = self._map.place.draft | {"grids": grids}
        self._check()

    def save(self) -> None:
        """Stores every grid whose border moved, as one change set."""
        grids = [Grid({"grid_code": code}, shape) for code, shape in self.edited.items()]
        reason, workspace = self.reason.text(), self._desk.workspace
        if grids:
            self._run(_("Storing {count} grids").format(count=len(grids)),
                      lambda: save_grids(workspace, grids, reason=reason))  # fmt: skip

    def discard(self) -> None:
        """Leaves everything as it was."""
        self.chosen, self.neighbours, self.edited = None, [], {}
        if isValid(self._map):
            self._map.show_draft(None)
            self._map.call("outline", None)
            self._map.call("tool", "")
        self._say()

    def take_back(self) -> None:
        """Undoes the last change that was made here."""
        if self.last:
            number, workspace = self.last[-1], self._desk.workspace
            self._desk.jobs.run(
                _("Undoing"), lambda progress: undo_edit(workspace, number, progress=progress), self._undone
            )

    def hideEvent(self, event: QHideEvent) -> None:
        self.discard()
        super().hideEvent(event)

    # --- inside ---

    def _draft(self) -> list[Area]:
        return [self.chosen, *self.neighbours] if self.chosen is not None else []

    def _check(self) -> None:
        """Looks at the grids on the table and all that touch them."""
        draft = self._draft()
        whole = shapely.total_bounds([one.shape for one in draft] + list(self.edited.values())).tolist()
        known = {one.code for one in draft}
        near = around(self._areas(), str(self.level.currentData()), tuple(whole))
        more = [one for one in near if one.code not in known]
        codes = [one.code for one in (*draft, *more)]
        shapes = [self.edited.get(one.code, one.shape) for one in (*draft, *more)]
        self._turn += 1
        turn = self._turn
        kind = str(self.level.currentData())
        self._desk.jobs.read(
            lambda: problems(codes, [kind] * len(codes), shapes), lambda found: self._checked(turn, found)
        )

    def _checked(self, turn: int, found: Sequence[Problem]) -> None:
        if turn != self._turn or self.chosen is None:
            return
        words = {"gap": _("gap between grids"), "overlap": _("overlap"), "broken": _("broken border")}
        self.found.clear()
        for one in found:
            item = QListWidgetItem(theme.icon("warning", theme.tokens().warning, 16),
                                   f"{words[one.kind]}  {one.area_m2:,.0f} m²  {', '.join(one.grids)}")  # fmt: skip
            item.setData(Qt.ItemDataRole.UserRole, (one.lon, one.lat))
            self.found.addItem(item)
        together: BaseGeometry = shapely.GeometryCollection([one.shape for one in found])
        bad = orjson.loads(str(shapely.to_geojson(together))) if found else None
        self._map.call("outline", bad)
        self._say(len(found))

    def _say(self, wrong: int | None = None) -> None:
        area = self.chosen
        self.save_button.setEnabled(bool(self.edited))
        self.save_button.setText(
            _("Save {count} grids").format(count=len(self.edited)) if self.edited else _("Save")
        )
        self.found.setVisible(bool(wrong))
        if area is None:
            self.title.setText(_("Click into a grid"))
            self.state.setText("")
            return
        self.title.setText(f"{area.name}  {area.code}")
        self.state.setText(
            _("{count} gaps, overlaps or broken borders here").format(count=wrong) if wrong
            else _("No gap and no overlap here")
        )  # fmt: skip

    def _community(self, shape: BaseGeometry) -> str:
        some = around(self._areas(), "community", shape.bounds)
        shared = [(shapely.area(shapely.intersection(one.shape, shape)), one.code) for one in some]
        return max(shared, default=(0.0, ""))[1]

    def _run(self, title: str, act: Callable[[], GridResult]) -> None:
        self._desk.jobs.run(title, lambda _progress: act(), self._stored)

    def _stored(self, result: GridResult) -> None:
        if result.change_set is None:
            self._desk.messages.notice(_("The file holds nothing new."))
            return
        self.last.append(result.change_set)
        told = _(
            "Change set {number}: {new} new, {changed} changed, {retired} retired; {addresses} addresses moved."
        )
        self._desk.messages.notice(told.format(
            number=result.change_set, new=result.new, changed=result.changed, retired=result.retired,
            addresses=result.addresses,
        ))  # fmt: skip
        self.discard()
        self._desk.changes.registry.emit()

    def _undone(self, _result: object) -> None:
        self.last.pop()
        self._desk.changes.registry.emit()

    def _go(self, item: QListWidgetItem) -> None:
        lon, lat = item.data(Qt.ItemDataRole.UserRole)
        self._map.go(lon, lat, 19)


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(shapely.equals_exact(one.normalize(), _single(other).normalize(), 1e-9))


def _single(shape: BaseGeometry) -> BaseGeometry:
    parts = getattr(shape, "geoms", [shape])
    return parts[0] if len(parts) == 1 else shape


def _row(*parts: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.XS)
    for part in parts:
        row.addWidget(part)
    row.addStretch(1)
    return row
