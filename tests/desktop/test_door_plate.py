"""The door plate of an address: what another library reads from the screen and from paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument

from core.model.registry import entity_id
from core.registry.whole_file import whole_file
from core.security.workspace import Workspace
from desktop.widgets.door_plate import DoorPlate
from desktop.widgets.printing import write_pdf
from tests.core.rows import begin, enter, put

CODE = "A00000000001"


def read_codes(image: QImage) -> list[str]:
    """What a reader that is not ours finds in a picture."""
    grey = QImage(image.size(), QImage.Format.Format_Grayscale8)
    grey.fill(255)
    painter = QPainter(grey)
    painter.drawImage(0, 0, image)
    painter.end()
    pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return [code.text for code in zxingcpp.read_barcodes(pixels[:, : grey.width()].copy())]


def test_it_says_the_address_code_and_nothing_else(workspace: Workspace, qtbot: Any, tmp_path: Path) -> None:
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [{"address_code": CODE, "full_text": "姑苏区平江路1号"}])
    whole = whole_file(workspace, "address", entity_id(CODE))
    plate = DoorPlate(whole.record)
    qtbot.addWidget(plate)
    assert read_codes(plate.grab().toImage()) == [CODE]
    write_pdf(whole, tmp_path / "file.pdf", "steward")
    document = QPdfDocument()
    document.load(str(tmp_path / "file.pdf"))
    assert read_codes(document.render(0, QSize(1240, 1754))) == [CODE]
    document.close()
