"""Reports: the acceptance report on screen, each figure with its evidence, and the files made of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.reports.acceptance import Written, acceptance, write_acceptance
from core.reports.value import AcceptanceReport, Indicator, indicator_data
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.parts import button, card, clear, head, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table


class ReportsPage(Page):
    """The acceptance report (M19)."""

    name, title, icon, permission = "reports", N_("Reports"), "reports", "report.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.model = RowsModel(_fields())
        self._table = table(self.model, stretch=1)
        for place, width in ((0, 64), (2, 130), (3, 110), (4, 200)):
            self._table.setColumnWidth(place, width)
        self._table.selectionModel().currentRowChanged.connect(lambda now, _before: self._choose(now.row()))
        self._evidence = QVBoxLayout()
        self._evidence.setSpacing(theme.M)
        beside = QScrollArea()
        beside.setWidgetResizable(True)
        beside.setWidget(card(self._evidence))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(theme.M)
        split.addWidget(self._table)
        split.addWidget(beside)
        split.setSizes([760, 420])
        self._as_of = label("", "muted")
        self._files = QHBoxLayout()
        generate = button(_("Generate report…"), self.choose_folder, icon="reports", kind="primary")
        generate.setEnabled(desk.workspace.actor.may("report.acceptance"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(
            head(
                _("Acceptance report"), button(_("Refresh"), self.refresh, icon="refresh", tip="F5"), generate
            )
        )
        outer.addWidget(self._as_of)
        outer.addLayout(self._files)
        outer.addWidget(split, 1)

    def refresh(self) -> None:
        """Computes the report's value beside the window."""
        self._as_of.setText(_("Computing the figures"))
        self.desk.jobs.read(lambda: acceptance(self.desk.workspace), self.show_report)

    def show_report(self, report: AcceptanceReport) -> None:
        """Shows the indicators; the first one's evidence stands beside."""
        met = sum(1 for one in report.indicators if one.met)
        unsupported = sum(1 for one in report.indicators if one.met is None)
        self._as_of.setText(
            _("As of {at}: {met} of {total} met, {unsupported} not yet supported by data.").format(
                at=local_time(report.as_of), met=met, total=len(report.indicators), unsupported=unsupported
            )
        )
        self.model.show_rows(report.indicators)
        if report.indicators:
            self._table.selectRow(0)

    def choose_folder(self) -> None:
        """Asks where the files go."""
        home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chosen = QFileDialog.getExistingDirectory(self, _("Folder for the report"), home)
        if chosen:
            self.generate(Path(chosen))

    def generate(self, folder: Path) -> None:
        """Writes the files as a job."""
        self.desk.jobs.run(
            _("Writing the acceptance report"),
            lambda progress: write_acceptance(self.desk.workspace, folder, progress=progress), self._written,
        )  # fmt: skip

    def _written(self, written: Written) -> None:
        clear(self._files)
        for path in written.files:
            url = QUrl.fromLocalFile(str(path))
            self._files.addWidget(
                button(path.name, partial(QDesktopServices.openUrl, url), kind="link", icon="reports")
            )
        self._files.addStretch(1)
        self.desk.messages.done(
            _("The report was written to {folder}.").format(folder=written.files[0].parent)
        )

    def _choose(self, row: int) -> None:
        clear(self._evidence)
        if not 0 <= row < len(self.model.rows):
            return
        one: Indicator = self.model.rows[row]
        self._evidence.addWidget(label(one.title, "heading", wrap=True))
        self._evidence.addWidget(status_word(_look(one), _met(one)))
        for text in (one.population, one.note, one.needs):
            if text:
                self._evidence.addWidget(label(text, "muted", wrap=True))
        for figure in indicator_data(one)["evidence"]:
            self._evidence.addWidget(_figure(figure))
        self._evidence.addStretch(1)


def _figure(figure: dict[str, object]) -> QWidget:
    """One piece of evidence as the report's own data give it."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, theme.S, 0, 0)
    for name, value in figure.items():
        if isinstance(value, str | int | float):
            column.addWidget(label(f"{name}: {value}", wrap=True))
    return box


def _look(one: Indicator) -> theme.Status:
    return "unchecked" if one.met is None else "done" if one.met else "error"


def _met(one: Indicator) -> str:
    return _("not yet supported by data") if one.met is None else _("met") if one.met else _("not met")


def _value(one: Indicator) -> str:
    if one.value is None:
        return "–"
    shown = (
        f"{one.value:,}"
        if isinstance(one.value, int)
        else f"{one.value:,.2f}"
        if isinstance(one.value, float)
        else str(one.value)
    )
    return f"{shown} {one.unit}".strip()


def _fields() -> list[Field]:
    return [
        Field(_("no."), lambda r: r.number, "code"),
        Field(_("indicator"), lambda r: r.title),
        Field(_("value"), _value, "number"),
        Field(_("target"), lambda r: r.target, "number"),
        Field(_("state"), _met, status=_look),
    ]
