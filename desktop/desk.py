"""The desk: what pages and widgets work with, so that none of them needs to know the shell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.registry.filters import Selection
from core.security.workspace import Workspace
from desktop.jobs import JobRunner
from desktop.memory import Memory
from desktop.messages import Messages
from desktop.visits import Visits


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
    open_file: Callable[[str, int], None]
    show_rows: Callable[[Selection], None]
    show_findings: Callable[[str, str], None]
    show_on_map: Callable[[str, int], None]
    map_rows: Callable[[Selection], None]
    show_page: Callable[[str], None]
    show_system: Callable[[str, str], None]
    show_drawer: Callable[[str, QWidget], None]
    visits: Visits
    memory: Memory
