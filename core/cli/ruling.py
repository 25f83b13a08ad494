"""Commands for the severity of rules: switching one with a reason, and what is switched."""

from __future__ import annotations

import click

from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.i18n import _
from core.registry import rule_settings


def add_to(cli: click.Group) -> None:
    """Adds ``rule``."""
    cli.add_command(rule)


@click.group()
def rule() -> None:
    """How severely a rule is taken in this district."""


@command("switch", rule)
@click.argument("rule_id")
@click.argument("severity", type=click.Choice(["error", "warning", "notice", "off"]))
@click.option("--reason", required=True)
def switch(session: Session, rule_id: str, severity: str, reason: str) -> Outcome:
    """Gives a rule another severity from the next verification on; its own one takes the setting away."""
    rule_settings.switch(session.workspace(), rule_id, severity, reason=reason)
    return Outcome({"rule": rule_id, "severity": severity, "reason": reason}, [_("Switched.")])


@command("switched", rule)
def switched(session: Session) -> Outcome:
    """Every switched rule: its severity now, why, who and when."""
    rows = [dict(row._mapping) for row in rule_settings.settings(session.workspace())]
    head = (_("rule"), _("severity"), _("reason"), _("who"), _("at"))
    shown = ((r["rule"], r["severity"], r["reason"], r["actor"], r["at"][:10]) for r in rows)
    return Outcome({"rules": rows, "total": len(rows)}, table(head, shown))
