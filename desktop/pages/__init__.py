"""Pages: one for each job of a user. A page shows what core returns and asks the desk for everything else."""

from __future__ import annotations

from typing import ClassVar, Final

from PySide6.QtWidgets import QWidget

from core.i18n import N_
from desktop.desk import Desk
from desktop.visits import Place

SECTIONS: Final = {"administration": (N_("Administration"), "user")}
"""Sections whose entry of the rail has word and icon of its own; others look like their first page."""


class Page(QWidget):
    """A page of the shell. ``name`` is its key, ``permission`` what its user must hold to see it.

    Pages of one ``section`` share an entry of the rail and lie behind it as tabs, in the order of ``app.PAGES``;
    such a page leaves its title to its tab.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = N_("Page")
    icon: ClassVar[str] = "registry"
    permission: ClassVar[str] = "registry.read"
    section: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName("page")

    def refresh(self) -> None:
        """Looks again at what the page shows; called when it is first shown, on F5 and after changes."""

    def place(self) -> Place:
        """Where the user is on the page, for the way back to it."""
        return Place(self.name)

    def closing(self) -> None:
        """Lets go of what the page holds; called once before the window closes."""
