"""The connector's editor: fields, sizes, hours, codes and text change one draft, which is tried before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.exchange.connectors import connector
from core.exchange.declared import in_force
from core.exchange.declaring import change_declaration, history, shipped_text
from core.security.workspace import Actor, Workspace
from core.training.upstream import Upstream, start_upstream
from desktop import theme
from desktop.exchange.connector_view import ConnectorView
from desktop.pages.exchange import ExchangePage
from desktop.shell import Shell
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import TARGET
from tests.desktop.test_exchange_page import press, settle, system, words

SIZE = ("push", "person", "batch_size")


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with start_upstream(tmp_path / "upstream") as running:
        yield running


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(workspace, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    yield made
    made.close()


def editor(shell: Shell, qtbot: Any, target: str = TARGET) -> ConnectorView:
    view = system(shell, qtbot, target).connector
    view.look()
    settle(qtbot, shell)
    return view


def write(field: Any, text: str) -> None:
    field.setText(text)
    field.editingFinished.emit()


def test_a_change_is_tried_then_put_in_force_for_a_reason_and_goes_back_to_what_was_shipped(
    shell: Shell, qtbot: Any, upstream: Upstream
):
    connect(shell.workspace, upstream)
    view = editor(shell, qtbot)
    write(view.limits.fields[SIZE], "200")
    write(view.limits.fields["limits", "begin"], "08:30")
    view.limits.days["sun"].click()
    assert "更改了 3 处" in words(view) and not view.keep_button.isEnabled()
    press(view, "试用更改")
    settle(qtbot, shell)
    assert "发送通道：正常" in words(view) and in_force(shell.workspace.store, TARGET) == connector(TARGET)
    view.reason.setText("接口规范 2.1 版")
    assert "push.person.batch_size: 500 → 200" in view.keep_button.toolTip()
    press(view, "启用")
    settle(qtbot, shell)
    settle(qtbot, shell)
    now = in_force(shell.workspace.store, TARGET)
    assert (
        now.push["person"].batch_size == 200 and "sun" not in now.limits.days and now.limits.begin == "08:30"
    )
    shown = [
        view.history.model.data(view.history.model.index(n, 3)) for n in range(view.history.model.rowCount())
    ]
    assert (
        "push.person.batch_size" in shown and history(shell.workspace, TARGET)[0].reason == "接口规范 2.1 版"
    )
    view.reason.setText("规范作废")
    press(view, "恢复出厂声明")
    settle(qtbot, shell)
    settle(qtbot, shell)
    assert in_force(shell.workspace.store, TARGET) == connector(TARGET) and view.draft.text == shipped_text(
        TARGET
    )


def test_what_is_wrong_is_named_with_its_line_and_cannot_be_put_in_force(shell: Shell, qtbot: Any):
    view = editor(shell, qtbot)
    write(view.limits.fields[SIZE], "0")
    view.reason.setText("x")
    (line,) = view.draft.faults
    assert (
        f"第 {line} 行" in words(view)
        and not view.keep_button.isEnabled()
        and not view.try_button.isEnabled()
    )
    press(view, "放弃")
    assert view.draft.is_sound and "未作更改" in words(view)
    view.text.setPlainText(view.draft.text.replace('column = "sex"', 'column = "colour"'))
    qtbot.waitUntil(lambda: bool(view.draft.faults), timeout=5000)
    assert "colour" in next(iter(view.draft.faults.values()))
    assert view.mapping.model.rowCount() > 0, "the last sound mapping stays in sight"


def test_fields_are_renamed_recoded_added_and_removed_in_the_text_behind_the_table(shell: Shell, qtbot: Any):
    view = editor(shell, qtbot)
    table = view.mapping
    at = next(n for n, row in enumerate(table.model.rows) if row.field.column == "sex")
    table.view.selectRow(at)
    write(table.name, "xbdm")
    write(table.codes, "0→9，1→1, 2→2, 9→0")
    view.draft.put({})
    named = {f.name: f for f in view.draft.last.push["person"].fields}  # type: ignore[union-attr]
    assert named["xbdm"].codes == {"0": "9", "1": "1", "2": "2", "9": "0"} and "xb" not in named
    assert table.row is not None and table.row.field.name == "xbdm", "the same field stays chosen"
    count = len(named)
    table.add()
    assert view.draft.is_sound and len(view.draft.last.push["person"].fields) == count + 1  # type: ignore[union-attr]
    table.remove()
    assert len(view.draft.last.push["person"].fields) == count  # type: ignore[union-attr]
    view.codes.add()
    assert "E900" in view.draft.last.errors  # type: ignore[union-attr]
    view.codes.table.item(view.codes.table.rowCount() - 1, 1).setText("住址未登记")
    assert view.draft.last.errors["E900"].meaning == "住址未登记"  # type: ignore[union-attr]
    assert view.draft.text.count("#") == shipped_text(TARGET).count("#"), "comments stay"


def test_who_may_not_configure_reads_the_declaration_and_is_shown_nothing_to_write_with(
    workspace: Workspace, qtbot: Any, qapp: QApplication
):
    text = shipped_text(TARGET).replace("batch_size = 500", "batch_size = 200")
    change_declaration(workspace, TARGET, text, reason="减量")
    steward = replace(workspace, actor=Actor("reader", frozenset({"steward"})))
    made = Shell(steward, [ExchangePage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("exchange")
    settle(qtbot, made)
    view = editor(made, qtbot)
    assert view.limits.fields[SIZE].text() == "200" and view.limits.fields[SIZE].isReadOnly()
    assert view.text.isReadOnly() and "出厂文件" in words(view)
    assert not any(
        w.isVisible() for w in (view.reason, view.keep_button, view.back_button, view.mapping.form)
    )
    made.close()
