"""One record's file as a page: head, fields, who and what hangs on it, its place, its state, and its history."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from core.i18n import _
from core.model import names as labels
from core.model.labels import field_title, shown_value
from core.registry.drafts import Draft, of as draft_of, throw_away
from core.registry.editing import EditResult
from core.registry.printed import note_printed
from core.registry.record import Record, Word
from core.registry.undo import undo_edit
from core.registry.whole_file import WholeFile, whole_file
from core.security.own_grids import OutsideGrids
from core.spatial.vicinity import vicinity
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets import printing
from desktop.widgets.deliveries_part import deliveries_of
from desktop.widgets.door_plate import DoorPlate
from desktop.widgets.edit_form import EditForm, editable_fields
from desktop.widgets.entry_box import EntryBox, or_refusal
from desktop.widgets.field_list import FieldList, why_text
from desktop.widgets.file_head import FileHead, headline, in_conflict, overdue_since
from desktop.widgets.house_tree import HouseTree, facts
from desktop.widgets.parts import button, card, clear, empty, label, local_time, status_word
from desktop.widgets.record_view import PLACED, Link
from desktop.widgets.reveal_box import RevealBox, secret_of
from desktop.widgets.small_map import SmallMap
from desktop.widgets.timeline import Timeline, moments
from desktop.widgets.watermark import Watermark

_SIDE = 344
"""Pixels of the right column."""
_IN_TREE = {"address": ("house", "person"), "house": ("person",)}


class FileView(QWidget):
    """Reads its record when it is made and again when asked to; ``named`` tells its title."""

    named = Signal(str)

    def __init__(self, desk: Desk, resource: str, entity: int) -> None:
        super().__init__()
        self.desk, self.resource, self.entity = desk, resource, entity
        self.record: Record | None = None
        self.whole: WholeFile | None = None
        self._reading = False
        self.form: EditForm | None = None
        self.reveal: RevealBox | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(empty(resource, _("Reading the record")))
        self._mark = Watermark(self, desk.workspace.actor.name)
        self.refresh()

    def refresh(self) -> None:
        """Reads the record again, once at a time: each reading of people is on record."""
        if self._reading or self.form is not None:
            return
        self._reading, workspace = True, self.desk.workspace
        job = self.desk.jobs.read(
            or_refusal(partial(whole_file, workspace, self.resource, self.entity)), self._read
        )
        job.ended.connect(self._ended)

    def _read(self, found: WholeFile | OutsideGrids) -> None:
        if not isinstance(found, OutsideGrids):
            self.show_file(found)
            return
        self.whole = self.record = self.reveal = None
        clear(self._column)
        box = EntryBox(self.desk, self.resource, self.entity, found)
        box.entered.connect(self.refresh)
        self._column.addWidget(box)
        self.named.emit(_("{kind} outside my grids").format(kind=labels.label("resource", self.resource)))
        if self.isVisible():
            box.reason.setFocus()

    def show_file(self, whole: WholeFile) -> None:
        """Shows the file."""
        one = whole.record
        self.whole, self.record, self.reveal = whole, one, None
        if self.form is not None:
            self.form.setParent(None)  # it outlives the drawing of the page
        clear(self._column)
        self.named.emit(headline(one))
        self._column.addWidget(FileHead(one, self._actions(one)))
        body = QWidget()
        sides = QHBoxLayout(body)
        sides.setContentsMargins(theme.XL, theme.S, theme.XL, theme.L)
        sides.setSpacing(theme.L)
        sides.addLayout(self._left(whole), 1)
        right = QWidget()
        right.setFixedWidth(_SIDE)
        right.setLayout(self._right(whole))
        sides.addWidget(right, 0, Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        self._column.addWidget(area, 1)
        self._mark.raise_()
        if self.form is None and self.isVisible():
            self.setFocus()  # not whatever comes first in the window

    # --- what can be done ---

    def _actions(self, one: Record) -> list[QWidget]:
        made: list[QWidget] = []
        if self.form is None and not one.retired and self._may_edit():
            made.append(button(_("Edit"), self.edit, icon="edit", kind="primary", tip="Ctrl+E"))
        if one.resource in PLACED and self.desk.workspace.actor.may("map.read"):
            made.append(button(_("Show on the map"), self._to_map, icon="map"))
        made.append(self._printing())
        made.append(
            button(_("Copy"), partial(self._copy, one), icon="copy", tip=_("Title and key to the clipboard"))
        )
        return made

    def edit(self) -> None:
        """Makes the fields editable in their place."""
        one = self.record
        if one is None or self.whole is None or one.retired or self.form is not None or not self._may_edit():
            return
        self.form = EditForm(self.desk, self.resource, self.entity)
        self.form.saved.connect(self._saved)
        self.form.left.connect(self._left_as_it_was)
        self.show_file(self.whole)

    def _may_edit(self) -> bool:
        return self.desk.workspace.actor.may("registry.edit") and bool(editable_fields(self.resource))

    def _saved(self, result: EditResult) -> None:
        self.form = None
        workspace, desk = self.desk.workspace, self.desk

        def take_back() -> None:
            desk.jobs.read(
                lambda: undo_edit(workspace, result.change_set), lambda _result: desk.changes.registry.emit()
            )

        title = headline(self.record) if self.record is not None else ""
        self.desk.messages.done(_("Saved: {title}").format(title=title), undo=take_back)
        self.refresh()
        for signal in (self.desk.changes.registry, self.desk.changes.outbox):
            signal.emit()

    def _left_as_it_was(self) -> None:
        self.form = None
        self.refresh()

    def _printing(self) -> QPushButton:
        made, menu = QPushButton(_("Print")), QMenu(self)
        made.setIcon(theme.icon("print"))
        menu.addAction(_("As PDF…"), self._ask_pdf)
        menu.addAction(_("On a printer…"), self._ask_printer)
        made.setMenu(menu)
        return made

    def _ask_pdf(self) -> None:
        one = self.record
        if one is None:
            return
        name, _kind = QFileDialog.getSaveFileName(self, _("Print as PDF"), f"{headline(one)}.pdf", "*.pdf")
        if name:
            self.write_pdf(Path(name))

    def write_pdf(self, path: Path) -> None:
        """Writes the file as PDF; that it was printed is on record before it is."""
        one, user = self.whole, self.desk.workspace.actor.name
        if one is None:
            return

        def written(_none: object) -> None:
            pages = printing.write_pdf(one, path, user)
            self.desk.messages.done(_("Printed on {n} pages: {file}").format(n=pages, file=path))

        note = partial(note_printed, self.desk.workspace, self.resource, self.entity, where="pdf")
        self.desk.jobs.read(note, written)

    def _ask_printer(self) -> None:
        one = self.whole
        printer, user = QPrinter(QPrinter.PrinterMode.HighResolution), self.desk.workspace.actor.name
        if one is None or QPrintDialog(printer, self).exec() != QPrintDialog.DialogCode.Accepted:
            return
        note = partial(note_printed, self.desk.workspace, self.resource, self.entity, where="printer")

        def noted(_none: object) -> None:
            printing.print_on(one, printer, user)

        self.desk.jobs.read(note, noted)

    def _to_map(self) -> None:
        self.desk.show_on_map(self.resource, self.entity)

    def _copy(self, one: Record) -> None:
        QGuiApplication.clipboard().setText(headline(one))
        self.desk.messages.done(_("Copied: {text}").format(text=headline(one)))

    # --- the left column: what it is and what hangs on it ---

    def _left(self, whole: WholeFile) -> QVBoxLayout:
        column, one = QVBoxLayout(), whole.record
        column.setSpacing(theme.M)
        if self.form is None and self._may_edit():
            column.addLayout(self._offer_draft())
        people_first = self.form is None and one.resource == "address" and bool(whole.households)
        if people_first:
            column.addWidget(self._people(whole))
        column.addWidget(self._fields(one))
        if whole.households and not people_first:
            column.addWidget(self._people(whole))
        if whole.residences:
            column.addWidget(self._residences(whole))
        for kind in (kind for kind in whole.counts if kind not in _IN_TREE.get(one.resource, ())):
            column.addWidget(self._hanging(whole, kind))
        column.addStretch(1)
        return column

    def _offer_draft(self) -> QVBoxLayout:
        """Room for what was typed and not saved, filled once it is known."""
        room, workspace = QVBoxLayout(), self.desk.workspace

        def offer(draft: Draft | None) -> None:
            if draft is None or self.form is not None or not isValid(self):
                return
            text = _("You typed something at {at} and did not save it.").format(at=local_time(draft.at))
            forget = partial(throw_away, workspace, self.resource, self.entity)
            room.addWidget(_section(
                _("Unsaved changes"), label(text, "muted"), button(_("Go on with it"), self.edit, kind="primary"),
                button(_("Throw it away"), lambda: self.desk.jobs.read(forget, lambda _none: clear(room))),
            ))  # fmt: skip

        self.desk.jobs.read(partial(draft_of, workspace, self.resource, self.entity), offer)
        return room

    def _people(self, whole: WholeFile) -> QWidget:
        tree = HouseTree(whole.households, people_only=whole.record.resource == "house")
        tree.chosen.connect(self.desk.open_file)
        houses = whole.counts.get("house", 0) if whole.record.resource == "address" else 0
        counted = [("house", houses)] if houses else []
        title = "   ".join(
            f"{labels.label('resource', k)} {n:,}" for k, n in [*counted, ("person", whole.people)]
        )
        return _section(title, tree, _rest(len(whole.households), houses))

    def _residences(self, whole: WholeFile) -> QWidget:
        """Where the person lives and lived, the newest first."""
        links: list[QWidget | None] = []
        for home in whole.residences:
            here = home.reported and not home.moved_out
            left = _("until {day}").format(day=home.moved_out) if home.moved_out else _("no longer reported")
            told = [_("since {day}").format(day=home.moved_in), *([] if here else [left])]
            link = Link(home.address or home.house_code, " · ".join(told), "house")
            link.opened.connect(partial(self.desk.open_file, "person", home.id))
            links.append(link)
        return _section(_("Lives and lived at"), *links)

    def _fields(self, one: Record) -> QWidget:
        if self.form is not None:
            return _section(_("Edit"), self.form)
        token = secret_of(one)
        may_ask = bool(token) and self.desk.workspace.actor.may("personal.reveal")
        fields = FieldList(list(one.values), may_ask=may_ask, columns=2)
        parts: list[QWidget | None] = [fields]
        if may_ask:
            self.reveal = RevealBox(self.desk, token)
            fields.asked.connect(self.reveal.start)
            parts.insert(0, self.reveal)
        return _section(_("What is known"), *parts)

    def _hanging(self, whole: WholeFile, kind: str) -> QWidget:
        shown = [other for other in whole.related if other.resource == kind]
        links: list[QWidget | None] = []
        for other in shown:
            link = Link(other.title, facts(other.facts), kind)
            link.opened.connect(partial(self.desk.open_file, other.resource, other.id))
            links.append(link)
        count = whole.counts[kind]
        return _section(f"{labels.label('resource', kind)} {count:,}", *links, _rest(len(shown), count))

    # --- the right column: where it is, how it stands, what happened ---

    def _right(self, whole: WholeFile) -> QVBoxLayout:
        column, one = QVBoxLayout(), whole.record
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        if one.resource in PLACED and self.desk.workspace.actor.may("map.read"):
            small = SmallMap()
            small.opened.connect(self._to_map)
            workspace = self.desk.workspace
            self.desk.jobs.read(partial(vicinity, workspace, self.resource, self.entity), small.show_vicinity)
            column.addWidget(small)
        column.addWidget(_section(_("State"), *self._state(whole)))
        if one.resource == "address":
            column.addWidget(_section(_("Door plate"), DoorPlate(one)))
        if deliveries := deliveries_of(self.desk, self.resource, self.entity):
            column.addWidget(_section("", deliveries))
        for word in one.words:
            column.addWidget(_said(word))
        column.addWidget(_section(_("History"), Timeline(moments(one))))
        return column

    def _state(self, whole: WholeFile) -> list[QWidget | None]:
        one, todo = whole.record, whole.todo
        made: list[QWidget | None] = []
        if in_conflict(one) or (todo is not None and todo.conflicts):
            told = _("Departments contradict each other")
            count = f" {todo.conflicts:,}" if todo is not None and todo.conflicts else ""
            settle = self._link(_("Settle it"), "adjudication", "conflict.settle")
            made += [status_word("warning", told + count), settle]
        since = overdue_since(one) or (todo.due if todo is not None and todo.overdue else "")
        if since:
            text = _("To be verified again since {day}").format(day=since)
            made += [status_word("waiting", text), self._link(_("Overdue list"), "overdue", "finding.read")]
        for remark in one.findings:
            status: theme.Status = "error" if remark.severity == "error" else "warning"
            made += [status_word(status, f"{field_title(remark.field)}"), label(remark.message, wrap=True),
                     label(remark.cure, "muted", wrap=True)]  # fmt: skip
        open_ = todo.findings if todo is not None else len(one.findings)
        if open_:
            text = _("Open the findings ({n})").format(n=f"{open_:,}")
            made.append(self._link(text, "findings", "finding.read") or label(text))
        compared = any(value.standing is not None for value in one.values)
        if not made and compared:
            made.append(status_word("done", _("Departments agree; nothing is due.")))
        elif not made:
            made.append(status_word("unchecked", _("Only one department has spoken of it so far.")))
        return made

    def _link(self, text: str, page: str, permission: str) -> QWidget | None:
        if not self.desk.workspace.actor.may(permission):
            return None
        return button(text, partial(self.desk.show_page, page), kind="link")

    def _ended(self, job: Job) -> None:
        self._reading = False
        if job.state == "failed" and self.record is None:
            clear(self._column)
            self._column.addWidget(empty(self.resource, _("This record is no longer in the registry.")))


def _said(word: Word) -> QWidget:
    """What another department says of it, field by field where it differs."""
    name = labels.label("sender", word.source)
    title = (_("{source} says otherwise") if word.differs else _("{source} says the same")).format(
        source=name
    )
    lines = [
        f"{field_title(field)}: {shown_value(field, value) or _('empty')}"
        for field, value in word.differs.items()
    ]
    return _section(
        title, label(why_text(word.origin), "muted", wrap=True), *(label(text, wrap=True) for text in lines)
    )


def _rest(shown: int, count: int) -> QWidget | None:
    text = _("{shown} of {count} are shown; the others are in the registry's table.")
    return label(text.format(shown=f"{shown:,}", count=f"{count:,}"), "muted") if count > shown else None


def _section(title: str, *parts: QWidget | QLayout | None) -> QWidget:
    column = QVBoxLayout()
    column.setSpacing(theme.S)
    made = card(column)
    if title:
        column.addWidget(label(title, "heading"))
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        elif part is not None:
            column.addLayout(part)
    return made
