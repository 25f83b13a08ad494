"""Answering: the addresses that fit everything a text names; one is a match, several a choice, else none.

A wrong match is worse than none: whatever was named and does not fit, or was left over and could name
something else, takes a match back to a choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from core.verification.matching.index import Index
from core.verification.matching.normal import normal
from core.verification.matching.parsing import parse
from core.verification.matching.slips import alike, by_grams, explained

SHOWN: Final = 8
"""Candidates that a choice offers at most."""

_CONFIDENT, _SLIP, _CHOICE = 0.98, 0.88, 0.5
_TELLING: Final = r"[0-9甲乙丙丁东南西北中上下前后内外之附]"
_LIKE_A_NAME: Final = r"路|街|巷|弄|里|坊|桥|村|苑|园|区|寓|庭|广场|大厦|楼|城|邸|府"

ANSWER: Final = {
    "address_code": pl.String, "confidence": pl.Float64, "decision": pl.String,
    "candidates": pl.List(pl.String), "why": pl.List(pl.String),
}  # fmt: skip


def match_frame(texts: pl.Series, index: Index) -> pl.DataFrame:
    """One row a text with ``ANSWER``: ``decision`` match, choose or none; ``address_code`` only for a match.

    ``why`` are codes of reasons (``reasons.REASONS``).
    """
    asked = parse(texts, index).with_row_index("q").with_columns(alt=pl.lit(0, pl.UInt32))
    first = _fitting(asked, index, _sites(asked, index))
    open_ = asked.join(_decided(first), on="q", how="anti")
    slips = _with_slips(open_, index)
    second = _fitting(slips, index, _sites(slips, index)) if slips.height else first.clear()
    third = by_grams(open_.join(_decided(second), on="q", how="anti"), index)
    guessed = (
        _fitting(third, index, third.select("q", "alt", "site", slip=pl.lit(value=True)))
        if third.height
        else first.clear()
    )
    return _answers(
        asked,
        pl.concat([first, second, guessed.with_columns(guess=pl.lit(value=True))], how="diagonal"),
        index,
    )


def _sites(asked: pl.DataFrame, index: Index) -> pl.DataFrame:
    """The sites that the names found lead to: by estate, else by road and door plate."""
    sites = index.sites
    slip = pl.col("slip") if "slip" in asked.columns else pl.lit(value=False)
    named = asked.select("q", "alt", "town", "road", "door", "estate", slip.alias("slip"))
    by_estate = named.filter(pl.col("estate").is_not_null()).join(sites, on="estate", suffix="_of")
    by_road = named.filter(
        pl.col("estate").is_null() & pl.col("road").is_not_null() & pl.col("door").is_not_null()
    ).join(sites, on=["road", "door"], suffix="_of")
    return pl.concat(
        [by_estate.select("q", "alt", "site", "slip"), by_road.select("q", "alt", "site", "slip")]
    )


def _fitting(asked: pl.DataFrame, index: Index, sites: pl.DataFrame) -> pl.DataFrame:
    """The addresses of those sites that fit: ``q, address_code``, ``odd`` (what does not), ``slip``."""
    of = sites.join(index.sites, on="site")
    q = asked.select("q", "alt", "town", "road", "door", "estate", "b", "u", "r").unique(["q", "alt"])
    both = of.join(q, on=["q", "alt"], suffix="_q").with_columns(
        other_road=(pl.col("road_q") != pl.col("road")).fill_null(value=False),
        other_town=(pl.col("town_q") != pl.col("town")).fill_null(value=False)
        & ~((pl.col("road_q") == pl.col("road")) & (pl.col("door_q") == pl.col("door")) & (pl.col("one_town")
            | ((pl.col("estate") != "") & (pl.col("estate_q") == pl.col("estate"))))).fill_null(value=False),
        is_building=pl.col("b").is_null() & (pl.col("door_q") != pl.col("door")).fill_null(value=False)
        & (pl.col("estate") != ""),
    )  # fmt: skip
    both = both.with_columns(
        b=pl.when("is_building").then(pl.col("door_q")).otherwise("b"),
        other_door=(pl.col("door_q") != pl.col("door")).fill_null(value=False) & ~pl.col("is_building"),
    )
    exact = both.filter(pl.col("r").is_not_null()).join(index.addresses, on=["site", "r"], suffix="_of")
    whole = both.filter(pl.col("r").is_null()).join(index.addresses, on="site", suffix="_of")
    found = pl.concat([exact, whole.select(exact.columns)])
    fits = pl.all_horizontal(
        pl.col(level).is_null() | (pl.col(level) == pl.col(f"{level}_of")) for level in ("b", "u")
    )
    lacking = (
        pl.col("r").is_null() & (pl.col("r_of") != "") if "r_of" in found.columns else pl.lit(value=False)
    )
    return found.filter(fits).select(
        "q", "address_code", "slip", road_of="road", estate_of="estate", lacking=lacking,
        other_road="other_road", other_town="other_town",
        other_door="other_door", plate_as_building="is_building",
    )  # fmt: skip


def _decided(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(~pl.col("other_door")).select("q").unique()


def _with_slips(asked: pl.DataFrame, index: Index) -> pl.DataFrame:
    """The same questions with the names that their left-over words may be a slip of."""
    near = alike(asked.select("q", "runs"), index)
    if near.is_empty():
        return asked.clear()
    roads = near.filter(pl.col("kind") == "road").select("q", road_near="real", road_exact="exact")
    estates = near.filter(pl.col("kind") == "estate").select("q", estate_near="real", estate_exact="exact")
    joined = asked.drop("alt").join(roads, on="q", how="left").join(estates, on="q", how="left")
    exact = pl.all_horizontal(pl.col(name).fill_null(value=True) for name in ("road_exact", "estate_exact"))
    return (
        joined.filter(pl.col("road_near").is_not_null() | pl.col("estate_near").is_not_null())
        .with_columns(
            road=pl.coalesce("road", "road_near"), estate=pl.coalesce("estate", "estate_near"), slip=~exact
        )
        .with_row_index("alt")
    )


def _words(rows: pl.DataFrame) -> pl.DataFrame:
    """The words left over of each question, beside the names of the address that it seems to mean."""
    words = rows.select("q", word="runs", road="road_of", estate="estate_of", text="full_text").explode(
        "word"
    )
    words = words.filter(pl.col("word").is_not_null())
    return words.with_columns(text=normal(words["text"]))


def _unclear(rows: pl.DataFrame) -> pl.Series:
    """The questions with a left-over word that may name something else than the address found."""
    words = _words(rows)
    known = explained(words.drop_nulls("text"))
    telling = pl.col("word").str.contains(_TELLING) | pl.col("word").str.contains(_LIKE_A_NAME)
    return words.join(known, on=["q", "word"], how="anti").filter(telling)["q"].unique()


def _slipped(rows: pl.DataFrame) -> pl.DataFrame:
    """The questions that write a name of the address found with a slip."""
    found = explained(_words(rows).drop_nulls("text")).filter("slip")
    return found.select("q", slipped="slip").unique("q")


def _answers(asked: pl.DataFrame, found: pl.DataFrame, index: Index) -> pl.DataFrame:
    codes = index.addresses.select("address_code", "full_text")
    flags = ("slip", "lacking", "other_road", "other_town", "other_door", "plate_as_building", "guess")
    best = found.with_columns(pl.col(name).fill_null(value=False) for name in flags)
    # whatever contradicts least comes first; only the least contradicting ones are candidates
    odd = sum((pl.col(name).cast(pl.Int8) for name in ("other_road", "other_door", "other_town")), pl.lit(0))
    best = (
        best.with_columns(odd=odd)
        .filter(pl.col("odd") == pl.col("odd").min().over("q"))
        .unique(["q", "address_code"])
    )
    best = best.join(codes, on="address_code", how="left").sort("q", "full_text")
    told = best.group_by("q", maintain_order=True).agg(
        pl.len().alias("n"), pl.col("address_code").head(SHOWN).alias("candidates"),
        pl.col("road_of", "estate_of", "full_text").first(),
        *(pl.col(name).any().alias(name) for name in flags), pl.col("odd").min(),
    )  # fmt: skip
    rows = asked.select("q", "near", "many", "runs", "stray").join(
        told, on="q", how="left", maintain_order="left"
    )
    unclear = pl.col("q").is_in(_unclear(rows).implode()) | pl.col("stray")
    rows = rows.join(_slipped(rows), on="q", how="left", maintain_order="left").with_columns(
        unclear=unclear, slip=pl.col("slip") | pl.col("slipped").fill_null(value=False)
    )
    return _judged(rows, flags)


def _judged(rows: pl.DataFrame, flags: Sequence[str]) -> pl.DataFrame:
    """The decision on each question, how sure it is, and why."""
    unclear = pl.col("unclear")
    one = pl.col("n") == 1
    doubts = ("lacking", "other_road", "other_town", "other_door", "guess")
    sure = one & ~pl.col("near") & ~pl.col("many") & ~unclear
    for name in doubts:
        sure = sure & ~pl.col(name)
    why = pl.concat_list(
        *(
            pl.when(pl.col(name).fill_null(value=False)).then(pl.lit(name))
            for name in (*flags, "near", "many")
        ),
        pl.when(unclear & pl.col("n").is_not_null()).then(pl.lit("left_over")),
        pl.when(pl.col("n") > 1).then(pl.lit("several")),
        pl.when(pl.col("n").is_null()).then(pl.lit("nothing")),
        pl.when(sure & ~pl.col("slip")).then(pl.lit("fits")),
    ).list.drop_nulls()
    decision = (
        pl.when(sure)
        .then(pl.lit("match"))
        .when(pl.col("n").is_not_null())
        .then(pl.lit("choose"))
        .otherwise(pl.lit("none"))
    )
    return rows.sort("q").select(
        pl.when(sure).then(pl.col("candidates").list.first()).alias("address_code"),
        pl.when(sure & pl.col("slip")).then(_SLIP).when(sure).then(_CONFIDENT)
        .when(pl.col("n").is_not_null()).then(_CHOICE / pl.col("n").clip(1, 10)).otherwise(0.0).alias("confidence"),
        decision.alias("decision"),
        pl.col("candidates").fill_null(pl.lit([], dtype=pl.List(pl.String))),
        why.alias("why"),
    )  # fmt: skip
