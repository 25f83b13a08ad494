"""The fields of a record: value, who agrees, why it is so; what is masked looks masked and can be asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model import names as labels
from core.model.labels import field_title, shown_value
from core.registry.divisions import division_name
from core.registry.record import Origin, Standing, Value
from desktop import theme
from desktop.widgets.parts import button, label, local_time, status_word

DIVISIONS = ("community_code", "subdistrict_code")
_HOW = {
    "settle": N_("settled"),
    "fix": N_("corrected"),
    "edit": N_("edited"),
    "sheet": N_("taken from a spreadsheet"),
    "extraction": N_("extracted from the source"),
}
_STATES: dict[str, theme.Status] = {"agreed": "done", "conflict": "warning", "settled": "done"}
_STATE_WORDS = {"agreed": N_("agreed"), "conflict": N_("contradicted"), "settled": N_("settled")}
_LONG = 40
_TOKENS = ("_token", "_tokens")


class FieldList(QWidget):
    """Fields below one another in one or more columns; ``asked`` says that a masked one is wanted open."""

    asked = Signal()

    def __init__(self, values: list[Value], *, may_ask: bool = False, columns: int = 1) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.S)
        grid = QGridLayout()
        grid.setVerticalSpacing(theme.XS + 2)
        grid.setHorizontalSpacing(theme.M)
        rows = -(-len(values) // columns)
        for place, value in enumerate(values):
            self._line(grid, place % rows, 5 * (place // rows), value=value, may_ask=may_ask)
        for column in range(columns):
            grid.setColumnStretch(5 * column + 1, 1)
        outer.addLayout(grid)
        self._reason = label("", wrap=True)
        self._reason.setVisible(False)
        outer.addWidget(self._reason)

    def _line(self, grid: QGridLayout, row: int, left: int, *, value: Value, may_ask: bool) -> None:
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(label(field_title(value.name), "muted"), row, left, top)
        grid.addWidget(
            self._masked(value, may_ask=may_ask) if value.personal else plain(value), row, left + 1, top
        )
        if value.standing:
            grid.addWidget(standing_word(value.standing), row, left + 2, top)
        why = button("?", partial(self._why, value), kind="link", tip=why_text(value.origin))
        why.setAccessibleName(_("Why this value?"))
        grid.addWidget(why, row, left + 3, top)

    def _masked(self, value: Value, *, may_ask: bool) -> QWidget:
        shown = plain(value)
        shown.setProperty("kind", "masked")
        shown.setWordWrap(False)
        shown.setToolTip(_("Masked as it was delivered."))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.XS)
        row.addWidget(shown)
        if may_ask and not value.name.endswith(_TOKENS):
            eye = button("", self.asked.emit, icon="eye", kind="link", tip=_("Show it for a stated reason"))
            eye.setAccessibleName(_("Show it for a stated reason"))
            row.addWidget(eye)
        row.addStretch(1)
        return holder

    def _why(self, value: Value) -> None:
        parts = [why_text(value.origin), standing_text(value.standing), rule_text(value)]
        self._reason.setText(f"{field_title(value.name)}: " + "\n".join(part for part in parts if part))
        self._reason.setVisible(True)


def plain(value: Value) -> QLabel:
    """A field's value as text that can be selected and copied."""
    text = shown_value(value.name, value.value)
    if value.name in DIVISIONS:
        text = f"{division_name(text)}  {text}"
    shown = label(f"{text[:16]}…" if value.name.endswith(_TOKENS) else text, wrap=True)
    shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return shown


def why_text(origin: Origin | None) -> str:
    """Where a value came from, in one sentence."""
    if origin is None:
        return _("The change set is no longer known.")
    if not origin.package:
        return _("{how} by {actor} at {at}, change set {number}: {reason}").format(
            how=_(_HOW.get(origin.kind, origin.kind)), actor=origin.actor, at=local_time(origin.at),
            number=origin.change_set, reason=origin.reason,
        )  # fmt: skip
    text = _("{sender}, package {package}, change set {number}, taken in by {actor} at {at}")
    if origin.row:
        text = _("{sender}, package {package}, row {row}, change set {number}, taken in by {actor} at {at}")
    return text.format(
        row=":".join(part if len(part) < _LONG else f"{part[:16]}…" for part in origin.row.split(":")),
        sender=labels.label("sender", origin.sender),
        package=origin.package,
        number=origin.change_set,
        actor=origin.actor,
        at=local_time(origin.at),
    )


def standing_text(standing: Standing | None) -> str:
    """Who was compared about a field and until when that holds, in one sentence; empty where one speaks alone."""
    if standing is None:
        return _("Only one department has spoken of it so far.")
    names = _(", ").join(labels.label("sender", source) for source in standing.sources)
    said = _("{state}: {departments}, last collected {at}").format(
        state=_(_STATE_WORDS[standing.state]), departments=names, at=local_time(standing.at)
    )
    return said + (
        _("; to be verified again from {until}").format(until=standing.until) if standing.until else ""
    )


def rule_text(value: Value) -> str:
    """By which rule one department's word counts while another contradicts it; empty where nobody does."""
    if value.standing is None or value.standing.state != "conflict" or value.origin is None or not value.origin.sender:
        return ""
    return _("Until somebody settles it, {department} counts by the declared order of authority and age.").format(
        department=labels.label("sender", value.origin.sender)
    )


def standing_word(standing: Standing) -> QWidget:
    """Whether the departments agree about a field, as icon and word."""
    shown = status_word(_STATES[standing.state], _(_STATE_WORDS[standing.state]))
    shown.setToolTip(standing_text(standing))
    return shown
