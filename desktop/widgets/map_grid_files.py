"""All grids at once: the check with its places on the map, and files in and out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.atlas.grid_editing import GridResult, import_grids
from core.atlas.grid_files import GridCheck, check_grids, export_grids, read_file, registered
from core.i18n import _
from core.jobs import Progress
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, label


class GridFiles(QWidget):
    """Beneath the editing of one grid: what concerns all of them."""

    go = Signal(float, float)
    stored = Signal(object)

    def __init__(self, desk: Desk, reason: Callable[[], str]) -> None:
        super().__init__()
        self._desk, self._reason = desk, reason
        self.ask_open, self.ask_save = ask_open, ask_save
        self.told = label("", "muted", wrap=True)
        self.list = QListWidget()
        self.list.setMaximumHeight(140)
        self.list.setVisible(False)
        self.list.itemClicked.connect(lambda item: self.go.emit(*item.data(Qt.ItemDataRole.UserRole)))
        row = QHBoxLayout()
        row.setSpacing(theme.XS)
        row.addWidget(button(_("Check all grids"), self.check, icon="findings"))
        row.addWidget(
            button(_("Import"), self.take_in, tip=_("GeoJSON or GeoPackage; takes the reason above"))
        )
        row.addWidget(button(_("Export"), self.hand_out, tip=_("GeoJSON or GeoPackage")))
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addWidget(self.list)

    def check(self) -> None:
        """Looks for gaps and overlaps everywhere, and for addresses in no grid or in several."""
        workspace = self._desk.workspace
        self._desk.jobs.run(
            _("Checking all grids"),
            lambda _progress: check_grids(workspace, registered(workspace)),
            self._checked,
        )

    def take_in(self) -> None:
        """Imports a file of grids as one change set."""
        path = self.ask_open()
        if path is None:
            return
        workspace, reason = self._desk.workspace, self._reason()

        def act(progress: Progress) -> GridResult:
            return import_grids(workspace, read_file(path), reason=reason, progress=progress)

        self._desk.jobs.run(_("Importing grids"), act, self.stored.emit)

    def hand_out(self) -> None:
        """Writes the grids in use into a file."""
        path, workspace = self.ask_save(), self._desk.workspace
        if path is None:
            return
        told = _("{count} grids in {path}.")
        self._desk.jobs.run(
            _("Exporting grids"), lambda _progress: export_grids(workspace, path),
            lambda count: self._desk.messages.notice(told.format(count=count, path=path)),
        )  # fmt: skip

    def _checked(self, found: GridCheck) -> None:
        words = {"gap": _("gap between grids"), "overlap": _("overlap"), "broken": _("broken border")}
        self.told.setText(_("Addresses in no grid: {none}; in one: {one}; in several: {several}.").format(
            none=f"{found.addresses_in_none:,}", one=f"{found.addresses_in_one:,}",
            several=f"{found.addresses_in_several:,}"))  # fmt: skip
        self.list.clear()
        for one in found.problems:
            text = f"{words[one.kind]}  {one.area_m2:,.0f} m²  {', '.join(one.grids)}"
            item = QListWidgetItem(theme.icon("warning", theme.tokens().warning, 16), text)
            item.setData(Qt.ItemDataRole.UserRole, (one.lon, one.lat))
            self.list.addItem(item)
        if not found.problems:
            self.list.addItem(
                QListWidgetItem(theme.icon("done", theme.tokens().done, 16), _("No gaps, no overlaps"))
            )
            self.list.item(0).setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.setVisible(True)


_KINDS = "GeoPackage (*.gpkg);;GeoJSON (*.geojson)"


def ask_open() -> Path | None:
    """Asks which file to import; None if none."""
    chosen, _kind = QFileDialog.getOpenFileName(
        None, _("Import"), _folder(), "GeoPackage, GeoJSON (*.gpkg *.geojson)"
    )
    return Path(chosen) if chosen else None


def ask_save() -> Path | None:
    """Asks where to export to; None if nowhere."""
    chosen, _kind = QFileDialog.getSaveFileName(None, _("Save"), str(Path(_folder()) / "grids.gpkg"), _KINDS)
    return Path(chosen) if chosen else None


def _folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
