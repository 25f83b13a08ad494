"""Looking around: listings by position from either end, totals that follow changes, searches on record."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete, event, select

from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.security import audit_entry
from core.registry import browse
from core.registry.browse import SHOWN
from core.security.workspace import Actor, NotPermitted, Workspace
from core.store import search
from tests.core.rows import begin, put

CODES = [f"A{number:011d}" for number in range(57)]


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    with workspace.store.write() as connection:
        change = begin(connection)
        rows = [{"address_code": code, "full_text": f"临顿路{code[-2:]}号"} for code in reversed(CODES)]
        put(connection, "address", change, rows)
        search.update(connection, change)
    return workspace


def listed(workspace: Workspace, start: int, count: int = 10, *, descending: bool = False) -> list[str]:
    part = browse.listing(
        workspace,
        "address",
        order_by="address_code",
        descending=descending,
        start=start,
        count=count,
        of=len(CODES),
    )
    assert part.start == start
    return [row[2 + SHOWN["address"].index("address_code")] for row in part.rows]


@pytest.mark.parametrize("start", [0, 10, 25, 28, 29, 40, 50, 56])
def test_any_part_is_read_in_order_from_whichever_end_is_nearer(filled: Workspace, start: int):
    assert listed(filled, start) == CODES[start : start + 10]
    assert listed(filled, start, descending=True) == CODES[::-1][start : start + 10]


def test_equal_values_are_never_listed_twice_nor_left_out(filled: Workspace):
    def ids(start: int):
        part = browse.listing(
            filled,
            "address",
            order_by="community_code",
            descending=False,
            start=start,
            count=10,
            of=len(CODES),
        )
        return [row[0] for row in part.rows]

    assert len({one for start in range(0, 57, 10) for one in ids(start)}) == len(CODES)


def test_the_total_is_counted_once_and_again_after_a_change(filled: Workspace):
    asked: list[str] = []
    event.listen(
        filled.store.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_rest: asked.append(statement),
    )
    assert browse.total(filled, "address") == browse.total(filled, "address") == len(CODES)
    assert len([one for one in asked if "FROM address" in one]) == 1
    with filled.store.write() as connection:
        begin(connection)
        connection.execute(delete(TABLES["address"]).where(TABLES["address"].c.address_code == CODES[0]))
    assert browse.total(filled, "address") == len(CODES) - 1


def test_only_columns_with_an_index_are_offered_for_sorting(filled: Workspace):
    for resource in SHOWN:
        names = browse.sortable(filled, resource)
        assert names, resource
        assert all(RESOURCES[resource].by_name[name].indexed for name in names)


def test_sealed_identities_are_in_no_listing():
    assert "identity" not in SHOWN


def test_a_search_finds_and_leaves_exactly_one_entry_with_its_words_and_count(filled: Workspace):
    hits = browse.search(filled, "临顿路07")
    assert [hit.title for hit in hits] == ["临顿路07号"]
    with filled.store.read() as connection:
        entries = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "registry.search")
        ).all()
    assert [(one.subject, json.loads(one.details)) for one in entries] == [("临顿路07", {"hits": 1})]


def test_a_filter_shows_the_matching_rows_of_one_kind_and_is_a_search_on_record(filled: Workspace):
    part = browse.filtered(filled, "address", "顿路1")
    assert sorted(row[2] for row in part.rows) == sorted(f"临顿路{n}号" for n in range(10, 20))
    with filled.store.read() as connection:
        (entry,) = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "registry.search")
        ).all()
    assert json.loads(entry.details) == {"hits": 10}


def test_who_may_not_read_the_registry_sees_nothing_of_it(filled: Workspace):
    stranger = Workspace(filled.store, Actor("x", frozenset({"audit_administrator"})))
    for look in (lambda: browse.search(stranger, "临顿"), lambda: browse.total(stranger, "address")):
        with pytest.raises(NotPermitted):
            look()
