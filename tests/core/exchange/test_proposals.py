"""A missing standard address is proposed to the bureau, decided there, and comes back by extraction: never invented."""

import json
from dataclasses import replace

import pytest

from core.cli import main
from core.exchange import address_proposals, missing_addresses
from core.exchange.address_proposals import (
    AddressExists,
    AlreadyProposed,
    Place,
    ProposalGone,
    ProposalInvalid,
    proposals,
    propose,
    withdraw,
)
from core.exchange.configuration import configure_connector
from core.exchange.extraction.extracting import extract
from core.exchange.outbox import deliveries
from core.exchange.push import push
from core.exchange.troubles import Trouble
from core.security.workspace import Actor, NotPermitted
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, KEY, PASSWORD
from tests.core.departments import row
from tests.core.exchange.crashing import Crasher
from tests.core.exchange.sources import address

BUREAU, COMMUNITY = "bureau_collection", "320508017003"
TEXT = "江苏省苏州市姑苏区白洋湾街道新渔路88号"


@pytest.fixture
def bureau(tmp_path):
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(1, 6)])
        yield running


@pytest.fixture
def connected(embedded, bureau, monkeypatch):
    for name, value in bureau.facts.environment().items():
        monkeypatch.setenv(name, value)
    configure_connector(embedded, BUREAU, base_url=bureau.facts.base_url, ca_pem=bureau.facts.ca_pem,
                        receipt_public_pem=bureau.receipt_public_pem)  # fmt: skip
    extract(embedded, BUREAU)
    return embedded


def stage(workspace, number):
    return next(p for p in proposals(workspace) if p.number == number)


def test_a_proposal_is_sent_decided_and_closed_by_the_extraction_that_brings_its_code(connected, bureau):
    bureau.ask("/control/decide", {"mode": "wait"})
    made = propose(
        connected,
        TEXT,
        COMMUNITY,
        reason="房东登记时发现",
        place=Place(120.58, 31.33),
        origin="qr",
        origin_ref="Q-7",
    )
    assert (made.stage, made.proposed_by, made.subdistrict_code) == ("proposed", ADMIN, "320508017000")
    push(connected, BUREAU)
    assert stage(connected, made.number).stage == "sent"
    (there,) = bureau.ask("/control/messages")
    assert json.loads(there["body"]) == {"tyh": made.number, "dzmc": TEXT, "jdbm": "320508017000", "sqbm": COMMUNITY,
                                         "jd": 120.58, "wd": 31.33, "zbx": "1"}  # fmt: skip
    bureau.ask("/control/decide", {"mode": "apply"})
    push(connected, BUREAU)
    accepted = stage(connected, made.number)
    assert accepted.stage == "accepted" and accepted.code.startswith(COMMUNITY)
    extract(connected, BUREAU)
    assert stage(connected, made.number).stage == "arrived"
    assert row(connected, "address", accepted.code)["full_text"] == TEXT
    with pytest.raises(AddressExists) as caught:
        propose(connected, TEXT, COMMUNITY, reason="再来一次")
    assert accepted.code in caught.value.message


def test_a_refusal_says_why_whether_it_comes_with_the_receipt_or_later(connected, bureau):
    bureau.ask("/control/decide", {"mode": "refuse", "note": "现场无此门牌"})
    later = propose(connected, TEXT, COMMUNITY, reason="二维码报送")
    bureau.records("address", put=[address(77, dzmc="江苏省苏州市姑苏区白洋湾街道虎池路1号")])
    at_once = propose(
        connected, "江苏省苏州市姑苏区白洋湾街道虎池路1号", COMMUNITY, reason="核对", different=True
    )
    push(connected, BUREAU)
    assert (stage(connected, later.number).stage, stage(connected, later.number).note) == (
        "refused",
        "现场无此门牌",
    )
    refused = stage(connected, at_once.number)
    assert refused.stage == "refused" and "已有该地址" in refused.note
    again = propose(connected, TEXT, COMMUNITY, reason="补了照片再报")
    assert again.number != later.number, "what was refused may be proposed anew"


