"""Tables: filters that combine, any place of any order, how many there are; the same on either database."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from core.errors import Cancelled
from core.jobs import Progress
from core.model.registry import TABLES
from core.model.security import audit_entry
from core.registry import tables, views
from core.registry.fields import KINDS, fields
from core.registry.filters import Condition, FilterUnclear, Selection, selection_of
from core.registry.tables import Order
from core.registry.views import View, ViewUnknown
from core.registry.where import parse, say, select_where
from core.security.workspace import Actor, NotPermitted, Workspace
from core.store import search
from tests.core.rows import begin, put

GRID, ELSEWHERE = "320508018001G01", "320508018001G02"


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """Forty addresses on two roads, a house each, tenants in every fourth; the last house was pulled down."""
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "full_text": f"{'临顿路' if n % 2 else '平江路'}{n}号",
             "grid_code": None if n >= 30 else GRID if n < 20 else ELSEWHERE} for n in range(40)
        ])  # fmt: skip
        put(connection, "house", change, [
            {"house_code": f"H{n:03d}", "address_code": f"A{n:011d}", "use": "rented" if n % 4 == 0 else "self",
             "area_m2": None if n == 7 else float(n), "retired_in": change if n == 39 else None} for n in range(40)
        ])  # fmt: skip
        put(connection, "person", change, [
            {"person_token": f"{n:064x}", "house_code": f"H{n:03d}", "birth_year": 1950 + n} for n in range(0, 40, 4)
        ])  # fmt: skip
        put(connection, "event", change, [
            {"event_no": f"E{n}", "occurred_at": f"2026-11-{9 + n // 2:02d}T{16 + n}:00:00.000+00:00"} for n in range(6)
        ])  # fmt: skip
        put(connection, "organisation", change, [
            {"uscc": None if n % 2 else f"91320508MA1MJ4{n:04d}", "org_no": f"J{n}", "name": f"茶馆{n}"}
            for n in range(9)
        ])  # fmt: skip
        search.update(connection, change)
    return workspace


def found(workspace: Workspace, resource: str, *written: str, show: str) -> list[object]:
    matches = tables.matches(workspace, select_where(resource, written), Order(tables.sortable(resource)[0]))
    rows = tables.rows_at(workspace, matches, 0, 100, columns=(show,)).rows
    assert len(rows) == matches.total == tables.count(workspace, matches.selection)
    return [row[2] for row in rows]


@pytest.mark.parametrize(("written", "houses"), [
    (("use=rented",), 10), (("use!=rented",), 29), (("use=rented", "area_m2<20"), 5), (("area_m2<=20",), 20),
    (("area_m2>=20",), 19), (("area_m2>20",), 18), (("area_m2 is blank",), 1), (("area_m2 is not blank",), 38),
    (("use in rented,self",), 39), (("house_code^=H01",), 10), (("house_code~01",), 11),
    ((f"grid_code={GRID}",), 20), ((f"grid_code!={GRID}",), 19), (("grid_code is blank",), 9),
    (("full_text~平江路",), 20), ((f"grid_code in {GRID},{ELSEWHERE}", "full_text~临顿", "use=self"), 15),
])  # fmt: skip
def test_conditions_combine_on_own_columns_and_on_those_of_the_address(
    filled: Workspace, written: tuple[str, ...], houses: int
):
    assert len(found(filled, "house", *written, show="house_code")) == houses


def test_people_are_found_by_the_grid_and_the_street_of_their_house(filled: Workspace):
    assert len(found(filled, "person", f"grid_code={GRID}", "full_text~平江路", show="full_text")) == 5
    assert found(filled, "person", "birth_year>=1982", show="address_code") == [
        "A00000000032",
        "A00000000036",
    ]


def test_of_a_moment_the_day_is_enough(filled: Workspace):
    assert found(filled, "event", "occurred_at=2026-11-11", show="event_no") == ["E2", "E3"]
    assert found(filled, "event", "occurred_at<=2026-11-11", show="event_no") == ["E0", "E1", "E2", "E3"]
    assert found(filled, "event", "occurred_at>2026-11-11", show="event_no") == ["E4", "E5"]
    assert found(filled, "event", "occurred_at>2026-11-12T04:30", show="event_no") == ["E5"]
    with pytest.raises(FilterUnclear):
        found(filled, "event", "occurred_at>2026-13-99", show="event_no")


@pytest.mark.parametrize("wrong", ["colour=red", "area_m2<big", "use", "use=leased", "use is there"])
def test_what_cannot_be_asked_says_what_can(filled: Workspace, wrong: str):
    with pytest.raises(FilterUnclear) as told:
        select_where("house", (wrong,))
    assert told.value.cure


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("resource", "by"), [
    ("address", "grid_code"), ("organisation", "uscc"), ("house", "address_code"), ("person", "house_code"),
])  # fmt: skip
def test_paging_on_and_jumping_show_the_same_order_and_every_row_once(
    filled: Workspace, resource: str, by: str, *, descending: bool
):
    selection, order = Selection(resource), Order(by, descending)
    matches = tables.matches(filled, selection, order)
    paged, key = [], None
    while (page := tables.page(filled, selection, order, after=key, count=3, columns=(by,))).rows:
        paged += [row[0] for row in page.rows]
        key = page.last
    jumped = [
        row[0] for at in range(0, matches.total, 7) for row in tables.rows_at(filled, matches, at, 7).rows
    ]
    placed = tables.with_positions(filled, matches)
    assert paged == jumped == [row[0] for row in tables.rows_at(filled, placed, 0, 100).rows]
    assert len(set(paged)) == matches.total == len(paged)
    narrowed = tables.matches(filled, select_where(resource, ("source=community",)), order)
    assert [row[0] for row in tables.rows_at(filled, narrowed, 0, 100).rows] == paged


def test_retired_rows_are_shown_when_asked_for(filled: Workspace):
    order = Order("house_code")
    totals = {state: tables.matches(filled, Selection("house", state=state), order).total
              for state in ("in_use", "retired", "all")}  # fmt: skip
    assert totals == {"in_use": 39, "retired": 1, "all": 40}
    (row,) = tables.page(filled, Selection("house", state="retired"), order, columns=("house_code",)).rows
    assert row[1:] == (True, "H039")


@pytest.mark.parametrize("descending", [False, True])
def test_the_first_rows_of_a_filter_are_there_before_all_are_found(filled: Workspace, *, descending: bool):
    selection, order = select_where("house", ("use=rented",)), Order("house_code", descending)
    every = [row[0] for row in tables.rows_at(filled, tables.matches(filled, selection, order), 0, 100).rows]
    begun = [row[0] for row in tables.page(filled, selection, order, within=20).rows]
    assert 0 < len(begun) < len(every) and begun == every[: len(begun)]
    assert [row[0] for row in tables.page(filled, selection, order, within=1_000).rows] == every


def test_a_first_page_can_be_cancelled(filled: Workspace):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        tables.page(filled, Selection("house"), Order("house_code"), progress=progress)


def test_rows_that_were_picked_here_or_on_the_map_are_a_selection_too(filled: Workspace):
    with filled.store.read() as connection:
        address = TABLES["address"]
        here = tuple(connection.execute(select(address.c.id).where(address.c.grid_code == GRID)).scalars())
    people = Selection("person", (parse("person", "birth_year<1960"),), addresses=here)
    assert tables.count(filled, people) == 3
    assert set(tables.addresses_of(filled, Selection("person", addresses=here))) <= set(here)
    assert tables.count(filled, Selection("address", ids=here[:3])) == 3
    assert selection_of(json.loads(json.dumps(people.as_dict()))) == people


def filters_on_record(workspace: Workspace) -> list[tuple[str, int | None]]:
    with workspace.store.read() as connection:
        entries = connection.execute(select(audit_entry).where(audit_entry.c.action == "registry.filter")).all()
    return [(one.subject, json.loads(one.details)["hits"]) for one in entries]


def test_each_filter_leaves_one_entry_with_its_words_and_count(filled: Workspace):
    rented, order = select_where("house", ("use=rented",)), Order("house_code")
    tables.page(filled, rented, order, within=tables.AT_ONCE)
    tables.matches(filled, rented, order)
    tables.matches(filled, Selection("house"), order)
    assert filters_on_record(filled) == [("house", 10)]


def test_a_cancelled_filter_stops_and_the_store_can_be_asked_on(filled: Workspace):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        tables.matches(filled, select_where("house", ("use=rented",)), Order("house_code"), progress=progress)
    assert filters_on_record(filled) == [("house", None)]
    assert tables.count(filled, select_where("house", ("use=rented",))) == 10


def test_matches_know_that_the_registry_has_changed_since(filled: Workspace):
    matches = tables.matches(filled, Selection("house"), Order("house_code"))
    assert not tables.is_stale(filled, matches)
    with filled.store.write() as connection:
        begin(connection)
    assert tables.is_stale(filled, matches)


def test_a_kind_has_no_order_that_would_be_slow(filled: Workspace):
    with pytest.raises(FilterUnclear):
        tables.matches(filled, Selection("house"), Order("area_m2"))
    assert "identity" not in KINDS
    assert all(tables.sortable(kind) and "geometry" not in fields(kind) for kind in KINDS)
    with pytest.raises(FilterUnclear):
        tables.count(filled, Selection("identity", (Condition("name", "contains", "张"),)))


def test_saved_views_belong_to_who_made_them(filled: Workspace):
    small = View(
        "小出租屋", select_where("house", ("use=rented", "area_m2<20")), Order("house_code", True), ("use",)
    )
    views.save(filled, small)
    views.save(filled, View("小出租屋", small.selection, Order("address_code")))
    other = Workspace(filled.store, Actor("other", frozenset({"officer"})))
    assert views.named(filled, "house", "小出租屋").order == Order("address_code")
    assert len(views.saved(filled)) == 1
    assert not views.saved(other)
    with pytest.raises(ViewUnknown):
        views.forget(other, "house", "小出租屋")
    views.forget(filled, "house", "小出租屋")
    assert not views.saved(filled, "house")


def test_codes_may_be_given_by_their_names():
    assert parse("house", "use=出租") == parse("house", "use=rented") == Condition("use", "is", "rented")
    assert parse("house", "use in 出租,空置").value == ("rented", "vacant")


def test_a_selection_says_itself_in_words():
    assert "area_m2" not in say(select_where("house", ("use=rented", "area_m2<20", "grid_code is blank")))
    assert say(Selection("house")) == ""


def test_who_may_not_read_the_registry_counts_nothing(filled: Workspace):
    stranger = Workspace(filled.store, Actor("x", frozenset({"audit_administrator"})))
    with pytest.raises(NotPermitted):
        tables.count(stranger, Selection("house"))
