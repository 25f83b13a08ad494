"""When the registry was last looked through for duplicates, so that “none” is not taken for “nobody looked”."""

from __future__ import annotations

from collections.abc import Mapping

from core.jobs import Progress
from core.security.workspace import Workspace, permits
from core.stewardship.duplicates import COMPARED, candidates, find
from core.store.lifecycle import read_setting, write_setting


@permits("finding.work")
def search(workspace: Workspace, *, progress: Progress | None = None) -> Mapping[str, int]:
    """Looks through every kind anew; returns how many candidates of each are open."""
    found = {resource: find(workspace, resource, progress=progress) for resource in COMPARED}
    with workspace.store.write() as connection:
        write_setting(connection, "duplicates_searched_at", workspace.now())
    return found


@permits("finding.read")
def searched(workspace: Workspace) -> tuple[str, Mapping[str, int]]:
    """When every kind was last looked through (empty: never), and how many candidates of each are open."""
    with workspace.store.read() as connection:
        at = read_setting(connection, "duplicates_searched_at")
    return at, {resource: candidates(workspace, resource, limit=0)[0] for resource in COMPARED}
