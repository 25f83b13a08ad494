"""The search box: any part, pinyin, other spellings, numbers, positions; people never by browsing; one entry each."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from sqlalchemy import select

from core.cli import main
from core.model.security import audit_entry
from core.registry import lookup
from core.registry.initials import spell
from core.security.workspace import Actor, NotPermitted, Workspace
from core.store import search
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, enter, put

NUMBER = "32050819800307123X"
KEY = "departments share this"


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [
            {"address_code": f"320508018001{n:04d}", "full_text": f"苏州市姑苏区平江街道{road}{n}号{estate}5幢{n}室",
             "road": road, "estate": estate, "doorplate": f"{n}号", "building": "5幢", "room": f"{n}室"}
            for n, road, estate in ((101, "平江路", "乐园新村"), (102, "长庚路", "彩香一村"), (12, "临顿路", ""))
        ])  # fmt: skip
        put(connection, "house", change, [
            {"house_code": f"3205080180010{n}-1", "address_code": f"320508018001{n:04d}"} for n in (101, 102)
        ])  # fmt: skip
        token = hmac.new(KEY.encode(), NUMBER.encode(), hashlib.sha256).hexdigest()
        put(connection, "person", change, [
            {"person_token": token, "house_code": "3205080180010101-1", "name_masked": "张**"},
            {"person_token": f"{7:064x}", "house_code": "3205080180010102-1", "name_masked": "张**"},
        ])  # fmt: skip
        put(
            connection,
            "organisation",
            change,
            [{"uscc": "91320508MA1MJ4XC59", "name": "苏州重庆路长乐茶馆有限公司"}],
        )
        put(connection, "grid", change, [{"grid_code": "320508018001G01", "name": "平江路第一网格"}])
        put(connection, "dispute", change, [{"dispute_no": "MD2026110001"}])
        put(connection, "event", change, [{"event_no": "EV2026110007"}])
        enter(connection, change, name="2026-11-16-1-governance")
        search.update(connection, change)
    return workspace


def titles(workspace: Workspace, text: str) -> dict[str, list[str]]:
    return {g.kind: [hit.title for hit in g.hits] for g in lookup.look_up(workspace, text).groups}


@pytest.mark.parametrize(("text", "kind", "piece"), [
    ("江路101", "address", "平江路101号"), ("ｐｊｌ", "address", "平江路101号"), ("pjl 101", "address", "平江路101号"),
    ("pingjiang", "address", "平江路101号"), ("cgl", "address", "长庚路102号"), ("lyxc", "address", "乐园新村"),
    ("cqlclcg", "organisation", "重庆路长乐茶馆"), ("重庆路", "organisation", "重庆路"),
    ("pjldywg", "grid", "平江路第一网格"),
    ("第一网格", "grid", "平江路第一网格"), ("MD2026", "dispute", "MD2026110001"),
    ("EV202611", "event", "EV2026110007"),
    ("2026-11-16", "package", "2026-11-16-1-governance"), ("乐园新村5栋", "address", "乐园新村"),
    ("平江路１０１号", "address", "平江路101号"),
    ("彩香一村五幢", "address", "彩香一村"), ("3205080180010101-1", "person", "张**"),
    ("张** 平江路101号", "person", "张**"),
    ("张** 3205080180010102-1", "person", "张**"),
])  # fmt: skip
def test_whatever_somebody_types_finds_what_is_meant(filled: Workspace, text: str, kind: str, piece: str):
    found = titles(filled, text)
    assert any(piece in title for title in found.get(kind, [])), found


@pytest.mark.parametrize("text", ["120.62,31.31", "31.31 120.62", "120.62，31.31"])
def test_a_position_is_understood_in_either_order(filled: Workspace, text: str):
    answer = lookup.look_up(filled, text)
    assert answer.position == (120.62, 31.31)
    assert [group.kind for group in answer.groups] == ["position"]


@pytest.mark.parametrize("text", ["12,31", "120.62,91.5", "1.5 2.5"])
def test_what_is_no_place_in_china_is_no_position(text: str):
    assert lookup.position(text) is None


def test_a_full_identity_number_finds_the_person_only_where_the_key_of_the_pseudonyms_is(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
):
    without = lookup.look_up(filled, NUMBER)
    assert not without.total
    assert without.notes
    monkeypatch.setenv("GRIDLINK_SECRET_PSEUDONYM_KEY", KEY)
    assert titles(filled, NUMBER.lower()) == {"person": ["张**"]}
    with filled.store.read() as connection:
        entries = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "registry.search")
        ).all()
    assert [json.loads(one.details)["hits"] for one in entries] == [0, 1]
    assert not any(NUMBER[6:14] in one.subject for one in entries)


@pytest.mark.parametrize("text", ["张**", "3205081980****", "张"])
def test_people_are_never_found_by_browsing(filled: Workspace, text: str):
    assert "person" not in titles(filled, text)


def test_only_the_kinds_asked_for_and_no_more_than_the_limit(filled: Workspace):
    answer = lookup.look_up(filled, "5幢", kinds=("address",), limit=1)
    assert [(group.kind, len(group.hits)) for group in answer.groups] == [("address", 1)]


def test_names_changed_later_are_found_by_their_pinyin(filled: Workspace):
    assert "organisation" not in titles(filled, "hxyy")
    with filled.store.write() as connection:
        change = begin(connection)
        put(connection, "organisation", change, [{"uscc": "91320508MA1MJ4XC60", "name": "惠心药业"}])
        search.update(connection, change)
    assert titles(filled, "hxyy")["organisation"] == ["惠心药业"]


@pytest.mark.parametrize(("name", "initials"), [
    ("重庆路", "cql"), ("长安里", "cal"), ("长庚路", "cgl"), ("A座12号", "az12h"), ("绿杨新村", "lyxc"), ("𠀀路", "hl"),
])  # fmt: skip
def test_characters_are_read_by_the_words_they_stand_in(name: str, initials: str):
    assert spell(name)[0] == initials


def test_the_search_box_asks_who_is_asking(filled: Workspace):
    with pytest.raises(NotPermitted):
        lookup.look_up(Workspace(filled.store, Actor("x", frozenset({"audit_administrator"}))), "平江")


def test_the_command_answers_in_groups(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    assert main(["--store", filled.store.location, "search", "平江路", "--kind", "address", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == 1
    assert told["groups"][0]["hits"][0]["title"].endswith("101室")
    assert main(["--store", filled.store.location, "search", "120.62,31.31"]) == 0
    assert "120.62" in capsys.readouterr().out
