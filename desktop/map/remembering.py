"""What each user last showed on the map: layers, their order and opacity, areas, statistic, system, place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from PySide6.QtCore import QSettings

from core.atlas.choropleth import DEFINITIONS
from core.atlas.layers import AREAS, LAYERS
from core.settings import desktop_state_path
from core.spatial.positions import SHOWN as SYSTEMS
from desktop.map.view import Place, ShownLayer


@dataclass
class Habits:
    """What is remembered for one user of one store."""

    layers: list[ShownLayer] = field(default_factory=lambda: [ShownLayer("address")])
    order: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=lambda: ["subdistrict", "community", "grid"])
    statistic: str = ""
    by: str = "community"
    system: str = "EPSG:4490"
    ground: bool = True
    at: tuple[float, float, float] | None = None


def recall(user: str) -> Habits:
    """The user's habits; what cannot be read, or is no longer there, is left at its default."""
    text = _settings().value(f"map/{user}")
    try:
        given: dict[str, Any] = json.loads(str(text)) if text else {}
        layers = [
            ShownLayer(str(name), float(opacity)) for name, opacity in given["layers"] if name in LAYERS
        ]
        at = tuple(float(number) for number in given["at"]) if given.get("at") else None
        return Habits(
            layers=layers, order=[n for n in given["order"] if n in LAYERS],
            levels=[n for n in given["levels"] if n in AREAS],
            statistic=given["statistic"] if given["statistic"] in DEFINITIONS else "",
            by=given["by"] if given["by"] in {"community", "grid"} else "community",
            system=given["system"] if given["system"] in SYSTEMS else "EPSG:4490",
            ground=bool(given["ground"]), at=at if at is not None and len(at) == 3 else None,
        )  # fmt: skip
    except (KeyError, ValueError, TypeError):
        return Habits()


def remember(user: str, habits: Habits) -> None:
    """Keeps the user's habits on this machine."""
    made = asdict(habits) | {"layers": [(one.name, one.opacity) for one in habits.layers]}
    _settings().setValue(f"map/{user}", json.dumps(made))


def apply(habits: Habits, place: Place) -> None:
    """Lets a map begin where the user left it."""
    place.layers, place.levels, place.system = list(habits.layers), list(habits.levels), habits.system
    if habits.at is not None:
        place.lon, place.lat, place.zoom = habits.at
        place.fit = False


def _settings() -> QSettings:
    return QSettings(str(desktop_state_path()), QSettings.Format.IniFormat)
