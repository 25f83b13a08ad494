"""Putting finished files in their place: never half a file under its final name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import GridLinkError
from core.i18n import _
from core.reports.value import AcceptanceReport, snapshot


class ReportNotWritten(GridLinkError):
    """The folder cannot be written, or a file of the same name is open elsewhere."""

    code = "report_not_written"


@contextmanager
def prepared(folder: Path, contents: Mapping[str, bytes]) -> Iterator[Callable[[], tuple[Path, ...]]]:
    """Writes ``contents`` beside their names; the function handed out gives them their names.

    What was not renamed when the block ends is removed again. Raises ``ReportNotWritten``.
    """
    waiting = {folder / name: folder / f".{name}.part" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part, content in zip(waiting.values(), contents.values(), strict=True):
            part.write_bytes(content)
        yield lambda: tuple(part.replace(final) for final, part in waiting.items())
    except OSError as error:
        raise ReportNotWritten(
            _("The report cannot be written to {folder}: {reason}.").format(
                folder=folder, reason=error.strerror or type(error).__name__
            ),
            cure=_("Close the file if it is open, or name another folder."),
            folder=str(folder),
        ) from error
    finally:
        for part in waiting.values():
            with suppress(OSError):  # the folder itself may be what is wrong
                part.unlink()


def snapshot_file(report: AcceptanceReport) -> bytes:
    """The snapshot and its digest as a JSON file that ``core.reports.value.recomputes`` checks."""
    return json.dumps(
        {"digest": report.digest, "report": snapshot(report)}, ensure_ascii=False, indent=1
    ).encode()
