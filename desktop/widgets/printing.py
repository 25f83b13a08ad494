"""Printing a file, on paper or as PDF: what the page shows, masked, with user and time across every sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtPrintSupport import QPrinter

from core.i18n import _
from core.model import names as labels
from core.model.labels import field_title, shown_value
from core.registry.divisions import division_name
from core.registry.door_plate import plate_png
from core.registry.whole_file import WholeFile
from desktop import theme
from desktop.widgets.field_list import DIVISIONS, standing_text, why_text
from desktop.widgets.file_head import headline, way
from desktop.widgets.house_tree import facts, house_facts, resident_facts
from desktop.widgets.timeline import moments

_MARGIN: Final = 16.0
"""Millimetres of margin on every side."""
_INK: Final = QColor(0, 0, 0, 22)
_TOKENS: Final = ("_token", "_tokens")


def write_pdf(whole: WholeFile, path: Path, user: str) -> int:
    """Writes the file of a record as PDF and returns its number of pages."""
    writer = QPdfWriter(str(path))
    writer.setTitle(headline(whole.record))
    writer.setCreator("GridLink")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setResolution(300)
    writer.setPageMargins(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN), QPageLayout.Unit.Millimeter)
    return _paint(whole, writer, user)


def print_on(whole: WholeFile, printer: QPrinter, user: str) -> int:
    """Prints the file of a record and returns its number of pages."""
    printer.setDocName(headline(whole.record))
    printer.setPageMargins(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN), QPageLayout.Unit.Millimeter)
    return _paint(whole, printer, user)


def as_html(whole: WholeFile) -> str:
    """The file as a document: way, title, fields, who lives there, what hangs on it, history."""
    one = whole.record
    parts = [
        f"<p style='color:#555'>{escape(' › '.join(way(one)))}</p>", f"<h2>{escape(headline(whole.record))}</h2>",
        _table((field_title(v.name), _value(v.name, v.value), standing_text(v.standing) if v.standing else "")
               for v in one.values if not v.name.endswith(_TOKENS)),
    ]  # fmt: skip
    if one.resource == "address":
        parts.append(f"<p><img src='{plate_png(one)}' width='96' height='96'> {escape(_('Door plate'))}</p>")
    for home in whole.households:
        name = f"{labels.label('resource', 'house')} {home.house_code} {house_facts(home)}"
        parts.append(f"<h3>{escape(name)}</h3>")
        lives = [(who.name, resident_facts(who, former=False)) for who in home.residents]
        parts.append(_table(lives + [(who.name, resident_facts(who, former=True)) for who in home.former]))
    there = {"house", "person"} if whole.households and one.resource == "address" else set[str]()
    for kind in (kind for kind in whole.counts if kind not in there):
        parts.append(f"<h3>{escape(labels.label('resource', kind))} {whole.counts[kind]:,}</h3>")
        parts.append(_table((r.title, facts(r.facts)) for r in whole.related if r.resource == kind))
    parts.append(f"<h3>{escape(_('History'))}</h3>")
    parts.append(_table((why_text(moment.origin), _was(moment.was.items())) for moment in moments(one)))
    return "".join(parts)


def _was(items: Iterable[tuple[str, object]]) -> str:
    text = _("{field} was {value}")
    return "; ".join(text.format(field=field_title(n), value=shown_value(n, v) or _("empty")) for n, v in items)


def _value(name: str, value: object) -> str:
    text = shown_value(name, value)
    return f"{division_name(text)} {text}" if name in DIVISIONS else text


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table cellpadding='3' width='100%'>{''.join(lines)}</table>" if lines else ""


def _paint(whole: WholeFile, device: QPdfWriter | QPrinter, user: str) -> int:
    stamp = f"{user}  {datetime.now().astimezone():%Y-%m-%d %H:%M}"
    font = QFont()
    font.setFamilies(list(theme.FAMILIES))
    font.setPointSizeF(9.5)
    document = QTextDocument()
    document.setDefaultFont(font)
    document.documentLayout().setPaintDevice(device)
    document.setHtml(as_html(whole))
    painter = QPainter(device)
    painter.setFont(font)
    foot = 2.0 * painter.fontMetrics().height()
    width, height = float(device.width()), device.height() - foot
    document.setPageSize(QSizeF(width, height))
    pages = document.pageCount()
    for page in range(pages):
        if page:
            device.newPage()
        sheet = QRectF(0, page * height, width, height)
        painter.save()
        painter.translate(0, -sheet.top())
        painter.setClipRect(sheet)
        document.documentLayout().draw(painter, _black_on_white(sheet))
        painter.restore()
        _mark(painter, QRectF(0, 0, width, height), stamp)
        line = _("{stamp}   page {n} of {pages}").format(stamp=stamp, n=page + 1, pages=pages)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(QRectF(0, height, width, foot), side, line)
    painter.end()
    return pages


def _black_on_white(sheet: QRectF) -> QAbstractTextDocumentLayout.PaintContext:
    """Paper is white whatever the scheme on screen."""
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = sheet
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor("black"))
    context.palette = palette
    return context


def _mark(painter: QPainter, sheet: QRectF, stamp: str) -> None:
    """User and time, faintly and aslant, over the whole sheet."""
    painter.save()
    painter.setPen(_INK)
    across = 1.6 * painter.fontMetrics().horizontalAdvance(stamp)
    down = 9 * painter.fontMetrics().height()
    for row in range(int(sheet.height() // down) + 1):
        for column in range(-1, int(sheet.width() // across) + 1):
            painter.save()
            painter.translate(column * across + (row % 2) * across / 2, (row + 1) * down)
            painter.rotate(-22)
            painter.drawText(0, 0, stamp)
            painter.restore()
    painter.restore()
