"""What goes back to the sources, in the window: corrections with their answer, addresses proposed and followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.exchange.channels import begin_queueing
from core.exchange.configuration import configure_connector
from core.exchange.extraction.extracting import extract
from core.exchange.outbox import outbox
from core.exchange.push import push
from core.model.registry import entity_id
from core.registry.editing import edit, editable
from core.security.workspace import Workspace
from core.training.upstream import Upstream, start_upstream
from desktop import theme
from desktop.pages.exchange import ExchangePage
from desktop.shell import Shell
from tests.core.exchange.sources import address, connect, house
from tests.core.rows import begin, put
from tests.desktop.test_exchange_page import press, settle, system, words

BUREAU, PLATFORM, COMMUNITY = "bureau_collection", "police_platform", "320508017003"
TEXT = "江苏省苏州市姑苏区白洋湾街道新渔路88号"


def opened(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Shell:
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    return made


@pytest.fixture
def platform(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A platform that keeps its own value though it took our correction."""
    with start_upstream(tmp_path / "platform", system=PLATFORM) as running:
        running.records("house", put=[house(n) for n in range(4)])
        with workspace.store.write() as connection:
            put(connection, "address", begin(connection), [
                {"address_code": address(n)["dzbm"], "full_text": address(n)["dzmc"]} for n in range(4)])  # fmt: skip
        connect(workspace, running, monkeypatch)
        extract(workspace, PLATFORM)
        begin_queueing(workspace, PLATFORM)
        running.ask("/control/decide", {"mode": "keep"})
        for number, use in ((1, "vacant"), (2, "commercial")):
            entity = entity_id(f"H-{number:06d}")
            seen = editable(workspace, "house", entity)
            edit(workspace, "house", entity, {"use": use}, version=seen.version, reason="入户核实")
        for _round in range(100):
            push(workspace, PLATFORM)
            if outbox(workspace)[PLATFORM].accepted == 2:
                break
        running.records("house", put=[house(2, fwyt="4", gxsj="2026-11-24 09:00:00")])
        extract(workspace, PLATFORM, full=True)
        yield running


def test_a_correction_that_the_platform_does_not_follow_is_first_and_can_go_again(
    workspace: Workspace, platform: Upstream, qtbot: Any, qapp: QApplication
):
    shell = opened(workspace, qtbot, qapp)
    view = system(shell, qtbot, PLATFORM)
    press(view, "更正回写")
    settle(qtbot, shell)
    part = view.corrections
    assert part is not None
    first = [part.rows.data(part.rows.index(0, column)) for column in range(part.rows.columnCount())]
    assert first[1].startswith("H-000001") and first[3:7] == ["出租", "空置", "出租", "对方仍为旧值"]
    assert "抽取已确认 1" in words(part)
    part.view.selectRow(0)
    press(part, "重新发送 1 条")
    settle(qtbot, shell)
    assert outbox(workspace)[PLATFORM].waiting == 1
    part.opened.emit(part.rows.rows[0].one.delivery.id)
    settle(qtbot, shell)
    assert "对方原值" in words(shell.drawer)
    shell.close()


@pytest.fixture
def bureau(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(4)])
        for name, value in running.facts.environment().items():
            monkeypatch.setenv(name, value)
        configure_connector(workspace, BUREAU, base_url=running.facts.base_url, ca_pem=running.facts.ca_pem,
                            receipt_public_pem=running.receipt_public_pem)  # fmt: skip
        extract(workspace, BUREAU)
        yield running


def test_an_address_is_proposed_with_a_reason_taken_back_and_followed_to_its_code(
    workspace: Workspace, bureau: Upstream, qtbot: Any, qapp: QApplication
):
    shell = opened(workspace, qtbot, qapp)
    view = system(shell, qtbot, BUREAU)
    press(view, "建议新增地址")
    settle(qtbot, shell)
    part = view.proposals
    assert part is not None and "从不自造标准地址" in words(part)
    assert not part.act.isEnabled(), "without a community and a reason nothing is proposed"

    def propose() -> None:
        part.text.setText(TEXT)
        part.reason.setText("房东登记时发现")
        part.community.setCurrentIndex(part.community.findData(COMMUNITY))
        press(part, "建议新增")
        settle(qtbot, shell)

    propose()
    assert [one.stage for one in part.rows.rows] == ["proposed"] and part.text.text() == ""
    part.view.selectRow(0)
    press(part, "撤回")
    settle(qtbot, shell)
    assert [one.stage for one in part.rows.rows] == ["withdrawn"]
    propose()
    push(workspace, BUREAU)
    extract(workspace, BUREAU)
    part.look()
    settle(qtbot, shell)
    assert part.rows.data(part.rows.index(0, 0)) == "已随抽取到达" and COMMUNITY in str(part.rows.rows[0].code)
    part.text.setText(address(2)["dzmc"])
    part.reason.setText("核对")
    part.community.setCurrentIndex(part.community.findData(COMMUNITY))
    press(part, "建议新增")
    settle(qtbot, shell)
    assert address(2)["dzbm"] in " ".join(shell.messages.texts()), "what is there already is named"
    shell.close()
