"""The two roots of trouble: what a user can act on, and a cancelled job. Anything else is a bug."""

from __future__ import annotations

from typing import Any, ClassVar


class GridLinkError(Exception):
    """Trouble that a user can act on: a stable code, one sentence, a cure and the facts behind it.

    ``message`` and ``cure`` are given already translated (``core.i18n._``); ``details`` holds
    JSON-ready values (expected, found, place) and never personal data.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, cure: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        """The error as the headless contract prints it."""
        return {"code": self.code, "message": self.message, "cure": self.cure, "details": self.details}


class Cancelled(Exception):
    """Raised at a job's checkpoint after its user cancelled it; never shown as an error."""
