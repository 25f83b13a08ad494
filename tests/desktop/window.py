"""What every test of the window does: waits until nothing runs, and reads what is on the screen."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLabel, QPushButton

from desktop.shell import Shell


def settle(qtbot: Any, shell: Shell) -> None:
    """Waits until no job runs."""
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=30_000)


def said(widget: Any) -> str:
    """The texts of the labels and buttons in a widget."""
    return "\n".join(w.text() for kind in (QLabel, QPushButton) for w in widget.findChildren(kind))
