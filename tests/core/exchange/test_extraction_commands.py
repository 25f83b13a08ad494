"""Connectors and extraction from the command line: one JSON object, and the acceptance report built on the runs."""

import json
import os
import signal
import subprocess
import sys

import pytest

from core.cli import main
from core.reports.acceptance import acceptance
from core.settings import RESOURCES
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.exchange.sources import address, connect

BUREAU = "bureau_collection"


@pytest.fixture
def run(embedded, monkeypatch, capsys):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words):
        capsys.readouterr()
        code = main(["--store", embedded.store.location, *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def bureau(embedded, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(12)])
        connect(embedded, running, monkeypatch)
        yield running


def test_connectors_are_listed_and_shown_whole(run):
    code, listed = run("connector", "list")
    assert code == 0 and len(listed["connectors"]) == 8
    assert {c["target"]: c["transport"] for c in listed["connectors"]}["linkage"] == "sftp"
    code, shown = run("connector", "show", "zhenyan")
    assert shown["declaration"]["authentication"]["kind"] == "signed"
    assert [f["name"] for f in shown["declaration"]["push"]["house"]["fields"]][:2] == ["fwbm", "dzbm"]
    code, refused = run("connector", "show", "nowhere")
    assert (code, refused["error"]["code"]) == (1, "connector_unknown")


def test_a_connector_is_tried_for_real_and_says_what_is_wrong(run, bureau):
    code, tried = run("connector", "test", BUREAU)
    assert (code, tried["ok"], tried["steps"][0]["what"]) == (0, True, "extract.address")
    bureau.misbehave({"kind": "unauthorised", "route": "page"})
    code, tried = run("connector", "test", BUREAU)
    assert (code, tried["ok"], tried["steps"][0]["code"]) == (1, False, "upstream_refused")
    assert tried["steps"][0]["cure"] and tried["error"]["code"] == "connector_fails"
    code, tried = run("connector", "test", "linkage")
    assert (code, tried["steps"][0]["code"]) == (1, "connector_not_configured")


def test_an_extraction_is_run_listed_answered_and_proves_the_indicator(run, bureau, embedded):
    code, done = run("extract", BUREAU)
    assert code == 0 and [(r["resource"], r["read"], r["agrees"], r["mode"]) for r in done["runs"]] == [
        ("address", 12, True, "full")
    ]
    bureau.records("address", put=[address(1, scbz="1", gxsj="2026-11-22 09:00:00")])
    assert run("extract", BUREAU)[1]["runs"][0]["counts"]["gone"] == 1
    asked = run("extraction", "gone")[1]["gone"]
    code, made = run("extraction", "decide", str(asked[0]["id"]), "--retire", "--reason", "市局已注销")
    assert (code, made["retired"], run("extraction", "gone")[1]["gone"]) == (0, 1, [])
    assert run("extract", BUREAU, "--full")[1]["runs"][0]["mode"] == "full"
    assert len(run("extraction", "runs")[1]["runs"]) == 3
    found = {i.id: i for i in acceptance(embedded).indicators}["output.address"]
    assert found.met is True and found.evidence[0].definition.id == "exchange.extractions"


@pytest.mark.timeout(120)
def test_the_loopback_systems_run_until_stopped_and_say_how_to_reach_them(tmp_path):
    words = [sys.executable, "-m", "core.cli", "training", "upstream", str(tmp_path / "all"), "--json",
             "--system", "linkage", "--system", "transmission"]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=RESOURCES.parent, env=os.environ)
    told = json.loads(process.stdout.readline())
    assert told["systems"]["linkage"]["base_url"].startswith("sftp://")
    assert "residence_permit" in told["systems"]["transmission"]["carries"]
    secrets = (tmp_path / "all" / "environment").read_text()
    assert "GRIDLINK_SECRET_LINKAGE_PRIVATE_KEY" in secrets
    assert all((tmp_path / "all" / name / "facts.json").exists() for name in told["systems"])
    process.send_signal(signal.SIGINT)
    process.wait(30)
    process.stdout.close()
