"""The colours of the map's layers and of its statistics, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.atlas.choropleth import Choropleth
from desktop import theme

_LAYERS: Final[dict[theme.Scheme, dict[str, str]]] = {
    "light": {
        "address": "#1F4E8C", "house": "#2F7D6B", "organisation": "#8A5300", "person": "#5B4B9A", "place": "#3C6E9F",
        "thing": "#7A5C2E", "event": "#8C3A6B", "hazard": "#B3261E", "dispute": "#A0522D", "findings": "#C2571A",
        "overdue": "#8A6D00", "conflicts": "#7B2FA0", "chosen": "#D1005D",
    },
    "dark": {
        "address": "#5B93E6", "house": "#5DB8A2", "organisation": "#D9A04E", "person": "#A794F2", "place": "#7FB2E0",
        "thing": "#C9A46A", "event": "#D98ABB", "hazard": "#FF8A80", "dispute": "#E0A080", "findings": "#FFA766",
        "overdue": "#E5CC5C", "conflicts": "#D19BEF", "chosen": "#FF5C9E",
    },
}  # fmt: skip
_RAMPS: Final[dict[theme.Scheme, tuple[str, ...]]] = {
    "light": ("#E3ECF7", "#B9D0EA", "#86AEDB", "#4F86C2", "#1F4E8C"),
    "dark": ("#20314A", "#2C4A74", "#3B679F", "#5689CB", "#86B4F2"),
}
_POLICE: Final = {"light": "#8C3A6B", "dark": "#D98ABB"}


def of(layer: str) -> str:
    """The colour of a layer in the scheme in force."""
    return _LAYERS[theme.scheme()][layer]


def ramp() -> Sequence[str]:
    """From little to much, in the scheme in force."""
    return _RAMPS[theme.scheme()]


def tokens() -> dict[str, Any]:
    """What the page needs to know of the scheme in force."""
    t, scheme = theme.tokens(), theme.scheme()
    names = ("ground", "surface", "line", "text", "muted", "accent")
    made: dict[str, Any] = {name: getattr(t, name) for name in names}
    return made | {
        "layers": _LAYERS[scheme],
        "police": _POLICE[scheme],
        "on": "#FFFFFF" if scheme == "light" else "#10151D",
    }


def classes(found: Choropleth) -> Sequence[tuple[str, float, float]]:
    """The legend of a statistic: colour and the range (from, to) of each class."""
    ramp = _RAMPS[theme.scheme()]
    told = [value for value in found.values.values() if value is not None]
    low = min(told, default=0.0)
    starts = [low, *found.breaks[:-1]]
    last = len(found.breaks) - 1
    places = [round(n * (len(ramp) - 1) / last) for n in range(last + 1)] if last > 0 else [2]
    ranges = zip(starts, found.breaks, strict=False)
    return [(ramp[places[n]], low, high) for n, (low, high) in enumerate(ranges)]


def fill(found: Choropleth) -> Mapping[str, Any]:
    """The colour of each area, for the page; areas of which nothing can be said have none, and too few is told."""
    ranges = classes(found)
    colours = {
        code: next((colour for colour, _low, high in ranges if value <= high), ranges[-1][0])
        for code, value in found.values.items()
        if value is not None
    }
    return {"by": found.by, "colours": colours, "suppressed": sorted(found.suppressed)}
