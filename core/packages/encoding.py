"""Whether bytes are UTF-8 text, and where and as what else they read if they are not."""

from __future__ import annotations

import codecs
from typing import Final

from core.i18n import _
from core.packages import refusals

BOM: Final = codecs.BOM_UTF8
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Utf8Check:
    """Takes a file's chunks and raises ``NotUtf8`` with the line and byte of the first wrong one."""

    def __init__(self, path: str) -> None:
        self._path, self._line, self._offset = path, 1, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Checks the next bytes; ``final`` with the last (possibly empty) ones."""
        pending = len(self._decoder.getstate()[0])
        try:
            if pending or final or not chunk.isascii():  # the decoder need not look at plain ASCII
                self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            # the decoder's bytes begin with those left over from the chunk before, which hold no line end
            raise refusals.NotUtf8(
                path=self._path, line=self._line + error.object[: error.start].count(b"\n"),
                byte=self._offset - pending + error.start + 1, hint=_hint(error.object, error.start),
            ) from error  # fmt: skip
        self._line += chunk.count(b"\n")
        self._offset += len(chunk)


def _hint(content: bytes, at: int) -> str:
    """Names the usual other encoding where the line with the wrong byte reads well in it."""
    name = "UTF-16" if content.startswith(_UTF16) else "GBK/GB18030" if _reads_as_chinese(content, at) else ""
    return _("; it reads as {encoding}").format(encoding=name) if name else ""


def _reads_as_chinese(content: bytes, at: int) -> bool:
    begin, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
    line = content[begin : end if end >= 0 else len(content)]
    for cut in range(4):  # the bytes at hand may end inside a character
        try:
            text = line[: len(line) - cut].decode("gb18030")
        except UnicodeDecodeError:
            continue
        return any("\u4e00" <= c <= "\u9fff" for c in text)
    return False
