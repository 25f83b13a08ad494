"""What narrows the findings: severity, department, kind, and a grid, community, collector or key in words."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from core.i18n import _
from core.model.names import RESOURCES, SENDERS, label as name_of
from core.stewardship.findings import Filters
from desktop import theme
from desktop.widgets.parts import button

_WAIT = 250
_COMMUNITY, _GRID, _COLLECTOR = 12, 15, 8


class FindingFilter(QWidget):
    """Three boxes and a line; ``changed`` comes when somebody has chosen or stopped typing."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.severity, self.sender_box, self.kind, self.text = QComboBox(), QComboBox(), QComboBox(), QLineEdit()
        for box, every, names, kind in (
            (self.severity, _("Every severity"), ("error", "warning", "notice"), "state"),
            (self.sender_box, _("Every department"), tuple(SENDERS), "sender"),
            (self.kind, _("Every kind"), tuple(RESOURCES), "resource"),
        ):
            box.addItem(every, "")
            for name in names:
                box.addItem(name_of(kind, name), name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.package, self._package = button("", self._any_package, icon="close", tip=_("Every package again")), ""
        self.package.setVisible(False)
        self.text.setPlaceholderText(_("Grid, community, collector or key"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(130)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT)
        self._timer.timeout.connect(self.changed)
        self.text.textChanged.connect(lambda _text: self._timer.start())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S)
        for widget in (self.severity, self.sender_box, self.kind, self.text, self.package):
            row.addWidget(widget)

    def show_package(self, package: str, shown: str) -> None:
        """Narrows to one package and nothing else, without saying ``changed``; a click on its name lets go of it."""
        for widget in (self.severity, self.sender_box, self.kind, self.text):
            widget.blockSignals(True)
        for box in (self.severity, self.sender_box, self.kind):
            box.setCurrentIndex(0)
        self.text.clear()
        for widget in (self.severity, self.sender_box, self.kind, self.text):
            widget.blockSignals(False)
        self._package = package
        self.package.setText(shown)
        self.package.setVisible(bool(package))

    def _any_package(self) -> None:
        self._package = ""
        self.package.setVisible(False)
        self.changed.emit()

    def filters(self) -> Filters:
        """What is chosen; a code is known by its length: 12 digits a community, 15 a grid, a short one a collector."""
        said = self.text.text().strip()
        chosen = Filters(
            severity=self.severity.currentData(), sender=self.sender_box.currentData(),
            resource=self.kind.currentData(), package=self._package,
        )  # fmt: skip
        if said.isdigit() and len(said) == _COMMUNITY:
            return replace(chosen, community=said)
        if said.isdigit() and len(said) == _GRID:
            return replace(chosen, grid=said)
        return replace(chosen, collector=said) if len(said) < _COLLECTOR else replace(chosen, key=said)
