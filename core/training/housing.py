"""Houses and the households in them."""

from __future__ import annotations

import numpy as np
import polars as pl

from core.training.addresses import ESTATE, OFFICE
from core.training.words import Numbers, draw

_USES = ("self", "rented", "vacant", "commercial", "dormitory", "other")
_SIZES = ([1, 2, 3, 4, 5, 6], [0.14, 0.24, 0.29, 0.18, 0.1, 0.05])


def houses(rng: np.random.Generator, spots: pl.DataFrame, count: int) -> pl.DataFrame:
    """``count`` houses, one at an address; who lets one is filled in when there are people.

    ``spared`` ones (one in ten) are lived in by nobody and named by nothing, now or later.
    """
    free = np.flatnonzero(~spots["bare"].to_numpy())
    chosen = np.sort(rng.permutation(free)[:count])
    at = spots.select("address_code", "kind")[chosen]
    rooms = np.minimum(rng.geometric(0.42, at.height), 5)
    kind = at["kind"]
    use = pl.select(
        pl.when(kind == ESTATE).then(draw(rng, _USES, at.height, [57, 33, 7, 2, 0, 1]))
        .when(kind == OFFICE).then(draw(rng, _USES, at.height, [0, 0, 10, 85, 0, 5]))
        .otherwise(draw(rng, _USES, at.height, [42, 30, 6, 18, 2, 2]))
    ).to_series()  # fmt: skip
    allowed = np.minimum(rooms * 2, rng.integers(1, 9, at.height))
    tenants = pl.when(use == "rented").then(pl.Series(allowed).cast(pl.String))
    return at.with_columns(
        house_code=pl.col("address_code") + "-01", use=use, rooms=pl.Series(rooms).cast(pl.String),
        area_m2=pl.Series(np.round(12 + rooms * rng.uniform(14, 34, at.height), 1)).cast(pl.String),
        tenants_max=tenants, spared=pl.Series(rng.random(at.height) < 0.1),
    )  # fmt: skip


def households(rng: np.random.Generator, homes: pl.DataFrame, people: int) -> pl.DataFrame:
    """One row a person to be: ``house_code, use, household, member`` (0 is the head); exactly ``people`` rows."""
    lived_in = homes.filter(pl.col("use").is_in(["self", "rented", "dormitory"]) & ~pl.col("spared"))
    size = _fitted(rng, rng.choice(_SIZES[0], size=lived_in.height, p=_SIZES[1]), people)
    of = np.repeat(np.arange(size.size), size)
    member = np.arange(of.size) - np.repeat(np.cumsum(size) - size, size)
    return lived_in.select("house_code", "use")[of].with_columns(
        household=pl.Series(of), member=pl.Series(member)
    )


def _fitted(rng: np.random.Generator, size: Numbers, people: int) -> Numbers:
    """The sizes with people added or taken out at random until they are ``people``; a head always stays."""
    missing = people - int(size.sum())
    if missing >= 0:
        return size + np.bincount(rng.integers(0, size.size, missing), minlength=size.size)
    can_go = np.repeat(np.arange(size.size), size - 1)
    gone = rng.permutation(can_go)[:-missing]
    return size - np.bincount(gone, minlength=size.size)
