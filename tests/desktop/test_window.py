"""The window as its users meet it: login, pages, a package from drop to undo, search, lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from core.errors import GridLinkError
from core.jobs import Progress
from core.registry import ledger
from core.security.accounts import create_account
from core.security.workspace import Actor, Workspace
from core.training.generator import TrainingDistrict
from desktop import theme
from desktop.app import PAGES
from desktop.login import Cover, LoginView
from desktop.pages.inbox import InboxPage
from desktop.pages.map import MapPage
from desktop.pages.registry import RegistryPage
from desktop.rail import ENTRY, subjects
from desktop.shell import Shell
from desktop.widgets.bars import ChangeBars
from desktop.widgets.rows_window import PAGE
from tests.desktop.conftest import PASSWORD
from tests.desktop.window import settle

QUIET = [page for page in PAGES if page is not MapPage]


@pytest.fixture
def open_shell(qtbot: Any, qapp: QApplication) -> Iterator[Callable[..., Shell]]:
    """Opens shells and closes them after the test."""
    shells: list[Shell] = []

    def make(workspace: Workspace, pages: Any = None) -> Shell:
        theme.apply(qapp, "light")
        shell = Shell(workspace, pages or QUIET)
        qtbot.addWidget(shell)
        shell.show()
        qtbot.waitUntil(lambda: not shell.jobs.running, timeout=20_000)
        shells.append(shell)
        return shell

    yield make
    for shell in shells:
        shell.close()


def words(widget: Any) -> str:
    """Everything that labels and buttons say."""
    parts = [label.text() for label in widget.findChildren(QLabel)]
    return "\n".join(parts + [button.text() for button in widget.findChildren(QPushButton)])


def test_a_wrong_password_is_refused_with_words_and_a_right_one_opens(qtbot, qapp, workspace: Workspace):
    theme.apply(qapp, "light")
    view = LoginView(workspace.store, user="steward")
    qtbot.addWidget(view)
    view.show()
    view.password.setText("wrong")
    view.log_in()
    assert view.trouble.isVisible() and view.trouble.text() and view.password.text() == ""
    view.password.setText(PASSWORD)
    with qtbot.waitSignal(view.accepted) as entered:
        view.log_in()
    assert entered.args[0].actor.name == "steward"


def test_the_rail_shows_only_what_the_role_may_open(qtbot, open_shell, workspace: Workspace):
    create_account(workspace, "auditor", "another long one", ["audit_administrator"])
    create_account(workspace, "officer1", "another long two", ["officer"])
    officer = Workspace(workspace.store, Actor("officer1", frozenset({"officer"})))
    assert list(open_shell(officer).pages) == ["workbench", "overdue", "field_audit", "registry", "reports"]


def test_a_page_is_made_when_it_is_first_opened_and_opens_no_window_of_its_own(
    qtbot, open_shell, workspace: Workspace
):
    shell = open_shell(workspace)
    assert list(shell.pages.made) == ["workbench"]
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow, timeout=5000)
    for name in shell.pages:
        assert shell.pages[name] is shell.pages.made[name]
        qtbot.wait(1)
        assert shell.isActiveWindow(), f"{name} showed something that has no place yet"


def test_an_empty_store_says_what_to_do_first(qtbot, open_shell, workspace: Workspace):
    shell = open_shell(workspace)
    assert "打开收件箱" in words(shell.pages["workbench"])
    shell.show_page("inbox")
    settle(qtbot, shell)
    assert "选择数据包" in words(shell.pages["inbox"])


def test_every_page_is_one_key_away(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    shell.activateWindow()
    seen = []
    for number, ours in enumerate(subjects(shell.pages).values(), 1):
        QTest.keyClick(shell, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        for page in ours:
            settle(qtbot, shell)
            qtbot.waitUntil(page.isVisible, timeout=5000)
            seen.append(page.name)
            QTest.keyClick(shell, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert seen == list(shell.pages)


def test_a_subject_opens_on_the_tab_that_was_in_front_last(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    assert not shell.tabs.isVisible()
    shell.show_page("rules")
    assert shell.tabs.isVisible()
    shell.show_page("inbox")
    entry = shell.rail.entries[list(subjects(shell.pages)).index("findings")]
    entry.click()
    settle(qtbot, shell)
    assert shell.pages["rules"].isVisible() and entry.isChecked()


def test_twelve_subjects_fit_the_rail_of_a_small_screen(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    others = shell.rail.minimumSizeHint().height() - len(shell.rail.entries) * (ENTRY + 2)
    assert 12 * (ENTRY + 2) + others <= 768 - shell.status.height()


def test_a_package_goes_from_drop_to_import_to_undo(
    qtbot, open_shell, filled: Workspace, district: TrainingDistrict
):
    shell = open_shell(filled)
    shell.show_page("inbox")
    settle(qtbot, shell)
    inbox = shell.pages["inbox"]
    assert isinstance(inbox, InboxPage)
    before = ledger.store_info(filled, with_digest=True)["digest"]

    inbox.take([Path(district.packages[-1])])
    qtbot.waitUntil(lambda: bool(inbox.candidates), timeout=20_000)
    settle(qtbot, shell)
    (candidate,) = inbox.candidates.values()
    assert {step.state for step in candidate.steps} == {"passed"}
    assert inbox.findChildren(ChangeBars)
    assert ledger.store_info(filled, with_digest=True)["digest"] == before

    inbox.import_candidate(candidate)
    qtbot.waitUntil(lambda: not inbox.candidates, timeout=30_000)
    settle(qtbot, shell)
    assert any("已导入" in text for text in shell.messages.texts())
    row = ledger.packages(filled)[0]
    assert row.state == "imported" and row.name == Path(district.packages[-1]).stem
    total = ledger.findings(filled, package_name=row.name).total
    assert f"核查发现：{total:,} 项" in words(inbox)

    inbox.undo_import(row.change_set, row.name)
    qtbot.waitUntil(lambda: ledger.packages(filled)[0].state == "undone", timeout=30_000)
    settle(qtbot, shell)
    assert ledger.store_info(filled, with_digest=True)["digest"] == before


def test_a_spoiled_package_shows_which_rung_failed_and_which_were_not_reached(
    qtbot, open_shell, workspace: Workspace, district: TrainingDistrict, tmp_path: Path
):
    content = bytearray(Path(district.packages[0]).read_bytes())
    content[len(content) // 2] ^= 1
    spoiled = tmp_path / "spoiled.zip"
    spoiled.write_bytes(content)
    shell = open_shell(workspace)
    shell.show_page("inbox")
    inbox = shell.pages["inbox"]
    assert isinstance(inbox, InboxPage)
    inbox.take([spoiled])
    qtbot.waitUntil(lambda: bool(inbox.candidates), timeout=20_000)
    settle(qtbot, shell)
    (candidate,) = inbox.candidates.values()
    states = [step.state for step in candidate.steps]
    assert states.count("failed") == 1 and states[-1] == "not_reached"
    assert "未检查到" in words(inbox) and "导入 " not in words(inbox)


def test_undoing_what_later_changes_stand_on_names_them_and_the_cure(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    inbox = shell.pages["inbox"]
    assert isinstance(inbox, InboxPage)
    inbox.undo_import(1, "first")
    qtbot.waitUntil(lambda: bool(shell.messages.texts()), timeout=20_000)
    settle(qtbot, shell)
    assert "2026-11-02-2-governance" in shell.messages.texts()[0] and "从最新的开始" in shell.messages.texts()[0]


def test_a_cancelled_job_changes_nothing_and_is_no_error(qtbot, open_shell, workspace: Workspace):
    shell = open_shell(workspace)

    def work(progress: Progress) -> None:
        while True:
            progress.advance()

    job = shell.jobs.run("long work", work)
    job.cancel()
    qtbot.waitUntil(lambda: job.state == "cancelled", timeout=5000)
    assert shell.messages.texts() == []


def test_trouble_shows_its_sentence_and_its_cure(qtbot, open_shell, workspace: Workspace):
    shell = open_shell(workspace)

    def work(progress: Progress) -> None:
        raise GridLinkError("the reason", cure="the cure")

    shell.jobs.run("doomed", work)
    qtbot.waitUntil(lambda: bool(shell.messages.texts()), timeout=5000)
    assert shell.messages.texts() == ["the reason the cure"]


def test_the_registry_shows_its_last_row_at_once_and_opens_a_record(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    shell.show_page("registry")
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    page.open_kind("person")
    settle(qtbot, shell)
    total = ledger.overview(filled).entities["person"]
    qtbot.waitUntil(lambda: page.model.rowCount() >= total > PAGE, timeout=10_000)
    last = page.model.rowCount() - 1
    page.model.data(page.model.index(last, 0))
    settle(qtbot, shell)
    assert page.model.data(page.model.index(last, 0)) not in {None, "", "…"}
    page.open_row(last)
    settle(qtbot, shell)
    assert shell.drawer.isVisible() and "变更集" in " ".join(
        b.toolTip() for b in shell.drawer.findChildren(QPushButton)
    )


def test_looking_at_a_person_is_on_record(qtbot, open_shell, filled: Workspace):
    from core.security import audit

    shell = open_shell(filled)
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    shell.show_page("registry")
    page.open_kind("person")
    settle(qtbot, shell)
    page.model.data(page.model.index(0, 0))
    settle(qtbot, shell)
    page.open_row(0)
    settle(qtbot, shell)
    assert [entry.action for entry in audit.entries(filled, action="person.read")] == ["person.read"]


@pytest.mark.parametrize("kind", ["address", "grid"])
def test_the_listing_keeps_the_contract_of_item_models(
    qtbot, qtmodeltester, open_shell, filled: Workspace, kind: str
):
    shell = open_shell(filled)
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    page.open_kind(kind)
    settle(qtbot, shell)
    qtmodeltester.check(page.model, force_py=True)


def test_a_locked_window_opens_only_to_its_own_password(qtbot, open_shell, workspace: Workspace):
    shell = open_shell(workspace)
    shell.lock()
    cover = shell.findChild(Cover)
    assert cover is not None and cover.isVisible()
    cover.password.setText("wrong")
    cover.log_in()
    assert shell.findChild(Cover) is not None
    cover.password.setText(PASSWORD)
    cover.log_in()
    qtbot.waitUntil(lambda: shell.findChild(Cover) is None, timeout=5000)


def test_the_status_bar_tells_the_truth(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    now = ledger.overview(filled)
    said = " ".join(shell.status.texts())
    assert f"{sum(now.entities.values()):,}" in said and "已加密" in said
    assert f"待推送：{now.waiting:,}" in said and now.last_package in said


def test_the_window_comes_back_as_it_was_left(qtbot, open_shell, workspace: Workspace):
    first = open_shell(workspace)
    first.resize(1200, 690)
    first.close()
    assert open_shell(workspace).height() == 690  # a small screen may have cut the width


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_text_has_contrast_enough_on_every_ground(tokens: theme.Tokens):
    names = ("text", "muted", "accent", "error", "warning", "notice", "done", "waiting", "unchecked")
    grounds = ("ground", "surface", "raised")
    pairs = [(n, g) for n in names for g in grounds if theme.contrast(getattr(tokens, n), getattr(tokens, g)) < 4.5]
    assert pairs == []
    assert theme.contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert theme.contrast(tokens.text, tokens.selection) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_paints_something(qtbot, open_shell, filled: Workspace, scheme, tmp_path: Path):
    shell = open_shell(filled)
    theme.apply(QApplication.instance(), scheme)
    for name, page in shell.pages.items():
        shell.show_page(name)
        settle(qtbot, shell)
        picture = page.grab().toImage()
        colours = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
        assert len(colours) > 8, name
        assert picture.save(str(tmp_path / f"{name}.png"))


def test_push_is_not_offered_while_the_system_is_not_configured(qtbot, open_shell, filled: Workspace):
    shell = open_shell(filled)
    shell.show_page("exchange")
    settle(qtbot, shell)
    page: Any = shell.pages["exchange"]
    page.open_system("residence_permit")
    settle(qtbot, shell)
    (push,) = [b for b in shell.pages["exchange"].findChildren(QPushButton) if b.text().startswith("推送")]
    assert not push.isEnabled() and "未配置" in words(shell.pages["exchange"])
