"""The real window on a real store, without a screen."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from core.i18n import set_language
from core.packages.trust import import_sender_key
from core.registry.importing import ingest
from core.security.founding import found
from core.security.workspace import Workspace
from core.training.generator import TrainingDistrict, build_training
from desktop.map import engine
from desktop.map.scheme import register_scheme
from tests.copies import Pattern, pattern

engine.prepare()
register_scheme()

PASSWORD = "a long enough one"


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> TrainingDistrict:
    return build_training(tmp_path_factory.mktemp("training"), people=800, seed=3, error_rate=0.02)


@pytest.fixture(autouse=True)
def garbage_of_the_test_goes_with_it() -> Iterator[None]:
    """What a closed window leaves behind is collected here, in its thread, and not later in somebody else's."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Chinese, as users have it, with window state and keys of this test only."""
    monkeypatch.setenv("GRIDLINK_STORE_KEY", "ab" * 32)
    monkeypatch.setattr("desktop.shell.desktop_state_path", lambda: tmp_path / "desktop.ini")
    monkeypatch.setattr("desktop.map.remembering.desktop_state_path", lambda: tmp_path / "desktop.ini")
    set_language("zh")
    yield
    set_language("en")


@pytest.fixture(scope="session")
def trusting(tmp_path_factory: pytest.TempPathFactory, district: TrainingDistrict) -> Pattern:
    """A founded store that trusts every sender of the training district, to be copied."""
    return pattern(lambda: _trusting(tmp_path_factory.mktemp("trusting") / "gridlink.db", district))


@pytest.fixture(scope="session")
def holding(tmp_path_factory: pytest.TempPathFactory, district: TrainingDistrict) -> Pattern:
    """The same after the first day's packages and what followed, but the last."""

    def make() -> Workspace:
        made = _trusting(tmp_path_factory.mktemp("holding") / "gridlink.db", district)
        for path in district.packages[:-1]:
            ingest(made, Path(path))
        return made

    return pattern(make)


def _trusting(path: Path, district: TrainingDistrict) -> Workspace:
    made = found(str(path), admin="steward", password=PASSWORD, station="320508")
    for sender, pem in district.public_keys.items():
        import_sender_key(made, sender, pem, reason="training")
    return made


@pytest.fixture
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A new store that trusts every sender of the training district; a filled one for tests that ask for that."""
    like = "holding" if "filled" in request.fixturenames else "trusting"
    made: Workspace = request.getfixturevalue(like).copy(tmp_path / "gridlink.db")
    yield made
    made.store.close()


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """The store after the first day's packages and what followed, but the last."""
    return workspace
