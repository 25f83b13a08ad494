"""Help inside the window: a short text for each page, and every shortcut."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from core.i18n import _, language
from core.settings import RESOURCES
from desktop import theme
from desktop.widgets.parts import label


def page_help(name: str) -> QWidget:
    """The help text of a page in the language in force."""
    text = (RESOURCES / "help" / language() / f"{name}.md").read_text("utf-8")
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.MarkdownText)
    made.setWordWrap(True)
    made.setAlignment(Qt.AlignmentFlag.AlignTop)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def shortcut_sheet(pages: Sequence[tuple[str, str]]) -> QWidget:
    """Every shortcut with what it does; ``pages`` are the rail's, key and title."""
    rows = [
        ("Ctrl+K", _("Search")), *pages, ("Ctrl+PgUp / PgDn", _("The tab beside")),
        ("F5", _("Look again")), ("F1", _("Help of this page")), ("Esc", _("Close the drawer")),
        ("Ctrl+L", _("Lock")), ("J / K", _("Next and previous row")), ("Enter", _("Open")), ("Ctrl+/", _("This sheet")),
    ]  # fmt: skip
    made = QWidget()
    grid = QGridLayout(made)
    grid.setVerticalSpacing(theme.S)
    for row, (keys, meaning) in enumerate(rows):
        code = label(keys, "muted")
        code.setFont(theme.monospace())
        grid.addWidget(code, row, 0)
        grid.addWidget(label(meaning), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setRowStretch(len(rows), 1)
    return made
