"""Where a system is and what it must show: settings, certificates with their end, secrets by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.exchange.configuration import configure_connector
from core.exchange.declaration import Connector
from core.exchange.settings import schemes
from core.exchange.trust import Certificate, Trust
from core.i18n import N_, _
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, clear, label, local_time, status_word

_STANDING: dict[str, tuple[theme.Status, str]] = {
    "valid": ("done", N_("valid until {day}, {days} days left")),
    "soon": ("warning", N_("ends on {day}, in {days} days: ask the operator for the next one now")),
    "expired": ("error", N_("expired on {day}: ask the operator for the next one")),
}
_PEMS = {
    "ca_pem": N_("Its authority"), "receipt_public_pem": N_("Its receipt key"), "certificate": N_("Our certificate"),
}  # fmt: skip
_ROLES = {"authority": N_("Whom its certificate must come from"), "own": N_("Our own certificate")}


class EndpointForm(QWidget):
    """The settings of one system; what is a secret goes in and never comes out again."""

    saved = Signal()

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.may = desk.workspace.actor.may("exchange.configure")
        self.url = QLineEdit()
        self.url.setPlaceholderText(" / ".join(f"{name}://" for name in schemes(it)))
        self.secrets = {name: QLineEdit() for name in it.authentication.secrets}
        self.pems = dict.fromkeys(_asked(it), "")
        self._certificates = QVBoxLayout()
        self.save_button = button(_("Save settings"), self.save, icon="done", kind="primary")
        self._build()
        for field in (self.url, *self.secrets.values()):
            field.textChanged.connect(self._ready)
            field.setReadOnly(not self.may)
        self._ready()

    def _build(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(theme.S)
        form.addRow(label(_("Address"), "muted"), self.url)
        self._pem_words = {name: label("", "muted") for name in self.pems}
        for name in self.pems:
            form.addRow(label(_(_PEMS[name]), "muted"), self._chooser(name))
        for name, field in self.secrets.items():
            field.setEchoMode(QLineEdit.EchoMode.Password)
            form.addRow(label(name, "muted"), field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addLayout(form)
        if self.may:
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(self.save_button)
            column.addLayout(row)
        column.addLayout(self._certificates)

    def show_trust(self, held: Trust | None) -> None:
        """Fills in what is set; secrets only say whether one is kept."""
        clear(self._certificates)
        for name, field in self.secrets.items():
            kept = bool(held and held.secrets.get(name))
            field.setPlaceholderText(_("kept; type a new one to replace it") if kept else _("not given yet"))
        if held is None:
            return
        self.url.setText(held.base_url)
        self.pems = {name: getattr(held, name) for name in self.pems}
        for name, pem in self.pems.items():
            self._pem_words[name].setText(_("set") if pem else _("not given yet"))
        for one in held.certificates:
            self._certificates.addWidget(_shown(one))
        self._ready()

    def take(self, name: str, path: Path) -> None:
        """Takes a certificate or a key from a file."""
        self.pems[name] = path.read_text(encoding="utf-8", errors="replace")
        self._pem_words[name].setText(path.name)
        self._ready()

    def save(self) -> None:
        """Checks and keeps the settings; what is wrong is said with its cure."""
        workspace, target = self.desk.workspace, self.it.target
        url, pems = self.url.text().strip(), dict(self.pems)
        given = {name: field.text() for name, field in self.secrets.items() if field.text()}
        token = given.pop("token", None)
        self.desk.jobs.write(
            lambda: configure_connector(workspace, target, base_url=url, token=token, secrets=given, **pems),
            self._saved,
        )

    def _saved(self, _nothing: None) -> None:
        for field in self.secrets.values():
            field.clear()
        self.desk.messages.done(_("The settings of {system} are kept.").format(system=_(self.it.title)))
        self.saved.emit()
        self.desk.changes.outbox.emit()

    def _chooser(self, name: str) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._pem_words[name], 1)
        if self.may:
            row.addWidget(self._from_file(name))
        return made

    def _from_file(self, name: str) -> QPushButton:
        return button(_("From a file…"), partial(self._ask, name), icon="folder")

    def _ask(self, name: str) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self, _("What the operator handed over"), "", "*.pem *.crt *.pub"
        )
        if path:
            self.take(name, Path(path))

    def _ready(self) -> None:
        self.save_button.setEnabled(bool(self.url.text().strip()))


def _asked(it: Connector) -> list[str]:
    """What the operator hands over for a system of this kind, besides address and secrets."""
    signed = bool(it.leaving) and it.receipts.form != "none" and it.receipts.signed
    by_network = it.transport.kind in {"https", "rest", "sftp"}
    asked = (
        ("ca_pem", by_network),
        ("receipt_public_pem", signed),
        ("certificate", it.authentication.mutual_tls),
    )
    return [name for name, said in asked if said]


def _shown(one: Certificate) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(_(_ROLES[one.role]), "muted"))
    column.addWidget(label(one.subject, wrap=True))
    status, words = _STANDING[one.standing]
    column.addWidget(status_word(status, _(words).format(day=local_time(one.ends)[:10], days=one.days)))
    return made
