"""Help in the language in force: what commands and options say of themselves, and click's own words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from core.cli.output import width_of
from core.i18n import N_, _

_WORDS = (N_("Usage:"), N_("Options"), N_("Commands"), N_("Show this message and exit."))
_EXTRAS = {"default: ": N_("default: "), "required": N_("required")}
_WITH_EXTRA = re.compile(r"(.*?)((?: ?\[[^\]]*\])?)$")
_PIECES = re.compile(r"[!-~]+|.")
_NEVER_FIRST = "，。；：、）”》！？…"
_WIDEST_NAME = 30


class Help(click.HelpFormatter):
    """Writes help translated, and folds it by what fits on the terminal: a Chinese character takes two columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that shows how a command is called."""
        super().write_usage(prog, args, prefix or f"{_('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """The head of a section."""
        super().write_heading(_(heading))

    def write_text(self, text: str) -> None:
        """What a command says of itself."""
        super().write_text(_folded(_(_flat(text)), self.width - self.current_indent))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST_NAME, col_spacing: int = 2
    ) -> None:
        """Names with what each says of itself."""
        held = list(rows)
        first = min(max((len(name) for name, _text in held), default=0), col_max) + col_spacing
        room = self.width - first - self.current_indent
        super().write_dl([(name, _folded(_row(text), room)) for name, text in held], col_max, col_spacing)


def prepare(group: click.Group) -> None:
    """Lets help be written by ``Help``, and lists of commands show what each says whole, not its first words."""
    group.context_class = _Context
    for command in _commands(group):
        command.short_help = command.help


def texts(group: click.Group) -> Iterator[str]:
    """Every text that the commands and options under a group say of themselves, as it is looked up."""
    for command in (group, *_commands(group)):
        said = [command.help, *(one.help for one in command.params if isinstance(one, click.Option))]
        yield from (_flat(text) for text in said if text)


class _Context(click.Context):
    formatter_class = Help


def _commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        command.context_class = _Context
        yield command
        if isinstance(command, click.Group):
            yield from _commands(command)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _row(text: str) -> str:
    """The text of an option, which click may have followed by what is its default, in brackets."""
    parted = _WITH_EXTRA.match(_flat(text))
    said, extra = parted.groups() if parted else (text, "")
    for word, shown in _EXTRAS.items():
        extra = extra.replace(word, _(shown))
    return _(said) + extra


def _folded(text: str, room: int) -> str:
    """Lines no wider than ``room`` columns, as a block that click leaves as it is."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if width_of(lines[-1]) + width_of(piece) > room and piece not in _NEVER_FIRST:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\b\n" + "\n".join(line.rstrip() for line in lines) if text else ""
