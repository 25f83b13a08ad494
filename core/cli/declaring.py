"""Commands that change a connector's declaration: its text, single values, its history, back to what was shipped."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from core.cli.connecting import tried
from core.cli.exchanging import connector as group
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.cli.stores import read_text
from core.exchange import declaring
from core.exchange.declaration_edit import edited
from core.exchange.trying import try_connector
from core.i18n import _


def add_to(cli: click.Group) -> None:
    """The commands hang on the group ``connector``, which ``exchanging`` adds."""


@command("text", group)
@click.argument("name")
@click.option("--shipped", is_flag=True, help="The declaration as it was shipped, whatever was changed.")
@click.option("--out", type=FILE, help="Writes the text to a file, to be edited and given back.")
def connector_text(session: Session, name: str, *, shipped: bool, out: Path | None) -> Outcome:
    """The text of a declaration, as it is in force."""
    now = declaring.declaration(session.workspace(), name)
    text = now.shipped if shipped else now.text
    data = {"target": now.target, "change": now.change, "outdated": now.outdated, "text": text}
    if out is None:
        return Outcome(data, text.splitlines())
    out.write_text(text, encoding="utf-8")
    return Outcome(data | {"out": str(out)}, [_("Written to {path}.").format(path=out)])


@command("edit", group)
@click.argument("name")
@click.option("--file", "file", type=FILE, help="The whole declaration, as “connector text” writes it.")
@click.option(
    "--set", "values", multiple=True, metavar="PLACE=VALUE",
    help="One value, such as push.person.batch_size=200 or limits.begin=08:30; may be given again.",
)  # fmt: skip
@click.option("--try", "only_try", is_flag=True, help="Tries it against the endpoint and changes nothing.")
@click.option("--reason", default="", help="Why; stays on record.")
def connector_edit(
    session: Session, name: str, *, file: Path | None, values: tuple[str, ...], only_try: bool, reason: str
) -> Outcome:
    """Changes a declaration in this store; faults are named with their line. The shipped file stays as it is."""
    workspace = session.workspace()
    text = read_text(file) if file else declaring.declaration(workspace, name).text
    if values:
        text = edited(text, dict(_value(one) for one in values))
    if only_try:
        return tried(try_connector(workspace, name, text=text))
    number = declaring.change_declaration(workspace, name, text, reason=reason)
    (change,) = (one for one in declaring.history(workspace, name) if one.number == number)
    return _shown(name, [change])


@command("revert", group)
@click.argument("name")
@click.option("--reason", required=True, help="Why; stays on record.")
def connector_revert(session: Session, name: str, *, reason: str) -> Outcome:
    """Lets the shipped declaration count again; the changes stay in the history."""
    workspace = session.workspace()
    declaring.back_to_shipped(workspace, name, reason=reason)
    return _shown(name, declaring.history(workspace, name)[:1])


@command("history", group)
@click.argument("name")
def connector_history(session: Session, name: str) -> Outcome:
    """Who changed what of a declaration, when and why."""
    return _shown(name, declaring.history(session.workspace(), name))


def _shown(name: str, changes: Iterable[declaring.Change]) -> Outcome:
    found = list(changes)
    rows = [
        (c.number, c.at[:19], c.actor, c.reason, d.place, _plain(d.before), _plain(d.after))
        for c in found for d in c.differences
    ]  # fmt: skip
    head = (_("number"), _("since"), _("who"), _("reason"), _("place"), _("before"), _("after"))
    lines = table(head, rows) if rows else [_("Nothing was changed: it is as it was shipped.")]
    return Outcome({"target": name, "changes": [asdict(one) for one in found]}, lines)


def _plain(value: Any) -> str:
    return "–" if value is None else str(value)


def _value(given: str) -> tuple[tuple[str, ...], Any]:
    """A place and its value: TOML where it is TOML, else the text itself; nothing removes it."""
    place, equals, value = given.partition("=")
    if not equals:
        raise click.UsageError(_("--set takes a place, an equals sign and a value."))
    names = tuple(place.strip().split("."))
    if not value.strip():
        return names, None
    try:
        return names, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return names, value.strip()
