"""Putting errors in on purpose: each row gets at most one, and each is written into the truth."""

from __future__ import annotations

import numpy as np
import polars as pl

from core.model.resources import RESOURCES
from core.training.faults import DUPLICATE, Fault, faults
from core.training.words import Numbers
from core.verification.keys import key_text

TRUTH = {"key": pl.String, "rule": pl.String}
_PRECIOUS = frozenset({"grid"})
"""Resources of few rows that everything stands on: errors there at the rate, never more."""


def plant(
    rng: np.random.Generator, frame: pl.DataFrame, resource: str, *, mode: str, rate: float,
    covered: set[str], allowed: pl.Series | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    """The frame with ``rate`` of its rows spoilt, and the truth (``key, rule``) of each.

    Rules that are not yet in ``covered`` come first, and where the rate is too low for them all up to a
    quarter of the rows is spoilt. Only rows that are ``allowed`` change (duplicates are copies); rows that
    retire stay as they are.
    """
    possible = _in_turn(rng, faults(RESOURCES[resource], mode), covered)
    left = _wanted(frame.height, rate, possible, covered, resource)
    free, parts = rng.permutation(_free(frame, allowed)), []
    for number, fault in enumerate(possible):
        share = -(
            -left // (len(possible) - number)
        )  # what rows could not bear falls to the faults that follow
        rows = _able(frame, free, fault)[:share]
        free, left = free[~np.isin(free, rows)], left - rows.size
        parts.append(_spoilt(frame, rows, fault))
    spoilt = pl.concat(parts)
    covered |= set(spoilt["rule"])
    return _woven(frame, spoilt, resource)


def _wanted(height: int, rate: float, possible: list[Fault], covered: set[str], resource: str) -> int:
    if rate <= 0:
        return 0
    missing = 0 if resource in _PRECIOUS else len({fault.rule for fault in possible} - covered)
    return max(round(rate * height), min(missing, height // 4))


def _in_turn(rng: np.random.Generator, possible: list[Fault], covered: set[str]) -> list[Fault]:
    """One fault for each rule not covered yet, then the others in any order."""
    seen = set(covered)
    first: list[Fault] = []
    others: list[Fault] = []
    for fault in possible:
        (others if fault.rule in seen else first).append(fault)
        seen.add(fault.rule)
    return first + [others[i] for i in rng.permutation(len(others))]


def _free(frame: pl.DataFrame, allowed: pl.Series | None) -> Numbers:
    free = pl.repeat(True, frame.height, eager=True) if allowed is None else allowed
    if "op" in frame.columns:
        free = free & (frame["op"] == "upsert")
    return free.arg_true().to_numpy().astype(np.int64)


def _able(frame: pl.DataFrame, free: Numbers, fault: Fault) -> Numbers:
    if fault.when is None:
        return free
    able = frame.select(fault.when.fill_null(value=False)).to_series()
    chosen: Numbers = free[able.to_numpy()[free]]
    return chosen


def _spoilt(frame: pl.DataFrame, rows: Numbers, fault: Fault) -> pl.DataFrame:
    """The rows with the fault, the rule and the number of the row that it spoils (none for a copy)."""
    place = pl.lit(None, dtype=pl.Int64) if fault.rule == DUPLICATE else pl.Series(rows, dtype=pl.Int64)
    changed = (value.cast(pl.String).alias(name) for name, value in fault.changes.items())
    return frame[rows].with_columns(*changed, rule=pl.lit(fault.rule), place=place)


def _woven(frame: pl.DataFrame, spoilt: pl.DataFrame, resource: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spoilt rows in the place of sound ones, copies at the end; keys are those that a reader will see."""
    order = np.arange(frame.height)
    replacing = spoilt["place"].is_not_null().to_numpy()
    where = spoilt["place"].drop_nulls().to_numpy()
    order[where] = frame.height + np.flatnonzero(replacing)
    order = np.concatenate([order, frame.height + np.flatnonzero(~replacing)])
    line = np.where(replacing, spoilt["place"].fill_null(0).to_numpy() + 2, 0)
    line[~replacing] = frame.height + 2 + np.arange((~replacing).sum())
    truth = spoilt.with_columns(line=pl.Series(line)).select(
        key_text(RESOURCES[resource]).alias("key"), "rule", "line"
    ).sort("line").drop("line")  # fmt: skip
    return pl.concat([frame, spoilt.drop("rule", "place")])[order], truth
