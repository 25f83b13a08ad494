"""The connector of one system: its mapping, its declaration line by line, its settings, and a try-out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from core.exchange.configuration import ConnectorNotConfigured
from core.exchange.connectors import FOLDER, DeclarationInvalid, read
from core.exchange.declaration import Connector, Field as Mapped
from core.exchange.trust import Trust, trust
from core.exchange.trying import Trial, try_connector
from core.i18n import N_, _
from core.model.labels import field_title
from core.model.names import label as name_of
from core.security.workspace import Workspace
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.declaration_text import DeclarationText
from desktop.exchange.endpoint_form import EndpointForm
from desktop.widgets.parts import button, card, clear, label, status_word
from desktop.widgets.tables import Field, RowsModel, table

_SIDE = 380
_STEPS = {"send": N_("Sending"), "extract": N_("Reading")}


@dataclass(frozen=True)
class Row:
    """One line of the mapping."""

    part: str
    resource: str
    field: Mapped


class ConnectorView(QWidget):
    """What is declared and what is set; nothing of it is a secret."""

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.path = FOLDER / f"{it.target}.toml"
        self.text, self.form = DeclarationText(), EndpointForm(desk, it)
        self.form.saved.connect(self.look)
        self.faults = QVBoxLayout()
        self.tried = QVBoxLayout()
        self.try_button = button(
            _("Try it out"), self.try_out, icon="refresh", tip=_("Asks the system; sends no data")
        )
        self._build()

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(status_word("notice", _(self.it.note)))
        row = QHBoxLayout()
        whole.addLayout(row, 1)
        row.setSpacing(theme.L)
        row.addWidget(self._declared(), 1)
        side = QVBoxLayout()
        side.setSpacing(theme.M)
        top = QHBoxLayout()
        top.addWidget(label(_("Settings"), "heading"))
        top.addStretch(1)
        top.addWidget(self.try_button)
        self.try_button.setVisible(self.form.may)
        side.addLayout(top)
        side.addLayout(self.tried)
        side.addWidget(self.form)
        side.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(card(side))
        area.setFixedWidth(_SIDE)
        row.addWidget(area)

    def _declared(self) -> QWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setObjectName("files")
        model = RowsModel(_fields())
        model.setParent(self)
        model.show_rows(mapping(self.it))
        view = table(model, stretch=5)
        for place, width in enumerate((150, 110, 150, 90, 110)):
            view.setColumnWidth(place, width)
        self.tabs.addTab(view, _("Mapping"))
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, theme.S, 0, 0)
        where = label(str(self.path), "muted", wrap=True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        check = button(
            _("Check another file…"), self._ask, icon="done", tip=_("Names every fault with its line")
        )
        line = QHBoxLayout()
        line.addWidget(where, 1)
        line.addWidget(check)
        column.addLayout(line)
        column.addLayout(self.faults)
        column.addWidget(self.text, 1)
        self.tabs.addTab(holder, _("Declaration"))
        return self.tabs

    def look(self) -> None:
        """Reads the settings again, and the declaration as it lies there."""
        workspace, target = self.desk.workspace, self.it.target
        self.desk.jobs.read(lambda: _trust(workspace, target), self.form.show_trust)
        self.check(self.path)

    def check(self, path: Path) -> None:
        """Shows a declaration file with every fault at its line."""
        clear(self.faults)
        found: dict[int, str] = {}
        try:
            read(path)
        except DeclarationInvalid as error:
            for one in error.details["faults"]:
                found[one["line"]] = "; ".join(filter(None, (found.get(one["line"]), one["message"])))
        except (OSError, UnicodeDecodeError) as error:
            self.faults.addWidget(status_word("error", str(error)))
            return
        self.text.show_text(path.read_text(encoding="utf-8"), found)
        for line, message in sorted(found.items()):
            words = _("Line {line}: {problem}").format(line=line, problem=message)
            self.faults.addWidget(button(words, partial(self.text.go_to, line), icon="error", kind="link"))
        if not found:
            self.faults.addWidget(status_word("done", _("{file}: no fault").format(file=path.name)))

    def try_out(self) -> None:
        """Tries everything that the connector is declared for; no data is sent."""
        workspace, target = self.desk.workspace, self.it.target
        self.try_button.setEnabled(False)
        title = _("Trying {system}").format(system=_(self.it.title))
        self.desk.jobs.run(
            title, lambda _progress: try_connector(workspace, target), self._tried
        ).ended.connect(self._ended)

    def _ended(self, _job: object) -> None:
        self.try_button.setEnabled(True)

    def _tried(self, trial: Trial) -> None:
        clear(self.tried)
        for step in trial.steps:
            part, _dot, resource = step.what.partition(".")
            what = f"{_(_STEPS[part])} {name_of('resource', resource)}".strip()
            word = _("{what}: works ({seconds} s)") if step.ok else _("{what}: does not work")
            self.tried.addWidget(
                status_word(
                    "done" if step.ok else "error", word.format(what=what, seconds=f"{step.seconds:.2f}")
                )
            )
            if not step.ok:
                self.tried.addWidget(label(f"{step.message} {step.cure}".strip(), "muted", wrap=True))

    def _ask(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, _("A declaration to check"), "", "*.toml")
        if name:
            self.check(Path(name))


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
        Field(_("form"), lambda r: "" if r.field.format == "text" else r.field.format, "code"),
        Field(_("rule"), lambda r: _rule(r.field)),
        Field(_("codes"), lambda r: "  ".join(f"{k}→{v}" for k, v in (r.field.codes or {}).items()), "code"),
    ]


def _rule(field: Mapped) -> str:
    words = ((field.key, _("key")), (field.required, _("required")), (field.masked, _("masked")))
    return " · ".join(word for said, word in words if said)


def _trust(workspace: Workspace, target: str) -> Trust | None:
    try:
        return trust(workspace, target)
    except ConnectorNotConfigured:
        return None
