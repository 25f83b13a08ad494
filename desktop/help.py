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
    sections = (
        (_("Everywhere"), [
            ("Ctrl+K", _("Search")), *pages, ("Ctrl+PgUp / PgDn", _("The tab beside")),
            ("Alt+Left / Right", _("Back and forward through what was opened")), ("F5", _("Look again")),
            ("F1", _("Help of this page")), ("Esc", _("Close the drawer")), ("Ctrl+L", _("Lock")),
            ("Ctrl+Z", _("Undo the last bulk act")),
            ("Ctrl+/", _("This sheet")),
        ]),
        (_("Tables"), [
            ("J / K", _("Next and previous row")), ("Enter", _("Open")), ("Ctrl+Enter", _("Open the file")),
            ("Space", _("Pick the row")), ("Ctrl+A", _("Pick all matching")), ("Shift+Esc", _("Pick nothing")),
            ("Ctrl+F", _("Filter by text")), ("Ctrl+Shift+F", _("Add a condition")),
        ]),
        (_("Files"), [
            ("Ctrl+Tab", _("The next file")), ("Ctrl+W", _("Close the file")), ("Ctrl+E", _("Edit")),
            ("Ctrl+S", _("Save what was edited")),
        ]),
        (_("Search field"), [
            ("Up / Down", _("Next and previous row")), ("Tab", _("The next group")), ("Enter", _("Open the file")),
            ("Shift+Enter", _("Look at it in the drawer")),
        ]),
    )  # fmt: skip
    rows = [line for title, lines in sections for line in (("", title), *lines)]
    made = QWidget()
    grid = QGridLayout(made)
    grid.setVerticalSpacing(theme.S)
    for row, (keys, meaning) in enumerate(rows):
        if not keys:
            grid.addWidget(label(meaning, "heading"), row, 0, 1, 2)
            continue
        code = label(keys, "muted")
        code.setFont(theme.monospace())
        grid.addWidget(code, row, 0)
        grid.addWidget(label(meaning), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setRowStretch(len(rows), 1)
    return made
