"""Organisations of the training district, with social credit codes that check inside and out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from core.training.addresses import ESTATE, OFFICE
from core.training.codes import with_credit_check, with_organisation_check
from core.training.population import masked_names
from core.training.words import digits, draw, picked, words

_KINDS: Final = {  # first characters of the code (GB 32100), what ends the name, share
    "enterprise": ("91", "有限公司", 40), "individual_business": ("92", "店", 45),
    "public_institution": ("12", "服务中心", 3), "social": ("51", "协会", 3), "hotel": ("91", "酒店有限公司", 3),
    "school": ("52", "培训学校", 2), "medical": ("12", "卫生服务站", 2), "other": ("93", "专业合作社", 2),
}  # fmt: skip
_BODY: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WITHOUT_CODE: Final = 0.05


def organisations(rng: np.random.Generator, spots: pl.DataFrame, count: int) -> pl.DataFrame:
    """``count`` organisations, mostly in offices and along the streets; one in twenty has only a local number."""
    which = draw(rng, list(_KINDS), count, [share for _start, _end, share in _KINDS.values()])
    starts = which.replace_strict({kind: start for kind, (start, _end, _share) in _KINDS.items()})
    has_code = pl.Series(rng.random(count) >= _WITHOUT_CODE)
    body = _bodies(rng, count)
    code = with_credit_check(starts + "320508" + with_organisation_check(body))
    known = with_organisation_check(body)
    old = pl.concat_str(known.str.head(8), pl.lit("-"), known.str.tail(1).alias("check"))
    local = (
        pl.when(pl.Series(rng.random(count) < 0.5))
        .then("GS" + digits(np.arange(1, count + 1), 8))
        .otherwise(old)
    )
    return pl.DataFrame({
        "name": _names(rng, which), "kind": which,
        "address_code": spots["address_code"].gather(_seats(rng, spots, count)),
        "representative_masked": masked_names(rng, count), "phone_masked": _phones(rng, count),
        "employees": pl.Series(np.minimum(rng.geometric(0.08, count), 900)).cast(pl.String),
        "status": draw(rng, ["open", "closed"], count, [95, 5]),
    }).with_columns(uscc=pl.when(has_code).then(code), org_no=pl.when(~has_code).then(local))  # fmt: skip


def _bodies(rng: np.random.Generator, count: int) -> pl.Series:
    """Eight characters each, none twice: MA as newer codes begin, then a number in base 31 that steps at random."""
    step = np.cumsum(rng.integers(1, max(2, 31**6 // (count + 1)), count))
    places = step[:, None] // 31 ** np.arange(5, -1, -1) % 31
    letters = np.asarray([*_BODY], dtype="S1")[places]
    return "MA" + pl.Series(letters.reshape(-1).view("S6"), dtype=pl.Binary).cast(pl.String)


def _seats(rng: np.random.Generator, spots: pl.DataFrame, count: int) -> Any:
    """Rows of addresses: half in offices, four in ten along the streets, the rest in estates."""
    appetite = np.select([spots["kind"] == OFFICE, spots["kind"] == ESTATE], [5.0, 0.12], 2.0)
    appetite = np.where(spots["bare"], 0, appetite)
    return rng.choice(spots.height, size=count, p=appetite / appetite.sum())


def _names(rng: np.random.Generator, kind: pl.Series) -> pl.Series:
    """Names that occur once: who would be the second of a name is a branch with a number."""
    head, middle, more, trade = (
        draw(rng, words(name), kind.len())
        for name in ("firm_heads", "firm_middles", "firm_middles", "firm_trades")
    )
    end = kind.replace_strict({kind: end for kind, (_start, end, _share) in _KINDS.items()})
    town = pl.select(
        pl.when(kind == "individual_business").then(pl.lit("姑苏区")).otherwise(pl.lit("苏州市"))
    )
    whole = pl.DataFrame({"name": town.to_series() + head + middle + more + trade + end})
    turn = pl.int_range(pl.len()).over("name")
    branch = pl.when(turn > 0).then(pl.format("第{}分部", turn)).otherwise(pl.lit(""))
    return whole.select(pl.col("name") + branch).to_series()


def _phones(rng: np.random.Generator, count: int) -> pl.Series:
    """Mostly an open line of the firm, else a masked mobile, else nothing."""
    number = digits(rng.integers(0, 10_000, count), 4)
    line = "0512-6500" + number
    mobile = picked(["138", "139", "186"], rng.integers(0, 3, count)) + "****" + number
    form = draw(rng, ["line", "mobile", "none"], count, [6, 3, 1])
    return pl.select(pl.when(form == "line").then(line).when(form == "mobile").then(mobile)).to_series()
