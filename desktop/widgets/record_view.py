"""One record in the drawer: its fields, why each has its value, what hangs on it, and its history."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.i18n import _
from core.model import names as labels
from core.model.labels import field_title, shown_value
from core.registry.record import Record, record
from core.security.own_grids import OutsideGrids
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.deliveries_part import deliveries_of
from desktop.widgets.entry_box import EntryBox, or_refusal
from desktop.widgets.field_list import FieldList, why_text
from desktop.widgets.parts import button, clear, label, local_time, rule, status_word
from desktop.widgets.reveal_box import RevealBox, secret_of
from desktop.widgets.watermark import Watermark

PLACED = ("address", "house", "organisation", "place", "thing", "event", "hazard")


class RecordView(QWidget):
    """The file of one record; every field answers why it has its value."""

    def __init__(self, desk: Desk, resource: str, entity: int) -> None:
        super().__init__()
        self._desk = desk
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, theme.S, theme.L)
        self._column.setSpacing(theme.S)
        self._column.addWidget(label(_("Reading the record"), "muted"))
        Watermark(self, desk.workspace.actor.name)
        self._column.addStretch(1)
        self._resource, self._entity = resource, entity
        self.read()

    def read(self) -> None:
        """Reads the record; outside the own grids a reason is asked for in its place."""
        workspace = self._desk.workspace
        self._desk.jobs.read(or_refusal(lambda: record(workspace, self._resource, self._entity)), self._read)

    def _read(self, found: Record | OutsideGrids) -> None:
        if not isinstance(found, OutsideGrids):
            self.show_record(found)
            return
        clear(self._column)
        box = EntryBox(self._desk, self._resource, self._entity, found)
        box.outer.setContentsMargins(0, 0, 0, 0)
        box.entered.connect(self.read)
        self._column.addWidget(box)
        self._column.addStretch(1)

    def show_record(self, one: Record) -> None:
        """Shows the record."""
        clear(self._column)
        self._column.addWidget(label(labels.label("resource", one.resource), "muted"))
        title = label(one.title, "heading", wrap=True)
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(title)
        if one.retired:
            self._column.addWidget(status_word("unchecked", _("retired")))
        line = _("{source} · collected {at} · collector {collector}").format(
            source=labels.label("sender", one.source),
            at=local_time(one.collected_at),
            collector=one.collector,
        )
        self._column.addWidget(label(line, "muted", wrap=True))
        self._column.addLayout(self._actions(one))
        self._column.addWidget(rule())
        self._fields(one)
        self._findings(one)
        if deliveries := deliveries_of(self._desk, one.resource, one.id):
            self._column.addWidget(rule())
            self._column.addWidget(deliveries)
        self._related(one)
        self._words(one)
        self._history(one)
        self._column.addStretch(1)

    def _actions(self, one: Record) -> QHBoxLayout:
        row = QHBoxLayout()
        whole = button(
            _("Open the file"),
            lambda: self._desk.open_file(one.resource, one.id),
            icon=one.resource,
            kind="primary",
        )
        row.addWidget(whole)
        if one.resource in PLACED and self._desk.workspace.actor.may("map.read"):
            row.addWidget(
                button(_("Show on the map"), lambda: self._desk.show_on_map(one.resource, one.id), icon="map")
            )
        row.addStretch(1)
        return row

    def _fields(self, one: Record) -> None:
        token = secret_of(one)
        may_ask = bool(token) and self._desk.workspace.actor.may("personal.reveal")
        fields = FieldList(list(one.values), may_ask=may_ask)
        self._column.addWidget(fields)
        if may_ask:
            box = RevealBox(self._desk, token)
            fields.asked.connect(box.start)
            self._column.addWidget(box)

    def _related(self, one: Record) -> None:
        for kind, count in one.counts.items():
            others = [other for other in one.related if other.resource == kind]
            self._column.addWidget(rule())
            self._column.addWidget(label(f"{labels.label('resource', kind)}  {count:,}", "heading"))
            for other in others:
                facts = " · ".join(shown_value(name, value) for name, value in other.facts)
                link = Link(other.title, facts, kind)
                link.opened.connect(partial(self._desk.open_record, other.resource, other.id))
                self._column.addWidget(link)
            if count > len(others):
                rest = _("{shown} of {count} are shown; the others are in the registry's table.")
                text = rest.format(shown=f"{len(others):,}", count=f"{count:,}")
                self._column.addWidget(label(text, "muted", wrap=True))

    def _words(self, one: Record) -> None:
        for word in one.words:
            self._column.addWidget(rule())
            said = _("{source} says otherwise").format(source=labels.label("sender", word.source))
            same = _("{source} says the same").format(source=labels.label("sender", word.source))
            self._column.addWidget(label(said if word.differs else same, "heading"))
            self._column.addWidget(label(why_text(word.origin), "muted", wrap=True))
            for name, value in word.differs.items():
                text = f"{field_title(name)}: {shown_value(name, value) or _('empty')}"
                self._column.addWidget(label(text, wrap=True))

    def _findings(self, one: Record) -> None:
        for remark in one.findings:
            status: theme.Status = "error" if remark.severity == "error" else "warning"
            word = f"{field_title(remark.field)}: {remark.message}"
            self._column.addWidget(status_word(status))
            self._column.addWidget(label(word, wrap=True))
            self._column.addWidget(label(remark.cure, "muted", wrap=True))

    def _history(self, one: Record) -> None:
        if not one.history:
            return
        self._column.addWidget(rule())
        self._column.addWidget(label(_("History"), "heading"))
        for origin, before in one.history:
            self._column.addWidget(label(why_text(origin), "muted", wrap=True))
            for name, value in before.items():
                was = shown_value(name, value) or _("empty")
                self._column.addWidget(
                    label(_("{field} was {value}").format(field=field_title(name), value=was), wrap=True)
                )


class Link(QFrame):
    """A record that hangs on this one: two lines, opened by click or Enter."""

    opened = Signal()

    def __init__(self, title: str, facts: str, icon: str) -> None:
        super().__init__()
        self.setProperty("kind", "link")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title} {facts}")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.XS, theme.XS, theme.XS, theme.XS)
        picture = QLabel()
        picture.setPixmap(theme.pixmap(icon, theme.tokens().muted, 16))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        name = label(title, wrap=True)
        name.setStyleSheet(f"color: {theme.tokens().accent};")
        row.addWidget(name, 1)
        row.addWidget(label(facts, "muted"), 0, Qt.AlignmentFlag.AlignTop)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.opened.emit()
            return
        super().keyPressEvent(event)
