"""Whether a file's bytes are a table by RFC 4180: every record as many fields as the header, quotes in order."""

from __future__ import annotations

from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from core.i18n import _
from core.packages import refusals
from core.packages.encoding import BOM

_COMMA, _NEWLINE, _RETURN, _QUOTE = 0x2C, 0x0A, 0x0D, 0x22
_MARKS: Final = np.zeros(256, dtype=np.bool_)
_MARKS[[0, _COMMA, _NEWLINE, _RETURN, _QUOTE]] = True
_END: Final = 0  # what stands after the last byte
_OPENS_AFTER: Final = np.isin(np.arange(256), [_COMMA, _NEWLINE, _QUOTE])
_CLOSES_BEFORE: Final = np.isin(np.arange(256), [_COMMA, _NEWLINE, _RETURN, _QUOTE])

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


class TableCheck:
    """Takes a file's chunks, counts its records and raises ``CsvMalformed`` with the line of the first fault.

    ``rows`` counts the records below the header once the last chunk was fed. Blank lines at the end count
    for nothing; one in between is a record without values.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._held, self._before = b"", _NEWLINE  # the byte before the file, so that a quote may open there
        self._begun = self._quoted = False
        self._lines, self._opened_on = 0, 0
        self._records, self._blank_tail = 0, 0
        self._commas, self._length, self._width = 0, 0, 0

    @property
    def rows(self) -> int:
        """Records below the header, blank ones at the end not counted."""
        return max(0, self._records - self._blank_tail - 1)

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Checks the next bytes; ``final`` with the last (possibly empty) ones."""
        data = self._held + chunk
        if not self._begun and (len(data) >= 4 or final):
            data, self._begun = data.removeprefix(BOM), True
        if final and data and data[-1] not in {_NEWLINE, _RETURN}:
            data += b"\n"
        # One byte is held back: what a quote or a return means depends on the byte after it.
        keep = 0 if final else 1 if self._begun else len(data)
        piece, self._held = data[: len(data) - keep], data[len(data) - keep :]
        if piece:
            self._look(np.frombuffer(piece, np.uint8), self._held[0] if self._held else _END)
            self._before = piece[-1]
        if final and self._quoted:
            self._refuse(_("a quotation mark is never closed"), self._opened_on)
        if final and not self._width:
            self._refuse(_("it has no header row"), 1)

    def _look(self, data: Bytes, after: int) -> None:
        at = np.flatnonzero(_MARKS[data])
        marks = data[at]
        if (nul := marks == 0).any():
            self._refuse(_("it holds a NUL byte"), self._line_of(marks, int(nul.argmax())))
        inside = self._inside(data, at, marks, after)
        self._check_returns(data, at, marks, inside, after)
        real = ~inside & ((marks == _COMMA) | (marks == _NEWLINE))
        self._count(data, at, marks, real)
        self._lines += int((marks == _NEWLINE).sum())

    def _inside(self, data: Bytes, at: Places, marks: Bytes, after: int) -> Flags:
        """Which marks stand between quotes; quotes themselves must stand at a field's ends or be doubled."""
        quotes = marks == _QUOTE
        if not quotes.any():
            return np.full(marks.shape, self._quoted)
        before = np.cumsum(quotes) - quotes + self._quoted
        inside: Flags = before % 2 == 1
        place = at[quotes]
        closing = inside[quotes]
        earlier = np.where(place > 0, data[place - 1], self._before)
        later = np.append(data, np.uint8(after))[place + 1]
        wrong = np.where(closing, ~_CLOSES_BEFORE[later], ~_OPENS_AFTER[earlier])
        if wrong.any():
            mark = int(np.flatnonzero(quotes)[wrong.argmax()])
            self._refuse(_("a quotation mark stands inside a field"), self._line_of(marks, mark))
        self._quoted = bool((quotes.sum() + self._quoted) % 2)
        self._opened_on = self._line_of(marks, int(np.flatnonzero(quotes)[-1]))
        return inside

    def _check_returns(self, data: Bytes, at: Places, marks: Bytes, inside: Flags, after: int) -> None:
        returns = np.flatnonzero((marks == _RETURN) & ~inside)
        if returns.size:
            alone = np.append(data, np.uint8(after))[at[returns] + 1] != _NEWLINE
            if alone.any():
                line = self._line_of(marks, int(returns[alone.argmax()]))
                self._refuse(_("a line ends in a carriage return alone"), line)

    def _count(self, data: Bytes, at: Places, marks: Bytes, real: Flags) -> None:
        """Commas of each record that ends here, against the header's."""
        kinds, places = marks[real], at[real]
        ends = np.flatnonzero(kinds == _NEWLINE)
        if not ends.size:
            self._commas += kinds.size
            self._length += data.size
            return
        commas = np.diff(ends, prepend=-1) - 1
        commas[0] += self._commas
        stops = places[ends]
        lengths = np.diff(stops, prepend=-1) - 1
        lengths[0] += self._length
        returned = np.where(stops > 0, data[stops - 1], self._before) == _RETURN
        blank: Flags = (lengths - returned == 0) & (commas == 0)
        if not self._records:
            self._width = 0 if blank[0] else int(commas[0]) + 1
            blank[0] = False
        wrong = np.flatnonzero((commas + 1 != self._width) & ~blank)
        if wrong.size:
            mark = int(np.flatnonzero(real)[ends[wrong[0]]])
            self._refuse_width(int(commas[wrong[0]]) + 1, self._line_of(marks, mark))
        filled = np.flatnonzero(~blank)
        self._blank_tail = int(blank.size - 1 - filled[-1]) if filled.size else self._blank_tail + blank.size
        self._records += int(ends.size)
        self._commas, self._length = int(kinds.size - 1 - ends[-1]), int(data.size - 1 - stops[-1])

    def _line_of(self, marks: Bytes, mark: int) -> int:
        """The line of the text, as an editor counts, on which a mark stands."""
        return self._lines + int((marks[:mark] == _NEWLINE).sum()) + 1

    def _refuse_width(self, found: int, line: int) -> None:
        if not self._width:
            self._refuse(_("it has no header row"), 1)
        reason = _("{found} fields where the header has {expected}").format(found=found, expected=self._width)
        self._refuse(reason, line, found=found, expected=self._width)

    def _refuse(self, reason: str, line: int, **facts: int) -> NoReturn:
        raise refusals.CsvMalformed(path=self._path, line=line, reason=reason, **facts)
