"""The grid platform's folders: each package in once, each answered, what we send on record; killed at any point."""

import base64
import hashlib
import json
import os
import time

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import func, select

from core.cli import main
from core.exchange import ferrying, message_log
from core.exchange.configuration import configure_connector
from core.exchange.ferry_state import folders
from core.exchange.ferrying import FerryNameTaken, pull, send
from core.exchange.transports.drop import marker
from core.exchange.troubles import Trouble
from core.exchange.uses import last_uses
from core.model.exchange import message
from core.model.ledger import change_set, refusal
from core.security import keys
from core.security.workspace import Actor, NotPermitted, Workspace
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import Sender, address
from tests.core.exchange.ferry_killing import pulling_process

SYSTEM = ferrying.SYSTEM


class Platform:
    """The folders of the crossing as the other side sees them."""

    def __init__(self, base):
        self.base = base
        for name in ("in", "out", "receipts", "done"):
            (base / name).mkdir(parents=True)

    def put(self, path, name=None, spoiled=b""):
        name, body = name or path.name, path.read_bytes()
        (self.base / "in" / name).write_bytes(body + spoiled)
        (self.base / "in" / f"{name}.ok").write_bytes(marker(body))

    def names(self, folder):
        return sorted(p.name for p in (self.base / folder).iterdir() if p.is_file())

    def receipts(self):
        return [orjson.loads(p.read_bytes()) for p in sorted((self.base / "out").glob("*.receipt.json"))]


@pytest.fixture
def platform(tmp_path):
    return Platform(tmp_path / "摆渡")


@pytest.fixture
def crossing(embedded, platform):
    configure_connector(embedded, SYSTEM, base_url=platform.base.as_uri())
    return embedded


@pytest.fixture
def bureau(embedded, tmp_path):
    (tmp_path / "packed").mkdir()
    return Sender(embedded, tmp_path / "packed", "bureau")


def counted(workspace, table):
    with workspace.store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def log(workspace):
    with workspace.store.read() as connection:
        query = select(message.c.direction, message.c.batch).order_by(message.c.number)
        return [(row[0], row[1].rsplit(".", 1)[0]) for row in connection.execute(query)]


