"""A dry run row by row: each figure opens exactly its rows, before anything is imported."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from core.registry import ledger
from core.registry.dry_rows import KINDS, Trial, export_trial_rows, trial_rows
from core.registry.importing import ingest
from core.security import audit
from core.security.workspace import Workspace
from tests.core.departments import address


@pytest.fixture
def tried(sender, workspace: Workspace) -> tuple[Trial, object]:
    """A snapshot after which one address is new, one changed, one the same, one missing, and one is held back."""
    first = sender("bureau")
    first.send(address=[address(1), address(2), address(3)])
    path = first.pack(address=[address(1), address(2, room="909"), address(4), address(5, lon="七")])
    trial = Trial(path)
    return trial, ingest(workspace, path, dry_run=True, watch=trial.watch)


def test_every_figure_opens_its_rows_and_nothing_is_imported(workspace: Workspace, tried):
    trial, result = tried
    digest = ledger.store_info(workspace, with_digest=True)["digest"]
    counts = result.resources["address"]
    for kind in KINDS:
        found = trial_rows(workspace, trial, "address", kind)
        assert found.total == getattr(counts, kind), kind
        assert len({row[0] for row in found.rows}) == found.total
    assert ledger.store_info(workspace, with_digest=True)["digest"] == digest


def test_a_changed_row_says_what_was_and_what_would_be_and_a_rejected_one_why(workspace: Workspace, tried):
    trial, _result = tried
    (changed,) = trial_rows(workspace, trial, "address", "changed").rows
    assert "→ 909" in changed[-1]
    (rejected,) = trial_rows(workspace, trial, "address", "quarantined").rows
    assert rejected[-2] and rejected[-1], "message and cure"


def test_the_rows_of_a_figure_are_exported_whole_and_that_is_on_record(workspace: Workspace, tried, tmp_path: Path):
    trial, _result = tried
    assert export_trial_rows(workspace, trial, "address", "new", tmp_path / "new.xlsx") == 1
    assert openpyxl.load_workbook(tmp_path / "new.xlsx").worksheets[1].max_row == 2
    assert "package.rows" in {entry.action for entry in audit.entries(workspace)}
