"""The card of one upstream system: how it honestly stands, its figures, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.i18n import _
from core.model.names import label as label_of
from desktop import theme
from desktop.exchange.brief import FIGURES
from desktop.exchange.standing import Standing, duties_of, itself_of, line_of, state_of
from desktop.widgets.parts import button, label, local_time, status_word

WIDTH, HEIGHT = 290, 248


class SystemCard(QFrame):
    """A system; a click or Enter opens it, a click on a figure opens its queue in that state."""

    opened = Signal(str)

    def __init__(
        self, one: Standing, *, push: Callable[[], object] | None, configure: Callable[[], object] | None,
        cure: QPushButton | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.setProperty("kind", "tile")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(HEIGHT)
        self.target = one.target
        status, word = state_of(one)
        self.setAccessibleName(f"{one.title}: {word}")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.XS)
        column.addWidget(label(one.title, "heading"))
        column.addWidget(label(one.way, "muted"))
        column.addWidget(status_word(status, word))
        line = label(line_of(one), "muted", wrap=True)
        line.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(line, 1)
        if one.outbox is not None:
            column.addSpacing(theme.S)
            shown = [(_(word), getattr(one.outbox, name), name) for name, word in FIGURES.items()]
            compared = one.channel.compared if one.channel else None
            differing = None if compared is None else compared.differences
            column.addLayout(_figures([*shown, (_("not alike"), differing, "differ")]))
        elif one.runs:
            column.addSpacing(theme.S)
            read = [(label_of("resource", run.resource), run.read, run.resource) for run in one.runs]
            column.addLayout(_figures(read))
        itself = label(itself_of(one), "muted")
        itself.setToolTip(duties_of(one) if one.duties else "")
        itself.setHidden(not itself.text())
        column.addWidget(itself)
        column.addLayout(self._foot(one, push, configure, cure))

    def _foot(
        self, one: Standing, push: Callable[[], object] | None, configure: Callable[[], object] | None,
        cure: QPushButton | None,
    ) -> QHBoxLayout:  # fmt: skip
        row = QHBoxLayout()
        oldest = one.outbox.oldest_waiting if one.outbox else None
        if oldest:
            row.addWidget(label(_("oldest {at}").format(at=local_time(oldest)[5:]), "muted"))
        row.addStretch(1)
        if cure is not None:
            row.addWidget(cure)
        elif push is not None and one.due:
            row.addWidget(button(_("Push {n}").format(n=f"{one.due:,}"), push, icon="send", kind="primary"))
        if configure is not None and not one.configured:
            row.addWidget(button(_("Configure"), configure, icon="rules"))
        return row

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.opened.emit(self.target)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.opened.emit(self.target)
            return
        super().keyPressEvent(event)


def _figures(shown: Sequence[tuple[str, int | None, str]]) -> QHBoxLayout:
    """Figures with their words below, a dash where nobody has looked; what needs somebody is coloured."""
    row = QHBoxLayout()
    row.setSpacing(theme.M)
    for word, count, name in shown:
        box = QVBoxLayout()
        box.setSpacing(0)
        figure = label("–" if count is None else f"{count:,}", "number")
        if count and name in {"rejected", "differ"}:
            figure.setStyleSheet(f"color: {theme.tokens().error};")
        box.addWidget(figure)
        box.addWidget(label(word, "muted"))
        row.addLayout(box)
    row.addStretch(1)
    return row


class CardGrid(QWidget):
    """Cards side by side, as many as the width has room for."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[SystemCard] = []
        self._across = 0

    def show_cards(self, cards: list[SystemCard]) -> None:
        """Replaces the cards."""
        for old in self.cards:
            old.setParent(None)
            old.deleteLater()
        self.cards = cards
        for one in cards:
            one.setParent(self)
            one.show()
        self._lay()

    def resizeEvent(self, event: object) -> None:
        self._lay()

    def _lay(self) -> None:
        across = max(1, (self.width() + theme.M) // (WIDTH + theme.M))
        wide = (self.width() - (across - 1) * theme.M) // across
        for place, one in enumerate(self.cards):
            row, column = divmod(place, across)
            one.setGeometry(column * (wide + theme.M), row * (HEIGHT + theme.M), wide, HEIGHT)
        rows = -(-len(self.cards) // across)
        self.setMinimumHeight(rows * (HEIGHT + theme.M))