def test_packages_are_imported_in_order_answered_signed_and_put_away(crossing, platform, bureau):
    first, second = bureau.pack(address=[address(1)]), bureau.pack(address=[address(1), address(2)])
    platform.put(second, "a-later.zip")
    platform.put(first, "b-earlier.zip")
    (platform.base / "in" / "unfinished.zip").write_bytes(b"no marker yet")
    done = pull(crossing)
    assert [(p.file, p.state) for p in done.files] == [
        ("b-earlier.zip", "imported"),
        ("a-later.zip", "imported"),
    ]
    assert platform.names("in") == ["unfinished.zip"]
    assert platform.names("done") == ["a-later.zip", "a-later.zip.ok", "b-earlier.zip", "b-earlier.zip.ok"]
    answer = next(r for r in platform.receipts() if r["file"] == "b-earlier.zip")
    assert (answer["status"], answer["number"]) == ("accepted", str(done.files[0].change_set))
    assert answer["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    path = platform.base / "out" / done.files[0].receipt
    signature = json.loads(path.with_name(path.name + ".ok").read_bytes())["signature"]
    with crossing.store.read() as connection:
        public = load_pem_public_key(keys.sign_key_pems(connection)[1].encode())
    public.verify(base64.b64decode(signature), path.read_bytes())
    assert [entry[0] for entry in log(crossing)] == ["received", "sent"] * 2
    assert message_log.verify_log(crossing).ok
    assert pull(crossing).files == ()


def test_a_refused_and_a_damaged_file_get_their_receipts_and_stop_nobody(
    crossing, platform, bureau, tmp_path
):
    (tmp_path / "broken.zip").write_bytes("不是数据包".encode())
    good = bureau.pack(address=[address(1)])
    platform.put(tmp_path / "broken.zip")
    platform.put(good, "damaged.zip", spoiled=b"!")
    platform.put(good)
    done = {p.file: p for p in pull(crossing).files}
    assert {name: p.state for name, p in done.items()} == {
        "broken.zip": "refused", "damaged.zip": "damaged", good.name: "imported"}  # fmt: skip
    told = {r["file"]: (r["status"], r["code"]) for r in platform.receipts()}
    assert told["damaged.zip"] == ("rejected", "checksum") and told[good.name] == ("accepted", "")
    assert told["broken.zip"] == ("rejected", done["broken.zip"].code) and done["broken.zip"].message
    assert "damaged.zip.ok.damaged" in platform.names("in")
    assert pull(crossing).files == () and len(platform.receipts()) == 3


def test_a_file_that_is_sent_again_is_answered_again_and_imported_once(crossing, platform, bureau):
    package = bureau.pack(address=[address(1)])
    platform.put(package)
    first = pull(crossing).files[0]
    for path in (platform.base / "out").iterdir():
        path.unlink()
    platform.put(package)
    again = pull(crossing).files[0]
    assert (again.state, again.change_set) == ("repeat", first.change_set)
    assert platform.receipts()[0]["status"] == "accepted" and counted(crossing, change_set) == 1


def test_a_snapshot_that_loses_much_waits_for_a_steward_without_a_receipt(crossing, platform, bureau):
    platform.put(bureau.pack(address=[address(n) for n in range(1, 41)]))
    platform.put(bureau.pack(address=[address(1)]))
    assert [p.state for p in pull(crossing).files] == ["imported", "held"]
    held = pull(crossing).files[0]
    assert held.state == "held" and held.cure and not held.receipt
    assert len(platform.receipts()) == 1 and log(crossing)[-1][0] == "received"


@pytest.mark.timeout(200)
def test_killed_anywhere_the_next_pull_brings_the_receipt_and_nothing_twice(
    crossing, platform, bureau, tmp_path
):
    """Before every commit and every rename of a pull of one good and one refused file."""
    kills, number = 0, 1
    while True:
        package = bureau.pack(address=[address(n) for n in range(1, number + 1)])
        before = counted(crossing, change_set), counted(crossing, refusal), len(platform.receipts())
        broken = tmp_path / f"broken-{number}.zip"
        broken.write_bytes(f"no package {number}".encode())
        platform.put(broken)
        platform.put(package)
        killed = pulling_process(crossing.store.location, number)
        pull(crossing)
        after = counted(crossing, change_set), counted(crossing, refusal), len(platform.receipts())
        assert after == tuple(n + m for n, m in zip(before, (1, 1, 2), strict=True)), number
        assert not [name for name in platform.names("in") if name.endswith((".ok", ".zip"))]
        assert {f"{package.name}.ok", f"{broken.name}.ok"} <= set(platform.names("done"))
        if not killed:
            break
        kills, number = kills + 1, number + 1
    assert kills > 12
    assert message_log.verify_log(crossing).ok


def test_a_file_of_ours_is_handed_over_once_and_on_record(crossing, platform, tmp_path):
    path = tmp_path / "核查任务.xlsx"
    path.write_bytes(b"a list")
    assert send(crossing, path).waiting is False
    assert send(crossing, path).waiting is True
    assert platform.names("out") == ["核查任务.xlsx", "核查任务.xlsx.ok"]
    path.write_bytes(b"another list")
    with pytest.raises(FerryNameTaken):
        send(crossing, path)
    (tmp_path / "x.ok").write_bytes(b"")
    with pytest.raises(FerryNameTaken):
        send(crossing, tmp_path / "x.ok")
    assert log(crossing) == [("sent", "核查任务.xlsx")] and message_log.verify_log(crossing).ok


def test_what_could_not_be_dropped_is_logged_as_not_sent(crossing, platform, tmp_path):
    (tmp_path / "list.xlsx").write_bytes(b"a list")
    (platform.base / "out" / "list.xlsx.part").mkdir()
    with pytest.raises(Trouble):
        send(crossing, tmp_path / "list.xlsx")
    assert [entry[0] for entry in log(crossing)] == ["sent", "void"]


def test_the_running_platform_takes_our_file_and_its_receipt_comes_on_record(embedded, tmp_path):
    (tmp_path / "return.zip").write_bytes(b"a return package")
    with start_upstream(tmp_path / "platform", system=SYSTEM) as running:
        configure_connector(
            embedded,
            SYSTEM,
            base_url=running.facts.base_url,
            receipt_public_pem=running.facts.receipt_public_pem,
        )
        send(embedded, tmp_path / "return.zip")
        found = pull(embedded)
        for _try in range(200):
            if found.receipts:
                break
            time.sleep(0.03)
            found = pull(embedded)
        assert (found.receipts, found.doubtful) == (1, ())
        assert pull(embedded).receipts == 0
        forged = tmp_path / "platform" / "ferry" / "receipts" / "forged.json"
        forged.write_bytes(body := b'{"receiver":"grid_platform","items":[]}')
        forged.with_name("forged.json.ok").write_bytes(marker(body, "AAAA"))
        assert pull(embedded).doubtful == ("forged.json",) and forged.exists()
    assert [entry[0] for entry in log(embedded)] == ["sent", "receipt"] and message_log.verify_log(
        embedded
    ).ok


def test_only_who_may_import_pulls_and_who_may_push_sends(crossing, tmp_path):
    officer = Workspace(crossing.store, Actor("o", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        pull(officer)
    with pytest.raises(NotPermitted):
        send(officer, tmp_path / "x.zip")


@pytest.fixture
def run(crossing, monkeypatch, capfd):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words):
        capfd.readouterr()
        code = main(["--store", crossing.store.location, "ferry", *map(str, words), "--json"])
        return code, json.loads(capfd.readouterr().out)

    return command


def test_the_commands_say_what_was_done_and_fail_where_something_was_refused(run, platform, bureau, tmp_path):
    platform.put(bureau.pack(address=[address(1)]))
    code, told = run("pull")
    assert (code, [f["state"] for f in told["files"]], told["receipts"]) == (0, ["imported"], 0)
    (tmp_path / "broken.zip").write_bytes(os.urandom(20))
    platform.put(tmp_path / "broken.zip")
    code, told = run("pull")
    assert (code, told["files"][0]["state"], told["error"]["code"]) == (1, "refused", "some_refused")
    (tmp_path / "list.xlsx").write_bytes(b"a list")
    code, told = run("send", tmp_path / "list.xlsx")
    assert (code, told["files"][0]["file"], told["files"][0]["waiting"]) == (0, "list.xlsx", False)


def test_the_folders_tell_what_waits_what_went_over_and_which_receipts_are_missing(
    crossing, platform, bureau, tmp_path, run
):
    package = bureau.pack(address=[address(1)])
    platform.put(package)
    (platform.base / "in" / "half.zip").write_bytes(b"x")
    now = folders(crossing)
    assert {(f.name, f.state) for f in now.files} == {(package.name, "complete"), ("half.zip", "arriving")}
    pull(crossing)
    (tmp_path / "return.zip").write_bytes(b"a return package")
    send(crossing, tmp_path / "return.zip")
    states = {f.name: f.state for f in folders(crossing).files}
    assert states == {package.name: "answered", "half.zip": "arriving", "return.zip": "lying"}
    for name in ("return.zip", "return.zip.ok"):
        (platform.base / "out" / name).unlink()
    (missing,) = folders(crossing).missing
    assert (missing.name, missing.state) == ("return.zip", "fetched") and missing.since
    told = {
        "receiver": SYSTEM,
        "file": "return.zip",
        "sha256": hashlib.sha256(b"a return package").hexdigest(),
        "items": [],
    }
    answer = platform.base / "receipts" / "return.receipt.json"
    answer.write_bytes(body := orjson.dumps(told))
    answer.with_name(answer.name + ".ok").write_bytes(marker(body))
    assert pull(crossing).receipts == 1 and folders(crossing).missing == ()
    assert run("status")[1]["missing"] == []
    assert last_uses(crossing)[SYSTEM]
