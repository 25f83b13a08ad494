"""The training district's word lists, and drawing from them by the ten thousand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from core.settings import RESOURCES, read_toml

Strings = npt.NDArray[np.object_]


@cache
def words(name: str) -> list[str]:
    """One of the lists of ``resources/training/names.toml``."""
    return [str(word) for word in read_toml("training", "names.toml")[name]]


@cache
def divisions() -> pl.DataFrame:
    """Gusu's sub-districts and communities: ``code, level, parent_code, name``."""
    return pl.read_csv(RESOURCES / "divisions" / "gusu_divisions.csv", infer_schema=False)


def draw(
    rng: np.random.Generator, choices: Sequence[Any], count: int, weights: Sequence[float] | None = None
) -> Any:
    """``count`` of the choices, as an array of objects; weights need not add up to one."""
    share = None if weights is None else np.asarray(weights, float) / np.sum(weights)
    return np.asarray(choices, dtype=object)[rng.choice(len(choices), size=count, p=share)]


def hex64(rng: np.random.Generator, count: int) -> pl.Series:
    """Pseudonyms as a keyed HMAC would give them: 64 hex digits, here from the generator's own bytes."""
    raw = rng.bytes(32 * count).hex()
    return pl.Series([raw[i : i + 64] for i in range(0, 64 * count, 64)], dtype=pl.String)
