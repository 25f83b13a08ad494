"""Keeps ``None``, ``True`` and ``False`` alive on Python before 3.12, where PySide6 6.12 gives away references of them.

Measured on PySide6 6.12.0 with Python 3.11: after every Qt method that returns nothing the reference count of
``None`` is one lower, after every signal emitted from Python that of ``True``; once one reaches zero the interpreter
aborts ("deallocating None"): some thousand calls, seconds of work. From Python 3.12 on they are immortal (PEP 683)
and nothing has to be done.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

PLENTY: Final = sys.maxsize >> 2
"""References given to each: never used up, and far from overflowing."""
_CONSTANTS: Final = (None, True, False)


def keep_constants_alive() -> None:
    """Gives the constants so many references that they cannot be deallocated; harmless to call twice."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12):
        return
    for constant in _CONSTANTS:
        if sys.getrefcount(constant) < PLENTY // 2:
            ctypes.c_ssize_t.from_address(id(constant)).value += PLENTY
