"""Neutralising spreadsheet formulas: a cell that a spreadsheet would run is written so that it only reads.

Every export goes through here. A plain number keeps its sign.
"""

from __future__ import annotations

import re

STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
RISKY = r"^[=+\-@\t\r]"
_PLAIN = re.compile(PLAIN_NUMBER)


def neutral(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(STARTS) and not _PLAIN.match(text) else text
