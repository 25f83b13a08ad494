"""Figures equal what was put into the store, on both databases, and state what they are."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from core.errors import Cancelled
from core.jobs import Progress
from core.model.exchange import delivery
from core.model.ledger import change_set, finding, quarantine, refusal
from core.model.names import label
from core.model.registry import TABLES
from core.security.workspace import Actor, NotPermitted, Workspace
from core.statistics.definition import percentage
from core.statistics.figures import compute, definitions
from tests.core.rows import AT, begin, enter, put

NOTHING_ELSE = {"changed": 0, "unchanged": 0, "retired": 0, "missing": 0}


def imported(connection, name, rows, *, sender="bureau", sequence=1, quarantined=0):
    """An import as the importer leaves it: rows, change set, package, quarantined rows."""
    change = begin(connection)
    ids = {kind: put(connection, kind, change, some) for kind, some in rows.items()}
    counts = {
        kind: {
            "read": len(some) + quarantined,
            "accepted": len(some),
            "quarantined": quarantined,
            "new": len(some),
        }
        | NOTHING_ELSE
        for kind, some in rows.items()
    }
    for kind in rows:
        for line in range(quarantined):
            values = {"change_set": change, "resource": kind, "line": line + 2, "key": "k"}
            connection.execute(insert(quarantine).values(**values, row="{}"))
            connection.execute(
                insert(finding).values(**values, rule="some.rule", severity="error", field="f")
            )
    connection.execute(update(change_set).where(change_set.c.id == change).values(counts=counts))
    enter(connection, change, name=name, sender=sender, sequence=sequence, resources=counts)
    return ids


def some_addresses(count, placed):
    return [
        {"address_code": f"A{n:011d}"} | ({"lon": 120.6, "lat": 31.3} if n < placed else {})
        for n in range(count)
    ]


def rows_of(workspace, figure):
    return compute(workspace, [figure])[figure].dicts()


def test_entities_are_counted_by_kind_and_department_and_retired_ones_apart(workspace: Workspace):
    with workspace.store.write() as connection:
        ids = imported(connection, "p1", {"address": some_addresses(7, 7)})["address"]
        table = TABLES["address"]
        connection.execute(update(table).where(table.c.id.in_(ids[:2])).values(retired_in=1))
    (row,) = rows_of(workspace, "registry.entities")
    assert (row["resource"], row["source"], row["current"], row["retired"]) == ("address", "community", 5, 2)


def test_people_and_houses_are_placed_by_their_address(workspace: Workspace):
    with workspace.store.write() as connection:
        imported(connection, "p1", {
            "address": some_addresses(4, 3),
            "house": [{"house_code": f"H{n}", "address_code": f"A{n:011d}"} for n in range(4)],
            "person": [{"person_token": f"{n:064x}", "house_code": f"H{n % 5}"} for n in range(10)],
            "organisation": [{"uscc": None, "org_no": "1", "address_code": "A00000000003"}],
        })  # fmt: skip
        person = TABLES["person"]
        connection.execute(update(person).where(person.c.house_code == "H0").values(retired_in=1))
    found = {
        row["resource"]: (row["total"], row["placed"], row["share"])
        for row in rows_of(workspace, "map.placed")
    }
    assert found["address"] == (4, 3, 75.0)
    assert found["house"] == (4, 3, 75.0)
    assert found["person"] == (8, 4, 50.0)
    assert found["organisation"] == (1, 0, 0.0)
    assert found["place"] == (0, 0, None)


def test_imports_reconcile_with_the_registry_until_a_row_goes_astray(workspace: Workspace):
    with workspace.store.write() as connection:
        imported(connection, "p1", {"address": some_addresses(5, 5)}, quarantined=2)
    (row,) = rows_of(workspace, "import.reconciliation")
    assert row == {
        "resource": "address", "runs": 1, "snapshots": 1, "bureau": 1, "read": 7, "accepted": 5, "quarantined": 2,
        "kept": 2, "new": 5, "held": 5, "reconciles": True,
    }  # fmt: skip
    with workspace.store.write() as connection:
        table = TABLES["address"]
        connection.execute(table.delete().where(table.c.address_code == "A00000000001"))
    (row,) = rows_of(workspace, "import.reconciliation")
    assert (row["held"], row["reconciles"]) == (4, False)


def test_a_number_that_never_arrived_is_a_gap(workspace: Workspace):
    with workspace.store.write() as connection:
        for sequence in (1, 2, 5):
            enter(connection, begin(connection), name=f"p{sequence}", sequence=sequence)
    (row,) = rows_of(workspace, "import.senders")
    assert (row["packages"], row["first"], row["last"], row["gaps"]) == (3, 1, 5, 2)


def test_findings_refusals_and_deliveries_are_counted_in_full(workspace: Workspace):
    with workspace.store.write() as connection:
        imported(connection, "p1", {"address": some_addresses(1, 1)}, quarantined=3)
        connection.execute(insert(refusal).values(
            at=AT, actor="x", file_name="a.zip", file_hash="", code="hash_differs", message="", details={}
        ))  # fmt: skip
        for number in range(5):
            connection.execute(insert(delivery).values(
                target="residence_permit", resource="person", entity=number, key=str(number), op="upsert", version=1,
                change_set=1, state="accepted" if number else "waiting", due_at=AT, queued_at=AT,
            ))  # fmt: skip
    assert [(r["rule"], r["severity"], r["count"]) for r in rows_of(workspace, "verification.findings")] == [
        ("some.rule", "error", 3)
    ]
    assert [(r["code"], r["count"]) for r in rows_of(workspace, "import.refusals")] == [("hash_differs", 1)]
    states = {r["state"]: r["count"] for r in rows_of(workspace, "exchange.deliveries")}
    assert states == {"accepted": 4, "waiting": 1}


def test_addresses_count_in_the_grid_they_name(workspace: Workspace):
    with workspace.store.write() as connection:
        imported(connection, "p1", {
            "grid": [{"grid_code": "G1"}, {"grid_code": "G2", "kind": "police"}],
            "address": [{"address_code": f"A{n:011d}", "grid_code": code} for n, code in enumerate(("G1", "G1", "X"))],
        })  # fmt: skip
    assert [tuple(r.values()) for r in rows_of(workspace, "registry.grids")] == [
        ("governance", 1, 2),
        ("police", 1, 0),
    ]


def test_an_event_is_shared_only_when_somebody_accepted_it(workspace: Workspace):
    with workspace.store.write() as connection:
        ids = imported(connection, "p1", {"event": [{"event_no": f"E{n}"} for n in range(3)]})["event"]
        put(connection, "event", 1, [{"event_no": "alert", "alert": "1"}])
        connection.execute(insert(delivery).values(
            target="linkage", resource="event", entity=ids[0], key="E0", op="upsert", version=1, change_set=1,
            state="accepted", due_at=AT, queued_at=AT,
        ))  # fmt: skip
    assert rows_of(workspace, "sharing.events") == [{"due": 3, "shared": 1, "missing": 2}]


def test_the_audit_chain_is_walked(workspace: Workspace):
    (row,) = rows_of(workspace, "audit.chain")
    assert row["whole"] is True
    assert int(row["entries"]) >= 1


def test_every_figure_states_unit_population_and_method(workspace: Workspace):
    figures = compute(workspace)
    assert set(figures) == {definition.id for definition in definitions()}
    for figure in figures.values():
        definition = figure.definition
        assert all(
            (definition.title, definition.unit, definition.population, definition.method, figure.as_of)
        )
        assert all(len(row) == len(definition.columns) for row in figure.rows)


def test_who_may_not_read_reports_gets_no_figure(workspace: Workspace):
    stranger = Workspace(workspace.store, Actor("x", frozenset({"audit_administrator"})))
    with pytest.raises(NotPermitted):
        compute(stranger)


def test_computing_stops_when_cancelled(workspace: Workspace):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        compute(workspace, progress=progress)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, None), (1, 3, 33.33), (2, 3, 66.66), (99_999, 100_000, 99.99), (5, 5, 100.0)],
)
def test_a_share_is_cut_so_that_a_hundred_means_all(part: int, whole: int, shown: float | None):
    assert percentage(part, whole) == shown


def test_a_code_without_a_name_is_shown_as_it_is():
    assert label("resource", "unheard_of") == "unheard_of"
