"""Several clients at the same ferry folders: no file is taken twice or lost, a killed client's lease is freed."""

import os
import platform as machine
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import func, select

from core.exchange.configuration import configure_connector
from core.exchange.ferrying import SYSTEM, pull
from core.exchange.transports.folder_lease import NAME, FolderInUse, FolderLease
from core.model.exchange import message
from core.model.ledger import package
from core.security.audit import entries
from tests.core.departments import Sender, address
from tests.core.exchange.clients import Client, together
from tests.core.exchange.test_ferrying import Platform

FILES = 6


@pytest.fixture
def folders(tmp_path, workspace):
    """Folders with six packages that have arrived, and the store that takes them in."""
    made = Platform(tmp_path / "摆渡")
    configure_connector(workspace, SYSTEM, base_url=made.base.as_uri())
    (tmp_path / "packed").mkdir()
    bureau = Sender(workspace, tmp_path / "packed", "bureau")
    for number in range(FILES):
        made.put(bureau.pack(address=[address(n) for n in range(number * 20 + 20)]))
    return made


def assert_each_taken_once(workspace, folders):
    assert folders.names("in") == [] and len(folders.names("out")) == 2 * FILES
    assert {receipt["status"] for receipt in folders.receipts()} == {"accepted"}
    assert len({receipt["file"] for receipt in folders.receipts()}) == FILES
    assert NAME not in folders.names("done")
    with workspace.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(package)).scalar() == FILES
        told = select(func.count(), func.count(message.c.batch.distinct()))
        assert tuple(connection.execute(told.where(message.c.direction == "received")).one()) == (
            FILES,
            FILES,
        )


def test_two_clients_that_pull_at_once_take_each_file_once(workspace, folders):
    told = together(*(Client(workspace.store.location, "pull") for _client in range(2)))
    errors = [one["error"] for one in told if "error" in one]
    assert [error["code"] for error in errors] in ([], ["folder_in_use"])
    assert all("steward" in error["message"] and error["cure"] for error in errors)
    taken = [file["file"] for one in told if "result" in one for file in one["result"]["files"]]
    assert len(taken) == len(set(taken)) == FILES
    assert_each_taken_once(workspace, folders)


def test_the_folders_of_a_killed_client_are_freed_at_once_and_it_is_named(workspace, folders):
    killed = Client(workspace.store.location, "pull")
    killed.go()
    while len(folders.names("out")) < 2 and (folders.base / "in").exists():
        time.sleep(0.002)
    assert killed.kill(0)
    assert pull(workspace).freed == f"steward on the computer {machine.node()}"
    (entry,) = entries(workspace, action="exchange.ferry_freed")
    assert orjson.loads(entry.details)["actor"] == "steward"
    assert_each_taken_once(workspace, folders)


def left(folder, *, until, owner="lease:elsewhere/1/1.000/n"):
    content = {
        "owner": owner,
        "actor": "li",
        "since": "2026-11-25T02:00:00.000+00:00",
        "until": until.isoformat(),
    }
    (folder / NAME).write_bytes(orjson.dumps(content))


@pytest.mark.parametrize("location", ["sqlcipher"], indirect=True)
def test_a_client_of_another_machine_is_waited_for_until_its_time_is_over(workspace, folders):
    until = datetime.now(UTC) + timedelta(minutes=20)
    left(folders.base / "done", until=until)
    with pytest.raises(FolderInUse) as caught:
        pull(workspace)
    assert "li on the computer elsewhere since 2026-11-25 10:00:00" in caught.value.message
    assert len(folders.names("in")) == 2 * FILES
    later = replace(workspace, clock=lambda: until + timedelta(seconds=1))
    assert pull(later).freed == "li on the computer elsewhere"
    assert_each_taken_once(workspace, folders)


def lease(folder):
    return FolderLease(folder, actor="wang", clock=lambda: datetime.now(UTC))


def test_of_many_that_find_the_same_stale_lease_one_gets_the_folder(tmp_path):
    for _round in range(5):
        left(tmp_path, until=datetime.now(UTC) - timedelta(minutes=1))
        all_, got, refused = [lease(tmp_path) for _client in range(8)], [], []

        def enter(one, got=got, refused=refused):
            try:
                one.take()
                got.append(one)
            except FolderInUse:
                refused.append(one)

        threads = [threading.Thread(target=enter, args=(one,)) for one in all_]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(got), len(refused)) == (1, 7)
        got[0].let_go()
        assert list(tmp_path.iterdir()) == []


def test_a_lease_that_a_kill_left_half_written_is_freed_once_it_is_old(tmp_path):
    (tmp_path / NAME).write_bytes(b'{"owner": "lea')
    with pytest.raises(FolderInUse):
        lease(tmp_path).take()
    os.utime(tmp_path / NAME, (time.time() - 100,) * 2)
    mine = lease(tmp_path)
    mine.take()
    assert mine.freed is not None
    mine.let_go()


def test_who_was_overdue_and_taken_over_stops_at_its_next_file(tmp_path):
    slow, other = lease(tmp_path), lease(tmp_path)
    slow.take()
    left(tmp_path, until=datetime.now(UTC) - timedelta(minutes=1))
    other.take()
    with pytest.raises(FolderInUse):
        slow.renew()
    slow.let_go()
    assert (tmp_path / NAME).exists(), "it is the other's now"
    other.renew()
    other.let_go()
