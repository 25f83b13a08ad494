"""Exchange: honest cards, a queue of any length, the connector, and the message log, against a real receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from sqlalchemy import update

from core.exchange.connectors import FOLDER, connector, connectors
from core.model.exchange import delivery
from core.security.workspace import Workspace
from core.training.upstream import Upstream
from desktop import theme
from desktop.exchange.queue_model import KEPT, PAGE
from desktop.exchange.system_view import SystemView
from desktop.pages.exchange import ExchangePage
from desktop.shell import Shell
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import PERSON, TARGET, arrive, entity, key, token
from tests.core.rows import begin, put
from tests.desktop.window import settle
from tests.receivers import Receivers


@pytest.fixture
def upstream(receivers: Receivers) -> Iterator[Upstream]:
    with receivers.lend() as running:
        yield running


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """A window on the exchange page, five persons due to the province."""
    arrive(workspace, range(5))
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    yield made
    made.close()


def page_of(shell: Shell) -> ExchangePage:
    page = shell.pages["exchange"]
    assert isinstance(page, ExchangePage)
    return page


def system(shell: Shell, qtbot: Any, target: str = TARGET) -> SystemView:
    page = page_of(shell)
    page.refresh()
    settle(qtbot, shell)
    page.open_system(target)
    settle(qtbot, shell)
    assert page.system is not None
    return page.system


def words(widget: Any) -> str:
    parts = [label.text() for label in widget.findChildren(QLabel)]
    return "\n".join(parts + [button.text() for button in widget.findChildren(QPushButton)])


def press(widget: Any, text: str) -> None:
    """Presses the one button that begins with a text."""
    (found,) = [b for b in widget.findChildren(QPushButton) if b.text().startswith(text) and b.isEnabled()]
    found.click()


def connected(shell: Shell, qtbot: Any, upstream: Upstream) -> None:
    connect(shell.workspace, upstream)
    page_of(shell).refresh()
    settle(qtbot, shell)


def test_every_declared_system_has_a_card_and_none_is_green_before_it_was_really_used(shell: Shell):
    cards = {card.target: words(card) for card in page_of(shell).grid.cards}
    assert cards.keys() == {it.target for it in connectors()}
    assert all("未配置" in said and "最近回执" not in said for said in cards.values())


def test_a_configured_system_is_green_only_after_a_receipt(shell: Shell, qtbot: Any, upstream: Upstream):
    connected(shell, qtbot, upstream)
    (card,) = [c for c in page_of(shell).grid.cards if c.target == TARGET]
    assert "已配置，尚未使用" in words(card)
    press(card, "推送 5")
    settle(qtbot, shell)
    (card,) = [c for c in page_of(shell).grid.cards if c.target == TARGET]
    assert "最近回执" in words(card) and "推送" not in words(card).split("\n")[-1]
    assert len(upstream.register()) == 5


def test_a_card_opens_by_keyboard_and_backspace_goes_back(shell: Shell, qtbot: Any):
    page = page_of(shell)
    (card,) = [c for c in page.grid.cards if c.target == TARGET]
    QTest.keyClick(card, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert page.system is not None and "江苏省居住证" in words(page.system)
    page.system.left.emit()
    assert page.system is None


def test_the_queue_is_searched_and_filtered_by_state(shell: Shell, qtbot: Any):
    with shell.workspace.store.write() as connection:
        connection.execute(update(delivery).where(delivery.c.key == key(2)).values(
            state="accepted", receipt_no="JZZ000000002", settled_at="2026-11-25T02:00:00.000+00:00"))  # fmt: skip
        change = begin(connection)
        put(connection, "address", change, [{"address_code": "A00000000009", "full_text": "姑苏区平江路9号"}])
        put(connection, "house", change, [{"house_code": "H000002", "address_code": "A00000000009"}])
    queue = system(shell, qtbot).queue
    assert queue is not None
    assert queue.model.rowCount() == 5 and "全部  5" in words(queue) and "已接收  1" in words(queue)
    press(queue, "已接收")
    settle(qtbot, shell)
    assert queue.model.rowCount() == 1
    queue.model.data(queue.model.index(0, 0))
    settle(qtbot, shell)
    row = [queue.model.data(queue.model.index(0, column)) for column in range(queue.model.columnCount())]
    assert row[0] == "已接收" and row[2:4] == ["张*", "姑苏区平江路9号"] and row[6] == "JZZ000000002"
    press(queue, "全部")
    QTest.keyClicks(queue.search, token(4)[:20])
    qtbot.waitUntil(lambda: queue.model.rowCount() == 1 and not shell.jobs.running, timeout=10_000)
    queue.search.setText("查无此人")
    qtbot.waitUntil(lambda: queue.model.rowCount() == 0 and not shell.jobs.running, timeout=10_000)
    assert "没有找到" in words(queue)


def test_a_queue_of_any_length_keeps_only_what_is_in_sight(shell: Shell, qtbot: Any):
    rows = PAGE * (KEPT + 2) + 3
    with shell.workspace.store.write() as connection:
        connection.execute(delivery.insert(), [
            {"target": TARGET, "resource": "person", "entity": n, "key": f"{n:064x}:H{n}", "op": "upsert", "version": 1,
             "change_set": 1, "state": "accepted", "due_at": "", "queued_at": "2026-11-25T02:00:00.000+00:00"}
            for n in range(rows)
        ])  # fmt: skip
    queue = system(shell, qtbot).queue
    assert queue is not None
    QAbstractItemModelTester(queue.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    press(queue, "已接收")
    settle(qtbot, shell)
    assert queue.model.rowCount() == rows
    for row in range(0, rows, PAGE):
        queue.model.data(queue.model.index(row, 0))
        settle(qtbot, shell)
    assert len(queue.model._pages) <= KEPT
    assert queue.model.row(rows - 1) is not None


def test_what_was_rejected_is_queued_again_with_its_count_in_the_button(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    arrive(shell.workspace, (7, 8), name_masked="")
    connected(shell, qtbot, upstream)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    view = system(shell, qtbot)
    assert view.queue is not None and view.queue.state == "rejected"
    assert "需要处理：2 条" in words(view)
    with shell.workspace.store.write() as connection:
        connection.execute(update(PERSON).where(PERSON.c.name_masked == "").values(name_masked="王*"))
    press(view.queue, "重新发送 2")
    settle(qtbot, shell)
    press(view, "推送 2")
    settle(qtbot, shell)
    assert "待推送  0" in words(view) and len(upstream.register()) == 7


def test_the_connector_is_set_and_tried_and_its_secret_never_comes_back(
    shell: Shell, qtbot: Any, upstream: Upstream, tmp_path: Path
):
    view = system(shell, qtbot).connector
    view.look()
    settle(qtbot, shell)
    files = {"ca_pem": upstream.ca_pem, "receipt_public_pem": upstream.receipt_public_pem}
    for name, text in files.items():
        path = tmp_path / f"{name}.pem"
        path.write_text(text)
        view.form.take(name, path)
    view.form.url.setText(upstream.base_url)
    view.form.secrets["token"].setText(upstream.token)
    press(view, "保存设置")
    settle(qtbot, shell)
    assert "有效期至" in words(view)
    assert upstream.token not in words(shell) + "".join(f.text() for f in shell.findChildren(QLineEdit))
    view.form.url.setText(upstream.base_url + "/")
    press(view, "保存设置")
    settle(qtbot, shell)
    press(view, "试连接")
    settle(qtbot, shell)
    assert "发送通道：正常" in words(view)


def test_a_faulty_declaration_is_named_line_by_line(shell: Shell, qtbot: Any, tmp_path: Path):
    view = system(shell, qtbot).connector
    view.look()
    settle(qtbot, shell)
    text = (FOLDER / f"{TARGET}.toml").read_text("utf-8")
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / f"{TARGET}.toml").write_text(
        text.replace('kind = "https"', 'kind = "pigeon"')
        .replace('column = "csnf', "")
        .replace('"birth_year"', '"age"'),
        encoding="utf-8",
    )
    view.check(folder / f"{TARGET}.toml")
    (line,) = view.text.faults
    assert text.splitlines()[line - 1] == 'kind = "https"'
    assert f"第 {line} 行" in words(view)
    view.check(FOLDER / f"{TARGET}.toml")
    assert view.text.faults == {} and "没有错误" in words(view) and "未作更改" in words(view)


def test_the_message_log_is_verified_exported_and_an_altered_copy_is_found(
    shell: Shell, qtbot: Any, upstream: Upstream, tmp_path: Path
):
    connected(shell, qtbot, upstream)
    page = page_of(shell)
    page.push(TARGET)
    settle(qtbot, shell)
    page.log.verify_button.click()
    settle(qtbot, shell)
    assert "报文日志完整" in words(page.log)
    path = tmp_path / "log.jsonl"
    page.log.export(path)
    settle(qtbot, shell)
    lines = path.read_text("utf-8").splitlines()
    altered = json.loads(lines[2]) | {"records": 4}
    path.write_text("\n".join([*lines[:2], json.dumps(altered), *lines[3:]]), encoding="utf-8")
    page.log.verify_file(path)
    settle(qtbot, shell)
    assert "第 2 条被改动" in words(page.log)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_of_the_page_can_be_looked_at(
    shell: Shell, qtbot: Any, qapp: QApplication, tmp_path: Path, scheme
):
    theme.apply(qapp, scheme)
    shell.resize(1366, 768)
    page_of(shell).refresh()
    settle(qtbot, shell)
    assert shell.grab().save(str(tmp_path / "cards.png"))
    system(shell, qtbot)
    assert shell.grab().save(str(tmp_path / "queue.png"))


def test_did_the_province_get_this_person_is_answered_in_two_clicks_with_the_receipt(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    connected(shell, qtbot, upstream)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    shell.open_record("person", entity(3))
    settle(qtbot, shell)
    assert "已有该记录的最新内容" in words(shell.drawer)
    press(shell.drawer, "回执 JZZ")
    settle(qtbot, shell)
    said = words(shell.drawer)
    assert "已接收，编号 JZZ" in said and "接收方签名有效" in said and "摘要一致" in said
    assert "zjzl  111" in said and "居民身份证" in said


def test_a_message_opens_from_the_queue_and_a_rejected_one_is_sent_again_from_there(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    arrive(shell.workspace, (7,), name_masked="")
    connected(shell, qtbot, upstream)
    page_of(shell).push(TARGET)
    settle(qtbot, shell)
    view = system(shell, qtbot)
    assert view.queue is not None
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow, timeout=5000)
    view.queue.view.setFocus()
    view.queue.view.setCurrentIndex(view.queue.model.index(0, 0))
    QTest.keyClick(view.queue.view, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert "未放行" in words(shell.drawer) and "尚未发送" in words(shell.drawer)
    press(shell.drawer, "重新发送")
    settle(qtbot, shell)
    assert view.queue.now is not None and view.queue.now.waiting == 1


def test_the_way_back_leads_from_a_system_to_the_cards_and_forward_again(shell: Shell, qtbot: Any):
    system(shell, qtbot)
    shell.go(shell.visits.back())
    settle(qtbot, shell)
    assert page_of(shell).system is None
    shell.go(shell.visits.forward())
    settle(qtbot, shell)
    view = page_of(shell).system
    assert view is not None and view.target == TARGET


def test_a_faulty_declaration_leaves_no_blank_page(
    workspace: Workspace, qtbot: Any, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for path in FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(
            path.read_text("utf-8").replace('kind = "sftp"', 'kind = "pigeon"'), "utf-8"
        )
    connector.cache_clear()
    monkeypatch.setattr("core.exchange.connectors.FOLDER", tmp_path)
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    assert "linkage.toml 第" in words(page_of(made))
    made.close()
    connector.cache_clear()


def test_a_message_that_is_gone_says_so(shell: Shell, qtbot: Any):
    page_of(shell).open_message(999_999)
    settle(qtbot, shell)
    assert "已不在队列中" in words(shell.drawer)
