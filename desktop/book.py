"""The pages of a window: each is made when it is first opened, so that the window stands before its dearest page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from desktop.desk import Desk
from desktop.pages import Page


class Book(Mapping[str, Page]):
    """Pages by name, in the order of ``kinds``; asking for one makes it, ``made`` has those that there are already."""

    def __init__(self, desk: Desk, kinds: Sequence[type[Page]], bound: Callable[[Page], None]) -> None:
        """``bound`` is told of each page once it is made."""
        self.kinds = {kind.name: kind for kind in kinds}
        self.made: dict[str, Page] = {}
        self._desk, self._bound = desk, bound

    def __getitem__(self, name: str) -> Page:
        if name not in self.made:
            self.made[name] = self.kinds[name](self._desk)
            self._bound(self.made[name])
        return self.made[name]

    def __contains__(self, name: object) -> bool:
        return name in self.kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)
