"""From starting the program to a window that answers, on the whole district; and what it holds in memory at rest.

Run: ``python tests/benchmarks/bench_start.py [--people 1000000] [--rounds 3] [--folder DIR] [--store FILE]``.
Each round is a process of its own: the login is done as demonstrations do it, the workbench is shown, its figures
arrive, the map is opened with the atlas loaded. Logging in writes an audit entry, so it works on a copy of the store.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.district import KEY, options, workspace
from tests.benchmarks.watchdog import Watchdog

USER, PASSWORD = "bench", "a-good-phrase-1"
PATIENCE = 120.0


def memory() -> dict[str, float]:
    """Megabytes of this process and of its children (the web engine's); what processes share is divided among them."""
    import psutil

    own = psutil.Process()
    full = [one.memory_full_info() for one in (own, *own.children(recursive=True))]
    share = [getattr(one, "pss", one.rss) for one in full]
    return {
        "client": share[0] / 1e6, "web processes": sum(share[1:]) / 1e6,
        "resident client": full[0].rss / 1e6, "resident web": sum(one.rss for one in full[1:]) / 1e6,
    }  # fmt: skip


class Round:
    """Runs the program in this process and notes when what happened."""

    def __init__(self, begun: float) -> None:
        self.begun, self.seen = begun, {}
        self.tasks: dict[str, Any] = {}

    begun: float
    seen: dict[str, Any]

    def note(self, what: str) -> None:
        """Seconds since the process was started."""
        self.seen.setdefault(what, time.time() - self.begun)
        self.seen.setdefault(f"{what}, processor", time.process_time())

    def run(self, store: str) -> dict[str, Any]:
        """Everything, from the imports on."""
        from core.waking import importing

        with importing():  # as desktop/__main__.py does
            from desktop import app

        self.note("imported")
        from PySide6.QtCore import QTimer

        show = app.Window.show

        def watched(window: app.Window) -> None:
            self.note("made")
            show(window)
            QTimer.singleShot(0, lambda: self.shown(window))

        app.Window.show = watched  # type: ignore[method-assign]
        app.main(["--store", store, "--user", USER])
        return self.seen

    def shown(self, window: Any) -> None:
        """The event loop has come round: the window is painted and answers."""
        from PySide6.QtWidgets import QApplication

        application, shell = QApplication.instance(), window.shell
        shell.grab()
        self.note("usable")
        dog = Watchdog(application)
        dog.begin("figures of the workbench arrive")
        self.wait(lambda: not shell.jobs.running)
        self.note("figures")
        self.rest(15)  # polars gives back what it freed ten seconds later
        self.seen["at rest, no map"] = memory()
        dog.begin("map opens")
        page = shell.pages["map"]
        asked = time.perf_counter()
        drawn: list[float] = []
        shell.show_page("map")
        page.map.drawn.connect(lambda _n: drawn.append(time.perf_counter() - asked))
        self.wait(lambda: bool(drawn))
        self.seen["map drawn after"] = drawn[0] if drawn else None
        self.wait(lambda: not shell.jobs.running)
        self.rest(15)
        dog.end()
        self.seen["at rest, map"] = memory()
        self.seen["tasks"] = dog.worst
        shell.close()
        application.quit()

    def wait(self, ready: Any) -> None:
        """Lets the window work until it is so."""
        from PySide6.QtWidgets import QApplication

        until = time.monotonic() + PATIENCE
        while not ready() and time.monotonic() < until:
            QApplication.processEvents()
            time.sleep(0.001)

    def rest(self, seconds: float) -> None:
        """Lets the window be for a while."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until)


def child(store: str) -> None:
    """One round in a process of its own; prints what it saw."""
    seen = Round(float(os.environ["GRIDLINK_BEGUN"])).run(store)
    print("ROUND " + json.dumps(seen), flush=True)


def one_round(store: Path, state: Path) -> dict[str, Any]:
    """Starts the program anew."""
    given = os.environ | {
        "GRIDLINK_STORE_KEY": KEY, "GRIDLINK_PASSWORD": PASSWORD,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        "GRIDLINK_BEGUN": repr(time.time()), "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state),
    }  # fmt: skip
    asked = [sys.executable, __file__, "--child", str(store)]
    answer = subprocess.run(asked, env=given, capture_output=True, text=True, timeout=300, check=False)
    told = [line for line in answer.stdout.splitlines() if line.startswith("ROUND ")]
    if not told:
        raise SystemExit(answer.stdout + answer.stderr)
    return dict(json.loads(told[0].removeprefix("ROUND ")))


def middle(values: list[float]) -> float:
    """The median."""
    return sorted(values)[len(values) // 2]


def main() -> None:
    """Prints the medians of some rounds."""
    given = options(__doc__)
    workspace(given).store.close()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        store = Path(folder) / "store.db"
        shutil.copyfile(given.store or given.folder / f"store-{given.people}.db", store)
        rounds = [one_round(store, Path(folder)) for _ in range(given.rounds)]
    for name in ("imported", "made", "usable", "figures"):
        note = "   (target < 2 s)" if name == "usable" else ""
        busy = middle([one[f"{name}, processor"] for one in rounds])
        took = middle([one[name] for one in rounds])
        print(f"{name:>16}: {took:6.2f} s after the start, {busy:.2f} s of processor{note}")
    print(
        f"{'map drawn':>16}: {middle([one['map drawn after'] for one in rounds]):6.2f} s after it was asked for"
    )
    for when in ("at rest, no map", "at rest, map"):
        parts = {name: middle([one[when][name] for one in rounds]) for name in rounds[0][when]}
        told = ", ".join(f"{name} {value:.0f}" for name, value in parts.items())
        whole = parts["client"] + parts["web processes"]
        print(f"{when:>16}: {told}; client and web {whole:.0f} MB   (target < 600 MB)")
    for name in rounds[0]["tasks"]:
        worst = sorted((t for one in rounds for t in one["tasks"][name]), key=lambda t: -t[0])[:4]
        print(f"on the UI thread while {name}: " + "; ".join(f"{ms:.0f} ms {where}" for ms, where in worst))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
