"""kill -9 in the middle of a steward's bulk act: nothing is half done, and doing it again does all of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.security.workspace import Workspace
from core.settings import RESOURCES
from core.stewardship.findings import Filters, counts, groups
from core.stewardship.return_files import return_files, write_return
from tests.core.conftest import KEY
from tests.core.departments import Sender, address, digest, house, person

ACT = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from core.security.workspace import Actor, Workspace
from core.stewardship.adjudication import settle_all
from core.stewardship.conflicts import Filters
from core.stewardship.fixes import apply
from core.stewardship.sheet_intake import ingest_sheet
from core.store.lifecycle import open_store

location, key, act, moment, file = sys.argv[1:]
workspace = Workspace(open_store(location, key), Actor("steward", frozenset({"steward"})))

@event.listens_for(Engine, "after_cursor_execute")
def cut(connection, cursor, statement, *rest):
    if moment and statement.startswith(moment):
        os.kill(os.getpid(), signal.SIGKILL)

{
    "fix": lambda: apply(workspace, "value.number_wrong"),
    "settle": lambda: settle_all(workspace, Filters(), reason="核实"),
    "sheet": lambda: ingest_sheet(workspace, Path(file)),
}[act]()
"""


@pytest.fixture
def of(embedded: Workspace, tmp_path: Path) -> Callable[[str], Sender]:
    made: dict[str, Sender] = {}
    return lambda name: made.setdefault(name, Sender(embedded, tmp_path, name))


def slips(workspace: Workspace, of: Callable[[str], Sender], _folder: Path) -> str:
    """Forty houses in quarantine for their unit."""
    some = range(1, 41)
    of("bureau").send(address=[address(n) for n in some], house=[house(n, area_m2=f"{40 + n}㎡") for n in some])
    return ""


def contradictions(workspace: Workspace, of: Callable[[str], Sender], _folder: Path) -> str:
    """Forty people about whose phone two departments differ."""
    some = range(1, 41)
    of("bureau").send(address=[address(n) for n in some], house=[house(n) for n in some])
    of("police").send(person=[person(n, phone_masked="139****0001") for n in some])
    of("community").send(person=[person(n, phone_masked="138****0002") for n in some])
    return ""


def corrected_form(workspace: Workspace, of: Callable[[str], Sender], folder: Path) -> str:
    """A return file in which somebody has put every area right."""
    slips(workspace, of, folder)
    form = write_return(workspace, "bureau", folder / "out").xlsx
    book = openpyxl.load_workbook(form)
    sheet = book["house"]
    at = next(cell.column for cell in sheet[2] if cell.value == "area_m2")
    for line in range(3, sheet.max_row + 1):
        sheet.cell(line, at, "86.5")
    book.save(form)
    return str(form)


def state(workspace: Workspace) -> tuple[Any, ...]:
    """Everything that a half act would betray itself by."""
    found = {one.value: one.count for one in groups(workspace, "rule", Filters(state="all"))}
    cleared = [row.cleared for row in return_files(workspace)]
    return digest(workspace), found, counts(workspace), cleared


ACTS = {
    "fix": (slips, "UPDATE quarantine"), "settle": (contradictions, "DELETE FROM comparison"),
    "sheet": (corrected_form, "UPDATE finding"),
}  # fmt: skip
"""What goes before each act, and a statement in its middle."""


@pytest.mark.parametrize("act", ACTS)
def test_an_act_killed_in_its_middle_or_at_its_end_leaves_nothing_behind(
    embedded: Workspace, of, tmp_path: Path, act: str
):
    prepared, middle = ACTS[act]
    file = prepared(embedded, of, tmp_path)
    before = state(embedded)

    def run(moment: str) -> int:
        words = [sys.executable, "-c", ACT, embedded.store.location, KEY, act, moment, file]
        return subprocess.run(words, cwd=RESOURCES.parent, check=False, timeout=120).returncode

    for moment in (middle, "INSERT INTO audit_entry"):
        assert run(moment) == -9, "the kill came too late to prove anything"
        assert state(embedded) == before
    assert run("") == 0
    assert state(embedded)[0] != before[0] and counts(embedded).open == 0
