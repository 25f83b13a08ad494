"""kill -9 of a real extracting process at statement boundaries: both sides end as if it had never been."""

import os
import random
import shutil

import pytest
from sqlalchemy import func, select

from core.exchange.extraction import extracting
from core.exchange.extraction.extracting import extract
from core.exchange.extraction.gone import gone
from core.exchange.extraction.runs import runs
from core.model.extraction import extraction_page
from core.model.ledger import change_set
from core.registry.undo import undo
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
from core.training.upstream import start_upstream
from tests.core.conftest import KEY
from tests.core.departments import digest
from tests.core.exchange.killing import extracting_process
from tests.core.exchange.paging import paged_in_force
from tests.core.exchange.sources import address, connect

BUREAU = "bureau_collection"
COUNT = 25
POINTS = 24
"""Points of one run of the suite; ``GRIDLINK_WHOLE_MATRIX=1`` takes every statement boundary."""


@pytest.fixture
def bureau(tmp_path, monkeypatch):
    monkeypatch.setattr(extracting, "in_force", paged_in_force)
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(COUNT)])
        yield running


def finished(workspace):
    """Takes the extraction to its end; what the store then says of it."""
    extract(workspace, BUREAU, pause=lambda seconds: None)
    with workspace.store.read() as connection:
        pages = connection.execute(select(func.count()).select_from(extraction_page)).scalar()
        sets = connection.execute(
            select(func.count()).where(change_set.c.kind == "extraction", change_set.c.undone_by.is_(None))
        ).scalar()
    states = [run.state for run in runs(workspace)]
    assert pages == 0 and "running" not in states and runs(workspace)[0].agrees == 1
    brought = [run for run in runs(workspace) if run.change_set]
    return {
        "digest": digest(workspace),
        "change sets": sets,
        "questions": [question.key for question in gone(workspace)],
        "brought": [(run.read, run.counts) for run in brought],
    }


def opened(path):
    return Workspace(open_store(str(path), KEY), Actor("steward", frozenset({"steward"})))


def points(statements):
    if os.environ.get("GRIDLINK_WHOLE_MATRIX"):
        return range(1, statements + 1)
    return sorted(random.Random(7).sample(range(1, statements + 1), min(POINTS, statements)))


@pytest.mark.timeout(900)
def test_killed_at_any_statement_an_extraction_ends_as_if_it_had_not_been(
    embedded, bureau, monkeypatch, tmp_path
):
    connect(embedded, bureau, monkeypatch)
    embedded.store.close()
    start = tmp_path / "start.db"
    shutil.copy2(embedded.store.location, start)
    shutil.copy2(start, tmp_path / "whole.db")
    _killed, statements = extracting_process(
        str(tmp_path / "whole.db"), BUREAU, 0, dict(bureau.facts.environment())
    )
    whole = opened(tmp_path / "whole.db")
    undisturbed = finished(whole)
    whole.store.close()
    assert undisturbed["change sets"] == 1 and statements > 30
    for number in points(statements):
        place = tmp_path / f"{number}.db"
        shutil.copy2(start, place)
        killed, _made = extracting_process(str(place), BUREAU, number, dict(bureau.facts.environment()))
        assert killed, number
        again = opened(place)
        assert finished(again) == undisturbed, number
        again.store.close()
        place.unlink()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_killed_again_and_again_while_the_source_misbehaves_it_ends_the_same(workspace, bureau, monkeypatch):
    connect(workspace, bureau, monkeypatch)
    undisturbed = finished(workspace)
    chance = random.Random(11)
    for _round in range(3):
        undo(workspace, next(run.change_set for run in runs(workspace) if run.change_set))
        for _kill in range(4):
            kind = chance.choice(
                ["server_error", "cut_half", "reset_before_commit", "expired", "row_missing"]
            )
            bureau.misbehave({"kind": kind, "route": "page"})
            extracting_process(
                workspace.store.location, BUREAU, chance.randint(1, 90), dict(bureau.facts.environment())
            )
        bureau.misbehave()
        extract(workspace, BUREAU, pause=lambda seconds: None)
        assert digest(workspace) == undisturbed["digest"]
        last = next(run for run in runs(workspace) if run.change_set)
        assert (last.counts["new"], last.agrees) == (COUNT, 1)
