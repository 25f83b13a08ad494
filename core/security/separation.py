"""System, security and audit administration belong to three people (GB/T 22239 level 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.security import account
from core.security.workspace import ADMINISTRATIONS, role_names


class SeparationBroken(GridLinkError):
    """One account would combine administrations, or one administration would have nobody."""

    code = "separation_broken"


@dataclass(frozen=True)
class Separation:
    """``combined``: active accounts with more than one administration; ``unheld``: administrations of nobody."""

    combined: tuple[str, ...]
    unheld: tuple[str, ...]

    @property
    def separated(self) -> bool:
        """Whether three different people hold the three administrations."""
        return not self.combined and not self.unheld

    @property
    def sentence(self) -> str:
        """The state as ``store info`` and the administration page show it."""
        if self.separated:
            return _("System, security and audit administration are held by different accounts.")
        if self.combined:
            return _(
                "{accounts} still holds more than one of system, security and audit administration: "
                "appoint others and take the roles back."
            ).format(accounts=_(", ").join(self.combined))
        return _("Nobody holds: {roles}.").format(roles=role_names(self.unheld))


def separation(connection: Connection) -> Separation:
    """How far the three administrations are in different hands."""
    rows = connection.execute(select(account.c.name, account.c.roles).where(account.c.state == "active"))
    held = {name: frozenset(roles) & frozenset(ADMINISTRATIONS) for name, roles in rows}
    combined = tuple(sorted(name for name, roles in held.items() if len(roles) > 1))
    everything = frozenset[str]().union(*held.values())
    return Separation(combined, tuple(role for role in ADMINISTRATIONS if role not in everything))


def check(before: frozenset[str], after: frozenset[str]) -> None:
    """Raises ``SeparationBroken`` when ``after`` combines administrations that ``before`` did not."""
    combined = after & frozenset(ADMINISTRATIONS)
    if len(combined) > 1 and not combined <= before:
        raise SeparationBroken(
            _("One account may not combine {roles}.").format(roles=role_names(combined)),
            cure=_("Give the administrations to three different accounts."),
            roles=sorted(combined),
        )


def check_all_held(connection: Connection) -> None:
    """Raises ``SeparationBroken`` when an administration would be left without an active account."""
    unheld = separation(connection).unheld
    if unheld:
        raise SeparationBroken(
            _("Nobody would hold {roles} any more.").format(roles=role_names(unheld)),
            cure=_("Appoint another account first; nothing was changed."),
            roles=list(unheld),
        )
