"""The order in which several packages are opened: oldest first, each sender's in sequence."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_UNKNOWN = datetime.max.replace(tzinfo=UTC)
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    RuntimeError,
)
Claim = tuple[datetime, str, int]


def in_order(files: Sequence[Path]) -> list[Path]:
    """Files by creation time, but each sender's by sequence whatever its clock said; unreadable ones last.

    Nothing is trusted here: each file is checked in full when it is opened.
    """
    claimed = sorted(((_claim(file), str(file), file) for file in files), key=lambda one: one[:2])
    in_sequence: dict[str, list[Path]] = defaultdict(list)
    for (_, sender, _), _, file in sorted(claimed, key=lambda one: -one[0][2]):
        in_sequence[sender].append(file)
    return [in_sequence[sender].pop() for (_, sender, _), _, _ in claimed]


def _claim(file: Path) -> Claim:
    try:
        with zipfile.ZipFile(file) as archive, archive.open("datapackage.json") as member:
            descriptor: Any = json.loads(member.read(4 << 20))
        own = descriptor["gridlink"]
        created = datetime.fromisoformat(descriptor["created"])
        return created.astimezone(UTC), str(own["sender"]), int(own["sequence"])
    except _UNREADABLE:
        return _UNKNOWN, "", 0
