"""Commands on what runs by itself: go a round, show the duties, switch it on or off."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli.evidencing import exchange
from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.errors import GridLinkError
from core.exchange.rounds.duties import ACT_WORDS, Duty, duties, is_automatic, set_automatic
from core.exchange.rounds.going import Round, go_round
from core.exchange.rounds.ledger import last_round
from core.i18n import N_, _

_OFF = N_("Nothing runs by itself here: the administrator has switched it off.")
_STATES = {
    "off": _OFF,
    "busy": N_("Another client of this store is at it; nothing was done here."),
    "gone": N_("Nothing was due."),
}  # fmt: skip


class DutiesFailed(GridLinkError):
    """Something that runs by itself did not end well."""

    code = "duties_failed"


def add_to(cli: click.Group) -> None:
    """The commands hang on the group ``exchange``, which ``evidencing`` adds."""


@command("round", exchange)
def exchange_round(session: Session) -> Outcome:
    """Does once what is due by itself: fetch, extract, push, receipts, reconcile; for a scheduled task."""
    with session.watched() as progress:
        made = go_round(session.workspace(), progress=progress)
    rows = ((d.target, _(ACT_WORDS[d.act]), d.told or f"{d.message} {d.cure}".strip()) for d in made.done)
    lines = table((_("target"), _("duty"), _("result")), rows) if made.done else [_(_STATES[made.state])]
    return Outcome(made.as_dict(), lines, _trouble(made))


@command("duties", exchange)
def exchange_duties(session: Session) -> Outcome:
    """What runs by itself for each system: when it last did, when it does next, days that were missed."""
    workspace = session.workspace()
    found, last = duties(workspace), last_round(workspace)
    on = is_automatic(workspace)
    head = (_("target"), _("duty"), _("last"), _("next"), _("message"))
    rows = (
        (d.target, _(ACT_WORDS[d.act]), d.last or "–", _next(d, on=on), d.missed or d.message) for d in found
    )
    told = [] if on else [_(_OFF)]
    data = {"automatic": on, "last_round": asdict(last) if last else None,
            "duties": [asdict(d) | {"missed": d.missed} for d in found]}  # fmt: skip
    return Outcome(data, [*table(head, rows), *told])


@command("automatic", exchange)
@click.argument("state", type=click.Choice(["on", "off"]))
def exchange_automatic(session: Session, state: str) -> Outcome:
    """Lets what is due run by itself in every client of this store, or not."""
    set_automatic(session.workspace(), on=state == "on")
    told = _("What is due runs by itself.") if state == "on" else _(_OFF)
    return Outcome({"automatic": state == "on"}, [told])


def _next(duty: Duty, *, on: bool) -> str:
    if duty.paused:
        return _("paused")
    return (duty.next_at or _("when something is due")) if on else "–"


def _trouble(made: Round) -> DutiesFailed | None:
    failed = [one for one in made.done if one.code]
    if not failed:
        return None
    names = _("; ").join(f"{one.target} · {_(ACT_WORDS[one.act])}" for one in failed)
    return DutiesFailed(_("Did not end well: {names}. {message}").format(
        names=names, message=failed[0].message), cure=failed[0].cure)  # fmt: skip
