"""Pictures of every page, for whoever wants to look at the client without sitting in front of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from core.security.workspace import Workspace
from desktop import theme
from desktop.pages import Page
from desktop.shell import Shell

SIZES = ((1366, 768), (1920, 1080))
_PATIENCE = 20.0
"""Seconds to wait for a page's own reading to end."""


def take_pictures(
    application: QApplication, workspace: Workspace, pages: Sequence[type[Page]], folder: Path
) -> list[Path]:
    """Saves each page as a PNG at each size in light, and at the first size in dark."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for scheme in ("light", "dark"):
        theme.apply(application, "dark" if scheme == "dark" else "light")
        shell = Shell(workspace, pages)
        shell.show()
        for width, height in SIZES if scheme == "light" else SIZES[:1]:
            shell.resize(width, height)
            for name in shell.pages:
                shell.show_page(name)
                _settle(application, shell)
                path = folder / f"{name}-{width}x{height}-{scheme}.png"
                shell.grab().save(str(path))
                made.append(path)
        shell.close()
        shell.deleteLater()
    return made


def _settle(application: QApplication, shell: Shell) -> None:
    """Lets the window work until nothing is being read and the last painting is done."""
    until = time.monotonic() + _PATIENCE
    quiet = 0
    while time.monotonic() < until and quiet < 12:
        application.processEvents()
        time.sleep(0.05)
        page = shell.pages[next(n for n, p in shell.pages.items() if p.isVisible())]
        quiet = 0 if shell.jobs.running or getattr(page, "busy", False) else quiet + 1
