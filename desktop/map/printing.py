"""The view on paper: the map as it stands, its legend and scale, who printed it and when, and a watermark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QPixmap

from core.errors import GridLinkError
from core.i18n import _
from desktop import theme

_DPI: Final = 150
_METRES_AN_INCH: Final = 0.0254
_BARS: Final = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class NotPrinted(GridLinkError):
    """The file cannot be written."""

    code = "not_printed"


@dataclass(frozen=True)
class Sheet:
    """What goes on paper; ``metres`` are those of one pixel of the picture, ``legend`` are colours and words."""

    picture: QPixmap
    metres: float
    legend: Sequence[tuple[str, str]]
    title: str
    user: str
    at: str
    credit: str = ""


def print_view(sheet: Sheet, out: Path) -> None:
    """Writes the view as an A4 page in landscape; raises ``NotPrinted``."""
    writer = QPdfWriter(str(out))
    writer.setResolution(_DPI)
    writer.setTitle(sheet.title)
    margins = QMarginsF(10, 10, 10, 10)
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Landscape, margins)
    )
    painter = QPainter()
    if not painter.begin(writer):
        raise NotPrinted(
            _("{path} cannot be written: {reason}").format(path=out, reason=_("the folder refuses it")),
            cure=_("Close the file if it is open, or choose another folder."),
        )
    _paint(painter, QRectF(0, 0, writer.width(), writer.height()), sheet)
    painter.end()


def _paint(painter: QPainter, page: QRectF, sheet: Sheet) -> None:
    painter.setFont(_font(22, bold=True))
    painter.setPen(QColor(theme.LIGHT.text))
    painter.drawText(QRectF(0, 0, page.width(), 40), Qt.AlignmentFlag.AlignVCenter, sheet.title)
    side = 300.0
    room = QRectF(0, 52, page.width() - side - 24, page.height() - 52 - 44)
    size = sheet.picture.deviceIndependentSize()
    scale = min(room.width() / size.width(), room.height() / size.height())
    where = QRectF(room.x(), room.y(), size.width() * scale, size.height() * scale)
    painter.drawPixmap(where, sheet.picture, QRectF(sheet.picture.rect()))
    painter.setPen(QColor(theme.LIGHT.muted))
    painter.drawRect(where)
    _legend(painter, QRectF(where.right() + 24, 52, side, room.height()), sheet)
    _scale(painter, where.right() + 24, room.bottom() - 8, sheet.metres / scale)
    painter.setFont(_font(13))
    painter.setPen(QColor(theme.LIGHT.muted))
    foot = "   ".join(part for part in (sheet.user, sheet.at, sheet.credit) if part)
    painter.drawText(QRectF(0, page.height() - 32, page.width(), 28), Qt.AlignmentFlag.AlignVCenter, foot)
    _watermark(painter, where, f"{sheet.user}  {sheet.at}")


def _legend(painter: QPainter, room: QRectF, sheet: Sheet) -> None:
    painter.setFont(_font(15))
    y = room.y()
    for colour, words in sheet.legend:
        if colour:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QRectF(room.x(), y + 5, 16, 16))
        painter.setPen(QColor(theme.LIGHT.text if colour else theme.LIGHT.muted))
        left = 26 if colour else 0
        box = QRectF(room.x() + left, y, room.width() - left, 400)
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        y = painter.boundingRect(box, flags, words).bottom() + 6
        painter.drawText(box, flags, words)


def _scale(painter: QPainter, x: float, y: float, metres: float) -> None:
    """A bar of round metres, and the scale on paper."""
    length = next((bar for bar in _BARS if bar / metres >= 90), _BARS[-1])
    painter.setPen(QColor(theme.LIGHT.text))
    painter.setFont(_font(13))
    width = length / metres
    for left, top, right, bottom in ((0, 0, width, 0), (0, -6, 0, 0), (width, -6, width, 0)):
        painter.drawLine(round(x + left), round(y + top), round(x + right), round(y + bottom))
    of = round(metres * _DPI / _METRES_AN_INCH / 100) * 100
    text = f"{length} m" if length < 1000 else f"{length // 1000} km"
    words = _("scale about 1 : {of}").format(of=f"{of:,}")
    painter.drawText(QRectF(x, y - 34, 300, 24), Qt.AlignmentFlag.AlignVCenter, f"{text}   {words}")


def _watermark(painter: QPainter, room: QRectF, text: str) -> None:
    painter.save()
    painter.setClipRect(room)
    painter.setFont(_font(18))
    painter.setPen(QColor(0, 0, 0, 26))
    painter.translate(room.center())
    painter.rotate(-22)
    for row in range(-6, 7):
        for column in range(-4, 5):
            painter.drawText(round(column * 420 + (row % 2) * 180), row * 130, text)
    painter.restore()


def _font(pixels: int, *, bold: bool = False) -> QFont:
    font = QFont()
    font.setFamilies(list(theme.FAMILIES))
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font
