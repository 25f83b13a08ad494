"""Several departments about the same thing: every word is kept, the row is composed, decisions stand or lapse."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from core.model.ledger import source_record, source_record_history
from core.model.registry import HISTORY, entity_id
from core.model.stewardship import comparison, decision
from core.registry import changes
from core.registry.composing import rebuild
from core.registry.deciding import decide
from core.registry.record import record
from core.registry.undo import UndoRefused, undo
from core.security.workspace import Workspace
from tests.core.departments import Sender, address, digest, house, person, row
from tests.core.rows import put

PERSON_KEY = f"{1:064x}:H-000001"
ADDRESS_KEY = str(address(1)["address_code"])


@pytest.fixture
def homes(sender) -> None:
    sender("bureau").send(address=[address(1), address(2)], house=[house(1), house(2)])


def states(workspace: Workspace, resource: str = "person", key: str = PERSON_KEY) -> dict[str, str]:
    with workspace.store.read() as connection:
        rows = connection.execute(select(comparison).where(
            comparison.c.resource == resource, comparison.c.entity == entity_id(key))).all()  # fmt: skip
    return {row.group_name: row.state for row in rows}


def settle(workspace: Workspace, resource: str, key: str, **values: Any) -> int:
    with workspace.store.write() as connection:
        number = changes.begin(connection, workspace, "settle", "checked on site")
        rows = pl.DataFrame([{"entity": entity_id(key), **values}])
        decide(
            connection,
            workspace,
            number,
            resource,
            rows,
            kind="settle",
            reason="checked on site",
            confirm=True,
        )
        changes.finish(connection, workspace, number, action="conflict.settle", subject=key, counts={})
    return number


def test_two_departments_that_say_the_same_verify_a_field_and_change_nothing(
    workspace: Workspace, sender, homes
):
    sender("community").send(person=[person(1)])
    version = row(workspace, "person", PERSON_KEY)["row_hash"]
    result = sender("police").send(person=[person(1)])
    assert result.resources["person"].changed == 1
    assert set(states(workspace).values()) == {"agreed"}
    assert row(workspace, "person", PERSON_KEY)["row_hash"] == version


def test_a_single_department_is_not_an_agreement(workspace: Workspace, sender, homes):
    sender("community").send(person=[person(1)])
    assert states(workspace) == {}


def test_each_field_group_comes_from_whoever_knows_it_best(workspace: Workspace, sender, homes):
    sender("police").send(person=[person(1, phone_masked="139****0001", sex="2")])
    sender("community").send(person=[person(1, phone_masked="138****0002", sex="1")])
    held = row(workspace, "person", PERSON_KEY)
    assert (held["sex"], held["phone_masked"]) == ("2", "138****0002")
    assert states(workspace)["identity"] == states(workspace)["contact"] == "conflict"
    assert states(workspace)["residence"] == "agreed"


def test_the_provenance_of_a_group_is_the_package_that_brought_its_value(workspace: Workspace, sender, homes):
    police = sender("police").send(person=[person(1, phone_masked="139****0001")])
    community = sender("community").send(person=[person(1, phone_masked="138****0002")])
    held = row(workspace, "person", PERSON_KEY)
    assert (held["prov_identity"], held["prov_contact"]) == (police.change_set, community.change_set)


def test_an_old_word_yields_to_a_fresh_one_of_lower_authority(workspace: Workspace, sender, homes):
    sender("police").send(at="2024-01-01T08:00:00+08:00", person=[person(1, name_masked="张*")])
    sender("community").send(person=[person(1, name_masked="章*")])
    assert row(workspace, "person", PERSON_KEY)["name_masked"] == "章*"
    assert states(workspace)["identity"] == "conflict"


def test_an_empty_field_says_nothing_but_a_missing_move_out_says_still_here(
    workspace: Workspace, sender, homes
):
    sender("police").send(person=[person(1, phone_masked="")])
    sender("community").send(person=[person(1, move_out="2026-01-01")])
    assert "contact" not in states(workspace)
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == "138****5678"
    assert states(workspace)["residence"] == "conflict"


def test_positions_a_few_metres_apart_agree_whatever_system_they_are_in(workspace: Workspace, sender):
    wgs = {"lon": "120.6196", "lat": "31.2994", "crs": "EPSG:4326"}
    gcj = {"lon": "120.623777", "lat": "31.297222", "crs": "GCJ-02"}
    far = {"lon": "120.6216", "lat": "31.2994", "crs": "EPSG:4326"}
    sender("bureau").send(address=[address(1, **wgs), address(2, **wgs)])
    sender("governance").send(address=[address(1, **gcj), address(2, **far)])
    assert states(workspace, "address", ADDRESS_KEY)["location"] == "agreed"
    assert states(workspace, "address", str(address(2)["address_code"]))["location"] == "conflict"


def test_full_width_and_blanks_are_no_conflict(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1, road="富强路", doorplate="1号")])
    sender("community").send(address=[address(1, road="富强路", doorplate="１号")])
    assert states(workspace, "address", ADDRESS_KEY)["naming"] == "agreed"


def test_a_settled_value_stands_when_the_departments_repeat_themselves(workspace: Workspace, sender, homes):
    community, police = sender("community"), sender("police")
    police.send(person=[person(1, phone_masked="139****0001")])
    community.send(person=[person(1, phone_masked="138****0002")])
    settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == "139****0001"
    assert states(workspace)["contact"] == "settled"
    again = community.send(person=[person(1, phone_masked="138****0002")])
    assert again.resources["person"].unchanged == 1
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == "139****0001"


def test_a_decision_lapses_when_a_department_says_something_new(workspace: Workspace, sender, homes):
    community = sender("community")
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    community.send(person=[person(1, phone_masked="138****0002")])
    settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    community.send(person=[person(1, phone_masked="137****0003")])
    assert states(workspace)["contact"] == "conflict"
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == "137****0003"


def test_a_third_department_that_repeats_one_value_does_not_reopen_the_question(
    workspace: Workspace, sender, homes
):
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    sender("governance").send(person=[person(1, phone_masked="138****0002")])
    assert states(workspace)["contact"] == "settled"


def test_a_correction_of_what_one_department_said_survives_its_next_snapshot(workspace: Workspace, sender):
    bureau = sender("bureau")
    bureau.send(address=[address(1, road="富强路 ")])
    before = digest(workspace)
    number = settle(workspace, "address", ADDRESS_KEY, road="富强路")
    bureau.send(address=[address(1, road="富强路 "), address(2)])
    assert row(workspace, "address", ADDRESS_KEY)["road"] == "富强路"
    bureau.send(address=[address(1, road="富民路"), address(2)])
    assert row(workspace, "address", ADDRESS_KEY)["road"] == "富民路"
    assert before != digest(workspace) and number > 0


def test_a_decision_keeps_the_evidence_that_was_shown(workspace: Workspace, sender, homes):
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    with workspace.store.read() as connection:
        (made,) = connection.execute(select(decision)).all()
    assert "138****0002" in made.evidence and "139****0001" in made.evidence and "community" in made.evidence
    assert (made.actor, made.reason) == (workspace.actor.name, "checked on site")


def test_undoing_a_decision_brings_the_conflict_and_the_value_back(workspace: Workspace, sender, homes):
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    before, was = digest(workspace), states(workspace)
    number = settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    undo(workspace, number)
    assert (digest(workspace), states(workspace)) == (before, was)


def test_a_department_that_takes_its_word_back_leaves_the_others(workspace: Workspace, sender, homes):
    community = sender("community")
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    community.send(person=[person(1, phone_masked="138****0002")])
    community.send("delta", person=[person(1, phone_masked="138****0002", op="retire")])
    held = row(workspace, "person", PERSON_KEY)
    assert held["phone_masked"] == "139****0001" and held["retired_in"] is None and states(workspace) == {}


def test_only_a_department_of_authority_retires_what_others_still_see(workspace: Workspace, sender):
    sender("community").send(address=[address(1)])
    sender("bureau").send(address=[address(1)])
    sender("bureau").send("delta", address=[address(1, op="retire")])
    assert row(workspace, "address", ADDRESS_KEY)["retired_in"] is not None
    sender("community").send(address=[address(1, road="富强路")])
    assert row(workspace, "address", ADDRESS_KEY)["retired_in"] is not None
    sender("bureau").send(address=[address(1)])
    assert row(workspace, "address", ADDRESS_KEY)["retired_in"] is None


def test_a_record_says_who_agrees_until_when_and_who_decided_why(workspace: Workspace, sender):
    grid = {"grid_code": "320508017003001"}
    shape = '{"type":"Polygon","coordinates":[[[120.6,31.3],[120.61,31.3],[120.61,31.31],[120.6,31.3]]]}'
    sender("bureau").send(address=[address(1, **grid)], house=[house(1)])
    with workspace.store.write() as connection:
        put(connection, "grid", 1, [grid | {"cycle_days": 30, "geometry": shape}])
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    settle(workspace, "person", PERSON_KEY, phone_masked="139****0001")
    values = {value.name: value for value in record(workspace, "person", entity_id(PERSON_KEY)).values}
    name, phone = values["name_masked"].standing, values["phone_masked"]
    assert name and (name.state, name.sources, name.until) == ("agreed", ("police", "community"), "2026-12-01")
    assert phone.standing and phone.standing.state == "settled"
    assert phone.origin and (phone.origin.kind, phone.origin.reason) == ("settle", "checked on site")


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["police", "community", "governance"]),
        st.sampled_from(["139****0001", "138****0002", ""]),
        st.sampled_from(["1", "2"]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_every_value_ever_said_is_kept_and_undoing_all_leaves_the_store_as_it_was(
    embedded: Workspace, words, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("packages")
    departments = {
        name: Sender(embedded, folder, name) for name in ("police", "community", "governance", "bureau")
    }
    first = departments["bureau"].send(address=[address(1)], house=[house(1)])
    before, numbers = digest(embedded), []
    for name, phone, sex in words:
        numbers.append(departments[name].send(person=[person(1, phone_masked=phone, sex=sex)]).change_set)
    with embedded.store.read() as connection:
        held = [
            one.row
            for table in (source_record, source_record_history)
            for one in connection.execute(select(table))
        ]
        for one in (row(embedded, "person", PERSON_KEY), *(
            dict(o._mapping) for o in connection.execute(select(HISTORY["person"]))
        )):  # fmt: skip
            held.append(f'"sex":"{one["sex"]}" "phone_masked":"{one["phone_masked"]}"')
    assert all(any(f'"{phone}"' in text and f'"sex":"{sex}"' in text for text in held) or not phone
               for _name, phone, sex in words)  # fmt: skip
    with embedded.store.write() as connection:
        told = sorted(tuple(r) for r in connection.execute(select(comparison)))
        rebuild(connection)
        assert sorted(tuple(r) for r in connection.execute(select(comparison))) == told
    for number in reversed(numbers):
        undo(embedded, number)
    assert digest(embedded) == before
    undo(embedded, first.change_set)


def test_an_unchanged_row_that_was_collected_again_moves_on_in_date_only(workspace: Workspace, sender, homes):
    community = sender("community")
    community.send(person=[person(1), person(2)])
    before = row(workspace, "person", PERSON_KEY)
    known = digest(workspace)
    result = community.send(at="2026-11-20T08:00:00+08:00", person=[person(1), person(2)])
    assert (result.resources["person"].unchanged, result.resources["person"].changed) == (2, 0)
    after = row(workspace, "person", PERSON_KEY)
    assert after["collected_at"] == "2026-11-20T00:00:00.000+00:00"
    assert {**after, "collected_at": before["collected_at"]} == before
    undo(workspace, result.change_set)
    assert digest(workspace) == known


def test_an_older_date_never_replaces_a_later_one(workspace: Workspace, sender, homes):
    community = sender("community")
    community.send(person=[person(1)])
    community.send(at="2026-10-01T08:00:00+08:00", person=[person(1)])
    assert row(workspace, "person", PERSON_KEY)["collected_at"].startswith("2026-11-01")


def test_collecting_again_is_undone_newest_first(workspace: Workspace, sender, homes):
    community = sender("community")
    community.send(person=[person(1)])
    second = community.send(at="2026-11-10T08:00:00+08:00", person=[person(1)])
    community.send(at="2026-11-20T08:00:00+08:00", person=[person(1)])
    with pytest.raises(UndoRefused):
        undo(workspace, second.change_set)


def test_a_shared_word_that_is_repeated_later_keeps_the_agreement_fresh(workspace: Workspace, sender, homes):
    community = sender("community")
    sender("police").send(person=[person(1)])
    community.send(person=[person(1)])
    community.send(at="2026-11-20T08:00:00+08:00", person=[person(1)])
    with workspace.store.read() as connection:
        dates = set(connection.execute(select(comparison.c.at)).scalars())
    assert dates == {"2026-11-20T00:00:00.000+00:00"}
