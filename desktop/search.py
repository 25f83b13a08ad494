"""The search field at the top: records, addresses that a text may mean, coordinates and commands, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from core.errors import GridLinkError
from core.i18n import _
from core.model.names import label as name_of
from core.registry.filters import Condition, Selection
from core.registry.lookup import Answer, look_up
from core.spatial.positions import parse
from core.store.search import Hit
from core.verification.matching.service import Match, match_text
from desktop import theme
from desktop.commands import Command, initials, matching
from desktop.desk import Desk

_WAIT: Final = 80
"""Milliseconds after the last key before the store is asked; commands and coordinates do not wait."""
_A_GROUP: Final = 6
_MEANT: Final = 4
"""From how many characters on a text may be an address that is written differently."""
_HEAD: Final = Qt.ItemDataRole.UserRole + 1
_ORDER: Final = ("commands", "position", "hits", "meant", "recent", "examples")


@dataclass(frozen=True)
class Entry:
    """One line that can be chosen; ``aside`` is what Shift+Enter does."""

    key: str
    title: str
    subtitle: str
    icon: str
    act: Callable[[], object] | None
    aside: Callable[[], object] | None = None


@dataclass(frozen=True)
class Group:
    """Lines under one head."""

    title: str
    entries: Sequence[Entry] = field(default_factory=tuple)


class SearchField(QLineEdit):
    """Type, walk with the arrows (Tab: the next group), Enter opens; answers stream in, each group when it is there."""

    def __init__(
        self, desk: Desk, commands: Sequence[Command], show_position: Callable[[float, float], None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._desk, self._commands, self._show_position = desk, commands, show_position
        self._pinyin: Mapping[str, str] = {}
        self._asked, self._moved = "", False
        self._groups: dict[str, Sequence[Group]] = {}
        self._entries: dict[int, Entry] = {}
        self.setPlaceholderText(_("Search addresses, houses, organisations, codes, commands  (Ctrl+K)"))
        self.setClearButtonEnabled(True)
        self.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.setMinimumWidth(320)
        self.hits = QListWidget(self)
        self.hits.setObjectName("found")
        self.hits.setWindowFlags(Qt.WindowType.ToolTip)
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.itemClicked.connect(self._open)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT)
        self._timer.timeout.connect(self._ask)
        self.textEdited.connect(self._typed)
        self.installEventFilter(self)

    def start(self) -> None:
        """Puts the cursor into the field."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def titles(self) -> list[str]:
        """The heads of the groups and the titles below them, as they are shown."""
        return [self.hits.item(row).text().split("\n")[0] for row in range(self.hits.count())]

    # --- asking ---

    def _typed(self, _text: str) -> None:
        wanted = self.text().strip()
        self._asked, self._moved = wanted, False
        self._groups = {"commands": self._meant_commands(wanted), "position": self._meant_position(wanted)}
        if len(wanted) < 2:
            self._timer.stop()
            self._offer_first() if not wanted else self._draw()
            return
        self._timer.start()
        if any(self._groups.values()):
            self._draw()

    def _ask(self) -> None:
        wanted, workspace, jobs = self._asked, self._desk.workspace, self._desk.jobs
        jobs.read(lambda: look_up(workspace, wanted), partial(self._found, wanted))
        if len(wanted) >= _MEANT and not wanted.isascii():
            jobs.read(lambda: match_text(workspace, wanted), partial(self._meant, wanted))

    def _found(self, wanted: str, answer: Answer) -> None:
        groups = [
            Group(name_of("resource", one.kind), [self._hit(hit) for hit in one.hits[:_A_GROUP]])
            for one in answer.groups
            if one.kind != "position"  # that has been there since it was typed
        ]
        notes = [Entry(note, note, "", "notice", None) for note in answer.notes]
        self._arrived(wanted, "hits", groups + ([Group(_("Note"), notes)] if notes else []))

    def _hit(self, hit: Hit) -> Entry:
        """What a hit opens: a record its file, a community its addresses, a package the inbox."""
        if hit.resource == "community":
            here = Selection("address", (Condition("community_code", "is", str(hit.id)),))
            return Entry(f"community:{hit.id}", hit.title, hit.subtitle, "grid", partial(self._desk.show_rows, here))
        if hit.resource == "package":
            show = partial(self._desk.show_page, "inbox")
            return Entry(f"package:{hit.id}", hit.title, name_of("sender", hit.subtitle), "package", show)
        return self._record(hit.resource, hit.id, hit.title, hit.subtitle)

    def _meant(self, wanted: str, match: Match) -> None:
        """The addresses that a differently written text may mean, with the matcher's reasons."""
        title = _("The address that is meant") if match.decision == "match" else _("Choose among")
        title = f"{title} · {' '.join(match.reasons)}" if match.reasons else title
        sure = match.address_code if match.decision == "match" else None
        chosen = [one for one in match.candidates if sure is None or one.address_code == sure]
        entries = [self._record("address", one.entity, one.full_text, one.address_code) for one in chosen]
        self._arrived(wanted, "meant", [Group(title, entries)] if entries else [])

    def _arrived(self, wanted: str, name: str, groups: Sequence[Group]) -> None:
        if wanted == self._asked:
            self._groups[name] = groups
            self._draw()

    def _record(self, resource: str, entity: int, title: str, subtitle: str) -> Entry:
        return Entry(
            f"{resource}:{entity}", title, subtitle, resource, partial(self._desk.open_file, resource, entity),
            partial(self._desk.open_record, resource, entity),
        )  # fmt: skip

    def _meant_commands(self, wanted: str) -> Sequence[Group]:
        found = matching(self._commands, wanted, self._pinyin)
        entries = [Entry(one.name, one.title, one.keys, one.icon, one.act) for one in found]
        return [Group(_("Commands"), entries)] if entries else []

    def _meant_position(self, wanted: str) -> Sequence[Group]:
        try:
            place = parse(wanted)
        except GridLinkError:
            return []
        if place is None:
            return []
        lon, lat = place
        act = partial(self._show_position, lon, lat)
        return [Group(_("Position"), [Entry("position", f"{lon:.6f}, {lat:.6f}", _("Show on the map"), "map", act)])]

    def _offer_first(self) -> None:
        """What was opened lately, and what can be typed."""
        kept = self._desk.memory.get("recent", [])
        recent = [self._record(resource, int(entity), title, "") for resource, entity, title in kept]
        examples = (
            _("part of an address, with or without blanks, 幢 or 栋"), _("a credit code, a house code: how it begins"),
            _("a position such as 120.62,31.31"), _("a page or a command: inbox, sjx, dark"),
        )  # fmt: skip
        self._groups = {"recent": [Group(_("Opened lately"), recent)] if recent else [], "examples": [
            Group(_("What can be typed"), [Entry(text, text, "", "search", None) for text in examples])]}  # fmt: skip
        self._draw()

    # --- showing ---

    def _draw(self) -> None:
        if not self.hasFocus():
            return
        kept = self._entries.get(self.hits.currentRow()) if self._moved else None
        self.hits.clear()
        self._entries.clear()
        meant = next(iter(self._groups.get("meant", ())), None)
        for group in (group for name in _ORDER for group in self._groups.get(name, ())):
            there = {one.key for one in self._entries.values()}
            fresh = [one for one in group.entries if one.key not in there]
            if fresh:
                self._add_head(meant.title if meant is not None and _covers(group, meant) else group.title)
            for one in fresh:
                self._add(one)
        if not self._entries and "hits" in self._groups:
            text = _("Nothing found for “{text}”. Fewer characters find more.").format(text=self._asked)
            self._add(Entry("nothing", text, "", "search", None))
        rows = [row for row, one in self._entries.items() if one.act is not None]
        same = [row for row in rows if kept is not None and self._entries[row].key == kept.key]
        self.hits.setCurrentRow((same or rows or [-1])[0])
        self.hits.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        height = sum(self.hits.sizeHintForRow(row) for row in range(self.hits.count()))
        self.hits.resize(self.width(), min(520, height + 6))
        self.hits.setVisible(self.hits.count() > 0)

    def _add_head(self, title: str) -> None:
        item = QListWidgetItem(title)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setData(_HEAD, True)
        item.setForeground(theme.brush("muted"))
        self.hits.addItem(item)

    def _add(self, one: Entry) -> None:
        text = f"{one.title}\n{one.subtitle}" if one.subtitle else one.title
        item = QListWidgetItem(theme.icon(one.icon, size=18), text)
        if one.act is None:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setForeground(theme.brush("muted"))
        self._entries[self.hits.count()] = one
        self.hits.addItem(item)

    def _open(self, item: QListWidgetItem | None, *, aside: bool = False) -> None:
        one = self._entries.get(self.hits.row(item)) if item is not None else None
        act = one.aside if one is not None and aside and one.aside is not None else one.act if one is not None else None
        if act is not None:
            self.hits.hide()
            self.clear()
            act()

    # --- keys ---

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self._pinyin:
            self._desk.jobs.read(lambda: initials(self._commands), self._know_pinyin)
        if not self.text() and event.reason() == Qt.FocusReason.ShortcutFocusReason:
            self._asked = ""
            self._offer_first()

    def _know_pinyin(self, pinyin: Mapping[str, str]) -> None:
        self._pinyin = pinyin

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hits.hide()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self.hits.isVisible():
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            self._step_group(1 if key == Qt.Key.Key_Tab else -1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.hits.currentItem(), aside=shifted)
        elif key == Qt.Key.Key_Escape:
            self.hits.hide()
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        rows = [row for row, one in self._entries.items() if one.act is not None]
        if rows:
            place = rows.index(self.hits.currentRow()) if self.hits.currentRow() in rows else 0
            self._go(rows[(place + by) % len(rows)])

    def _step_group(self, by: int) -> None:
        """To the first line of the next group, or of the one before."""
        heads = [row for row in range(self.hits.count()) if self.hits.item(row).data(_HEAD)]
        firsts = [row + 1 for row in heads if row + 1 in self._entries and self._entries[row + 1].act is not None]
        if firsts:
            here = max((place for place, row in enumerate(firsts) if row <= self.hits.currentRow()), default=0)
            self._go(firsts[(here + by) % len(firsts)])

    def _go(self, row: int) -> None:
        self._moved = True
        self.hits.setCurrentRow(row)


def _covers(group: Group, meant: Group) -> bool:
    """Whether a group holds every line of another: then its head says why, and nothing is shown twice."""
    return {one.key for one in meant.entries} <= {one.key for one in group.entries}
