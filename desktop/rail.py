"""The rail at the left, one entry a subject, and the tabs above the pages that share a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.i18n import _
from desktop import theme
from desktop.pages import SECTIONS, Page

WIDTH, ENTRY = 76, 52
KEYS: Final = tuple(f"Ctrl+{key}" for key in "1234567890-=")
"""What opens the first, the second … entry of the rail."""


Kind = Page | type[Page]
"""A page, or what it will be made of: either knows its name, its word and where it belongs."""


def subjects(pages: Mapping[str, Kind]) -> dict[str, list[Kind]]:
    """The pages by subject, in order; the first that the role may open stands for its subject on the rail."""
    made: dict[str, list[Kind]] = {}
    for page in pages.values():
        made.setdefault(page.section or page.name, []).append(page)
    return made


def face(page: Kind) -> tuple[str, str]:
    """Word and icon of a subject on the rail, by its first page."""
    word, icon = SECTIONS.get(page.section, (page.title, page.icon))
    return _(word), icon


class Rail(QFrame):
    """One button a subject; a subject opens on the page of it that was in front last."""

    asked = Signal(str)

    def __init__(self, pages: Mapping[str, Kind], tools: Sequence[QWidget]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(WIDTH)
        self._subjects = subjects(pages)
        self._last = {subject: ours[0].name for subject, ours in self._subjects.items()}
        self._group, self.entries = QButtonGroup(self), list[QToolButton]()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.XS, theme.S, theme.XS, theme.S)
        column.setSpacing(2)
        for number, (subject, ours) in enumerate(self._subjects.items()):
            made = self._entry(number, ours[0])
            made.clicked.connect(lambda _checked=False, subject=subject: self.asked.emit(self._last[subject]))
            column.addWidget(made)
        column.addStretch(1)
        row = QHBoxLayout()
        for tool in tools:
            row.addWidget(tool)
        column.addLayout(row)

    def mark(self, page: Page) -> None:
        """Shows which subject is in front, and remembers its page."""
        subject = page.section or page.name
        self._last[subject] = page.name
        self.entries[list(self._subjects).index(subject)].setChecked(True)

    def open(self, number: int) -> None:
        """Asks for the subject at a place, counted from 0."""
        self.asked.emit(list(self._last.values())[number])

    def titles(self) -> list[str]:
        """What the entries say."""
        return [entry.text() for entry in self.entries]

    def dress(self) -> None:
        """Draws the icons anew, after the scheme has changed."""
        for entry, ours in zip(self.entries, self._subjects.values(), strict=True):
            entry.setIcon(theme.icon(face(ours[0])[1], size=22))

    def _entry(self, number: int, page: Kind) -> QToolButton:
        made = QToolButton()
        made.setProperty("kind", "nav")
        made.setCheckable(True)
        word, icon = face(page)
        made.setText(word)
        made.setIcon(theme.icon(icon, size=22))
        made.setIconSize(QSize(22, 22))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setFixedSize(WIDTH - 2 * theme.XS, ENTRY)
        key = KEYS[number] if number < len(KEYS) else ""
        made.setToolTip(f"{word}  {key}".strip())
        self._group.addButton(made, number)
        self.entries.append(made)
        return made


class SectionTabs(QFrame):
    """The pages of the subject in front as tabs; hidden where a subject is a single page."""

    asked = Signal(str)

    def __init__(self, pages: Mapping[str, Kind]) -> None:
        super().__init__()
        self._subjects, self._front = subjects(pages), ""
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.XL, theme.M, theme.XL, 0)
        self.row.setSpacing(theme.XL)
        self._group, self._tabs = QButtonGroup(self), dict[str, QToolButton]()
        for ours in self._subjects.values():
            for page in (page for page in ours if page.section):
                self._tabs[page.name] = self._tab(page)
        self.row.addStretch(1)
        self.setVisible(False)

    def mark(self, page: Page) -> None:
        """Shows the tabs of the page's subject with the page's own checked."""
        self._front = page.name
        ours = [one.name for one in self._subjects[page.section or page.name]]
        for name, tab in self._tabs.items():
            tab.setVisible(name in ours)
        if page.section:
            self._tabs[page.name].setChecked(True)
        self.setVisible(bool(page.section))

    def step(self, by: int) -> None:
        """Asks for the next tab, or with -1 for the one before."""
        shown = [name for name, tab in self._tabs.items() if not tab.isHidden()]
        if self._front in shown:
            self.asked.emit(shown[(shown.index(self._front) + by) % len(shown)])

    def _tab(self, page: Kind) -> QToolButton:
        made = QToolButton()
        made.setProperty("kind", "tab")
        made.setCheckable(True)
        made.setText(_(page.title))
        made.setToolTip(f"{_(page.title)}  Ctrl+PgUp / Ctrl+PgDn")
        made.clicked.connect(lambda _checked=False: self.asked.emit(page.name))
        self._group.addButton(made)
        self.row.addWidget(made)
        return made
