"""Push: sends what waits in the outbox to the upstream systems that are due it."""

from __future__ import annotations

from core.exchange.channels import read_channel, require_open
from core.exchange.configuration import Endpoint, configured_targets, endpoint, not_configured
from core.exchange.connectors import connector
from core.exchange.declared import current
from core.exchange.leasing import count_open
from core.exchange.sending import PushResult, Run
from core.exchange.troubles import Trouble
from core.jobs import Progress
from core.security.workspace import Workspace, permits

__all__ = ["PushResult", "push"]


@permits("exchange.push")
def push(
    workspace: Workspace,
    target: str | None = None,
    *,
    progress: Progress | None = None,
    due_only: bool = False,
) -> dict[str, PushResult]:
    """Sends what waits for ``target`` (for every configured one if None) and settles what is awaited.

    ``due_only`` respects the back-off of failed records, the operator's hours and the circuit breaker, for pushes
    that nobody asked for. A paused target is left out, or if it is named, raises ``ChannelPaused``. Raises
    ``ConnectorNotConfigured``, or the ``Trouble`` that ended the push with ``targets`` (figures by target)
    in its details; whatever was not receipted is still in the outbox then.
    """
    targets = [connector(target).target] if target else configured_targets(workspace.store)
    if not targets:
        raise not_configured(None)
    if target:
        with workspace.store.read() as connection:
            require_open(connection, targets[0])
    ends = [endpoint(workspace.store, name) for name in targets]
    results: dict[str, PushResult] = {}
    troubles: list[Trouble] = []
    for end in ends:
        if (closed := _closed(workspace, end, due_only=due_only)) is not None:
            results[end.target] = closed
            continue
        run = Run(workspace, end, progress or Progress(), due_only=due_only)
        trouble = run.push()
        results[end.target] = run.result
        troubles += [trouble] if trouble else []
    if troubles:
        troubles[0].details["targets"] = {name: result.as_dict() for name, result in results.items()}
        raise troubles[0]
    return results


def _closed(workspace: Workspace, end: Endpoint, *, due_only: bool) -> PushResult | None:
    """What there is to say of a target that nothing goes to now; None if the way is open."""
    with workspace.store.read() as connection:
        why = read_channel(connection, end.target).closed(
            current(connection, end.target).limits, workspace.clock()
        )
        if why == "paused" or (why and due_only):
            return PushResult(waiting=count_open(connection, end.target))
    return None
