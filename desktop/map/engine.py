"""Setting the web engine up before the application is made."""

from __future__ import annotations

import os

_FLAGS = "QTWEBENGINE_CHROMIUM_FLAGS"


def prepare() -> None:
    """Sets Chromium's flags: no GPU needed; the sandbox stays on for everybody but root, where it cannot run."""
    wanted = ["--disable-gpu"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        wanted.append("--no-sandbox")
    present = os.environ.get(_FLAGS, "").split()
    os.environ[_FLAGS] = " ".join([*present, *(flag for flag in wanted if flag not in present)])
