"""Keeps ``None`` alive on Python before 3.12, where PySide6 6.12 gives away one reference of it a call.

Measured on PySide6 6.12.0 with Python 3.11: after every Qt method that returns nothing the reference count of
``None`` is one lower, and once it reaches zero the interpreter aborts ("deallocating None"): some thousand
calls, seconds of work. From Python 3.12 on ``None`` is immortal (PEP 683) and nothing has to be done.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

PLENTY: Final = sys.maxsize >> 2
"""References given to ``None``: never used up, and far from overflowing."""


def keep_none_alive() -> None:
    """Gives ``None`` so many references that it cannot be deallocated; harmless to call twice."""
    if sys.implementation.name == "cpython" and sys.version_info < (3, 12) and sys.getrefcount(None) < PLENTY // 2:
        ctypes.c_ssize_t.from_address(id(None)).value += PLENTY
