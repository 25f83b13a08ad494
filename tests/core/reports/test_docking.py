"""Docking counts only where data went both ways over every kind of endpoint, and the report says which is missing."""

from sqlalchemy import insert

from core.model.extraction import extraction_run
from core.reports.indicators import DOCKING, indicators
from core.security import audit
from core.statistics.figures import compute

WAYS = {"database": "postgresql://gl@10.1.2.3/yb", "files": "file:///mnt/export", "rest": "https://10.1.2.4"}


def came(workspace, system, transport, *, agrees=1):
    with workspace.store.write() as connection:
        connection.execute(insert(extraction_run).values(
            system=system, resource="house", mode="full", state="applied", transport=transport,
            endpoint=WAYS[transport],
            actor="founder", started_at=workspace.now(), ended_at=workspace.now(), pages=1,
            read=5, agrees=agrees,
        ))  # fmt: skip


def went(workspace, system, transport, *, accepted=3):
    details = {"sent": 3, "accepted": accepted, "rejected": 0, "way": transport, "endpoint": WAYS[transport]}
    with workspace.store.write() as connection:
        audit.record(connection, at=workspace.now(), actor="founder", action="exchange.push", subject=system,
                     details=details)  # fmt: skip


def docking(workspace):
    return next(one for one in indicators(compute(workspace)) if one.id == "output.docking")


def test_without_any_run_nothing_is_claimed(embedded):
    assert docking(embedded).met is None


def test_one_direction_is_not_docking_and_the_missing_one_is_named(embedded):
    for system, transport in DOCKING:
        came(embedded, system, transport)
    told = docking(embedded)
    assert told.met is None and told.value == 0 and told.evidence
    went(embedded, "police_platform", "database", accepted=0)
    assert docking(embedded).value == 0, "what was not accepted is no docking"
    went(embedded, "police_platform", "database")
    assert docking(embedded).value == 1 and docking(embedded).met is None


def test_both_directions_over_each_kind_are_docking_and_one_that_differs_is_not(embedded):
    for system, transport in DOCKING:
        came(embedded, system, transport)
        went(embedded, system, transport)
    assert (docking(embedded).value, docking(embedded).met) == (3, True)
    came(embedded, "police_platform", "files", agrees=0)
    assert docking(embedded).met is False
