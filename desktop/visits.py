"""Where the user has been: pages and files in the order in which they were opened, with a way back and forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KEPT = 100
"""Places remembered."""


@dataclass(frozen=True)
class Place:
    """A page, or one file on it."""

    page: str
    resource: str = ""
    entity: int = 0


class Visits:
    """The way through the window; going back does not lengthen it, going elsewhere from there does."""

    def __init__(self) -> None:
        self._way: list[Place] = []
        self._at = -1
        self.changed: Callable[[], None] = lambda: None

    def note(self, place: Place) -> None:
        """Remembers where the user is now; what lay ahead is forgotten."""
        if self.now == place:
            return
        del self._way[self._at + 1 :]
        self._way.append(place)
        del self._way[: -KEPT or None]
        self._at = len(self._way) - 1
        self.changed()

    @property
    def now(self) -> Place | None:
        """Where the user is, None at the very start."""
        return self._way[self._at] if self._way else None

    @property
    def may_go_back(self) -> bool:
        """Whether there is a place before this one."""
        return self._at > 0

    @property
    def may_go_forward(self) -> bool:
        """Whether there is a place after this one."""
        return self._at < len(self._way) - 1

    def back(self) -> Place | None:
        """One step back, None at the start."""
        return self._step(-1) if self.may_go_back else None

    def forward(self) -> Place | None:
        """One step forward, None at the end."""
        return self._step(1) if self.may_go_forward else None

    def _step(self, by: int) -> Place:
        self._at += by
        self.changed()
        return self._way[self._at]
