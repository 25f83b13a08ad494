"""The round: does what is due, one duty after the other, each of which can be killed and is taken up by the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from core.errors import Cancelled, GridLinkError
from core.exchange import ferrying
from core.exchange.extraction.extracting import extract
from core.exchange.push import PushResult, push
from core.exchange.reconciling import reconcile
from core.exchange.rounds import ledger
from core.exchange.rounds.duties import ACTS, PERMISSIONS, Duty, duties, is_automatic
from core.i18n import _
from core.jobs import Progress
from core.security import audit
from core.security.workspace import Workspace, permits

State = Literal["gone", "off", "busy"]
"""What became of a round: gone, switched off by the administrator, or another client is at it."""


@dataclass(frozen=True)
class Done:
    """One duty that was done or tried: ``told`` in a sentence, or why not (``code``, ``message``, ``cure``).

    ``moved`` says whether anything is otherwise now in the outbox, ``registry`` whether it is in the registry.
    """

    target: str
    act: str
    told: str = ""
    code: str = ""
    message: str = ""
    cure: str = ""
    moved: bool = False
    registry: bool = False


@dataclass(frozen=True)
class Round:
    """A round that was gone."""

    state: State
    done: tuple[Done, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The round as the headless contract prints it."""
        return asdict(self)


@permits("exchange.read")
def due(workspace: Workspace) -> list[Duty]:
    """The duties that a round would do now for this user, in its order; none where it is switched off."""
    if not is_automatic(workspace):
        return []
    return _due(workspace)


@permits("exchange.read")
def go_round(workspace: Workspace, *, progress: Progress | None = None) -> Round:
    """Does each duty that is due and that the user may do, at most once; trouble with one leaves the others alone.

    Raises ``Cancelled`` where somebody stops it; what is done stays done, and the rest is due again later.
    """
    progress = progress or Progress()
    if not is_automatic(workspace):
        return Round("off")
    done: list[Done] = []
    with ledger.the_round(workspace) as lease:
        if lease is None:
            return Round("busy")
        while (duty := _following(workspace, done)) is not None and lease.renew():
            done.append(_try(workspace, duty, progress))
    if done:
        _on_record(workspace, done)
    return Round("gone", tuple(done))


def _due(workspace: Workspace) -> list[Duty]:
    may = [d for d in duties(workspace) if d.due and workspace.actor.may(PERMISSIONS[d.act])]
    return sorted(may, key=lambda d: ACTS.index(d.act))


def _following(workspace: Workspace, done: list[Done]) -> Duty | None:
    """The next duty of this round: asked anew each time, because one may make another due."""
    tried = {(one.target, one.act) for one in done}
    return next((d for d in _due(workspace) if (d.target, d.act) not in tried), None)


def _try(workspace: Workspace, duty: Duty, progress: Progress) -> Done:
    progress.phase(_("{system}, by itself").format(system=duty.title))
    ledger.begun(workspace, duty.target, duty.act)
    trouble = "stopped"  # what stands where neither an end nor a trouble of ours is reached
    message = _("Somebody stopped it.")
    try:
        done = _WORK[duty.act](workspace, duty, progress)
        trouble = message = ""
    except GridLinkError as error:
        trouble, message = error.code, error.message
        done = Done(
            duty.target, duty.act, code=error.code, message=error.message, cure=error.cure, moved=True
        )
    except Cancelled:
        raise
    except Exception:
        trouble, message = "bug", _("It ended with a mistake of ours.")
        raise
    finally:
        ledger.ended(workspace, duty.target, duty.act, trouble=trouble, message=message)
    return done


def _pull(workspace: Workspace, duty: Duty, progress: Progress) -> Done:
    pulled = ferrying.pull(workspace, progress=progress)
    told = _("{n} files taken in, {receipts} new receipts of the platform.").format(
        n=len(pulled.files), receipts=pulled.receipts
    )
    some = any(one.state == "imported" for one in pulled.files)
    return Done(duty.target, duty.act, told, moved=bool(pulled.files or pulled.receipts), registry=some)


def _extract(workspace: Workspace, duty: Duty, progress: Progress) -> Done:
    runs = extract(workspace, duty.target, progress=progress)
    told = _("{n} records read.").format(n=f"{sum(run.read for run in runs):,}")
    return Done(duty.target, duty.act, told, moved=True, registry=any(run.change_set for run in runs))


def _push(workspace: Workspace, duty: Duty, progress: Progress) -> Done:
    made = push(workspace, duty.target, progress=progress, due_only=True).get(duty.target, PushResult())
    told = _("{sent} sent, {accepted} accepted, {rejected} rejected, {waiting} waiting.").format(
        sent=f"{made.sent:,}", accepted=f"{made.accepted:,}", rejected=f"{made.rejected:,}",
        waiting=f"{made.waiting:,}",
    )  # fmt: skip
    return Done(duty.target, duty.act, told, moved=bool(made.sent or made.rejected))


def _reconcile(workspace: Workspace, duty: Duty, progress: Progress) -> Done:
    made = reconcile(workspace, duty.target, progress)
    told = _("agrees") if made.agrees else _("{n} differ").format(n=f"{len(made.differences):,}")
    return Done(duty.target, duty.act, told, moved=True)


_WORK: Final[dict[str, Callable[[Workspace, Duty, Progress], Done]]] = {
    "ferry": _pull, "extract": _extract, "push": _push, "reconcile": _reconcile,
}  # fmt: skip


def _on_record(workspace: Workspace, done: list[Done]) -> None:
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="exchange.round", subject="",
            details={"duties": [f"{one.target}.{one.act}:{one.code or 'done'}" for one in done]},
        )  # fmt: skip
