"""Help in the language in force: what commands and options say of themselves, and click's own words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from core.cli.output import width_of
from core.i18n import N_, _

_WORDS = (N_("Usage:"), N_("Options"), N_("Commands"), N_("Show this message and exit."))
_USUAL = {
    "reason": N_("Why; kept on record."),
    "limit": N_("Rows at most; totals stay complete."),
    "rule": N_("A rule of the catalogue."),
    "resource": N_("A kind of record."),
    "severity": N_("How severely the rule is taken."),
    "sender": N_("A department that sends."),
    "source": N_("A department that takes part."),
    "system": N_("An upstream system."),
    "grid": N_("The code of a grid."),
    "community": N_("The code of a community (12 digits)."),
    "collector": N_("Who collected the record."),
    "maintainer": N_("Who maintains the grids."),
    "key": N_("The key of a record."),
    "id": N_("The number of a delivery; may be repeated."),
    "field": N_("A column."),
    "state": N_("Only what is in this state."),
    "role": N_("What the account may do; may be repeated."),
    "receiver": N_("The code of the receiving station."),
    "out": N_("Where the result is written."),
    "sequence": N_("The number of the package in its sender's sequence."),
    "mode": N_("Everything there is, or only what changed."),
    "purpose": N_("What the data are for."),
    "legal-basis": N_("What permits to pass them on."),
    "group": N_("A group of fields, such as contact or naming."),
    "layer": N_("A layer of the map."),
    "title": N_("What it is called in lists."),
    "remark": N_("What else was seen."),
    "per-community": N_("Records drawn of each community."),
    "people": N_("How many people the district has."),
    "seed": N_("The same seed makes the same district."),
    "error-rate": N_("The share of rows with an error put in on purpose."),
    "station": N_("The code of the station."),
    "answer": N_("Only those that the source answered so."),
    "lon": N_("Longitude in degrees."),
    "lat": N_("Latitude in degrees."),
    "crs": N_("WGS84, CGCS2000, GCJ-02, BD-09, EPSG:n."),
    "origin": N_("Where it became known."),
    "port": N_("Where it listens; any free one if 0."),
}
"""What an option of this name says where its command says nothing else of it."""
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
    """Lets ``Help`` write the help of a group, its commands said whole and no option left without a word."""
    group.context_class = _Context
    for command in _commands(group):
        command.short_help = command.help
        for one in command.params:
            if isinstance(one, click.Option):
                one.help = one.help or _USUAL.get(one.opts[0].lstrip("-"))


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
