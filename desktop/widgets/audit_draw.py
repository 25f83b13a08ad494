"""Drawing a sample: what is compared, how many of each community, and the seed unless chance gives it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title
from core.model.names import label as name_of
from core.stewardship.field_audit import FIELDS
from desktop import theme
from desktop.widgets.parts import button, label

Draw = Callable[[str, int, str, str], None]


class DrawView(QWidget):
    """The form in the drawer; nobody chooses a record."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self.kind, self.number, self.title, self.seed = QComboBox(), QSpinBox(), QLineEdit(), QLineEdit()
        for name in FIELDS:
            self.kind.addItem(name_of("resource", name), name)
        self.number.setRange(1, 1_000)
        self.number.setValue(5)
        self.title.setPlaceholderText(_("as the date, unless you name it"))
        self.seed.setPlaceholderText(_("from chance, unless you name one"))
        self._compared = label("", "muted", wrap=True)
        self.kind.currentIndexChanged.connect(lambda _index: self._told())
        column = QVBoxLayout(self)
        column.setSpacing(theme.S)
        column.addWidget(label(_(
            "The seed and the registry's list decide which records are drawn, the same number in every community. "
            "Whoever has the list and the seed draws the same sample; nobody picks."
        ), wrap=True))  # fmt: skip
        for title, widget in (
            (_("kind"), self.kind), (_("compared"), self._compared), (_("of each community"), self.number),
            (_("title"), self.title), (_("seed"), self.seed),
        ):  # fmt: skip
            column.addWidget(label(title, "muted"))
            column.addWidget(widget)
        self.act = button(_("Draw the sample"), lambda: draw(
            self.kind.currentData(), self.number.value(), self.seed.text(), self.title.text()),
            icon="wand", kind="primary")  # fmt: skip
        column.addSpacing(theme.S)
        column.addWidget(self.act)
        column.addStretch(1)
        self._told()

    def _told(self) -> None:
        self._compared.setText("、".join(field_title(name) for name in FIELDS[self.kind.currentData()]))
