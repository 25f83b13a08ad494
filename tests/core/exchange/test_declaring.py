"""A declaration follows the operator's document: checked, tried, in force for one store, on record, and back again."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from core.cli import main
from core.exchange.connectors import DeclarationInvalid, connector
from core.exchange.declaration_edit import edited, given_at, renamed
from core.exchange.declared import all_in_force, in_force
from core.exchange.declaring import (
    DeclarationMoved,
    NothingChanged,
    ReasonMissing,
    back_to_shipped,
    change_declaration,
    checked,
    declaration,
    history,
    shipped_text,
)
from core.exchange.message_detail import delivery_detail
from core.exchange.outbox import deliveries
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from core.exchange.trying import try_connector
from core.model.exchange import connector_declaration, delivery
from core.security.workspace import Actor, NotPermitted
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.exchange.people import TARGET, arrive, change


def with_values(**places):
    return edited(shipped_text(TARGET), {tuple(p.split("__")): v for p, v in places.items()})


def test_a_value_is_changed_in_its_place_and_comments_and_order_stay():
    before = shipped_text("zhenyan")
    after = edited(before, {("push", "house", "batch_size"): 200, ("limits", "begin"): "08:30"})
    changed = set(after.splitlines()) - set(before.splitlines())
    assert changed == {"batch_size = 200", 'begin = "08:30"'} and after.count("#") == before.count("#")
    assert given_at(after, ("limits", "begin")) == "08:30"
    assert edited(after, {("push", "house", "batch_size"): 500, ("limits", "begin"): None}) == before
    codes = edited(before, {("push", "house", "fields", "fwyt", "codes"): {"self": "10"}})
    assert 'codes = {self = "10"}' in codes
    other = renamed(before, ("push", "house", "fields", "fwyt"), "fwytdm")
    assert [f.name for f in checked("zhenyan", other).push["house"].fields][2] == "fwytdm"
    with pytest.raises(ValueError, match="dzbm"):
        renamed(before, ("push", "house", "fields", "fwyt"), "dzbm")
    with pytest.raises(ValueError, match="at line 1"):
        edited("target = ", {("a",): 1})


def test_a_fault_is_named_with_its_line_and_the_product_s_own_parts_stay():
    line = next(n for n, t in enumerate(shipped_text(TARGET).splitlines(), 1) if t.startswith("batch_size"))
    with pytest.raises(DeclarationInvalid) as wrong:
        checked(TARGET, with_values(push__person__batch_size=0))
    assert wrong.value.details["faults"][0]["line"] == line
    masked = next(f for f in connector(TARGET).push["person"].fields if f.masked)
    for given in (
        {"identity": "full" if connector(TARGET).identity == "masked" else "masked"},
        {"queued": not connector(TARGET).queued}, {f"push__person__fields__{masked.name}__masked": False},
        {"push__person__where": {"residence": ["registered"]}},
    ):  # fmt: skip
        with pytest.raises(DeclarationInvalid):
            checked(TARGET, with_values(**given))


def test_what_leaves_follows_the_new_mapping_and_what_left_before_is_still_proven(connected, upstream):
    arrive(connected, range(2))
    push(connected)
    name = next(f.name for f in connector(TARGET).push["person"].fields if f.column == "relation_to_head")
    text = renamed(shipped_text(TARGET), ("push", "person", "fields", name), "gxdm")
    assert try_connector(connected, TARGET, text=text).ok, "tried before it is in force"
    assert in_force(connected.store, TARGET) == connector(TARGET)
    number = change_declaration(connected, TARGET, text, reason="接口规范 2.1 版", based_on=0)
    assert declaration(connected, TARGET).change == number
    before = {one.id: delivery_detail(connected, one.id) for one in deliveries(connected, TARGET, "accepted")}
    arrive(connected, range(2, 4), relation_to_head="01")
    push(connected)
    records = [record for _entity, record, _applied in upstream.register()]
    assert sum("gxdm" in str(record) for record in records) == 2
    assert reconcile(connected, TARGET).agrees
    for id, detail in before.items():
        again = delivery_detail(connected, id)
        assert again.proof == detail.proof and name in [line.name for line in again.lines]
    change(connected, [0], sex="2")
    push(connected)
    assert reconcile(connected, TARGET).agrees


def test_every_change_is_on_record_with_its_reason_and_goes_back_to_what_was_shipped(workspace):
    change_declaration(workspace, TARGET, with_values(push__person__batch_size=200), reason="按对方要求减量")
    less = with_values(push__person__batch_size=100, limits__begin="08:00")
    change_declaration(workspace, TARGET, less, reason="再减")
    newest, first = history(workspace, TARGET)
    assert [(d.place, d.after) for d in first.differences] == [("push.person.batch_size", 200)]
    assert {(d.place, d.before, d.after) for d in newest.differences} == {
        ("push.person.batch_size", 200, 100), ("limits.begin", connector(TARGET).limits.begin, "08:00")}  # fmt: skip
    assert newest.actor == workspace.actor.name and newest.reason == "再减"
    assert in_force(workspace.store, TARGET).push["person"].batch_size == 100
    with pytest.raises(NothingChanged):
        change_declaration(workspace, TARGET, declaration(workspace, TARGET).text, reason="x")
    with pytest.raises(ReasonMissing):
        back_to_shipped(workspace, TARGET, reason=" ")
    with pytest.raises(DeclarationMoved):
        other = with_values(push__person__batch_size=9)
        change_declaration(workspace, TARGET, other, reason="x", based_on=first.number)
    back_to_shipped(workspace, TARGET, reason="规范作废")
    assert history(workspace, TARGET)[0].back and in_force(workspace.store, TARGET) == connector(TARGET)
    with pytest.raises(NotPermitted):
        steward = replace(workspace, actor=Actor("s", frozenset({"steward"})))
        change_declaration(steward, TARGET, with_values(push__person__batch_size=5), reason="x")


def test_a_change_that_this_version_cannot_read_stops_its_system_and_no_other(embedded):
    number = change_declaration(embedded, TARGET, with_values(push__person__batch_size=200), reason="x")
    with embedded.store.write() as connection:
        mine = connector_declaration.c.id == number
        connection.execute(update(connector_declaration).where(mine).values(text="target = 1", shipped="old"))
    assert declaration(embedded, TARGET).outdated
    with pytest.raises(DeclarationInvalid):
        in_force(embedded.store, TARGET)
    assert connector(TARGET) in all_in_force(embedded.store)


def test_the_receiver_s_code_is_explained_as_declared(connected):
    arrive(connected, [1])
    places = {("errors", "E777", "meaning"): "住址编码未登记", ("errors", "E777", "cure"): "请先推送房屋。"}
    change_declaration(connected, TARGET, edited(shipped_text(TARGET), places), reason="接口规范附录")
    with connected.store.write() as connection:
        connection.execute(update(delivery).values(state="rejected", reason="receiver:E777:house unknown"))
    (shown,) = deliveries(connected, TARGET, "rejected")
    assert "住址编码未登记" in shown.message and "E777" in shown.message and shown.cure == "请先推送房屋。"


def test_the_commands_edit_try_show_and_revert(connected, monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def run(*words):
        capfd.readouterr()
        code = main(["--store", connected.store.location, "connector", *map(str, words), "--json"])
        return code, json.loads(capfd.readouterr().out)

    assert history(connected, TARGET) == []
    assert run("text", TARGET, "--out", tmp_path / "mine.toml")[1]["change"] == 0
    assert run("edit", TARGET, "--set", "push.person.batch_size=200", "--try")[1]["ok"]
    assert run("history", TARGET)[1]["changes"] == [], "trying changes nothing"
    values = ("--set", "push.person.batch_size=200", "--set", "limits.begin=08:00")
    code, made = run("edit", TARGET, *values, "--reason", "减量")
    places = {d["place"] for d in made["changes"][0]["differences"]}
    assert code == 0 and places == {"push.person.batch_size", "limits.begin"}
    (tmp_path / "mine.toml").write_text("target = ")
    code, refused = run("edit", TARGET, "--file", tmp_path / "mine.toml", "--reason", "x")
    assert code == 1 and refused["error"]["details"]["line"] == 1 and refused["error"]["cure"]
    assert run("test", TARGET, "--file", tmp_path / "mine.toml")[0] == 1
    assert run("show", TARGET)[1]["declaration"]["push"]["person"]["batch_size"] == 200
    assert run("revert", TARGET, "--reason", "作废")[1]["changes"][0]["back"]
    assert len(run("history", TARGET)[1]["changes"]) == 2
