"""What has become of a record there: read as declared, kept with the receiver's clock, never from a bad answer."""

import json

import pytest
from sqlalchemy import func, select

from core.cli import main
from core.exchange import message_log, states
from core.exchange.channels import begin_queueing
from core.exchange.configuration import configure_connector
from core.exchange.message_detail import delivery_detail
from core.exchange.outbox import deliveries
from core.exchange.push import push
from core.model.exchange import message
from core.model.registry import entity_id
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

HAZARD = {"hazard_no": "Y1", "found_at": "2026-11-20T02:00:00.000+00:00", "address_code": "A00000000001",
          "severity": "2", "kind": "partition", "description": "隔断出租"}  # fmt: skip
ROWS = {"rental": {"hazard": [HAZARD, HAZARD | {"hazard_no": "Y2"}]},
        "linkage": {"dispute": [{"dispute_no": "J1", "summary": "邻里纠纷"}]}}  # fmt: skip


@pytest.fixture(params=["rental", "linkage"])
def target(request, embedded, tmp_path, monkeypatch):
    """A running system that everything was sent to, and has been receipted."""
    name = request.param
    with start_upstream(tmp_path / "upstream", system=name) as upstream:
        facts = upstream.facts
        for secret, value in facts.environment().items():
            monkeypatch.setenv(secret, value)
        configure_connector(embedded, name, base_url=facts.base_url, ca_pem=facts.ca_pem,
                            receipt_public_pem=facts.receipt_public_pem)  # fmt: skip
        with embedded.store.write() as connection:
            for resource, rows in ROWS[name].items():
                put(connection, resource, begin(connection), rows)
        begin_queueing(embedded, name)
        for _round in range(60):
            if push(embedded, name)[name].waiting == 0:
                break
        yield upstream


@pytest.fixture
def key(target):
    return "Y1" if target.target == "rental" else "J1"


@pytest.fixture
def resource(target):
    return "hazard" if target.target == "rental" else "dispute"


def told(workspace, target, resource, key):
    return [(s.state, s.at) for s in states.states_of(workspace, target.target, resource, entity_id(key))]


def logged(workspace):
    query = select(func.count()).select_from(message).where(message.c.direction == "states")
    with workspace.store.read() as connection:
        return connection.execute(query).scalar_one()


def test_each_state_is_kept_with_its_clock_and_shown_with_the_message(embedded, target, key, resource):
    target.ask("/control/states", {key: {"state": "received", "at": "2026-11-24T01:00:00.000+00:00"}})
    push(embedded, target.target)
    push(embedded, target.target)
    target.ask(
        "/control/states",
        {key: {"state": "assigned", "at": "2026-11-24T03:00:00.000+00:00", "note": "娄门所"}},
    )
    push(embedded, target.target)
    assert told(embedded, target, resource, key) == [
        ("assigned", "2026-11-24T03:00:00.000+00:00"), ("received", "2026-11-24T01:00:00.000+00:00"),
    ], "one row a change, not a row a reading"  # fmt: skip
    (sent,) = [d for d in deliveries(embedded, target.target) if d.key == key]
    now, before = delivery_detail(embedded, sent.id).states
    assert now.meaning.startswith(("Assigned", "已")) and now.note == "娄门所" and before.state == "received"
    assert logged(embedded) and message_log.verify_log(embedded).ok


def test_a_state_that_ends_is_not_asked_about_any_more_and_an_unknown_code_is_kept(
    embedded, target, key, resource
):
    target.ask("/control/states", {key: "in_orbit"})
    push(embedded, target.target)
    ((_state, _at),) = told(embedded, target, resource, key)
    assert "in_orbit" in states.states_of(embedded, target.target, resource, entity_id(key))[0].meaning
    target.ask("/control/states", {key: "returned"})
    push(embedded, target.target)
    from core.exchange.connectors import connector

    with embedded.store.read() as connection:
        assert key not in states.undecided(connection, connector(target.target))
    assert [k for _r, k, _s in states.listed(embedded, target.target)] == [key]


@pytest.mark.parametrize("fault", ["forged", "unsigned", "other_receiver"])
def test_a_bad_answer_changes_nothing(embedded, target, key, resource, fault):
    target.misbehave({"kind": fault, "route": "states"})
    target.ask("/control/states", {key: "received", "somebody-elses": "received"})
    push(embedded, target.target)
    assert told(embedded, target, resource, key) == []
    target.ask("/control/states", {key: "received", "somebody-elses": "received"})
    push(embedded, target.target)
    assert [state for state, _at in told(embedded, target, resource, key)] == ["received"]
    assert states.listed(embedded, target.target)[0][1] == key, "what we never sent is none of ours"


@pytest.mark.parametrize("target", ["rental"], indirect=True)
def test_the_command_lists_them(embedded, target, key, capsys, monkeypatch):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    target.ask("/control/states", {key: "rectified"})
    push(embedded, "rental")
    assert main(["--store", embedded.store.location, "exchange", "states", "rental", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["states"]
    assert (one["key"], one["state"], one["ends"]) == ("Y1", "rectified", False)
