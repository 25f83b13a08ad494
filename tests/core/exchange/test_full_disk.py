"""A client whose disk has no room (its process may write no file beyond a size): it says so, and goes on with room."""

import pytest
from sqlalchemy import select

from core.exchange import message_log
from core.exchange.configuration import configure_connector
from core.exchange.extraction.runs import runs
from core.exchange.ferrying import SYSTEM
from core.exchange.message_log import verify_log
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from core.model.exchange import message
from core.training.upstream import start_upstream
from tests.core.exchange.clients import Client, together
from tests.core.exchange.people import TARGET, arrive, states
from tests.core.exchange.sources import address, connect
from tests.core.exchange.test_ferrying import Platform

ROOM = 200_000
"""So many bytes may the largest file of the store still grow."""


def largest(workspace):
    """The size of the store's file, its journal put into it."""
    with workspace.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return connection.exec_driver_sql("PRAGMA page_count").scalar_one() * 4096


def crowded(workspace, act, *given, environment=None):
    """What a client says whose disk is full."""
    limit = largest(workspace) + ROOM
    (told,) = together(
        Client(workspace.store.location, act, *given, environment=environment, largest_file=limit)
    )
    return told


def test_a_push_stops_before_anything_leaves_without_its_entry_and_goes_on_with_room(connected, upstream):
    arrive(connected, range(6000))
    error = crowded(connected, "push", TARGET)["error"]
    assert error["code"] == "evidence_unwritable" and error["cure"]
    there = upstream.reconciliation()["accepted"]
    with connected.store.read() as connection:
        logged = connection.execute(select(message.c.records).where(message.c.direction == "sent")).scalars()
        assert sum(logged) >= there
    assert there < 6000 and message_log.verify_log(connected).ok
    push(connected)
    assert states(connected) == {("upsert", "accepted"): 6000}
    assert {applied for _e, _r, applied in upstream.register()} == {1}
    assert reconcile(connected, TARGET).agrees and verify_log(connected).ok


def test_an_extraction_keeps_the_pages_that_it_has_and_goes_on_with_room(embedded, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "bureau", system="bureau_collection") as bureau:
        bureau.records("address", put=[address(n, dzmc="路" * 400 + str(n)) for n in range(600)])
        connect(embedded, bureau, monkeypatch)
        error = crowded(embedded, "extract", "bureau_collection", environment=bureau.facts.environment())[
            "error"
        ]
        assert error["code"] in {"store_lost", "store_full"} and error["cure"]
        (left,) = runs(embedded)
        assert left.state == "running" and left.pages > 0
        client = Client(
            embedded.store.location, "extract", "bureau_collection", environment=bureau.facts.environment()
        )
        (told,) = together(client)
    assert [run["counts"]["new"] for run in told["result"]] == [600]
    (whole,) = runs(embedded)
    assert (whole.state, whole.resumed, whole.agreed, whole.read) == ("applied", 1, True, 600)


def test_a_file_that_does_not_fit_into_the_ferry_folder_is_logged_as_not_sent_and_leaves_nothing(
    embedded, tmp_path
):
    folders = Platform(tmp_path / "摆渡")
    configure_connector(embedded, SYSTEM, base_url=folders.base.as_uri())
    file = tmp_path / "list.xlsx"
    file.write_bytes(b"x" * 3_000_000)
    error = crowded(embedded, "send", str(file))["error"]
    assert (error["code"], error["details"]["cause"]) == ("upstream_refused", "full") and error["cure"]
    assert folders.names("out") == []
    (told,) = together(Client(embedded.store.location, "send", str(file)))
    assert told == {"result": {"file": "list.xlsx"}}
    assert folders.names("out") == ["list.xlsx", "list.xlsx.ok"]
    with embedded.store.read() as connection:
        directions = (
            connection.execute(select(message.c.direction).order_by(message.c.number)).scalars().all()
        )
    assert directions == ["sent", "void", "sent"] and verify_log(embedded).ok


@pytest.mark.parametrize("act", ["push", "pull", "send"])
def test_where_there_is_no_room_at_all_the_store_stays_whole(embedded, upstream, act, tmp_path):
    folders = Platform(tmp_path / "摆渡")
    configure_connector(embedded, SYSTEM, base_url=folders.base.as_uri())
    configure_connector(
        embedded, TARGET, base_url=upstream.base_url, ca_pem=upstream.ca_pem, token=upstream.token,
        receipt_public_pem=upstream.receipt_public_pem,
    )  # fmt: skip
    arrive(embedded, range(3))
    file = tmp_path / "list.csv"
    file.write_bytes(b"x")
    given = {"push": [TARGET], "pull": [], "send": [str(file)]}[act]
    (told,) = together(Client(embedded.store.location, act, *given, largest_file=1))
    assert told["error"]["cure"], told
    assert upstream.register() == [] and folders.names("out") == []
    assert message_log.verify_log(embedded).ok
    assert push(embedded, TARGET)[TARGET].accepted == 3
