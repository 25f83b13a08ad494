"""What the exchange needs somebody for: on its card, on the workbench and in the status bar, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from sqlalchemy import select, update

from core.exchange.channels import begin_queueing
from core.exchange.configuration import configure_connector
from core.exchange.outbox import outbox
from core.exchange.reconciling import last_reconciled
from core.exchange.rounds.duties import is_automatic
from core.exchange.transports.drop import marker
from core.model.exchange import connector_setting, delivery, reconciliation
from core.security.workspace import Workspace
from core.training.upstream import Upstream, start_upstream
from desktop import theme
from desktop.pages.exchange import ExchangePage
from desktop.pages.workbench import WorkbenchPage
from desktop.shell import Shell
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import TARGET, arrive
from tests.desktop.test_exchange_page import page_of, press, settle, system, words


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with start_upstream(tmp_path / "upstream") as running:
        yield running


@pytest.fixture
def shell(workspace: Workspace, upstream: Upstream, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    arrive(workspace, range(5))
    connect(workspace, upstream)
    theme.apply(qapp, "light")
    made = Shell(workspace, [WorkbenchPage, ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    yield made
    made.close()


def card(shell: Shell, target: str = TARGET) -> Any:
    (found,) = [one for one in page_of(shell).grid.cards if one.target == target]
    return found


def look_again(shell: Shell, qtbot: Any) -> None:
    shell.changes.outbox.emit()
    settle(qtbot, shell)


def awaited_since(shell: Shell, hours: int) -> None:
    left = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
    with shell.workspace.store.write() as connection:
        connection.execute(update(delivery).values(state="sent", lease_until=None, state_at=left))


def test_what_is_due_runs_by_itself_and_the_card_says_when_it_does_next(shell: Shell, qtbot: Any):
    assert "自动：推送并取回执" in words(card(shell))
    shell.rounds.look()
    qtbot.waitUntil(lambda: outbox(shell.workspace)[TARGET].accepted == 5, timeout=20_000)
    settle(qtbot, shell)
    assert "最近回执" in words(card(shell)) and last_reconciled(shell.workspace, TARGET).agrees  # type: ignore[union-attr]
    assert not shell.panel.isVisible(), "nothing slides up for work that nobody asked for"
    page_of(shell).itself.click()
    settle(qtbot, shell)
    assert not is_automatic(shell.workspace) and "自动交换已关闭" in words(card(shell))


def test_missing_receipts_are_counted_down_everywhere_and_fetched_by_the_button_beside_them(
    shell: Shell, qtbot: Any
):
    awaited_since(shell, 80)
    look_again(shell, qtbot)
    assert "缺少回执，已停止推送" in words(card(shell)) and "取回执" in words(card(shell))
    awaited_since(shell, 60)
    look_again(shell, qtbot)
    assert "11 小时后将停止推送" in words(card(shell))
    assert shell.status.alarm.isVisible() and "1" in shell.status.alarm.text()
    shell.status.alarm.click()
    shell.show_page("workbench")
    settle(qtbot, shell)
    bench: Any = shell.pages["workbench"]
    assert "11 小时" in words(bench)
    press(bench, "取回执")
    settle(qtbot, shell)
    assert outbox(shell.workspace)[TARGET].awaited == 0
    settle(qtbot, shell)
    assert not shell.status.alarm.isVisible()


def test_a_missed_day_is_said_on_the_card_and_made_up_for_from_there(shell: Shell, qtbot: Any):
    page_of(shell).acting.push(TARGET)
    settle(qtbot, shell)
    page_of(shell).acting.reconcile(TARGET)
    settle(qtbot, shell)
    with shell.workspace.store.write() as connection:
        connection.execute(update(reconciliation).values(at="2026-01-05T02:00:00.000+00:00"))
    look_again(shell, qtbot)
    assert "自 2026-01-05 起未对账" in words(card(shell))
    press(card(shell), "立即对账")
    settle(qtbot, shell)
    settle(qtbot, shell)
    assert "未对账" not in words(card(shell))


def test_a_silent_day_is_an_alarm_with_the_report_as_its_cure(
    shell: Shell, qtbot: Any, tmp_path: Path, monkeypatch: Any
):
    with start_upstream(tmp_path / "zhenyan", system="zhenyan") as zhenyan:
        for name, value in zhenyan.facts.environment().items():
            monkeypatch.setenv(name, value)
        workspace = shell.workspace
        configure_connector(workspace, "zhenyan", base_url=zhenyan.base_url, ca_pem=zhenyan.ca_pem,
                            receipt_public_pem=zhenyan.receipt_public_pem)  # fmt: skip
        begin_queueing(workspace, "zhenyan")
        with workspace.store.write() as connection:
            long_ago = "2026-01-05T02:00:00.000+00:00"
            connection.execute(update(connector_setting).values(changed_at=long_ago))
        look_again(shell, qtbot)
        shown = card(shell, "zhenyan")
        assert "整日未向对方报送" in words(shown)
        if outbox(workspace)["zhenyan"].waiting == 0:
            press(shown, "立即报送")
            settle(qtbot, shell)
            settle(qtbot, shell)
            assert "整日未向对方报送" not in words(card(shell, "zhenyan"))


def test_the_tile_of_what_was_rejected_opens_the_queue_of_the_system_that_rejected_most(
    shell: Shell, qtbot: Any
):
    with shell.workspace.store.write() as connection:
        connection.execute(update(delivery).values(state="rejected", reason="receiver:E101:缺项"))
    shell.show_page("workbench")
    shell.refresh()
    settle(qtbot, shell)
    bench: Any = shell.pages["workbench"]
    bench.tiles["waiting"].clicked.emit()
    settle(qtbot, shell)
    page = page_of(shell)
    assert page.isVisible() and page.system is not None
    assert page.system.target == TARGET and page.system.queue.state == "rejected"


def test_what_is_awaited_is_asked_about_where_the_system_answers_at_once(shell: Shell, qtbot: Any):
    awaited_since(shell, 1)
    look_again(shell, qtbot)
    queue: Any = system(shell, qtbot).queue
    queue.choose("awaited")
    settle(qtbot, shell)
    press(queue, "查询 5 条回执")
    settle(qtbot, shell)
    assert outbox(shell.workspace)[TARGET].accepted == 5, "the system did not know them, so they were sent"


def test_where_receipts_are_files_what_is_awaited_leaves_again_under_its_number(
    shell: Shell, qtbot: Any, upstream: Upstream, tmp_path: Path
):
    folder = tmp_path / "channel"
    folder.mkdir()
    configure_connector(shell.workspace, TARGET, base_url=folder.as_uri(),
                        receipt_public_pem=upstream.receipt_public_pem)  # fmt: skip
    awaited_since(shell, 1)
    look_again(shell, qtbot)
    queue: Any = system(shell, qtbot).queue
    queue.choose("awaited")
    settle(qtbot, shell)
    (act,) = [b for b in queue.findChildren(QPushButton) if b.text() == "重新发送 5 条"]
    assert "原编号" in act.toolTip()
    with shell.workspace.store.read() as connection:
        before = connection.execute(select(delivery.c.id)).scalars().all()
    act.click()
    settle(qtbot, shell)
    with shell.workspace.store.read() as connection:
        assert connection.execute(select(delivery.c.id)).scalars().all() == before
    assert outbox(shell.workspace)[TARGET].waiting == 5


def test_the_ferry_folders_are_looked_into_fetched_and_laid_out_from_their_page(
    shell: Shell, qtbot: Any, tmp_path: Path
):
    base = tmp_path / "ferry"
    for name in ("in", "out", "receipts", "done"):
        (base / name).mkdir(parents=True)
    configure_connector(shell.workspace, "grid_platform", base_url=base.as_uri())
    body = b"no package at all"
    (base / "in" / "bad.zip").write_bytes(body)
    (base / "in" / "bad.zip.ok").write_bytes(marker(body))
    look_again(shell, qtbot)
    view: Any = system(shell, qtbot, "grid_platform").ferry
    settle(qtbot, shell)
    press(view, "接收 1 个数据包")
    settle(qtbot, shell)
    settle(qtbot, shell)
    assert [f.state for f in view.now.files] == ["answered"] and "bad.zip" in words(shell.messages)
    (tmp_path / "list.xlsx").write_bytes(b"a list")
    view.hand_over([tmp_path / "list.xlsx"])
    settle(qtbot, shell)
    settle(qtbot, shell)
    assert "1 个文件缺少回执" in words(view) and (base / "out" / "list.xlsx.ok").exists()
    shell.pages["exchange"].show_all()
    assert "最近来件" in words(card(shell, "grid_platform")), "a package that came is real use"
