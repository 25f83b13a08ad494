"""What every test is held to: no thread or window left behind, no unexpected line of level ERROR in the log."""

import logging
import sys
import threading
import time

import pytest

from core.i18n import set_language
from tests.receivers import Receivers


class _Errors(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(scope="session")
def receivers(tmp_path_factory):
    """Running receivers, to be lent to one test after the other."""
    lent = Receivers(tmp_path_factory.mktemp("receivers"))
    yield lent
    lent.close()


@pytest.fixture(autouse=True)
def source_language():
    """Every test begins in the language of the source; commands run in this process choose Chinese."""
    set_language("en")


@pytest.fixture(autouse=True)
def no_unexpected_log_error(request):
    """Fails a test that logs an error, unless it is marked ``expects_log_errors``."""
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    yield
    logging.getLogger().removeHandler(errors)
    if not request.node.get_closest_marker("expects_log_errors"):
        assert errors.lines == []


@pytest.fixture(autouse=True)
def nothing_left_running():
    """Fails a test that leaves a thread running or a window open."""
    threads, windows = _threads(), _windows()
    yield
    deadline = time.monotonic() + 5
    while (left := _threads() - threads) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == set()
    assert _windows() - windows == set()


def _threads():
    # Qt's own pool threads show up as dummies once Python ran in them, and end by themselves.
    return {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)}


def _windows():
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    return {repr(w) for w in widgets.QApplication.topLevelWidgets() if w.isVisible()}
