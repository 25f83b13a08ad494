"""Exporting what a table has, the picked rows or all matching, as spreadsheet, CSV or GeoPackage."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QPushButton

from core.i18n import _
from core.model.names import label as name_of
from core.registry.at_home import beyond
from core.registry.exporting import ExportResult, export
from core.registry.filters import Selection
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.entry_box import ExportReason
from desktop.widgets.rows_window import ListingModel

_FORMS = "Excel (*.xlsx);;CSV (*.csv);;GeoPackage (*.gpkg)"
_TOKENS = ("_token", "_tokens")


class ExportButton(QPushButton):
    """Asks where to, then writes as a job that can be cancelled; masked as the registry holds it."""

    def __init__(self, desk: Desk, model: ListingModel) -> None:
        super().__init__(_("Export…"))
        self._desk, self._model = desk, model
        self.setIcon(theme.icon("export"))
        self.setToolTip(_("All matching rows, or the picked ones; masked, with your name and the time in it"))
        self.clicked.connect(lambda _checked=False: self.ask())

    def ask(self) -> None:
        """Asks for the file."""
        proposed = f"{name_of('resource', self._model.resource)}.xlsx"
        name, chosen = QFileDialog.getSaveFileName(self, _("Export the list"), proposed, _FORMS)
        if name:
            path = Path(name)
            self.write(path if path.suffix else path.with_suffix("." + chosen.rsplit(".", 1)[-1].rstrip(")")))

    def write(self, path: Path) -> None:
        """Writes the file; beyond the own grids a reason is asked for first."""
        selection = self._model.chosen()
        if not beyond(self._desk.workspace, selection):
            self._write(path, selection, "")
            return
        box = ExportReason(selection.resource)
        box.said.connect(lambda reason: self._write(path, selection, reason))
        self._desk.show_drawer(_("State a reason"), box)
        box.reason.setFocus()

    def _write(self, path: Path, selection: Selection, reason: str) -> None:
        workspace = self._desk.workspace
        columns = [name for name in self._model.columns if not name.endswith(_TOKENS)]
        self._desk.jobs.run(
            _("Exporting {file}").format(file=path.name),
            lambda progress: export(
                workspace, selection, path, columns=columns, reason=reason, progress=progress
            ),
            self._written,
        )

    def _written(self, result: ExportResult) -> None:
        text = _("{n} rows written to {file}.").format(n=f"{result.rows:,}", file=result.path)
        if result.unplaced:
            text += _(" {n} of them have no place.").format(n=f"{result.unplaced:,}")
        self._desk.messages.done(text)
