"""Push: sends what waits in the outbox to the upstream systems that are due it."""

from __future__ import annotations

from core.exchange.configuration import configured_targets, endpoint, not_configured
from core.exchange.connectors import connector
from core.exchange.sending import PushResult, Run
from core.exchange.troubles import Trouble
from core.jobs import Progress
from core.security.workspace import Workspace, permits

__all__ = ["PushResult", "push"]


@permits("exchange.push")
def push(
    workspace: Workspace, target: str | None = None, *, progress: Progress | None = None, due_only: bool = False
) -> dict[str, PushResult]:
    """Sends what waits for ``target`` (for every configured one if None) and settles what is awaited.

    ``due_only`` respects the back-off of failed records, for pushes that nobody asked for. Raises
    ``ConnectorNotConfigured``, or the ``Trouble`` that ended the push with ``targets`` (figures by target)
    in its details; whatever was not receipted is still in the outbox then.
    """
    targets = [connector(target).target] if target else configured_targets(workspace.store)
    if not targets:
        raise not_configured(None)
    ends = [endpoint(workspace.store, name) for name in targets]
    results: dict[str, PushResult] = {}
    troubles: list[Trouble] = []
    for end in ends:
        run = Run(workspace, end, progress or Progress(), due_only=due_only)
        trouble = run.push()
        results[end.target] = run.result
        troubles += [trouble] if trouble else []
    if troubles:
        troubles[0].details["targets"] = {name: result.as_dict() for name, result in results.items()}
        raise troubles[0]
    return results
