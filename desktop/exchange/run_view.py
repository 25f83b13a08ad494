"""The record of one extraction run: what, when, how many, how long, from where, by whom, and whether it agrees."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from core.exchange.extraction.runs import Run
from core.i18n import _
from core.model.names import label as name_of
from core.registry.divisions import division_name
from desktop import theme
from desktop.widgets.parts import label, local_time, rule, status_word


def run_state(one: Run) -> tuple[theme.Status, str]:
    """The look and the word of a run's state."""
    looks: dict[str, tuple[theme.Status, str]] = {
        "running": ("waiting", _("begun, can be taken up")), "applied": ("done", _("applied")),
        "failed": ("error", _("failed")), "given_up": ("unchecked", _("given up")),
    }  # fmt: skip
    return looks.get(one.state, ("notice", one.state))


def agreement(one: Run) -> tuple[theme.Status, str]:
    """Whether counts and digests agree with the source's; green only where they do."""
    looks: dict[bool | None, tuple[theme.Status, str]] = {
        True: ("done", _("agrees with the source")), False: ("error", _("differs from the source")),
        None: ("unchecked", _("not compared")),
    }  # fmt: skip
    return looks[one.agreed]


class RunView(QWidget):
    """A run as evidence, with every community compared."""

    def __init__(self, one: Run) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.S, theme.L)
        column.setSpacing(theme.S)
        column.addWidget(label(name_of("resource", one.resource), "heading"))
        column.addWidget(status_word(*run_state(one)))
        column.addWidget(status_word(*agreement(one)))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        for row, (title, text) in enumerate(pair for pair in _facts(one) if pair[1]):
            grid.addWidget(label(title, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            shown = label(text, wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(shown, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        if one.reconciliation:
            column.addWidget(rule())
            column.addWidget(label(_("By community"), "heading"))
            column.addLayout(_communities(one.reconciliation.get("communities", [])))
        column.addStretch(1)


def _facts(one: Run) -> list[tuple[str, str]]:
    return [
        (_("number"), str(one.id)), (_("from"), one.endpoint), (_("transport"), one.transport),
        (_("done by"), one.actor),
        (_("begun"), local_time(one.started_at)), (_("ended"), local_time(one.ended_at or "")),
        (_("seconds"), "" if one.seconds is None else f"{one.seconds:,.1f}"), (_("pages"), f"{one.pages:,}"),
        (_("read"), f"{one.read:,}"), (_("from the mark"), one.since or ""), (_("to the mark"), one.until or ""),
        (_("taken up again"), str(one.resumed or "")), (_("trouble"), one.trouble or ""),
        (_("change set"), str(one.change_set or "")),
    ]  # fmt: skip


def _communities(found: list[dict[str, Any]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.M)
    for place, title in enumerate((_("community"), _("theirs"), _("ours"), "")):
        grid.addWidget(label(title, "muted"), 0, place)
    for row, one in enumerate(found, 1):
        agrees = one["theirs"] == one["ours"] and one["digests_agree"] is not False
        grid.addWidget(label(division_name(one["community"])), row, 0)
        for place, name in ((1, "theirs"), (2, "ours")):
            grid.addWidget(label(f"{one[name]:,}"), row, place, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(
            status_word("done" if agrees else "error", _("agrees") if agrees else _("differs")), row, 3
        )
    grid.setColumnStretch(0, 1)
    return grid
