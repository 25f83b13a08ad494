"""Extraction in the window: started, on record with its evidence, and what is gone at the source decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.exchange.extraction.runs import runs
from core.security.workspace import Workspace
from core.training.upstream import Upstream, start_upstream
from desktop import theme
from desktop.exchange.extraction_view import ExtractionView
from desktop.pages.exchange import ExchangePage
from desktop.shell import Shell
from tests.core.exchange.sources import address, connect
from tests.desktop.test_exchange_page import press, settle, system, words

SOURCE = "bureau_collection"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Upstream]:
    with start_upstream(tmp_path / "source", system=SOURCE) as running:
        running.records("address", put=[address(n) for n in range(6)])
        yield running


@pytest.fixture
def shell(
    workspace: Workspace, source: Upstream, qtbot: Any, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """A window on a store that is set up to extract addresses from a real source."""
    connect(workspace, source, monkeypatch)
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    yield made
    made.close()


def view_of(shell: Shell, qtbot: Any) -> ExtractionView:
    view = system(shell, qtbot, SOURCE).extraction
    assert view is not None
    return view


def test_an_extraction_is_started_and_stands_there_with_its_evidence(shell: Shell, qtbot: Any):
    view = view_of(shell, qtbot)
    assert "尚未从该系统抽取" in words(view)
    press(view, "抽取变更")
    settle(qtbot, shell)
    (run,) = runs(shell.workspace, system=SOURCE)
    row = [view.runs.data(view.runs.index(0, column)) for column in range(view.runs.columnCount())]
    assert row[3:6] == ["已入库", "6", "与来源一致"] and "新增 6" in row[7] and run.agreed
    view.open_run(0)
    said = words(shell.drawer)
    assert "富强社区" in said and "https://127.0.0.1" in said and "一致" in said
    page: Any = shell.pages["exchange"]
    (card,) = [one for one in page.grid.cards if one.target == SOURCE]
    assert "与来源一致" in words(card)


def test_what_is_gone_at_the_source_waits_for_a_reason_and_can_be_undone(
    shell: Shell, qtbot: Any, source: Upstream
):
    view = view_of(shell, qtbot)
    view.extract()
    settle(qtbot, shell)
    source.records("address", put=[address(2, zt="9", scbz="1", gxsj="2026-11-21 08:00:00")])
    source.records("address", remove=[address(3)["dzbm"]])
    view.extract(full=True)
    settle(qtbot, shell)
    count = len(view.questions.rows)
    assert count >= 1 and f"{count} 条待确认" in words(view)
    assert not view.retire.isEnabled()
    view.reason.setText("房屋已拆除")
    press(view, f"注销 {count} 条")
    settle(qtbot, shell)
    assert view.questions.rows == [] and f"注销 {count} 条" in " ".join(shell.messages.texts())


def test_waiting_for_a_source_that_is_away_can_be_cancelled_and_the_card_is_not_green(
    shell: Shell, qtbot: Any, source: Upstream
):
    source.stop()
    view = view_of(shell, qtbot)
    view.extract()
    (job,) = shell.jobs.running
    qtbot.waitUntil(lambda: "没有应答" in job.snapshot.phase, timeout=20_000)
    job.cancel()
    settle(qtbot, shell)
    assert job.state == "cancelled" and view.changes.isEnabled()
    page: Any = shell.pages["exchange"]
    (card,) = [one for one in page.grid.cards if one.target == SOURCE]
    assert "未成功" in words(card)
