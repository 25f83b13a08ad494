"""Import and undo on both databases: what changes, what is kept, what is refused, what is never lost."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from core.model.exchange import delivery
from core.model.ledger import change_set, finding, quarantine, source_record
from core.model.registry import HISTORY, entity_id
from core.packages.builder import write_package
from core.packages.refusals import PackageRefused
from core.registry import ledger
from core.registry.importing import ingest
from core.registry.undo import UndoRefused, undo
from core.security.keys import seal_public_pem
from core.security.reveal import reveal_identity
from core.security.workspace import Workspace
from tests.core.departments import PLACE, Sender, address, digest, house, person, row

TOKEN = "0a" * 32


def test_a_snapshot_tells_new_changed_same_and_missing_apart(workspace: Workspace, sender):
    bureau = sender("bureau")
    bureau.send(address=[address(n) for n in range(1, 6)])
    counts = bureau.send(address=[address(1), address(2), address(3, doorplate="3号"), address(9)]).resources[
        "address"
    ]
    assert (counts.new, counts.changed, counts.unchanged, counts.missing) == (1, 1, 2, 2)
    assert ledger.overview(workspace).entities["address"] == 6, "what is missing is reported, never deleted"


def test_a_snapshot_speaks_only_for_its_scope(workspace: Workspace, sender):
    bureau = sender("bureau")
    elsewhere = address(
        2, subdistrict_code="320508018000", community_code="320508018002", address_code="320508018002000002"
    )
    bureau.send(address=[address(1), elsewhere])
    bureau.last = write_package(
        {"address": pl.DataFrame(schema=["address_code", "full_text", *PLACE, "source", "collected_at", "collector"])},
        out=bureau.folder / "scoped.zip", sender="bureau", receiver="320508", key_pem=bureau.pem, purpose="t",
        legal_basis="t", previous=bureau.last, scope=["320508017000"],
    )  # fmt: skip
    assert ingest(workspace, bureau.last.path).resources["address"].missing == 1


def test_provenance_moves_only_where_a_group_really_changed(workspace: Workspace, sender):
    bureau, community = sender("bureau"), sender("community")
    bureau.send(address=[address(1)], house=[house(1)])
    first = community.send(person=[person(1)])
    second = community.send(person=[person(1, phone_masked="139****0000")])
    held = row(workspace, "person", f"{1:064x}:H-000001")
    assert held["prov_contact"] == held["changed_in"] == second.change_set
    assert held["prov_identity"] == held["prov_residence"] == held["created_in"] == first.change_set


def test_a_delta_changes_adds_and_retires_and_undo_brings_all_back(workspace: Workspace, sender):
    bureau, community = sender("bureau"), sender("community")
    bureau.send(address=[address(n) for n in (1, 2, 3)], house=[house(n) for n in (1, 2, 3)])
    community.send(person=[person(1), person(2)])
    before = digest(workspace)
    delta = community.send(
        "delta",
        person=[person(1, birth_year="1981", op="upsert"), person(2, op="retire"), person(3, op="upsert")],
    )
    counts = delta.resources["person"]
    assert (counts.new, counts.changed, counts.retired, counts.missing) == (1, 1, 1, 0)
    assert row(workspace, "person", f"{2:064x}:H-000002")["retired_in"] == delta.change_set
    undone = undo(workspace, delta.change_set)
    assert (sum(undone.removed.values()), sum(undone.restored.values())) == (1, 2)
    assert digest(workspace) == before
    with workspace.store.read() as connection:
        assert connection.execute(select(HISTORY["person"])).all() == []


def test_undo_is_refused_where_rows_of_others_point_to_what_it_created(workspace: Workspace, sender):
    first = sender("bureau").send(address=[address(1)], house=[house(1)])
    sender("community").send(person=[person(1)])
    with pytest.raises(UndoRefused) as refused:
        undo(workspace, first.change_set)
    assert [later["package"] for later in refused.value.details["later"]] == ["community-1"]


def test_an_undone_import_cannot_be_undone_again_but_its_package_may_return(workspace: Workspace, sender):
    bureau = sender("bureau")
    path = bureau.pack(address=[address(1)])
    first = ingest(workspace, path)
    undo(workspace, first.change_set)
    with pytest.raises(UndoRefused):
        undo(workspace, first.change_set)
    assert ingest(workspace, path).resources["address"].new == 1


def test_a_less_authoritative_word_is_kept_beside_and_never_lost(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1)])
    other = sender("community").send(address=[address(1, road="富强路")])
    assert row(workspace, "address", address(1)["address_code"])["source"] == "bureau"
    with workspace.store.read() as connection:
        kept = {one.source: one.row for one in connection.execute(select(source_record))}
    assert set(kept) == {"bureau", "community"} and "富强路" in kept["community"]
    before = digest(workspace)
    again = sender("community").send(address=[address(1, road="富强路")])
    assert again.resources["address"].unchanged == 1 and digest(workspace) == before
    undo(workspace, again.change_set)
    undo(workspace, other.change_set)
    with workspace.store.read() as connection:
        assert connection.execute(select(source_record)).all() == []


def test_a_more_authoritative_word_takes_over_and_the_other_steps_aside(workspace: Workspace, sender):
    sender("community").send(
        address=[address(1, road="旧名路", full_text="江苏省苏州市姑苏区白洋湾街道旧名路1号")]
    )
    before = digest(workspace)
    taken = sender("bureau").send(address=[address(1)])
    assert row(workspace, "address", address(1)["address_code"])["source"] == "bureau"
    with workspace.store.read() as connection:
        kept = {one.source: one.row for one in connection.execute(select(source_record))}
    assert set(kept) == {"bureau", "community"} and "旧名路" in kept["community"]
    undo(workspace, taken.change_set)
    assert digest(workspace) == before


def test_a_broken_row_waits_in_quarantine_with_every_reason_and_the_rest_go_on(workspace: Workspace, sender):
    result = sender("bureau").send(
        address=[address(1), address(2, status="old", community_code="320508017999")]
    )
    assert (result.resources["address"].accepted, result.resources["address"].quarantined) == (1, 1)
    assert set(result.findings) == {"value.code_unknown", "division.unknown"}
    with workspace.store.read() as connection:
        (held,) = connection.execute(select(quarantine)).all()
    assert held.key == address(2)["address_code"] and "富强路2号" in held.row


def test_identity_numbers_in_free_text_are_masked_before_they_are_stored(workspace: Workspace, sender):
    result = sender("governance").send(
        event=[{
            "event_no": "E1", "kind": "noise", "alert": "0", "occurred_at": "2026-10-01T08:00:00+08:00",
            "summary": "当事人11010519491231002X，电话13800138000",
        }]
    )  # fmt: skip
    assert set(result.findings) == {"text.identity_number", "text.phone"}
    stored = row(workspace, "event", "E1")["summary"]
    assert "11010519491231002X" not in stored and "13800138000" not in stored and "当事人" in stored


def test_only_floating_people_become_due_upstream_in_the_same_transaction(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1), address(2)], house=[house(1), house(2)])
    result = sender("community").send(person=[person(1), person(2, residence="registered")])
    assert result.due == {"residence_permit": 1}
    with workspace.store.read() as connection:
        (due,) = connection.execute(select(delivery)).all()
    assert due.key == f"{1:064x}:H-000001" and due.state == "waiting"


def test_sealed_identities_open_with_the_stations_key_and_are_revealed_one_at_a_time(
    workspace: Workspace, sender
):
    sender("bureau").send(address=[address(1)], house=[house(1)])
    community = sender("community")
    secret = [{
        "person_token": f"{1:064x}", "name": "张𠮷", "id_type": "01", "id_number": "11010519491231002X",
        "phone": "13800138000",
    }]  # fmt: skip
    path = community.pack(seal_to=seal_public_pem(workspace), person=[person(1)], identity=secret)
    assert secret[0]["id_number"].encode() not in path.read_bytes()
    assert ingest(workspace, path).resources["identity"].new == 1
    revealed = reveal_identity(workspace, f"{1:064x}", "residents' request no. 12, checked in person")
    assert revealed.name == secret[0]["name"]


def test_a_refused_package_leaves_the_store_unchanged_and_the_file_where_it_was(workspace: Workspace, sender):
    bureau = sender("bureau")
    path = bureau.pack(address=[address(1)])
    before = digest(workspace)
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    with pytest.raises(PackageRefused):
        ingest(workspace, path)
    assert digest(workspace) == before and path.read_bytes() == bytes(content)
    assert (path.parent / "refused" / f"{path.name}.report.json").exists()
    assert len(ledger.refusals(workspace)) == 1
    with workspace.store.read() as connection:
        assert connection.execute(select(change_set)).all() == []


def test_an_import_cancelled_midway_leaves_nothing(workspace: Workspace, sender):
    from core.errors import Cancelled
    from core.jobs import Progress

    path = sender("bureau").pack(
        address=[address(n) for n in range(1, 50)], house=[house(n) for n in range(1, 50)]
    )

    class Impatient(Progress):
        def phase(self, name: str, total: int | None = None) -> None:
            super().phase(name, total)
            if "house" in name:
                self.cancel()

    before = digest(workspace)
    with pytest.raises(Cancelled):
        ingest(workspace, path, progress=Impatient())
    assert digest(workspace) == before and ledger.packages(workspace) == []


steps = st.lists(
    st.tuples(st.sampled_from(["bureau", "community"]), st.sets(st.integers(1, 6), max_size=5), st.integers(1, 3)),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_undoing_newest_first_passes_every_earlier_state_again(embedded: Workspace, tmp_path: Path, steps):
    senders = {name: Sender(embedded, tmp_path, name) for name in ("bureau", "community")}
    for name, who in senders.items():  # each example goes on where the last one left the chain
        who.packed = 100 * max((p.sequence for p in ledger.packages(embedded) if p.sender == name), default=0)
    states, done = [digest(embedded)], []
    for name, numbers, version in steps:
        who = senders[name]
        who.last = None
        path = who.pack(
            address=[address(n, doorplate=f"{version}号") for n in sorted(numbers)] or [address(99)]
        )
        try:
            done.append(ingest(embedded, path))
        except PackageRefused:
            continue
        states.append(digest(embedded))
    for result in reversed(done):
        assert digest(embedded) == states.pop()
        undo(embedded, result.change_set)
    assert digest(embedded) == states.pop()


def test_a_finding_names_its_sender_collector_and_the_grid_it_lies_in(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1, grid_code="320508017001001")], house=[house(1)])
    sender("community").send(person=[person(1, id_type="99")])
    with workspace.store.read() as connection:
        (found,) = connection.execute(select(finding)).all()
    assert (found.sender, found.grid_code) == ("community", "320508017001001")
    assert found.collector and found.entity == entity_id(found.key)
