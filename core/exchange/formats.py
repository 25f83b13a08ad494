"""How values are written upstream: the formats that a declaration can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from core.settings import CHINA


def written(value: Any, form: str) -> Any:
    """A registry value as the upstream system writes it; ``text`` is as it is."""
    return value if form == "text" else _WRITERS[form](str(value))


def _local_time(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


_WRITERS: Final[Mapping[str, Callable[[str], str]]] = {
    "day8": lambda value: value[:10].replace("-", ""),
    "slash_day": lambda value: value[:10].replace("-", "/"),
    "local_time": _local_time,
    "upper": str.upper,
}
