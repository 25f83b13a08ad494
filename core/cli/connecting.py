"""Commands on upstream systems as they are declared: list, show, test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from core.cli.exchanging import connector as group
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.cli.stores import read_text
from core.errors import GridLinkError
from core.exchange.connectors import connector, connectors
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.declared_texts import DIRECTIONS
from core.exchange.trying import Trial, try_connector
from core.i18n import _


def add_to(cli: click.Group) -> None:
    """The commands hang on the group ``connector``, which ``exchanging`` adds."""


@command("list", group)
def connector_list(session: Session) -> Outcome:
    """Every upstream system that is declared; checks the declarations."""
    found = [_summary(one) for one in connectors()]
    rows = ((s["target"], s["title"], _directions(s["direction"]), s["transport"]) for s in found)
    return Outcome(
        {"connectors": found}, table((_("target"), _("system"), _("direction"), _("transport")), rows)
    )


@command("show", group)
@click.argument("name")
def connector_show(session: Session, name: str) -> Outcome:
    """One upstream system's declaration: transport, mapping, codes, limits, receipts and errors.

    Without a login it is the shipped one; in a store it is the one in force there.
    """
    it = in_force(session.workspace().store, name) if os.environ.get("GRIDLINK_USER") else connector(name)
    return Outcome(_summary(it) | {"declaration": it.model_dump(mode="json")}, _lines(it))


@command("test", group)
@click.argument("name")
@click.option("--file", "file", type=FILE, help="A declaration to try before it is put in force.")
def connector_test(session: Session, name: str, file: Path | None) -> Outcome:
    """Tries a connector against its endpoint: the real function, without sending data."""
    trial = try_connector(session.workspace(), name, text=read_text(file) if file else None)
    return tried(trial)


def tried(trial: Trial) -> Outcome:
    """What trying gave, as an error where something does not work."""
    rows = ((s.what, _("works") if s.ok else _("fails"), s.message if s.ok else f"{s.message} {s.cure}")
            for s in trial.steps)  # fmt: skip
    lines = table((_("tried"), _("result"), _("message")), rows)
    failed = next((s for s in trial.steps if not s.ok), None)
    return Outcome(
        trial.as_dict(), lines, ConnectorFails(failed.message, cure=failed.cure) if failed else None
    )


class ConnectorFails(GridLinkError):
    """A connector was tried and does not work."""

    code = "connector_fails"


def _summary(it: Connector) -> dict[str, Any]:
    return {
        "target": it.target,
        "title": _(it.title),
        "note": _(it.note),
        "direction": list(it.direction),
        "transport": it.transport.kind,
        "alternative": it.transport.alternative,
        "authentication": it.authentication.kind,
        "push": list(it.push),
        "extract": list(it.extract),
        "propose": list(it.propose),
        "receipts": it.receipts.form,
        "queued": it.queued,
    }


def _directions(codes: list[str]) -> str:
    return _("; ").join(_(DIRECTIONS[code]) for code in codes)


def _lines(it: Connector) -> list[str]:
    lines = [_(it.title), _(it.note)]
    for part in ("extract", "push", "propose"):
        for resource, mapped in getattr(it, part).items():
            lines += ["", f"{part} · {resource}"]
            shown = [(f.name, f.column, f.format, _translated(f.codes)) for f in mapped.fields]
            lines += table((_("field there"), _("column here"), _("form"), _("codes")), shown)
    if it.errors:
        rows = ((code, _(error.meaning), _(error.cure)) for code, error in it.errors.items())
        lines += ["", *table((_("code"), _("meaning"), _("cure")), rows)]
    return lines


def _translated(codes: Any) -> str:
    return ", ".join(f"{a} → {b}" for a, b in codes.items()) if codes else ""
