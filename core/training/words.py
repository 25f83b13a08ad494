"""The training district's word lists, and drawing from them by the hundred thousand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from core.settings import RESOURCES, read_toml

Numbers = npt.NDArray[np.int64]
Degrees = npt.NDArray[np.float64]


@cache
def words(name: str) -> list[str]:
    """One of the lists of ``resources/training/names.toml``."""
    return [str(word) for word in read_toml("training", "names.toml")[name]]


@cache
def roads() -> dict[str, list[str]]:
    """The roads of each sub-district by its code."""
    return {
        str(code): [str(road) for road in found]
        for code, found in read_toml("training", "roads.toml").items()
    }


@cache
def divisions() -> pl.DataFrame:
    """Gusu's sub-districts and communities: ``code, level, parent_code, name``."""
    return pl.read_csv(RESOURCES / "divisions" / "gusu_divisions.csv", infer_schema=False)


def draw(
    rng: np.random.Generator, choices: Sequence[str], count: int, weights: Sequence[float] | None = None
) -> pl.Series:
    """``count`` of the choices; weights need not add up to one."""
    share = None if weights is None else np.asarray(weights, float) / np.sum(weights)
    return picked(choices, rng.choice(len(choices), size=count, p=share))


def picked(choices: Sequence[str], numbers: npt.NDArray[Any]) -> pl.Series:
    """The choices by number."""
    return pl.Series(choices, dtype=pl.String).gather(numbers)


def digits(numbers: npt.NDArray[Any] | pl.Series, width: int) -> pl.Series:
    """Numbers as text of ``width`` digits."""
    return pl.Series(numbers).cast(pl.String).str.zfill(width)


def tokens(rng: np.random.Generator, count: int) -> pl.Series:
    """Pseudonyms as a keyed HMAC would give them: 64 hex digits, here from the generator's own bytes."""
    raw = np.frombuffer(rng.bytes(32 * count).hex().encode(), dtype="S64")
    return pl.Series(raw, dtype=pl.Binary).cast(pl.String)
