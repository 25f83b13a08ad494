"""Editing: verified, with a reason, never over somebody else's change unseen; drafts; undo; in bulk or one by one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from core.errors import Cancelled
from core.jobs import Progress
from core.model.ledger import finding
from core.model.registry import entity_id
from core.model.security import audit_entry
from core.registry import bulk_editing, drafts, editing, tables
from core.registry.bulk_editing import BulkChange
from core.registry.editing import EditConflict, EditRefused, ReasonNeeded
from core.registry.filters import Selection
from core.registry.record import RecordGone
from core.registry.trial import FieldFixed
from core.registry.undo import UndoRefused, undo, undo_edit
from core.registry.where import select_where
from core.security.workspace import Actor, NotPermitted, Workspace
from core.store.engine import connect
from tests.core.conftest import KEY
from tests.core.departments import Sender, address, digest, house, person, row

HOUSE = entity_id("H-000001")


@pytest.fixture
def filled(workspace: Workspace, sender: Callable[[str], Sender]) -> Workspace:
    sender("community").send(
        address=[address(n) for n in range(1, 9)], house=[house(n, area_m2=str(10 * n)) for n in range(1, 9)],
        person=[person(n) for n in range(1, 4)],
    )  # fmt: skip
    return workspace


@pytest.fixture
def other(filled: Workspace) -> Iterator[Workspace]:
    """A second client on the same store, with its own connection and its own user."""
    store = connect(filled.store.location, KEY)
    yield Workspace(store, Actor("officer", frozenset({"officer"})))
    store.close()


def save(workspace: Workspace, reason: str = "上门核实", **fields: object) -> editing.EditResult:
    version = editing.editable(workspace, "house", HOUSE).version
    return editing.edit(workspace, "house", HOUSE, fields, version=version, reason=reason)


def test_an_edit_changes_the_row_and_undo_brings_everything_back(filled: Workspace):
    before = digest(filled)
    done = save(filled, use="rented", rooms="3")
    held = row(filled, "house", "H-000001")
    assert (held["use"], held["rooms"], held["area_m2"]) == ("rented", 3, 10.0)
    assert done.changed
    assert done.version == done.change_set == held["changed_in"]
    undo(filled, done.change_set)
    assert digest(filled) == before


def test_an_officer_takes_back_an_edit_of_his_own_and_no_other(filled: Workspace, other: Workspace):
    mine, his = save(filled, use="rented"), save(other, use="vacant")
    with pytest.raises(UndoRefused):
        undo_edit(other, mine.change_set)
    undo_edit(other, his.change_set)
    assert row(filled, "house", "H-000001")["use"] == "rented"
    with pytest.raises(NotPermitted):
        undo(other, mine.change_set)


def test_an_edit_stands_against_what_the_department_repeats_and_falls_when_it_says_something_new(
    filled: Workspace, sender: Callable[[str], Sender]
):
    save(filled, use="rented")
    community = sender("community")
    community.send("delta", at="2026-11-02T08:00:00+08:00", house=[house(1, area_m2="10", op="upsert")])
    assert row(filled, "house", "H-000001")["use"] == "rented"
    community.send(
        "delta", at="2026-11-03T08:00:00+08:00", house=[house(1, use="vacant", area_m2="10", op="upsert")]
    )
    assert row(filled, "house", "H-000001")["use"] == "vacant"


def test_a_field_that_breaks_a_rule_refuses_the_edit_and_says_why(filled: Workspace):
    for fields in (
        {"use": "castle"},
        {"area_m2": "-3"},
        {"use": ""},
        {"address_code": "32050801700300999999"},
    ):
        with pytest.raises(EditRefused) as refused:
            save(filled, **fields)
        assert refused.value.remarks
        assert refused.value.cure
        assert [one.field for one in editing.check(filled, "house", HOUSE, fields) if one.severity == "error"]
    assert row(filled, "house", "H-000001")["use"] == "self"


def test_an_old_error_elsewhere_does_not_stop_a_correction_and_is_told(filled: Workspace):
    table = tables.TABLES["house"]
    with filled.store.write() as connection:  # as in a store that was filled before the rule existed
        connection.execute(table.update().where(table.c.id == HOUSE).values(use="castle"))
    done = save(filled, rooms="2")
    assert row(filled, "house", "H-000001")["rooms"] == 2
    assert [(one.field, one.severity, one.is_new) for one in done.remarks if one.severity == "error"] == [
        ("use", "error", False)
    ]
    with pytest.raises(EditRefused):
        save(filled, use="palace")


def test_a_new_warning_lets_the_edit_through_and_stays_as_a_finding_until_it_is_cured(filled: Workspace):
    done = save(filled, area_m2="99999")
    warned = [one for one in done.remarks if one.is_new]
    assert warned
    assert {one.severity for one in warned} <= {"warning", "notice"}

    def open_findings() -> list[str]:
        with filled.store.read() as connection:
            mine = (finding.c.entity == HOUSE) & finding.c.fixed_in.is_(None)
            return list(connection.execute(select(finding.c.rule).where(mine)).scalars())

    assert set(open_findings()) >= {one.rule for one in warned}
    cured = save(filled, area_m2="60")
    assert not set(open_findings()) & {one.rule for one in warned}
    undo(filled, cured.change_set)
    assert set(open_findings()) >= {one.rule for one in warned}


def test_keys_and_the_envelope_are_not_edited_and_a_reason_is_asked_for(filled: Workspace):
    for name in ("house_code", "source", "grid_code"):
        with pytest.raises(FieldFixed):
            save(filled, **{name: "x"})
    with pytest.raises(ReasonNeeded):
        save(filled, reason=" ", use="rented")
    with pytest.raises(RecordGone):
        editing.editable(filled, "house", 12345)
    auditor = Workspace(filled.store, Actor("a", frozenset({"audit_administrator"})))
    with pytest.raises(NotPermitted):
        editing.check(auditor, "house", HOUSE, {"use": "rented"})


def test_of_two_clients_the_second_sees_both_versions_and_decides(filled: Workspace, other: Workspace):
    mine, his = (editing.editable(one, "house", HOUSE) for one in (filled, other))
    editing.edit(
        other, "house", HOUSE, {"use": "vacant", "rooms": "4"}, version=his.version, reason="无人居住"
    )
    with pytest.raises(EditConflict) as conflict:
        editing.edit(filled, "house", HOUSE, {"use": "rented"}, version=mine.version, reason="有租客")
    told = conflict.value
    assert (told.seen["use"], told.stored["use"], told.mine["use"]) == ("self", "vacant", "rented")
    assert (told.actor, told.details["fields"]) == ("officer", ["rooms", "use"])
    assert row(filled, "house", "H-000001")["use"] == "vacant"
    editing.edit(filled, "house", HOUSE, {"use": "rented"}, version=told.version, reason="有租客")
    held = row(other, "house", "H-000001")
    assert (held["use"], held["rooms"]) == ("rented", 4)


def test_what_was_typed_is_offered_back_until_it_is_saved_or_thrown_away(filled: Workspace, other: Workspace):
    version = editing.editable(filled, "house", HOUSE).version
    drafts.keep(filled, "house", HOUSE, {"rooms": "5"}, version=version)
    drafts.keep(filled, "house", HOUSE, {"rooms": "5", "use": "rented"}, version=version, reason="租")
    reopened = Workspace(connect(filled.store.location, KEY), filled.actor)  # as after a crash
    (kept,) = drafts.kept(reopened)
    assert (kept.fields, kept.version, kept.reason) == ({"rooms": "5", "use": "rented"}, version, "租")
    assert not drafts.kept(other)
    assert editing.editable(reopened, "house", HOUSE).draft == kept
    with pytest.raises(EditRefused):
        save(reopened, rooms="-5")
    assert drafts.kept(reopened)
    save(reopened, rooms="5")
    assert not drafts.kept(reopened)
    drafts.keep(reopened, "house", HOUSE, {"rooms": "6"}, version=version)
    drafts.throw_away(reopened, "house", HOUSE)
    assert editing.editable(reopened, "house", HOUSE).draft is None
    reopened.store.close()


SMALL = ("area_m2<=50",)


def test_a_bulk_edit_does_what_its_preview_said_to_exactly_those_that_match(filled: Workspace):
    before = digest(filled)
    selection, change = select_where("house", SMALL), BulkChange("use", "rented")
    told = bulk_editing.preview(filled, selection, change)
    assert (told.total, told.changing, told.refused) == (5, 5, 0)
    assert {(one.before, one.after) for one in told.samples} == {("self", "rented")}
    done = bulk_editing.apply(filled, selection, change, reason="分局核查")
    assert done.changed == told.changing
    assert tables.count(filled, select_where("house", ("use=rented",))) == 5
    again = bulk_editing.preview(filled, selection, change)
    assert (again.changing, again.unchanged) == (0, 5)
    undo(filled, done.change_set)
    assert digest(filled) == before


def test_rows_that_a_rule_refuses_stay_as_they_are_and_are_counted_by_rule(filled: Workspace):
    change = BulkChange("full_text", "", find="路3号")
    told = bulk_editing.preview(filled, Selection("address"), change)
    assert (told.total, told.changing, told.unchanged) == (8, 1, 7)
    wrong = BulkChange("rooms", "-1")
    refused = bulk_editing.apply(filled, Selection("house"), wrong, reason="试")
    assert (refused.changed, refused.refused) == (0, 8)
    assert sum(refused.by_rule.values()) >= 8
    assert tables.count(filled, select_where("house", ("rooms is blank",))) == 8


def test_personal_values_show_their_shape_only_in_a_preview(filled: Workspace):
    told = bulk_editing.preview(filled, Selection("person"), BulkChange("phone_masked", "139****0000"))
    assert told.samples
    assert not any("139" in str(one.after) or "138" in str(one.before) for one in told.samples)


def test_a_cancelled_bulk_edit_leaves_nothing(filled: Workspace):
    before = digest(filled)

    class Stopping(Progress):
        def advance(self, count: int = 1) -> None:
            self.cancel()
            super().advance(count)

    with pytest.raises(Cancelled):
        bulk_editing.apply(
            filled, Selection("house"), BulkChange("use", "rented"), reason="x", progress=Stopping()
        )
    assert digest(filled) == before


KILLED = """
import os, signal, sys
from core.registry import bulk_editing, changes
from core.registry.filters import Selection
from core.security.workspace import Actor, Workspace
from core.store.engine import connect
changes.finish = lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL)
desk = Workspace(connect(sys.argv[1], sys.argv[2]), Actor("founder", frozenset({"steward"})))
bulk_editing.apply(desk, Selection("house"), bulk_editing.BulkChange("use", "rented"), reason="x")
"""


def test_a_bulk_edit_killed_before_its_end_leaves_nothing(filled: Workspace):
    before = digest(filled)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, filled.store.location, KEY], check=False, env=dict(os.environ)
    )
    assert done.returncode == -signal.SIGKILL
    assert digest(filled) == before
    assert save(filled, use="vacant").changed  # and nothing is locked


def test_every_edit_is_on_record_with_its_fields_and_reason_and_without_values(filled: Workspace):
    save(filled, use="rented")
    with filled.store.read() as connection:
        (entry,) = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "registry.edit")
        ).all()
    details = json.loads(entry.details)
    assert (details["fields"], details["reason"]) == (["use"], "上门核实")
    assert "rented" not in entry.details
