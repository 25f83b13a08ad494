"""Pages: one for each job of a user. A page shows what core returns and asks the desk for everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.i18n import N_
from core.security.workspace import Workspace
from desktop.jobs import JobRunner
from desktop.messages import Messages


class Changes(QObject):
    """What kind of thing an operation changed; each page decides whether to look again."""

    registry = Signal()
    packages = Signal()
    outbox = Signal()


@dataclass(frozen=True)
class Desk:
    """What a page works with: the workspace, the job runner, the change hub, and the shell's services."""

    workspace: Workspace
    jobs: JobRunner
    changes: Changes
    messages: Messages
    open_record: Callable[[str, int], None]
    show_on_map: Callable[[str, int], None]
    show_page: Callable[[str], None]
    show_drawer: Callable[[str, QWidget], None]


class Page(QWidget):
    """A page of the shell. ``name`` is its key, ``permission`` what its user must hold to see it."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = N_("Page")
    icon: ClassVar[str] = "registry"
    permission: ClassVar[str] = "registry.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName("page")

    def refresh(self) -> None:
        """Looks again at what the page shows; called when it is first shown, on F5 and after changes."""

    def closing(self) -> None:
        """Lets go of what the page holds; called once before the window closes."""
