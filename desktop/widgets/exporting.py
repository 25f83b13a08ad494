"""The export of a list: what stands in the table, or all of what it is a part of, as a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QPushButton

from core.i18n import _
from core.jobs import Progress
from core.stewardship.exporting_lists import export_list
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.tables import RowsModel

Everything = Callable[[], Sequence[Any]]
Writer = Callable[[Path, Progress], int]


class ListExport(QPushButton):
    """“Export…” for one table.

    ``everything`` reads the rows where the table shows only the first of them; a ``writer`` writes a list that core
    knows how to write.
    """

    def __init__(
        self, desk: Desk, model: RowsModel, title: str, *, everything: Everything | None = None,
        writer: Writer | None = None,
    ) -> None:  # fmt: skip
        super().__init__(_("Export…"))
        self._desk, self._model, self.title, self._everything = desk, model, title, everything
        self._writer = writer
        self.setIcon(theme.icon("print"))
        self.setToolTip(_("Export the list “{title}” as a spreadsheet").format(title=title))
        self.setAccessibleName(self.toolTip())
        self.clicked.connect(lambda _checked=False: self.ask())

    def ask(self) -> None:
        """Asks where to and writes."""
        name, _kind = QFileDialog.getSaveFileName(self, _("Export the list"), f"{self.title}.xlsx", "*.xlsx")
        if name:
            self.write(Path(name))

    def write(self, out: Path) -> None:
        """Writes the list into a file, beside the window."""
        workspace, fields, shown = self._desk.workspace, self._model.fields, list(self._model.rows)
        everything, writer, title = self._everything, self._writer, self.title

        def work(progress: Progress) -> int:
            progress.phase(_("Writing {file}").format(file=out.name))
            if writer is not None:
                return writer(out, progress)
            rows = everything() if everything is not None else shown
            cells = ([field.text(row) for field in fields] for row in rows)
            heads = [field.title for field in fields]
            return export_list(workspace, out, title=title, columns=heads, rows=cells)

        self._desk.jobs.run(_("Exporting the list"), work, lambda count: self._written(out, count))

    def _written(self, out: Path, count: int) -> None:
        self._desk.messages.done(_("{n} rows written to {file}.").format(n=f"{count:,}", file=out))
