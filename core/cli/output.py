"""What a command says: one JSON object with ``--json``, else sentences and small tables for people."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress


@dataclass(frozen=True)
class Outcome:
    """A command's result: the JSON object, the lines for people, and trouble that did not stop it short."""

    data: Mapping[str, Any]
    lines: Sequence[str] = field(default_factory=list)
    trouble: GridLinkError | None = None


def show(outcome: Outcome, *, as_json: bool) -> int:
    """Prints an outcome and returns the exit code: 0 done, 1 refused or failed."""
    trouble = outcome.trouble
    if as_json:
        data = dict(outcome.data) | ({"error": trouble.as_dict()} if trouble else {})
        click.echo(json.dumps(data, ensure_ascii=False, default=str))
    else:
        for line in outcome.lines:
            click.echo(line)
        if trouble:
            click.echo(sentence(trouble), err=True)
    return 1 if trouble else 0


def sentence(trouble: GridLinkError) -> str:
    """The error as one sentence and its cure."""
    return f"{trouble.message} {trouble.cure}".strip()


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Rows as aligned columns; Chinese characters count as two columns wide."""
    cells = [[str(c) for c in head], *([_figure(c) for c in row] for row in rows)]
    widths = [max(width_of(row[i]) for row in cells) for i in range(len(head))]
    return [
        "  ".join(c + " " * (w - width_of(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


class Watched:
    """Shows a job's progress on the terminal while the work runs in the main thread."""

    def __init__(self, *, quiet: bool) -> None:
        self.progress = Progress()
        self._quiet = quiet or not sys.stderr.isatty()
        self._stop = threading.Event()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def __enter__(self) -> Progress:
        if not self._quiet:
            self._painter.start()
        return self.progress

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._painter.is_alive():
            self._painter.join()
            click.echo("\r\x1b[K", nl=False, err=True)

    def _paint(self) -> None:
        while not self._stop.wait(0.1):
            now = self.progress.snapshot
            share = f" {now.done:,}/{now.total:,}" if now.total else (f" {now.done:,}" if now.done else "")
            click.echo(f"\r\x1b[K{now.phase}{share}", nl=False, err=True)


def bug_report(error: BaseException, trace: str, folder: Path) -> Bug:
    """A bug is shown as one: what happened is written to a report file, without data from the store."""
    path = folder / f"gridlink-bug-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(trace, encoding="utf-8")
    return Bug(
        _("GridLink made a mistake ({kind}); what it had not finished was not done.").format(
            kind=type(error).__name__
        ),
        cure=_("Please send the report {path} to the maintainers.").format(path=path),
        report=str(path),
    )


class Bug(GridLinkError):
    """Not the user's trouble: a mistake of ours."""

    code = "bug"
