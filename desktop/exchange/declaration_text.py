"""A declaration's text with its line numbers, to read or to write; faulty lines are marked and named."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from desktop import theme

_MARGIN = 44


class DeclarationText(QPlainTextEdit):
    """Text that is read and copied, and written by who may; ``faults`` are sentences by line, counted from 1."""

    def __init__(self, *, may: bool = False) -> None:
        super().__init__()
        self.setReadOnly(not may)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(theme.monospace())
        readable = (
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction if may else readable)
        self.faults: Mapping[int, str] = {}
        self._numbers = _Numbers(self)
        self.setViewportMargins(_MARGIN, 0, 0, 0)
        self.updateRequest.connect(lambda _rect, _dy: self._numbers.update())

    def show_text(self, text: str, faults: Mapping[int, str] | None = None) -> None:
        """Shows a text and marks its faults; the first one is brought into sight."""
        if text != self.toPlainText():
            self.setPlainText(text)
        self.mark(faults or {})
        if self.faults:
            self.go_to(min(self.faults))

    def mark(self, faults: Mapping[int, str]) -> None:
        """Marks the lines that are faulty, and leaves everything else as it is."""
        self.faults = faults
        marks = []
        for line, message in self.faults.items():
            mark = QTextEdit.ExtraSelection()
            colour = QColor(theme.tokens().error)
            colour.setAlpha(40)
            shape = mark.format
            shape.setBackground(colour)
            shape.setProperty(QTextFormat.Property.FullWidthSelection, True)
            shape.setToolTip(message)
            mark.cursor = self._at(line)
            marks.append(mark)
        self.setExtraSelections(marks)
        self._numbers.update()

    def go_to(self, line: int) -> None:
        """Brings a line into sight."""
        self.setTextCursor(self._at(line))
        self.centerCursor()

    def _at(self, line: int) -> QTextCursor:
        return QTextCursor(self.document().findBlockByNumber(line - 1))

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Draws the numbers of the lines in sight, faulty ones in the colour of errors."""
        painter = QPainter(self._numbers)
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            line, height = block.blockNumber() + 1, self.blockBoundingRect(block).height()
            token = "error" if line in self.faults else "muted"
            painter.setPen(theme.brush(token).color())
            place = QRect(0, int(top), _MARGIN - theme.S, int(height))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(line))
            block, top = block.next(), top + height
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), _MARGIN, inside.height()))


class _Numbers(QWidget):
    def __init__(self, text: DeclarationText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(_MARGIN, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._text.paint_numbers(event)
