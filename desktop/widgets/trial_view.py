"""The rows behind one bar of a trial: what would become of them, before anything is imported."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.i18n import _
from core.model.names import label as name_of
from core.registry.dry_rows import Trial, TrialRows, export_trial_rows, trial_rows
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.bars import part_title
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import clear, label
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark


class TrialView(QWidget):
    """Opens on a resource and a kind; the first rows are listed, the export writes all."""

    def __init__(self, desk: Desk, trial: Trial) -> None:
        super().__init__()
        self._desk, self._trial = desk, trial
        self.model = RowsModel([])
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.S)
        self._column.addWidget(label(_("Click a figure to see its rows."), "muted"))

    def open(self, resource: str, kind: str) -> None:
        """Reads the rows beside the window."""
        workspace, trial = self._desk.workspace, self._trial
        clear(self._column)
        self._column.addWidget(label(_("Reading the rows"), "muted"))
        self._desk.jobs.read(lambda: trial_rows(workspace, trial, resource, kind), self._show)

    def _show(self, found: TrialRows) -> None:
        clear(self._column)
        title = f"{name_of('resource', found.resource)} · {part_title(found.kind)} {found.total:,}"
        self.model = RowsModel([Field(name, partial(_cell, at)) for at, name in enumerate(found.columns)])
        self.model.show_rows(found.rows)
        row = QHBoxLayout()
        row.addWidget(label(title, "heading"))
        if len(found.rows) < found.total:
            row.addSpacing(theme.M)
            row.addWidget(label(_("the first {n} are listed").format(n=f"{len(found.rows):,}"), "muted"))
        row.addStretch(1)
        workspace, trial = self._desk.workspace, self._trial

        def writer(out: Path, _progress: Any) -> int:
            return export_trial_rows(workspace, trial, found.resource, found.kind, out)

        self.export = ListExport(self._desk, self.model, title.replace(" · ", " "), writer=writer)
        row.addWidget(self.export)
        self._column.addLayout(row)
        view = table(self.model, stretch=len(found.columns) - 1)
        view.setMinimumHeight(240)
        for place, name in enumerate(found.columns[:-1]):
            view.setColumnWidth(place, 64 if place == 0 and found.kind != "missing" else 150 if len(name) < 6 else 190)
        Watermark(view, workspace.actor.name)
        self._column.addWidget(view, 1)


def _cell(at: int, row: tuple[Any, ...]) -> Any:
    return row[at] if row[at] is not None else ""
