"""The whole file of a record: one reading for a screen, whatever the kind."""

import pytest

from core.model.registry import entity_id
from core.registry.record import RecordGone
from core.registry.whole_file import whole_file
from core.security import audit
from tests.core.rows import begin, put

ANN, BEN = "a" * 64, "b" * 64


@pytest.fixture
def filled(workspace):
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [{"address_code": "A1", "full_text": "平江路1号"}])
        put(connection, "house", change, [{"house_code": "H1", "address_code": "A1"}])
        put(connection, "person", change, [
            {"person_token": ANN, "house_code": "H1"},
            {"person_token": BEN, "house_code": "H1", "move_in": "2020-05-01", "move_out": "2021-01-01"},
        ])  # fmt: skip
        put(connection, "organisation", change, [{"uscc": "91320508MA1MJ4AA1X", "address_code": "A1"}])
        put(connection, "dispute", change, [{"dispute_no": "D1", "address_code": "A1"}])
    return workspace


def test_an_address_shows_households_and_what_lies_there_once(filled):
    found = whole_file(filled, "address", entity_id("A1"))
    assert found.people == 1 and [len(home.former) for home in found.households] == [1]
    assert {one.resource for one in found.related} == {"organisation", "dispute"} and found.todo is not None


def test_a_house_shows_its_people_once_and_its_address(filled):
    found = whole_file(filled, "house", entity_id("H1"))
    assert found.people == 1 and [one.resource for one in found.related] == ["address"]


def test_a_person_shows_where_they_live_and_is_audited(filled):
    found = whole_file(filled, "person", entity_id(f"{ANN}:H1"))
    assert [home.address for home in found.residences] == ["平江路1号"] and not found.households
    assert audit.entries(filled, action="person.read")


def test_what_is_gone_says_so(filled):
    for resource in ("address", "person"):
        with pytest.raises(RecordGone):
            whole_file(filled, resource, 12345)
