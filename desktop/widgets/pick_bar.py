"""What can be done with the picked rows: counted, extended to all matching, opened, put on the map."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout

from core.i18n import _
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.bulk_edit import BulkEdit
from desktop.widgets.export_button import ExportButton
from desktop.widgets.parts import button, label
from desktop.widgets.rows_window import ListingModel
from desktop.widgets.visit_form import ask_visit, may_visit


class PickBar(QFrame):
    """Shown while rows are picked."""

    def __init__(self, desk: Desk, model: ListingModel) -> None:
        super().__init__()
        self.setProperty("kind", "picks")
        self._desk, self._model = desk, model
        self.count = label("")
        self.all = button("", model.pick_all, kind="link", tip="Ctrl+A")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.M, theme.XS, theme.M, theme.XS)
        self.row.setSpacing(theme.S)
        self.row.addWidget(self.count)
        self.row.addWidget(self.all)
        self.on_map = button(_("Show on the map"), lambda: desk.map_rows(model.chosen()), icon="map")
        self.row.addStretch(1)
        actor = desk.workspace.actor
        self.row.addWidget(self.on_map)
        self.on_map.setVisible(actor.may("map.read"))
        if actor.may("registry.export"):
            self.row.addWidget(ExportButton(desk, model))
        if actor.may("registry.bulk_edit"):
            self.row.addWidget(button(_("Edit the picked…"), self.edit, icon="edit"))
        self.visit = button(_("Hand out…"), self.hand_out, icon="user",
                            tip=_("As a visit: to an officer, until a day, for a reason"))  # fmt: skip
        self.row.addWidget(self.visit)
        self.row.addWidget(button(_("Pick nothing"), model.clear_picks, kind="link", tip="Shift+Esc"))
        model.picks_changed.connect(self._show)
        model.told.connect(lambda _total: self._show())
        self.setVisible(False)

    def edit(self) -> None:
        """Opens the bulk edit in the drawer."""
        title = _("Edit {n} records").format(n=f"{self._model.picks:,}")
        self._desk.show_drawer(title, BulkEdit(self._desk, self._model.chosen(), self._model.picks))

    def hand_out(self) -> None:
        """Opens the form that hands the picked records to an officer."""
        ask_visit(self._desk, self._model.chosen(), self._model.picks)

    def _show(self) -> None:
        picks, total = self._model.picks, self._model.rowCount()
        self.setVisible(picks > 0)
        self.visit.setVisible(may_visit(self._desk, self._model.resource))
        self.count.setText(_("{n} picked").format(n=f"{picks:,}"))
        self.all.setText(_("Pick all {n} matching").format(n=f"{total:,}"))
        self.all.setVisible(picks < total)
