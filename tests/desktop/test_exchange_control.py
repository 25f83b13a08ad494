"""What a steward can do about sending: pause and resume, hold and let go, reconcile to the record, begin a queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import update

from core.exchange.channels import NEEDS_YOU, write_channel
from core.model.exchange import delivery
from core.security.workspace import Workspace
from core.training.upstream import Upstream, start_upstream
from desktop import theme
from desktop.pages.exchange import ExchangePage
from desktop.shell import Shell
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import TARGET, arrive, entity
from tests.desktop.test_exchange_page import page_of, press, settle, system, words
from tests.receivers import Receivers


@pytest.fixture
def upstream(receivers: Receivers) -> Iterator[Upstream]:
    with receivers.lend() as running:
        yield running


@pytest.fixture
def shell(workspace: Workspace, upstream: Upstream, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """A window on a store that is connected to a real receiver; five persons are due to it."""
    arrive(workspace, range(5))
    connect(workspace, upstream)
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    yield made
    made.close()


def card(shell: Shell, target: str = TARGET) -> str:
    (found,) = [one for one in page_of(shell).grid.cards if one.target == target]
    return words(found)


def test_a_pause_asks_for_its_reason_and_shows_who_paused_until_sending_is_resumed(shell: Shell, qtbot: Any):
    view = system(shell, qtbot)
    press(view, "暂停推送")
    assert view.reason.isVisible()
    view.reason.setText("对方升级")
    press(view, "暂停推送")
    settle(qtbot, shell)
    assert "steward 于" in card(shell) and "对方升级" in card(shell) and "推送 5" not in card(shell)
    press(view, "恢复推送")
    settle(qtbot, shell)
    assert "推送 5" in card(shell)


def test_what_waits_is_held_for_a_reason_and_let_go_with_the_count_in_the_button(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    queue = system(shell, qtbot).queue
    assert queue is not None
    queue.choose("waiting")
    settle(qtbot, shell)
    queue.view.selectRow(0)
    queue.view.selectionModel().select(
        queue.model.index(2, 0),
        queue.view.selectionModel().SelectionFlag.Select | queue.view.selectionModel().SelectionFlag.Rows,
    )
    queue.reason.setText("待核实")
    press(queue, "暂缓 2")
    settle(qtbot, shell)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    assert len(upstream.register()) == 3 and "暂缓  2" in words(queue)
    queue.choose("held")
    settle(qtbot, shell)
    press(queue, "恢复推送 2")
    settle(qtbot, shell)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    assert len(upstream.register()) == 5


def test_reconciliation_is_green_only_where_both_agree_and_names_what_differs(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    view = system(shell, qtbot).reconciliation
    assert view is not None
    view.look()
    settle(qtbot, shell)
    assert "从未对账" in words(view)
    press(view, "立即对账")
    settle(qtbot, shell)
    assert "双方一致" in words(view) and "对方  5" in words(view)
    with shell.workspace.store.write() as connection:
        connection.execute(update(delivery).where(delivery.c.entity == entity(2)).values(digest="0" * 64))
    press(view, "立即对账")
    settle(qtbot, shell)
    assert "双方一致" not in words(view) and "差异 1 条" in words(view)
    row = [view.model.data(view.model.index(0, column)) for column in range(view.model.columnCount())]
    assert row[:3] == ["内容不同", "实有人口", "张*"]
    assert "对账差异 1 条" in card(shell)
    press(view, "重新发送 1")
    settle(qtbot, shell)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    press(view, "立即对账")
    settle(qtbot, shell)
    assert "双方一致" in words(view) and "最近回执" in card(shell)


def test_a_way_that_failed_too_often_says_that_it_needs_somebody(shell: Shell, qtbot: Any):
    with shell.workspace.store.write() as connection:
        write_channel(
            connection, TARGET, failures=NEEDS_YOU, trouble="unreachable:ConnectError",
            trouble_at="2026-11-25T02:00:00.000+00:00", retry_at="2026-11-25T03:00:00.000+00:00",
        )  # fmt: skip
    page_of(shell).refresh()
    settle(qtbot, shell)
    assert "连续 3 次推送失败" in card(shell) and "无法连接对方系统" in card(shell)


def test_a_queue_begins_when_the_administrator_says_so(shell: Shell, qtbot: Any, tmp_path: Path):
    with start_upstream(tmp_path / "zhenyan", system="zhenyan") as other:
        from core.exchange.configuration import configure_connector

        configure_connector(shell.workspace, "zhenyan", base_url=other.base_url, ca_pem=other.ca_pem,
                            receipt_public_pem=other.receipt_public_pem)  # fmt: skip
        assert system(shell, qtbot, "zhenyan").queue is None
        assert "尚未开始为该系统排队" in card(shell, "zhenyan")
        view: Any = page_of(shell).system
        press(view, "启用推送队列")
        settle(qtbot, shell)
        settle(qtbot, shell)
        view = page_of(shell).system
        assert view.queue is not None and view.queue.model.rowCount() == 5
