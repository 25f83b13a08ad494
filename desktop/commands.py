"""Commands that the search field offers: found by their Chinese or English name, or by the initials of the pinyin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from core.i18n import N_, _, in_chinese
from core.model.names import RESOURCES
from core.registry.browse import SHOWN
from core.registry.filters import Selection
from desktop.book import Book
from desktop.desk import Desk

FEW, MANY = 4, 12
_OPEN: Final = re.compile(r"^(open|go to|打开|转到)\s*")


@dataclass(frozen=True)
class Command:
    """Something to do: its English name (translated where it is shown), its icon, its keys, and the act."""

    name: str
    icon: str
    act: Callable[[], object]
    keys: str = ""

    @property
    def title(self) -> str:
        """The name in the language in force."""
        return _(self.name)


def frame_commands(desk: Desk, pages: Book, acts: Mapping[str, Callable[[], object]]) -> list[Command]:
    """Every page, every kind's table, verifying, and the frame's own acts (``lock, theme, help, keys, refresh``)."""
    made = [Command(page.title, page.icon, partial(desk.show_page, name)) for name, page in pages.kinds.items()]
    if "registry" in pages:
        made += [Command(RESOURCES[kind], kind, partial(desk.show_rows, Selection(kind))) for kind in SHOWN]
    if "findings" in pages and desk.workspace.actor.may("finding.work"):
        made.append(Command(N_("Verify the registry"), "done", lambda: _verify(pages["findings"])))
    frame = (
        ("theme", N_("Light or dark"), "theme", ""), ("lock", N_("Lock"), "lock", "Ctrl+L"),
        ("help", N_("Help of this page"), "help", "F1"), ("keys", N_("Keyboard"), "help", "Ctrl+/"),
        ("refresh", N_("Look again"), "refresh", "F5"),
    )  # fmt: skip
    return made + [Command(title, icon, acts[name], keys) for name, title, icon, keys in frame]


def _verify(findings: Any) -> None:
    findings.verify()


def initials(commands: Sequence[Command]) -> Mapping[str, str]:
    """The initials of each command's Chinese name (收件箱 → sjx); slow the first time, for a worker."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its tables are read when somebody first searches

    return {
        one.name: "".join(lazy_pinyin(in_chinese(one.name), style=Style.FIRST_LETTER)).lower() for one in commands
    }


def matching(commands: Sequence[Command], typed: str, pinyin: Mapping[str, str]) -> Sequence[Command]:
    """The commands that a text means: those that begin with it first."""
    wanted = _OPEN.sub("", typed.strip().lower())
    if not wanted:
        return []
    ranked = [(_rank(one, wanted, pinyin.get(one.name, "")), place, one) for place, one in enumerate(commands)]
    return [one for rank, _place, one in sorted(ranked, key=lambda each: each[:2]) if rank < MANY][:FEW]


def _rank(one: Command, wanted: str, letters: str) -> int:
    names = (one.title.lower(), in_chinese(one.name).lower(), one.name.lower())
    if any(name.startswith(wanted) for name in names):
        return 0
    if len(wanted) > 1 and letters.startswith(wanted):
        return 1
    if len(wanted) > 1 and any(wanted in name for name in names):
        return 2
    return MANY
