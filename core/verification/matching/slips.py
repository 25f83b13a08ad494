"""Slips of the pen: names that differ by one character, or share most of their characters, with one that exists."""

from __future__ import annotations

from typing import Final

import polars as pl

from core.verification.matching.index import Index

_SHORTEST, _LONG = 3, 5
"""Names of three characters and more may have one slip, of five and more two."""

_ALIKE: Final = 0.5


def alike(runs: pl.DataFrame, index: Index) -> pl.DataFrame:
    """Names within a slip of the words left over (``q, runs``): ``q, kind, real, exact`` (a short form, no slip).

    Two words are within one slip if leaving one character out of either, or of both, makes them the same.
    """
    words = runs.explode("runs").drop_nulls().rename({"runs": "word"}).filter(
        pl.col("word").str.len_chars() >= _SHORTEST - 1
    )  # fmt: skip
    if words.is_empty():
        return pl.DataFrame(
            schema={"q": pl.UInt32, "kind": pl.String, "real": pl.String, "exact": pl.Boolean}
        )
    stems = index.stems.rename({"name": "word"}).with_columns(exact=pl.lit(value=True))
    theirs = _shortened(index.names.filter(pl.col("name").str.len_chars() >= _SHORTEST), "name")
    ours = _shortened(words.select("word").unique(), "word")
    near = ours.join(theirs, on="short").filter(_telling("word") == _telling("name"))
    near = near.select("word", "kind", "real", exact=pl.lit(value=False)).unique()
    both = pl.concat([stems.select(near.columns), near]).unique(["word", "kind", "real"], keep="first")
    return words.join(both, on="word").select("q", "kind", "real", "exact").unique()


def explained(words: pl.DataFrame) -> pl.DataFrame:
    """Of ``q, word, road, estate, text``: those whose word is a part of the text, or within a slip of a name."""
    part = words.filter(pl.col("text").str.contains(pl.col("word"), literal=True)).select("q", "word")
    ours = _shortened(words.filter(pl.col("word").str.len_chars() >= _SHORTEST - 1), "word").select(
        "q", "word", "short"
    )
    near = []
    for name in ("road", "estate"):
        theirs = words.select("q", name).unique().filter(pl.col(name).str.len_chars() >= _SHORTEST)
        near.append(
            ours.join(_shortened(theirs, name).select("q", "short"), on=["q", "short"]).select("q", "word")
        )
    slips = pl.concat(near).unique().with_columns(slip=pl.lit(value=True))
    return pl.concat([part.with_columns(slip=pl.lit(value=False)), slips]).unique(["q", "word"], keep="first")


def by_grams(asked: pl.DataFrame, index: Index) -> pl.DataFrame:
    """The backing of the parser: questions with the one site whose whole text shares most characters with them."""
    if asked.is_empty() or index.sites.is_empty():
        return asked.with_columns(site=pl.lit(None, pl.UInt32)).clear()
    theirs = index.sites.select("site", text=pl.col("road") + pl.col("estate")).filter(pl.col("text") != "")
    names = pl.concat_str(
        pl.col("road").fill_null(""),
        pl.col("estate").fill_null(""),
        pl.col("runs").list.join("").fill_null(""),
    )
    ours = asked.select("q", "town", "door", text=names)
    common = _grams(ours, "q").join(_grams(theirs, "site"), on="gram").group_by("q", "site").len("shared")
    sized = common.join(ours.select("q", n=pl.col("text").str.len_chars() - 1), on="q").join(
        theirs.select("site", m=pl.col("text").str.len_chars() - 1), on="site"
    )
    scored = sized.with_columns(dice=2 * pl.col("shared") / (pl.col("n") + pl.col("m")).clip(1))
    best = scored.filter((pl.col("dice") >= _ALIKE) & (pl.col("dice") == pl.col("dice").max().over("q")))
    return asked.join(best.select("q", "site"), on="q")


def _telling(column: str) -> pl.Expr:
    """The characters of a name that tell it from its neighbours: a slip never touches them."""
    return pl.col(column).str.replace_all(r"[^0-9东南西北上下前后中内外大小甲乙丙丁]", "")


def _grams(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Two characters at a time, each once a text."""
    longest = max(rows["text"].str.len_chars().to_list(), default=0)
    parts = [
        rows.select(key, gram=pl.col("text").str.slice(at, 2)).filter(pl.col("gram").str.len_chars() == 2)
        for at in range(max(0, min(longest, 40) - 1))
    ]
    return pl.concat(parts).unique() if parts else rows.select(key, gram="text").clear()


def _shortened(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """The words with everything that leaving one character out of them makes, and themselves: ``short``."""
    longest = max(rows[column].str.len_chars().to_list(), default=0)
    parts = [rows.with_columns(short=column)]
    for at in range(min(longest, 16)):
        cut = pl.col(column).str.slice(0, at) + pl.col(column).str.slice(at + 1)
        parts.append(rows.filter(pl.col(column).str.len_chars() > at).with_columns(short=cut))
    return pl.concat(parts).filter(pl.col("short").str.len_chars() >= 2)