def test_what_is_there_is_proposed_already_or_cannot_be_an_address_is_refused_with_its_reason(connected):
    with pytest.raises(AddressExists) as caught:
        propose(connected, address(3)["dzmc"], COMMUNITY, reason="核对")
    assert caught.value.details["address_code"] == address(3)["dzbm"] in caught.value.message
    first = propose(connected, TEXT, COMMUNITY, reason="核对")
    with pytest.raises(AlreadyProposed) as again:
        propose(connected, f" {TEXT} ", COMMUNITY, reason="核对")
    assert first.number in again.value.message
    for text, community, reason in (("短", COMMUNITY, "x"), (TEXT, "320508017000", "x"), (TEXT, "999", "x"),
                                    (TEXT + "13812345678", COMMUNITY, "x"), (TEXT + "乙", COMMUNITY, " ")):  # fmt: skip
        with pytest.raises(ProposalInvalid):
            propose(connected, text, community, reason=reason)
    nobody = replace(connected, actor=Actor("auditor", frozenset({"audit_administrator"})))
    with pytest.raises(NotPermitted):
        propose(nobody, TEXT, COMMUNITY, reason="x")


def test_it_is_withdrawn_as_long_as_it_waits_and_not_after(connected, bureau):
    made = propose(connected, TEXT, COMMUNITY, reason="核对")
    withdraw(connected, made.number)
    assert stage(connected, made.number).stage == "withdrawn"
    push(connected, BUREAU)
    assert bureau.ask("/control/messages") == []
    second = propose(connected, TEXT, COMMUNITY, reason="核对")
    push(connected, BUREAU)
    with pytest.raises(ProposalGone):
        withdraw(connected, second.number)


@pytest.mark.parametrize("fault", ["cut_after_commit", "forged", "accept_half"])
def test_a_bureau_that_misbehaves_gets_each_proposal_once(connected, bureau, fault):
    made = [propose(connected, f"{TEXT}{n}室", COMMUNITY, reason="核对", different=True) for n in range(1, 4)]
    bureau.misbehave({"kind": fault}, {"kind": fault, "route": "states"})
    for _round in range(3):
        try:
            push(connected, BUREAU)
        except Trouble:
            continue
    assert sorted(json.loads(m["body"])["tyh"] for m in bureau.ask("/control/messages")) == sorted(
        p.number for p in made
    )
    assert {p.stage for p in proposals(connected)} == {"accepted"}


@pytest.mark.timeout(200)
def test_a_push_that_is_killed_proposes_nothing_twice(connected, bureau):
    made, statement, ended = [], 0, 0
    with Crasher(connected.store.location, KEY) as crasher:
        while ended < 2 and statement < 60:
            statement += 3
            made.append(
                propose(connected, f"{TEXT}{statement}幢", COMMUNITY, reason="核对", different=True).number
            )
            ended = 0 if crasher.push_until(statement) else ended + 1
    push(connected, BUREAU)
    there = [json.loads(m["body"])["tyh"] for m in bureau.ask("/control/messages")]
    assert sorted(there) == sorted(made)
    assert not deliveries(connected, BUREAU, "waiting")


def test_rows_whose_words_mean_no_address_are_what_there_is_to_propose(connected, tmp_path):
    from tests.core.departments import Sender

    rows = [
        {"house_code": f"H{n:03d}", "address_code": TEXT if n < 3 else address(2)["dzmc"], "use": "self"}
        for n in range(5)
    ]
    Sender(connected, tmp_path, "community").send("delta", house=[r | {"op": "upsert"} for r in rows])
    (one,) = missing_addresses.missing(connected)
    assert (one.text, one.rows, one.origin_ref) == (TEXT, 3, "house:H000")
    propose(connected, one.text, COMMUNITY, reason="社区报送", origin="sheet", origin_ref=one.origin_ref)
    assert missing_addresses.missing(connected) == []


def test_the_commands_propose_list_and_withdraw(connected, capsys, monkeypatch):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def run(*arguments):
        code = main(["--store", connected.store.location, *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, told = run("proposal", "add", TEXT, "--community", COMMUNITY, "--reason", "核对")
    assert code == 0
    number = told["proposals"][0]["number"]
    code, told = run("proposal", "add", TEXT, "--community", COMMUNITY, "--reason", "核对")
    assert code == 1 and told["error"]["code"] == "already_proposed"
    assert run("proposal", "withdraw", number)[0] == 0
    assert run("proposal", "list", "--state", "withdrawn")[1]["proposals"][0]["number"] == number
    assert run("proposal", "missing")[1]["missing"] == []
    assert run("exchange", "corrections", "police_platform")[1]["corrections"] == []
    assert address_proposals.similar(connected, TEXT).decision in {"none", "choose"}
