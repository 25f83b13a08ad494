"""What the page may say, and of which type each value is; anything else is dropped at the door."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final


def _degrees(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _geometry(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(text)
    return value


Kinds = dict[str, Callable[[str], Any]]
_PLACE: Final[Kinds] = {"lon": _degrees, "lat": _degrees}
ACTS: Final[Mapping[str, Kinds]] = {
    "ready": {},
    "drawn": {"features": int, "ms": float},
    "moved": _PLACE | {"zoom": _degrees},
    "pick": {"layer": str, "id": int},
    "open": {"layer": str, "id": int},
    "site": {"layer": str, **_PLACE},
    "copy": _PLACE,
    "mode": {"name": str},
    "shape": {"geometry": _geometry},
    "measured": {"metres": float, "square": float},
    "grid_at": _PLACE,
    "dragged": _PLACE,
    "edited": {"grids": _geometry},
    "line": {"geometry": _geometry},
}


def parsed(what: str, values: Mapping[str, str]) -> dict[str, Any] | None:
    """The values as what they are; None for an act that is unknown, incomplete or malformed."""
    declared = ACTS.get(what)
    if declared is None:
        return None
    try:
        return {name: kind(values[name]) for name, kind in declared.items()}
    except (KeyError, ValueError, TypeError):
        return None
