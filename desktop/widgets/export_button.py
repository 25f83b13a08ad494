"""Exporting what a table has, the picked rows or all matching, as spreadsheet, CSV or GeoPackage."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QPushButton

from core.i18n import _
from core.model.names import label as name_of
from core.registry.exporting import ExportResult, export
from desktop import theme
from desktop.desk import Desk
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
        """Writes the file."""
        workspace, selection = self._desk.workspace, self._model.chosen()
        columns = [name for name in self._model.columns if not name.endswith(_TOKENS)]
        self._desk.jobs.run(
            _("Exporting {file}").format(file=path.name),
            lambda progress: export(workspace, selection, path, columns=columns, progress=progress),
            self._written,
        )

    def _written(self, result: ExportResult) -> None:
        text = _("{n} rows written to {file}.").format(n=f"{result.rows:,}", file=result.path)
        if result.unplaced:
            text += _(" {n} of them have no place.").format(n=f"{result.unplaced:,}")
        self._desk.messages.done(text)
