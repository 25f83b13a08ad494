"""Severities that the administrator has switched, with the reason and who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.stewardship import rule_setting
from core.security import audit
from core.security.workspace import Workspace, permits
from core.verification.catalogue import rule
from core.verification.declaration import Severity
from core.verification.engine import OFF


class RuleFixed(GridLinkError):
    """The rule is unknown, its severity is binding, or no reason was given."""

    code = "rule_fixed"


def severities(connection: Connection) -> Mapping[str, str]:
    """The switched severities by rule."""
    return {row.rule: row.severity for row in connection.execute(select(rule_setting))}


@permits("finding.read")
def settings(workspace: Workspace) -> Sequence[Row[Any]]:
    """Every switched rule with its severity, reason, who and when."""
    with workspace.store.read() as connection:
        return connection.execute(select(rule_setting).order_by(rule_setting.c.rule)).all()


@permits("rule.configure")
def switch(workspace: Workspace, rule_id: str, severity: str, *, reason: str) -> None:
    """Gives a rule another severity (error, warning, notice, off) from the next verification on.

    The rule's own severity takes the setting away. Raises ``RuleFixed`` where the severity is binding.
    """
    known = rule(rule_id)
    if known is None:
        raise RuleFixed(
            _("There is no rule {rule}.").format(rule=rule_id), cure=_("The command rules lists them."), rule=rule_id
        )
    if known.guard or known.binding:
        raise RuleFixed(
            _("The severity of {rule} is binding: what it keeps out must not be stored.").format(rule=rule_id),
            cure=_("Have the sender correct the rows, or ignore single findings with a reason."), rule=rule_id,
        )  # fmt: skip
    if severity not in {*Severity, OFF} or not reason.strip():
        raise RuleFixed(
            _("A rule is switched to error, warning, notice or off, and with a reason."),
            cure=_("Say in a few words why the district needs it otherwise."), rule=rule_id,
        )  # fmt: skip
    with workspace.store.write() as connection:
        connection.execute(delete(rule_setting).where(rule_setting.c.rule == rule_id))
        if severity != known.severity:
            connection.execute(
                insert(rule_setting).values(
                    rule=rule_id, severity=severity, reason=reason, actor=workspace.actor.name, at=workspace.now()
                )
            )
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="rule.switch", subject=rule_id,
            details={"severity": severity, "was": str(known.severity), "reason": reason},
        )  # fmt: skip
