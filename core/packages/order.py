"""The order in which several packages are opened: oldest first, each sender's in sequence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def in_order(files: Sequence[Path]) -> list[Path]:
    """Files by creation time, sender and sequence as their descriptors claim; unreadable ones come last.

    Nothing is trusted here: each file is checked in full when it is opened.
    """
    return sorted(files, key=lambda file: (_claim(file), str(file)))


def _claim(file: Path) -> tuple[str, str, int]:
    try:
        with zipfile.ZipFile(file) as archive, archive.open("datapackage.json") as member:
            descriptor: Any = json.loads(member.read(1 << 20))
        own = descriptor["gridlink"]
        return str(descriptor["created"]), str(own["sender"]), int(own["sequence"])
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError, NotImplementedError, RuntimeError):
        return "~", "", 0
