"""The demonstration, as the README's first command runs it without a screen, in a folder with blanks and Chinese."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from python_calamine import CalamineWorkbook


@pytest.mark.timeout(280)
def test_the_whole_main_job_runs_on_a_training_district_and_leaves_its_evidence(tmp_path: Path):
    out = tmp_path / "演示 demo"
    line = [sys.executable, "-m", "core.cli", "demo", "--people", "600", "--headless", "--out", str(out), "--json"]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GRIDLINK")}
    done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", env=surroundings, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)

    assert summary["truth"]["agree"] and summary["truth"]["planted"] > 20
    assert summary["tried_and_undone"]["dry_run_agrees"] and summary["tried_and_undone"]["registry_as_before"]
    pushed = summary["push"]["residence_permit"]
    assert pushed["accepted"] > 50 and pushed["waiting"] == 0
    assert summary["audit"]["ok"]
    files = {Path(name).suffix: Path(name) for name in summary["report"]["files"]}
    assert "标准地址" in "".join(page.extract_text() for page in pypdf.PdfReader(files[".pdf"]).pages)
    assert CalamineWorkbook.from_path(str(files[".xlsx"])).sheet_names
    pages = {Path(name).name.split("-")[0] for name in summary["screenshots"]}
    assert {"workbench", "inbox", "registry", "map", "exchange", "reports"} <= pages
    assert list((out / "next").glob("*.zip")), "one package is left for the user to drop in"
    assert json.loads((out / "summary.json").read_text("utf-8"))["people"] == 600


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    line = [sys.executable, "-m", "core.cli", "demo", "--people", "300", "--headless", "--out", str(tmp_path), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "folder_not_empty"
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "mine"
