"""Where the application's own files are, and the places on this machine that it may use."""

from __future__ import annotations

import tomllib
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_path, user_data_path, user_log_path

CHINA: Final = timezone(timedelta(hours=8))
"""The one time by which days are counted and people read clocks; it has no summer time."""

RESOURCES = Path(__file__).resolve().parent.parent / "resources"


def default_store_path() -> Path:
    """The embedded store of this user when none is named."""
    return user_data_path("GridLink", appauthor=False) / "gridlink.db"


def desktop_state_path() -> Path:
    """Where the desktop remembers window state; nothing that binds lives there."""
    return user_config_path("GridLink", appauthor=False, ensure_exists=True) / "desktop.ini"


def bug_report_folder() -> Path:
    """Where reports of our own mistakes are left for the maintainers."""
    return user_log_path("GridLink", appauthor=False)


def read_toml(*parts: str) -> dict[str, Any]:
    """A declared setting below ``resources/`` (connectors, thresholds, codes)."""
    with RESOURCES.joinpath(*parts).open("rb") as file:
        return tomllib.load(file)
