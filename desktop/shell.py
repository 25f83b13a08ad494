"""The shell: navigation by job, search, messages, the details drawer, the job panel and the status bar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QMouseEvent, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.exchange.attention import attention
from core.i18n import _
from core.registry.divisions import division_name
from core.registry.filters import Selection
from core.registry.ledger import Overview, overview
from core.security.accounts import idle_lock_minutes
from core.security.workspace import Workspace, role_names
from core.settings import desktop_state_path
from desktop import theme
from desktop.book import Book
from desktop.commands import frame_commands
from desktop.desk import Changes, Desk
from desktop.drawer import Drawer, tool
from desktop.help import page_help, shortcut_sheet
from desktop.jobs import JobRunner
from desktop.login import Cover
from desktop.memory import Memory
from desktop.messages import Messages
from desktop.pages import Page
from desktop.rail import KEYS, Rail, SectionTabs
from desktop.rounds import Rounds
from desktop.search import SearchField
from desktop.status import StatusBar
from desktop.visits import Place, Visits
from desktop.widgets.jobs_panel import JobsPanel
from desktop.widgets.parts import label

_DRAWER = 400


class Shell(QMainWindow):
    """The main window of one logged-in user on one store."""

    def __init__(self, workspace: Workspace, pages: Sequence[type[Page]]) -> None:
        super().__init__()
        self.workspace = workspace
        self.setWindowTitle(_("GridLink"))
        self.setMinimumSize(1100, 640)
        self.jobs, self.changes, self.messages = JobRunner(self), Changes(), Messages()
        self.drawer = Drawer()
        self.panel, self.status = JobsPanel(), StatusBar(workspace)
        self.visits, self.memory = Visits(), Memory(desktop_state_path(), workspace.actor.name)
        self.desk = Desk(
            workspace=workspace, jobs=self.jobs, changes=self.changes, messages=self.messages,
            open_record=self.open_record, show_on_map=self.show_on_map, show_page=self.show_page,
            show_drawer=self.drawer.show_content, open_file=self.open_file, visits=self.visits,
            memory=self.memory, show_rows=self.show_rows, map_rows=self.map_rows,
            show_findings=self.show_findings, show_system=self.show_system,
        )  # fmt: skip
        allowed = [kind for kind in pages if workspace.actor.may(kind.permission)]
        self.pages, self._stack = Book(self.desk, allowed, self._bind), QStackedWidget()
        self.rail = Rail(self.pages.kinds, [tool("theme", _("Light or dark"), self.switch_theme),
                                      tool("help", _("Help (F1)"), self.show_help)])  # fmt: skip
        self.tabs = SectionTabs(self.pages.kinds)
        self._fresh: set[str] = set()
        acts = {"theme": self.switch_theme, "lock": self.lock, "help": self.show_help, "keys": self.show_shortcuts,
                "refresh": self.refresh}  # fmt: skip
        self.search = SearchField(self.desk, frame_commands(self.desk, self.pages, acts), self.show_position)
        self._build()
        self._connect()
        self._restore()
        kept, first = self.memory.get("page"), next(iter(self.pages))
        self.show_page(kept if kept in self.pages else first)
        self._stack.setFocus()

    # --- what pages ask for ---

    def show_page(self, name: str) -> None:
        """Brings a page to the front and lets it look again if something changed since."""
        page = self.pages.get(name)
        if page is None:
            return
        self._stack.setCurrentWidget(page)
        self.rail.mark(page)
        self.tabs.mark(page)
        self.visits.note(page.place())
        if name not in self._fresh:
            self._fresh.add(name)
            page.refresh()

    def open_record(self, resource: str, entity: int) -> None:
        """Shows one record in the drawer, whatever page is in front."""
        from desktop.widgets.record_view import RecordView  # noqa: PLC0415 - pages of the registry load late

        self.drawer.show_content("", RecordView(self.desk, resource, entity))

    def open_file(self, resource: str, entity: int) -> None:
        """Opens one record's file in a tab of the registry's page."""
        page: Any = self.pages.get("registry")
        if page is not None:
            self.drawer.close_content()
            page.open_file(resource, entity)
            self.show_page("registry")

    def show_rows(self, selection: Selection) -> None:
        """Shows a selection of rows in the registry's table."""
        page: Any = self.pages.get("registry")
        if page is not None:
            page.show_rows(selection)
            self.show_page("registry")

    def show_system(self, target: str, state: str = "") -> None:
        """Brings one upstream system to the front, with its queue in a state."""
        page: Any = self.pages.get("exchange")
        if page is not None:
            self.show_page("exchange")
            page.open_system(target, state)

    def show_findings(self, package: str, shown: str) -> None:
        """Brings the findings of one package (its uuid, and how people call it) to the front."""
        page: Any = self.pages.get("findings")
        if page is not None:
            page.show_package(package, shown)
            self.show_page("findings")

    def go(self, place: Place | None) -> None:
        """Goes to a place that was visited before."""
        page: Any = self.pages.get(place.page) if place is not None else None
        if place is None or page is None:
            return
        if place.resource:
            page.open_file(place.resource, place.entity)
        elif place.page in {"registry", "exchange"}:
            page.show_table()
        self.show_page(place.page)

    def show_on_map(self, resource: str, entity: int) -> None:
        """Brings the map to the front with one record marked."""
        page: Any = self.pages.get("map")
        if page is not None:
            self.show_page("map")
            page.show_record(resource, entity)

    def map_rows(self, selection: Selection) -> None:
        """Brings the map to the front with a selection of rows marked on it."""
        page: Any = self.pages.get("map")
        if page is not None:
            self.show_page("map")
            page.show_selection(selection)

    def show_position(self, lon: float, lat: float) -> None:
        """Brings the map to the front with a position (WGS-84) marked."""
        page: Any = self.pages.get("map")
        if page is not None:
            self.show_page("map")
            page.show_position(lon, lat)

    # --- building ---

    def _build(self) -> None:
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        over = QWidget()
        lines = QVBoxLayout(over)
        lines.setContentsMargins(theme.L, theme.S, theme.L, 0)
        lines.addWidget(self.messages)
        middle.addWidget(self._top())
        middle.addWidget(over)
        middle.addWidget(self.tabs)
        middle.addWidget(self._stack, 1)
        left = QWidget()
        left.setLayout(middle)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.addWidget(left)
        self._split.addWidget(self.drawer)
        self._split.setStretchFactor(0, 1)
        self._split.setCollapsible(0, False)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.rail)
        body.addWidget(self._split, 1)
        whole = QWidget()
        frame = QVBoxLayout(whole)
        frame.setContentsMargins(0, 0, 0, 0)
        frame.setSpacing(0)
        frame.addLayout(body, 1)
        frame.addWidget(self.panel)
        frame.addWidget(self.status)
        self.setCentralWidget(whole)

    def _top(self) -> QFrame:
        top = QFrame()
        top.setObjectName("top")
        row = QHBoxLayout(top)
        row.setContentsMargins(theme.L, theme.S, theme.L, theme.S)
        brand = label("网格联动")
        brand.setObjectName("brand")
        row.addWidget(brand)
        row.addSpacing(theme.M)
        self._back = tool("back", _("Back (Alt+Left)"), lambda: self.go(self.visits.back()))
        self._forward = tool("forward", _("Forward (Alt+Right)"), lambda: self.go(self.visits.forward()))
        row.addWidget(self._back)
        row.addWidget(self._forward)
        row.addStretch(1)
        row.addWidget(self.search, 3)
        row.addStretch(1)
        actor = self.workspace.actor
        self._who = label(actor.name)
        self._who.setToolTip(role_names(actor.roles))
        row.addWidget(self._who)
        row.addWidget(tool("lock", _("Lock (Ctrl+L)"), self.lock))
        return top

    def _bind(self, page: Page) -> None:
        """Takes in a page that has just been made."""
        self._stack.addWidget(page)
        if page.section:  # the map has a Ctrl+Z of its own
            back = QShortcut(QKeySequence("Ctrl+Z"), page)
            back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            back.activated.connect(self.messages.undo_last)

    def _connect(self) -> None:
        self.rail.asked.connect(self.show_page)
        self.tabs.asked.connect(self.show_page)
        self.jobs.started.connect(self.panel.watch)
        self.jobs.started.connect(lambda _job: self._count_jobs())
        self.jobs.failed.connect(lambda job: self.messages.trouble(job.error))
        self.jobs.idle.connect(self._count_jobs)
        for signal in (self.changes.registry, self.changes.packages, self.changes.outbox):
            signal.connect(self._something_changed)
        keys = {"Ctrl+K": self.search.start, "F5": self.refresh, "F1": self.show_help, "Esc": self.drawer.close_content,
                "Ctrl+/": self.show_shortcuts, "Ctrl+L": self.lock, "Ctrl+PgDown": partial(self.tabs.step, 1),
                "Ctrl+PgUp": partial(self.tabs.step, -1), "Alt+Left": self._back.click,
                "Alt+Right": self._forward.click}  # fmt: skip
        for number, key in enumerate(KEYS[: len(self.rail.entries)]):
            keys[key] = partial(self.rail.open, number)
        for sequence, act in keys.items():
            QShortcut(QKeySequence(sequence), self).activated.connect(act)
        self.visits.changed = self._show_way
        self._show_way()
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(60_000 * idle_lock_minutes(self.workspace))
        self._idle.timeout.connect(self.lock)
        self._idle.start()
        self.status.asked.connect(lambda: self.show_page("exchange"))
        self.rounds = Rounds(self.desk, self)
        self._read_overview()

    # --- what happens ---

    def refresh(self) -> None:
        """Looks again at everything that is shown."""
        self._fresh.clear()
        self.show_page(self._front())
        self._read_overview()

    def _something_changed(self) -> None:
        self._fresh.clear()
        self._fresh.add(self._front())
        self.pages[self._front()].refresh()
        self._read_overview()

    def _front(self) -> str:
        """The name of the page in front."""
        current = self._stack.currentWidget()
        return next(name for name, page in self.pages.made.items() if page is current)

    def _read_overview(self) -> None:
        self.jobs.read(lambda: overview(self.workspace), self._show_overview)
        if self.workspace.actor.may("exchange.read"):
            self.jobs.read(lambda: attention(self.workspace), self.status.show_attention)

    def _show_overview(self, now: Overview) -> None:
        self.status.show_overview(now)
        self._who.setText(f"{self.workspace.actor.name} · {division_name(now.station)}")

    def _show_way(self) -> None:
        self._back.setEnabled(self.visits.may_go_back)
        self._forward.setEnabled(self.visits.may_go_forward)

    def _count_jobs(self) -> None:
        self.status.show_jobs(sum(1 for job in self.jobs.running if job.shown))

    def show_help(self) -> None:
        """The help of the page in front, in the drawer."""
        current = self._stack.currentWidget()
        if isinstance(current, Page):
            self.drawer.show_content(_("Help: {page}").format(page=_(current.title)), page_help(current.name))

    def show_shortcuts(self) -> None:
        """Every shortcut, in the drawer."""
        self.drawer.show_content(
            _("Keyboard"), shortcut_sheet(list(zip(KEYS, self.rail.titles(), strict=False)))
        )

    def switch_theme(self) -> None:
        """Light to dark and back; remembered."""
        chosen: theme.Scheme = "dark" if theme.scheme() == "light" else "light"
        QSettings(str(desktop_state_path()), QSettings.Format.IniFormat).setValue("scheme", chosen)
        theme.apply(QApplication.instance(), chosen)  # type: ignore[arg-type]  # the application is a QApplication
        self.rail.dress()
        self.refresh()

    def lock(self) -> None:
        """Covers the window until its user gives the password again; work goes on below."""
        if self.findChild(Cover) is None:
            Cover(self.workspace, self, self._unlock)

    def _unlock(self) -> None:
        cover = self.findChild(Cover)
        if cover is not None:
            cover.setParent(None)
            cover.deleteLater()
        self._idle.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Watching the whole application from Python would wrap objects that Qt is still building.
        handle = self.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel}:
            self._idle.start()
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            side = {Qt.MouseButton.BackButton: self._back, Qt.MouseButton.ForwardButton: self._forward}
            if event.button() in side:
                side[event.button()].click()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        cover = self.findChild(Cover)
        if cover is not None:
            cover.setGeometry(self.rect())

    # --- remembered state ---

    def _restore(self) -> None:
        geometry = QByteArray.fromBase64(str(self.memory.get("geometry", "")).encode())
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(1366, 768)
        self.drawer.setVisible(False)
        self._split.setSizes([1000, int(self.memory.get("drawer", _DRAWER))])

    def closeEvent(self, event: QCloseEvent) -> None:
        self.memory.put("geometry", bytes(self.saveGeometry().toBase64().data()).decode())
        if self.drawer.isVisible():
            self.memory.put("drawer", self.drawer.width())
        self.memory.put("page", self._front())
        self._idle.stop()
        self.rounds.stop()
        for page in self.pages.made.values():
            page.closing()
        self.jobs.wait()
        super().closeEvent(event)
