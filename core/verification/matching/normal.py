"""One spelling: the form in which free text and standard addresses meet, as expressions over a whole column.

Width, case, blanks and punctuation are folded, and every Chinese numeral becomes digits, in names too
(彩香一村四区 → 彩香1村4区 on both sides), so that 一〇二 and 102, 二单元 and 2单元 are the same.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_DIGITS: Final = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_NUMERAL: Final = r"(?:[零〇一二三四五六七八九十]百?)+"
BREAK: Final = "|"
"""Stands where something was that parts what is around it."""

_SPELLINGS: Final = (
    (r"[（(\[【「『]|[）)\]】」』]", BREAK),
    (r"[，。、；：,;:/\\·._~～!！?？\"'“”‘’]+", BREAK),
    (r"[‐-―−－ー—–]+", "-"),
    (r"\s+", ""),
    (r"邨", "村"), (r"陆号", "6号"), (r"&", ""),
)  # fmt: skip


def normal(texts: pl.Series) -> pl.Series:
    """The texts in the one spelling; null becomes empty."""
    text = pl.col("text").str.normalize("NFKC").str.to_uppercase()
    for pattern, instead in _SPELLINGS:
        text = text.str.replace_all(pattern, instead)
    folded = texts.cast(pl.String).fill_null("").alias("text").to_frame().select(text)
    # a numeral beside a digit is another number: 友联三1幢 is not 31幢
    parted = pl.col("text").str.replace_all(rf"({_NUMERAL})([0-9])", "${1}|${2}").str.replace_all(
        rf"([0-9])({_NUMERAL})", "${1}|${2}"
    )  # fmt: skip
    folded = folded.select(parted)
    runs = folded.select(pl.col("text").str.extract_all(_NUMERAL).explode().drop_nulls().unique()).to_series()
    written = sorted(runs.to_list(), key=len, reverse=True)
    if not written:
        return folded["text"]
    return folded["text"].str.replace_many(written, [_number(run) for run in written], leftmost=True)


def _number(run: str) -> str:
    """十二 → 12, 一百零二 → 102, 二〇一 → 201."""
    if "十" not in run and "百" not in run:
        return "".join(str(_DIGITS[c]) for c in run)
    total, last = 0, 0
    for character in run:
        if character in "十百":
            total += (last or 1) * (10 if character == "十" else 100)
            last = 0
        else:
            last = _DIGITS[character]
    return str(total + last)
