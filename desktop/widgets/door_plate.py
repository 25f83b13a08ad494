"""The QR code of an address's door plate, to be looked at, copied and printed."""

from __future__ import annotations

import base64

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.i18n import _
from core.registry.door_plate import plate_png, plate_text
from core.registry.record import Record
from desktop import theme
from desktop.widgets.parts import button, label

_SIDE = 104
"""Pixels of the picture on screen."""


class DoorPlate(QWidget):
    """The code as a picture, what is in it, and a way to take it along."""

    def __init__(self, address: Record) -> None:
        super().__init__()
        self.image = QImage.fromData(base64.b64decode(plate_png(address).partition(",")[2]))
        picture = QLabel()
        picture.setFixedSize(_SIDE, _SIDE)
        picture.setAccessibleName(_("Door-plate code of {code}").format(code=plate_text(address)))
        size = round(_SIDE * self.devicePixelRatioF())
        shown = QPixmap.fromImage(
            self.image.scaled(size, size, mode=Qt.TransformationMode.FastTransformation)
        )
        shown.setDevicePixelRatio(self.devicePixelRatioF())
        picture.setPixmap(shown)
        words = QVBoxLayout()
        words.addWidget(label(_("Holds the address code only."), "muted", wrap=True))
        words.addWidget(button(_("Copy the picture"), self.copy, icon="copy"), 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.M)
        row.addWidget(picture)
        row.addLayout(words, 1)

    def copy(self) -> None:
        """Puts the picture on the clipboard at its full size."""
        QGuiApplication.clipboard().setImage(self.image)
