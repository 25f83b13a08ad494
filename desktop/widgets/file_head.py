"""The head of a file: where it stands as a breadcrumb, what it is called, its state, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.i18n import _
from core.model import names as labels
from core.registry.divisions import division_name
from core.registry.record import Record
from desktop import theme
from desktop.widgets.parts import label, local_time, status_word

_PARTS = ("road", "doorplate", "estate", "building", "unit", "floor", "room")
STEP = "  ›  "


def crumbs(one: Record) -> Sequence[str]:
    """The way down to a record: district, sub-district, community, then the parts of a standard address."""
    held: Mapping[str, Any] = {value.name: value.value for value in one.values}
    divisions = [held.get(name) for name in ("subdistrict_code", "community_code")]
    way = [division_name("320508000000") if any(divisions) else ""]
    way += [division_name(str(code)) if code else "" for code in divisions]
    way += [str(held.get(name) or "") for name in _PARTS]
    return [step for step in way if step and step != "320508000000"]


def headline(one: Record) -> str:
    """What a file is called: a house by its address, everything else by its own name."""
    if one.resource == "house":
        return next((other.title for other in one.related if other.resource == "address"), one.title)
    return one.title


def way(one: Record) -> Sequence[str]:
    """The breadcrumb: the kind, then the way down, then a house's own code."""
    own = [one.title] if headline(one) != one.title else []
    address = [other.title for other in one.related if other.resource == "address" and other.title != headline(one)]
    return [labels.label("resource", one.resource), *(crumbs(one) or address[:1]), *own]


class FileHead(QWidget):
    """Breadcrumb, title and state at the left, actions at the right; it stays while the file scrolls."""

    def __init__(self, one: Record, actions: Sequence[QWidget]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.XL, theme.M, theme.XL, theme.S)
        row.setSpacing(theme.S)
        words = QVBoxLayout()
        words.setSpacing(theme.XS)
        words.addWidget(label(STEP.join(way(one)), "crumb", wrap=True))
        title = label(headline(one), "title", wrap=True)
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(title)
        words.addLayout(_chips(one))
        row.addLayout(words, 1)
        for action in actions:
            row.addWidget(action, 0, Qt.AlignmentFlag.AlignTop)


def overdue_since(one: Record) -> str:
    """The earliest day since which something of the record waits to be verified again; empty if nothing does."""
    today = date.today().isoformat()
    days = [value.standing.until for value in one.values if value.standing and value.standing.until]
    return min((day for day in days if day < today), default="")


def in_conflict(one: Record) -> bool:
    """Whether departments contradict each other about one of its fields."""
    return any(value.standing is not None and value.standing.state == "conflict" for value in one.values)


def _chips(one: Record) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.L)
    if one.retired:
        row.addWidget(status_word("unchecked", _("retired")))
    if in_conflict(one):
        row.addWidget(status_word("warning", _("contradicted")))
    if overdue_since(one):
        row.addWidget(status_word("waiting", _("overdue since {day}").format(day=overdue_since(one))))
    line = _("{source} · collected {at} · collector {collector}").format(
        source=labels.label("sender", one.source), at=local_time(one.collected_at), collector=one.collector
    )
    row.addWidget(label(line, "muted"))
    row.addStretch(1)
    return row
