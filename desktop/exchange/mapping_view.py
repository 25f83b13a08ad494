"""The mapping of a declaration: every field with its column here; the chosen one can be changed below the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from core.exchange.declaration import Connector, Field as Mapped, Format
from core.i18n import N_, _
from core.model.labels import field_title
from core.model.names import label as name_of
from core.model.resources import RESOURCES
from desktop import theme
from desktop.exchange.draft import Draft
from desktop.widgets.parts import button, label
from desktop.widgets.tables import Field, RowsModel, table

FORMS: dict[Format, str] = {
    "text": N_("as it is"), "day8": "20261123", "slash_day": "2026/11/23", "local_time": "2026-11-23 08:00:00",
    "upper": N_("in capitals"),
}  # fmt: skip
_ARROW = "→"


@dataclass(frozen=True)
class Row:
    """One line of the mapping."""

    part: str
    resource: str
    field: Mapped

    @property
    def place(self) -> tuple[str, ...]:
        """Where it stands in the text."""
        return (self.part, self.resource, "fields", self.field.name)


class MappingView(QWidget):
    """The table of fields, and a form for the one that is chosen; everything goes into the draft at once."""

    def __init__(self, draft: Draft, *, may: bool) -> None:
        super().__init__()
        self.draft, self.may = draft, may
        self.row: Row | None = None
        self._chosen: tuple[str, ...] = ()
        self.model = RowsModel(_fields())
        self.model.setParent(self)
        self.view = table(self.model, stretch=5)
        for place, width in enumerate((152, 84, 118, 84, 92)):
            self.view.setColumnWidth(place, width)
        self.view.selectionModel().currentRowChanged.connect(lambda now, _before: self._choose(now.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.S, 0, 0)
        column.addWidget(self.view, 1)
        self.form = self._form()
        column.addWidget(self.form)
        self.form.setVisible(may)
        draft.changed.connect(self.look)

    def _form(self) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.S)
        self.name, self.codes = QLineEdit(), QLineEdit()
        self.column, self.shape = QComboBox(), QComboBox()
        self.key, self.required = QCheckBox(_("key")), QCheckBox(_("required"))
        words = _("ours{arrow}theirs, one after the other: self{arrow}1, rented{arrow}2")
        self.codes.setPlaceholderText(words.format(arrow=_ARROW))
        for form, words in FORMS.items():
            self.shape.addItem(_(words), form)
        for place, (word, part) in enumerate((
            (_("field there"), self.name), (_("column here"), self.column), (_("form"), self.shape),
        )):  # fmt: skip
            grid.addWidget(label(word, "muted"), 0, place)
            grid.addWidget(part, 1, place)
        grid.addWidget(label(_("codes"), "muted"), 2, 0)
        grid.addWidget(self.codes, 3, 0, 1, 3)
        ticks = QHBoxLayout()
        ticks.addWidget(self.key)
        ticks.addWidget(self.required)
        self.masked = label("", "muted")
        ticks.addWidget(self.masked)
        grid.addLayout(ticks, 1, 3)
        acts = QHBoxLayout()
        acts.addStretch(1)
        self.remove_button = button(_("Remove field"), self.remove, icon="close")
        acts.addWidget(self.remove_button)
        acts.addWidget(button(_("Add field"), self.add, icon="plus"))
        grid.addLayout(acts, 3, 3)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 1)
        self.name.editingFinished.connect(self._renamed)
        self.codes.editingFinished.connect(self._coded)
        self.column.activated.connect(lambda _n: self._put(column=self.column.currentData()))
        self.shape.activated.connect(
            lambda _n: self._put(format=self.shape.currentData() if self.shape.currentIndex() else None)
        )
        self.key.clicked.connect(lambda on: self._put(key=on or None))
        self.required.clicked.connect(lambda on: self._put(required=on or None))
        return made

    def look(self) -> None:
        """Shows the draft's fields; while it has faults, those of its last sound text stay."""
        if self.draft.last is None:
            return
        rows = mapping(self.draft.last)
        self.model.show_rows(rows)
        at = next((n for n, row in enumerate(rows) if row.place == self._chosen), 0)
        if rows:
            self.view.selectRow(at)

    def add(self) -> None:
        """Adds a field after the chosen one's kind; its column is the first that no field fills yet."""
        if self.row is None:
            return
        part, resource = self.row.part, self.row.resource
        taken = {row.field.column for row in self.model.rows if (row.part, row.resource) == (part, resource)}
        free = [c.name for c in RESOURCES[resource].columns if c.name not in taken]
        names = {row.field.name for row in self.model.rows if (row.part, row.resource) == (part, resource)}
        name = next(f"xzd{n}" for n in range(1, 999) if f"xzd{n}" not in names)
        column = free[0] if free else RESOURCES[resource].columns[0].name
        self._chosen = (part, resource, "fields", name)
        given: dict[tuple[str, ...], Any] = {(*self._chosen, "column"): column}
        if column.endswith("_masked"):
            given[*self._chosen, "masked"] = True
        self.draft.put(given)

    def remove(self) -> None:
        """Removes the chosen field."""
        if self.row is not None:
            self.draft.put({self.row.place: None})

    def _choose(self, at: int) -> None:
        if not 0 <= at < len(self.model.rows):
            self.row = None
            return
        self.row = self.model.rows[at]
        field, self._chosen = self.row.field, self.row.place
        self.name.setText(field.name)
        self.column.clear()
        for one in RESOURCES[self.row.resource].columns:
            self.column.addItem(f"{field_title(one.name)}  {one.name}", one.name)
        self.column.setCurrentIndex(max(0, self.column.findData(field.column)))
        self.shape.setCurrentIndex(max(0, self.shape.findData(field.format)))
        self.key.setChecked(field.key)
        self.required.setChecked(field.required)
        self.masked.setText(_("masked") if field.masked else "")
        self.codes.setText(", ".join(f"{a}{_ARROW}{b}" for a, b in (field.codes or {}).items()))

    def _put(self, **values: Any) -> None:
        if self.row is not None:
            self.draft.put({(*self.row.place, name): value for name, value in values.items()})

    def _renamed(self) -> None:
        name = self.name.text().strip()
        if self.row is None or not name or name == self.row.field.name:
            return
        place = self.row.place
        self._chosen = (*place[:-1], name)
        if not self.draft.rename(place, name):
            self._chosen = place
            self.name.setText(place[-1])

    def _coded(self) -> None:
        pairs = [
            one.split(_ARROW, 1) for one in self.codes.text().replace("，", ",").split(",") if _ARROW in one
        ]
        codes = {a.strip(): b.strip() for a, b in pairs}
        if self.row is not None and codes != dict(self.row.field.codes or {}):
            self._put(codes=codes or None)


def mapping(it: Connector) -> list[Row]:
    """Every field of every part of a declaration."""
    return [
        Row(part, resource, field)
        for part in ("push", "extract", "propose")
        for resource, mapped in getattr(it, part).items()
        for field in mapped.fields
    ]


def _fields() -> list[Field]:
    parts = {"push": _("we send"), "extract": _("we take over"), "propose": _("we propose")}
    return [
        Field(_("what travels"), lambda r: f"{parts[r.part]} · {name_of('resource', r.resource)}"),
        Field(_("field there"), lambda r: r.field.name, "code"),
        Field(_("column here"), lambda r: field_title(r.field.column)),
        Field(_("form"), lambda r: "" if r.field.format == "text" else _(FORMS[r.field.format]), "code"),
        Field(_("rule"), lambda r: _rule(r.field)),
        Field(
            _("codes"),
            lambda r: "  ".join(f"{k}{_ARROW}{v}" for k, v in (r.field.codes or {}).items()),
            "code",
        ),
    ]


def _rule(field: Mapped) -> str:
    words = ((field.key, _("key")), (field.required, _("required")), (field.masked, _("masked")))
    return " · ".join(word for said, word in words if said)
