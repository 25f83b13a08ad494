"""A declaration as somebody is changing it: one text behind the forms, the tables and the text view alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.exchange.connectors import DeclarationInvalid, parse
from core.exchange.declaration import Connector
from core.exchange.declaration_edit import Place, edited, given_at, renamed
from core.exchange.declaring import Declaration, Difference, faults_of, proposed
from core.i18n import _


class Draft(QObject):
    """The text in force and what has become of it; ``changed`` comes with every other text."""

    changed = Signal()

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target
        self.base = Declaration(target, "", "", 0, False)
        self.text = ""
        self.faults: Mapping[int, str] = {}
        self.last: Connector | None = None

    def begin(self, base: Declaration) -> None:
        """Starts from the text that is in force; what was typed on top of the same one stays."""
        if self.is_changed and base == self.base:
            return
        self.base = base
        self._take(base.text)

    def discard(self) -> None:
        """Goes back to the text in force."""
        self._take(self.base.text)

    def type(self, text: str) -> None:
        """Takes a whole text, whatever it is."""
        if text != self.text:
            self._take(text)

    def put(self, changes: Mapping[Place, Any]) -> None:
        """Sets single values in their place, or removes those that are None; not while the text is no TOML."""
        try:
            self._take(edited(self.text, changes))
        except ValueError:
            self.changed.emit()

    def rename(self, place: Place, name: str) -> bool:
        """Gives a table another name; False where there is one of that name already."""
        try:
            self._take(renamed(self.text, place, name))
        except (ValueError, KeyError):
            return False
        return True

    def value(self, *place: str) -> Any:
        """What the text says at a place."""
        try:
            return given_at(self.text, place)
        except ValueError:
            return None

    @property
    def is_changed(self) -> bool:
        """Whether the text is another than the one in force."""
        return self.text != self.base.text

    @property
    def is_sound(self) -> bool:
        """Whether it could be put in force."""
        return not self.faults

    def differences(self) -> Sequence[Difference]:
        """What would become otherwise; none while there are faults."""
        if self.faults or not self.is_changed:
            return ()
        try:
            return proposed(self.target, self.base.text, self.text)
        except DeclarationInvalid:
            return ()

    def told(self) -> str:
        """How far the change is, in a sentence."""
        if self.faults:
            return _("{n} faults").format(n=len(self.faults))
        if not self.is_changed:
            return _("nothing changed")
        return _("{n} values changed").format(n=len(self.differences()))

    def _take(self, text: str) -> None:
        self.text, self.faults = text, faults_of(self.target, text)
        if not self.faults:
            self.last = parse(text, name=self.target)
        self.changed.emit()
