"""Reconciliation of what was read with what the source says it holds: counts and digests by community."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.exchange.transports.source import Total


@dataclass(frozen=True)
class Community:
    """One community: how many the source counts, how many came, and whether their digests agree (None: not given)."""

    community: str
    theirs: int
    ours: int
    digests_agree: bool | None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return self.theirs == self.ours and self.digests_agree is not False


def compare(theirs: Sequence[Total], ours: Mapping[str, tuple[int, str]]) -> tuple[Community, ...]:
    """Each community that either side names."""
    told = {total.community: total for total in theirs}
    return tuple(_compared(name, told.get(name), ours.get(name)) for name in sorted({*told, *ours}))


def _compared(name: str, total: Total | None, held: tuple[int, str] | None) -> Community:
    count, digest = held or (0, "")
    if total is None:
        return Community(name, 0, count, None)
    same = total.digest == digest if total.digest and held else None
    return Community(name, total.count, count, same)


def summary(communities: Sequence[Community]) -> dict[str, Any]:
    """The comparison as it is kept: sums, and every community."""
    return {
        "theirs": sum(c.theirs for c in communities),
        "ours": sum(c.ours for c in communities),
        "digests": all(c.digests_agree is not None for c in communities),
        "differing": [c.community for c in communities if not c.agrees],
        "communities": [asdict(c) for c in communities],
    }
