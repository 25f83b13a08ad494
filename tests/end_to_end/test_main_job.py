"""The main job, headless: packages arrive, are verified, imported, undone, pushed and reported."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.end_to_end.conftest import Client


def _ingest_all(client: Client, packages: list[Path]) -> list[dict]:
    return client.ok("ingest", *packages)["packages"]


def test_every_planted_error_is_found_and_nothing_else_is_called_one(client: Client, packages, truth):
    _ingest_all(client, packages)
    page = client.ok("findings", "--limit", 100_000)
    found = sorted((r["package"], r["resource"], r["key"], r["rule"]) for r in page["rows"])
    planted = sorted((r["package"], r["resource"], r["key"], r["rule"]) for r in truth)
    assert len(planted) > 50
    assert found == planted
    assert page["total"] == len(found) == sum(page["by_rule"].values())


def test_a_limited_list_of_findings_still_states_the_whole_total(client: Client, packages, truth):
    _ingest_all(client, packages)
    page = client.ok("findings", "--limit", 3)
    assert len(page["rows"]) == 3 and page["total"] == len(truth)


def test_read_is_accepted_plus_quarantined_and_accepted_is_told_apart(client: Client, packages):
    for one in _ingest_all(client, packages):
        for counts in one["resources"].values():
            assert counts["read"] == counts["accepted"] + counts["quarantined"]
            parts = ("new", "changed", "unchanged", "retired")
            assert counts["accepted"] == sum(counts[part] for part in parts)


def test_a_dry_run_reports_the_same_figures_and_changes_nothing(client: Client, packages):
    before = client.ok("store", "info", "--digest")
    trial = client.ok("ingest", "--dry-run", packages[0])["packages"][0]
    assert client.ok("store", "info", "--digest")["digest"] == before["digest"]
    real = client.ok("ingest", packages[0])["packages"][0]
    assert trial["resources"] == real["resources"] and trial["findings"] == real["findings"]


def test_importing_twice_changes_nothing_and_says_so(client: Client, packages):
    _ingest_all(client, packages)
    before = client.ok("store", "info", "--digest")
    again = _ingest_all(client, packages)
    assert all(one["repeat"] for one in again)
    assert client.ok("store", "info", "--digest")["digest"] == before["digest"]


def test_undo_brings_the_registry_back_and_the_package_may_come_again(client: Client, packages):
    *earlier, last = packages
    _ingest_all(client, earlier)
    before = client.ok("store", "info", "--digest")
    imported = client.ok("ingest", last)["packages"][0]
    after = client.ok("store", "info", "--digest")
    client.ok("undo", str(imported["change_set"]))
    assert client.ok("store", "info", "--digest")["digest"] == before["digest"]
    again = client.ok("ingest", last)["packages"][0]
    assert again["resources"] == imported["resources"]
    assert client.ok("store", "info", "--digest")["digest"] == after["digest"]


def test_undo_is_refused_where_later_changes_stand_on_it_and_names_them(client: Client, packages):
    done = _ingest_all(client, packages)
    answer = client("undo", str(done[0]["change_set"]))
    assert answer.code == 1
    assert answer.data["error"]["code"] == "undo_refused"
    assert {later["package"] for later in answer.data["error"]["details"]["later"]} <= {
        p.stem for p in packages
    }
    assert answer.data["error"]["cure"]


def test_undoing_everything_newest_first_leaves_the_store_as_it_was_made(client: Client, packages):
    empty = client.ok("store", "info", "--digest")
    done = _ingest_all(client, packages)
    for one in reversed(done):
        client.ok("undo", str(one["change_set"]))
    assert client.ok("store", "info", "--digest")["digest"] == empty["digest"]
    assert client.ok("findings")["total"] == 0


def test_a_flipped_byte_is_refused_and_leaves_only_a_log_entry(client: Client, packages, tmp_path: Path):
    spoiled = tmp_path / packages[0].name
    content = bytearray(packages[0].read_bytes())
    content[len(content) // 2] ^= 1
    spoiled.write_bytes(content)
    before = client.ok("store", "info", "--digest")
    answer = client("ingest", spoiled)
    assert answer.code == 1 and answer.data["error"]["cure"]
    assert client.ok("store", "info", "--digest")["digest"] == before["digest"]
    assert spoiled.exists()
    report = json.loads((tmp_path / "refused" / f"{spoiled.name}.report.json").read_text("utf-8"))
    assert report["code"] == answer.data["error"]["code"]


def test_one_refused_package_does_not_stop_the_others(client: Client, packages, tmp_path: Path):
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    answer = client("ingest", empty, packages[0])
    assert answer.code == 1
    assert [one["package"] for one in answer.data["packages"]] == [packages[0].stem]


def test_check_writes_nothing_and_says_ok(client: Client, packages):
    before = client.ok("store", "info", "--digest")["digest"]
    report = client.ok("package", "check", packages[0])
    assert report["ok"] and report["errors"] == [] and report["sequence"] == 1
    assert client.ok("store", "info", "--digest")["digest"] == before


def test_the_audit_chain_holds_after_a_days_work(client: Client, packages):
    _ingest_all(client, packages[:2])
    result = client.ok("audit", "verify")
    assert result["ok"] and result["entries"] > 5 and result["first_bad"] is None


def test_wrong_usage_is_exit_code_two(client: Client):
    assert client("ingest").code == 2
    assert client("no-such-command").code == 2


def test_without_a_login_a_store_command_says_what_to_do(client: Client, monkeypatch):
    monkeypatch.setitem(
        __import__("tests.end_to_end.conftest", fromlist=["ACCESS"]).ACCESS, "GRIDLINK_PASSWORD", ""
    )
    answer = client("store", "info")
    assert answer.code == 1 and answer.data["error"]["code"] == "login_required"


def test_a_package_built_from_a_folder_is_checked_and_imported(client: Client, district, tmp_path: Path):
    folder = tmp_path / "out box"
    folder.mkdir()
    (folder / "address.csv").write_text(
        "address_code,full_text,subdistrict_code,community_code,status,source,collected_at,collector\n"
        "3205080170030001,江苏省苏州市姑苏区白洋湾街道𠮷祥路1号,320508017000,320508017003,active,community,"
        "2026-11-20T08:00:00+08:00,C001\n",
        encoding="utf-8",
    )
    keys = Path(district.truth).parent / "keys"
    built = client.ok(
        "package", "build", folder, "--sender", "community", "--receiver", "320508",
        "--key", keys / "community.key.pem", "--out", tmp_path / "own.zip",
    )  # fmt: skip
    assert built["resources"] == {"address": 1}
    result = client.ok("ingest", tmp_path / "own.zip")["packages"][0]
    assert result["resources"]["address"]["new"] == 1
