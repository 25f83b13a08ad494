"""Stated reasons: what every look that needs one asks for, and an auditor reads."""

from __future__ import annotations

from typing import Final

from core.errors import GridLinkError
from core.i18n import _

SHORTEST_REASON: Final = 4
"""Characters that say something (核实身份 is enough, a dot is not)."""


class ReasonMissing(GridLinkError):
    """Nothing is shown without a reason that an auditor can read."""

    code = "reason_missing"


def says_something(reason: str) -> bool:
    """Whether a reason is more than dots and blanks."""
    return len({c for c in reason if c.isalnum()}) >= SHORTEST_REASON


def stated(reason: str, message: str) -> str:
    """The reason as it is kept. Raises ``ReasonMissing`` with ``message`` where it says nothing."""
    if not says_something(reason):
        raise ReasonMissing(
            message, cure=_("Say in a few words what you need it for; the auditor will read it.")
        )
    return reason.strip()
