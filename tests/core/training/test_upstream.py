"""The training receiver: its own rules, its memory, its faults, and its end."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

import orjson
import psutil
import pytest

from core.settings import RESOURCES
from core.training.upstream import start_upstream
from core.training.upstream_faults import FaultPlan
from core.training.upstream_store import ReceiverStore, fault

RECORD = {"rybs": "a" * 64, "fwbm": "H1", "xm": "张*", "zjzl": "111", "zjhm": "320508********12", "xb": "1",
          "csnf": 1980, "jzlb": "1", "jzrq": "2020-01-01"}  # fmt: skip


def item(name, op="upsert", **values):
    return {"key": name, "op": op, "record": RECORD | values}


@pytest.fixture
def store(tmp_path):
    return ReceiverStore(tmp_path / "received.db")


@pytest.mark.parametrize(("values", "code"), [
    ({}, None), ({"xm": ""}, "E101"), ({"fwbm": None}, "E101"), ({"xb": "7"}, "E102"), ({"jzlb": "floating"}, "E102"),
    ({"zjzl": "01"}, "E102"), ({"jzrq": "2999-01-01"}, "E103"),
])  # fmt: skip
def test_it_rejects_by_its_own_rules(values, code):
    found = fault(item("k", **values))
    assert (found and found[1]) == code


def test_a_key_is_taken_once_and_answered_the_same_ever_after(store):
    first = store.take([item("k1"), item("k2", fwbm="H2")])
    again = store.take([item("k2", fwbm="H2"), item("k1"), item("k3", fwbm="H3")])
    assert again[:2] == [first[1], first[0]]
    assert len({answer["number"] for answer in again}) == 3
    assert [applied for _e, _r, applied in store.register()] == [1, 1, 1]


def test_a_rejected_record_does_not_enter_the_register_and_a_retired_one_leaves_it(store):
    store.take([item("k1"), item("k2", fwbm="H2", xb="x")])
    assert [entity for entity, _r, _n in store.register()] == [f"{'a' * 64}:H1"]
    store.take([item("k3", op="retire")])
    assert store.register() == []
    assert store.figures() | {"digest": ""} == {"accepted": 2, "rejected": 1, "register": 0, "digest": ""}


def test_it_says_which_keys_never_arrived(store):
    store.take([item("k1")])
    assert [answer["status"] for answer in store.ask(["k1", "k9"])] == ["accepted", "unknown"]


def test_a_fault_there_is_not_is_refused():
    with pytest.raises(ValueError, match="earthquake"):
        FaultPlan({"faults": [{"kind": "earthquake"}]})


def test_what_it_acknowledged_survives_kill_9_and_it_comes_back_as_the_same(tmp_path):
    with start_upstream(tmp_path) as first:
        answer = first.ask("/v1/batches", {"batch": "b", "items": [item("k1")]})
        first.process.kill()
    with start_upstream(tmp_path) as second:
        assert second.reconciliation()["accepted"] == 1
        assert second.ask("/v1/receipts", {"keys": ["k1"]})["items"] == answer["items"]
        same = ("ca_pem", "receipt_public_pem", "token")
        assert [getattr(first, name) for name in same] == [getattr(second, name) for name in same]


def test_it_talks_only_to_who_has_the_token_and_only_over_tls(tmp_path):
    with start_upstream(tmp_path) as upstream:
        upstream.token = "guessed"
        with pytest.raises(urllib.error.HTTPError) as caught:
            upstream.reconciliation()
        assert caught.value.code == 401
        caught.value.close()
        with pytest.raises(OSError):
            urllib.request.urlopen(upstream.base_url.replace("https", "http") + "/v1/health", timeout=5)


def test_a_fault_plan_in_its_folder_is_in_force_from_the_start(tmp_path):
    (tmp_path / "faults.json").write_bytes(orjson.dumps({"faults": [{"kind": "unavailable"}]}))
    with start_upstream(tmp_path) as upstream:
        with pytest.raises(urllib.error.HTTPError) as caught:
            upstream.ask("/v1/batches", {"batch": "b", "items": []})
        assert caught.value.code == 503
        caught.value.close()
        assert upstream.ask("/v1/batches", {"batch": "b", "items": []})["items"] == []


def test_it_ends_with_the_process_that_started_it_however_that_ends(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; from pathlib import Path; from core.training.upstream import start_upstream;"
         "print(start_upstream(Path(sys.argv[1])).process.pid, flush=True); sys.stdin.read()", str(tmp_path)],
        cwd=RESOURCES.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    for _attempt in range(100):
        if not child.is_running() or child.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    child.kill()
    pytest.fail("the receiver outlived its parent")
