"""Whose word counts: declared in ``resources/authority.toml`` by resource, field group and age."""

from __future__ import annotations

import functools
from typing import Any

from core.model.resources import SENDERS
from core.settings import read_toml


def order(resource: str, group: str = "") -> tuple[str, ...]:
    """Departments by authority, the highest first, for a resource or one of its field groups."""
    return _order(resource, group)


def outranking(resource: str, sender: str) -> list[str]:
    """The departments whose word stands above the sender's for this resource."""
    ranked = order(resource)
    return list(ranked[: ranked.index(sender)])


def stale_after_days() -> int:
    """How many days older than the newest word another may be before it yields."""
    return int(_declared()["stale_after_days"])


def same_place_metres() -> float:
    """Positions closer than this many metres say the same."""
    return float(_declared()["same_place_metres"])


@functools.cache
def _declared() -> dict[str, Any]:
    return read_toml("authority.toml")


@functools.cache
def _order(resource: str, group: str) -> tuple[str, ...]:
    own: dict[str, Any] = _declared().get(resource, {})
    listed = own.get(group, {}).get("order") or own.get("order") or _declared()["default"]["order"]
    return (*listed, *(sender for sender in SENDERS if sender not in listed))
