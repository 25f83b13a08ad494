"""A day of signals and calls does not end the process."""

from __future__ import annotations

import subprocess
import sys

_A_DAY = """
import desktop
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
application = QCoreApplication([])
class Told(QObject):
    now = Signal(int)
told, timer = Told(), QTimer()
told.now.connect(lambda number: None)
for number in range(30_000):
    told.now.emit(number)
    timer.setInterval(10)
    timer.setSingleShot(False)
print("still here")
"""


def test_thirty_thousand_signals_and_calls_leave_the_process_alive():
    done = subprocess.run(
        [sys.executable, "-c", _A_DAY], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "still here\n", done.stderr
