"""The file of one record: why each value is what it is, who else says otherwise, and what was there before."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, literal, select, update

from core.model.ledger import finding, source_record
from core.model.registry import HISTORY, TABLES
from core.model.security import audit_entry
from core.registry.record import RecordGone, record
from core.security.workspace import Workspace
from tests.core.rows import AT, begin, enter, put


@pytest.fixture
def ids(workspace: Workspace) -> dict[str, list[int]]:
    """One address with a house of two people and a shop; the address was corrected by a second package."""
    with workspace.store.write() as connection:
        first, second = begin(connection), begin(connection)
        enter(connection, first, name="first", sender="bureau")
        enter(connection, second, name="second", sender="community", sequence=2)
        made = {
            "address": put(
                connection, "address", first, [{"address_code": "A00000000001", "full_text": "旧街1号"}]
            ),
            "house": put(connection, "house", first, [{"house_code": "H001"}]),
            "person": put(
                connection, "person", first, [{"person_token": "a" * 64}, {"person_token": "b" * 64}]
            ),
            "organisation": put(connection, "organisation", first, [{"uscc": "91350100M000100Y43"}]),
        }
        table, history = TABLES["address"], HISTORY["address"]
        columns = [*(column.name for column in table.columns), "superseded_in"]
        connection.execute(history.insert().from_select(columns, select(*table.columns, literal(second))))
        connection.execute(update(table).values(full_text="新街1号", prov_naming=second, changed_in=second))
        connection.execute(insert(source_record).values(
            resource="address", entity=made["address"][0], source="fire", collected_at=AT, collector="F01",
            row_hash=2, change_set=second,
            row=json.dumps({"address_code": "A00000000001", "full_text": "新街一号", "status": "active",
                            "subdistrict_code": "320508018000", "community_code": "320508018001"}),
        ))  # fmt: skip
        connection.execute(insert(finding).values(
            change_set=first, resource="address", line=2, key="A00000000001", rule="address.text_short",
            severity="warning", field="full_text",
        ))  # fmt: skip
    return made


def audited(workspace: Workspace):
    with workspace.store.read() as connection:
        rows = connection.execute(select(audit_entry).where(audit_entry.c.action.startswith("person."))).all()
    return [(row.action, row.subject, json.loads(row.details)) for row in rows]


def test_each_value_leads_to_the_package_and_sender_that_set_it(
    workspace: Workspace, ids: dict[str, list[int]]
):
    values = {value.name: value for value in record(workspace, "address", ids["address"][0]).values}
    text, code = values["full_text"].origin, values["address_code"].origin
    assert values["full_text"].value == "新街1号"
    assert text and (text.package, text.sender, text.actor) == ("second", "community", "steward")
    assert code and (code.package, code.sender) == ("first", "bureau")


def test_the_replaced_value_is_still_there(workspace: Workspace, ids: dict[str, list[int]]):
    ((origin, before),) = record(workspace, "address", ids["address"][0]).history
    assert before == {"full_text": "旧街1号"}
    assert origin and origin.package == "second"


def test_what_another_department_says_differently_stands_beside_it(
    workspace: Workspace, ids: dict[str, list[int]]
):
    (word,) = record(workspace, "address", ids["address"][0]).words
    assert (word.source, word.differs) == ("fire", {"full_text": "新街一号"})


def test_an_address_shows_its_houses_people_and_organisations_with_their_counts(
    workspace: Workspace, ids: dict[str, list[int]]
):
    one = record(workspace, "address", ids["address"][0])
    assert one.counts == {"house": 1, "person": 2, "organisation": 1}
    assert {(other.resource, other.id) for other in one.related} == {
        (kind, entity) for kind in ("house", "person", "organisation") for entity in ids[kind]
    }


def test_findings_of_the_record_are_shown_with_it(workspace: Workspace, ids: dict[str, list[int]]):
    (remark,) = record(workspace, "address", ids["address"][0]).findings
    assert (remark.rule, remark.severity, remark.field) == ("address.text_short", "warning", "full_text")
    assert remark.message != remark.rule
    assert remark.cure


def test_looking_at_people_is_on_record_and_looking_at_a_shop_is_not(
    workspace: Workspace, ids: dict[str, list[int]]
):
    record(workspace, "organisation", ids["organisation"][0])
    assert audited(workspace) == []
    record(workspace, "person", ids["person"][0])
    record(workspace, "house", ids["house"][0])
    assert audited(workspace) == [
        ("person.read", f"person:{ids['person'][0]}", {}),
        ("person.list", f"house:{ids['house'][0]}", {"people": 2}),
    ]


def test_personal_values_are_marked_as_such(workspace: Workspace, ids: dict[str, list[int]]):
    values = {value.name: value.personal for value in record(workspace, "person", ids["person"][0]).values}
    assert (values["name_masked"], values["id_masked"], values["sex"]) == (True, True, False)


def test_more_people_than_are_shown_are_counted_in_full(workspace: Workspace, ids: dict[str, list[int]]):
    with workspace.store.write() as connection:
        put(connection, "person", 1, [{"person_token": f"{number:064x}"} for number in range(300)])
    one = record(workspace, "house", ids["house"][0])
    assert one.counts["person"] == 302
    assert len([other for other in one.related if other.resource == "person"]) == 200


def test_a_record_that_left_the_registry_is_said_to_be_gone(workspace: Workspace):
    with pytest.raises(RecordGone):
        record(workspace, "address", 1)
