"""What the window remembers of a user: sizes, columns, the last page, open files; nothing that binds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings


class Memory:
    """Values by key for one user, kept as JSON in the file of window state; what cannot be read is forgotten."""

    def __init__(self, path: Path, user: str) -> None:
        # one as long as the window is there: each new one would read the file, and write it amid a click
        self._kept, self._user = QSettings(str(path), QSettings.Format.IniFormat), user

    def get(self, key: str, default: Any = None) -> Any:
        """What was put under the key last."""
        kept = self._kept.value(self._place(key))
        try:
            return default if kept is None else json.loads(str(kept))
        except ValueError:
            return default

    def put(self, key: str, value: Any) -> None:
        """Keeps a value that JSON can hold."""
        self._kept.setValue(self._place(key), json.dumps(value))

    def _place(self, key: str) -> str:
        return f"user-{self._user}/{key}"
