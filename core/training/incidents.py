"""Places, things, events, disputes, hazards and reports from door plates: a few for every thousand people."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl

from core.model.resources import DISPUTE_KINDS, HAZARD_KINDS
from core.spatial.coordinates import from_wgs84
from core.training.words import digits, draw, picked

_FEWEST = 16
_PLACES = (
    ("park", "街心公园"), ("market", "农贸市场"), ("station", "公交站"), ("square", "小广场"), ("stage", "古戏台"),
)  # fmt: skip
_EVENTS = (
    ("noise", "夜间噪声扰民，已劝导"), ("parking", "占用消防通道停车，已挪车"),
    ("lost_property", "拾到钱包一只，已登记"),
    ("streetlight", "路灯不亮，已报修"), ("rubbish", "装修垃圾堆放在通道，已清运"), ("flooding", "雨后积水，已抽排"),
)  # fmt: skip
_DISPUTES = (
    "楼上漏水引起的争议，双方同意修缮", "押金退还争议，正在调解", "物业费收取争议", "拖欠工资争议，已约双方到场",
    "借款到期未还", "遗产分配争议，建议司法途径", "公共通道堆物争议",
)  # fmt: skip
_HAZARDS = (
    "客厅隔断出租", "楼道堆物堵塞", "私拉电线为电动自行车充电", "灭火器过期", "燃气软管老化",
    "防盗窗未设逃生口", "金属夹芯板隔墙",
)  # fmt: skip
_ANSWERS = (
    {"answer": "一致"},
    {"answer": "门牌缺失"},
    {"slot": "上午"},
    {"slot": "下午"},
    {"answer": "楼栋号有误"},
    {"address": "姑苏区平江路58弄11号", "answer": "门牌与地址不符"},
)


@dataclass(frozen=True)
class _Making:
    rng: np.random.Generator
    spots: pl.DataFrame
    people: int

    def some(self, share: float, column: str, prefix: str) -> pl.DataFrame:
        """So many for the people, numbered, each at an address with its coordinates."""
        count = max(_FEWEST, round(self.people * share))
        at = self.spots[np.sort(self.rng.integers(0, self.spots.height, count))]
        return at.with_columns((prefix + digits(np.arange(1, count + 1), 6)).alias(column))

    def pick(self, rows: pl.DataFrame, *choices: str) -> pl.Series:
        return draw(self.rng, choices, rows.height)

    def both(self, rows: pl.DataFrame, pairs: tuple[tuple[str, str], ...]) -> tuple[pl.Series, pl.Series]:
        which = self.rng.integers(0, len(pairs), rows.height)
        return picked([first for first, _second in pairs], which), picked(
            [second for _first, second in pairs], which
        )

    def moments(self, rows: pl.DataFrame) -> pl.Series:
        """Times of October 2026, by day."""
        day, hour = (digits(self.rng.integers(low, high, rows.height), 2) for low, high in ((1, 31), (8, 20)))
        return "2026-10-" + day + "T" + hour + ":30:00+08:00"


def incidents(
    rng: np.random.Generator, spots: pl.DataFrame, homes: pl.DataFrame, persons: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The small resources by name; addresses, houses and persons are those that may be named."""
    making = _Making(rng, spots.select("address_code", "lon", "lat", "crs"), persons.height)
    return {
        "place": _places(making),
        "thing": _things(making),
        "event": _events(making),
        "dispute": _disputes(making, persons["person_token"]),
        "hazard": _hazards(making, homes),
        "qr_report": _reports(making),
    }


def _places(making: _Making) -> pl.DataFrame:
    rows = making.some(0.001, "place_no", "PL")
    kind, name = making.both(rows, _PLACES)
    return rows.with_columns(kind=kind, name=name)


def _things(making: _Making) -> pl.DataFrame:
    """The fire service works on a map of the internet: its points are in GCJ-02, and say so."""
    rows = making.some(0.004, "thing_no", "TH")
    placed = rows["lon"].is_not_null()
    east, north = (rows[name].cast(pl.Float64).fill_null(0).to_numpy() for name in ("lon", "lat"))
    lon, lat = from_wgs84(east, north, "GCJ-02")
    return rows.with_columns(
        kind=making.pick(rows, "hydrant", "ev_charging", "gas", "lift", "other"),
        state=making.pick(rows, "in_use", "in_use", "in_use", "out_of_order"),
        lon=pl.when(placed).then(pl.Series(np.round(lon, 6)).cast(pl.String)),
        lat=pl.when(placed).then(pl.Series(np.round(lat, 6)).cast(pl.String)),
        crs=pl.when(placed).then(pl.lit("GCJ-02")),
    )


def _events(making: _Making) -> pl.DataFrame:
    rows = making.some(0.003, "event_no", "EV")
    kind, summary = making.both(rows, _EVENTS)
    return rows.with_columns(
        kind=kind, summary=summary, alert=pl.lit("0"), occurred_at=making.moments(rows),
        shared_due=making.pick(rows, "0", "1"),
    )  # fmt: skip


def _disputes(making: _Making, tokens: pl.Series) -> pl.DataFrame:
    rows = making.some(0.002, "dispute_no", "DS").drop("lon", "lat", "crs")
    parties = (tokens.gather(making.rng.integers(0, tokens.len(), rows.height)).alias(side) for side in "ab")
    both = pl.select(pl.concat_str(*parties, separator=";")).to_series()
    return rows.with_columns(
        kind=making.pick(rows, *DISPUTE_KINDS), summary=making.pick(rows, *_DISPUTES), occurred_at=making.moments(rows),
        party_tokens=pl.when(pl.Series(making.rng.random(rows.height) < 0.7)).then(both),
        severity=making.pick(rows, "1", "1", "2", "3"), state=making.pick(rows, "open", "mediating", "closed"),
    )  # fmt: skip


def _hazards(making: _Making, homes: pl.DataFrame) -> pl.DataFrame:
    rows = making.some(0.003, "hazard_no", "HZ").select("hazard_no")
    at = homes.select("house_code", "address_code")[making.rng.integers(0, homes.height, rows.height)]
    return rows.hstack(at).with_columns(
        kind=making.pick(rows, *HAZARD_KINDS), found_at=making.moments(rows), severity=making.pick(rows, "1", "2", "3"),
        description=making.pick(rows, *_HAZARDS), photo=pl.lit(None, dtype=pl.String),
    )  # fmt: skip


def _reports(making: _Making) -> pl.DataFrame:
    rows = making.some(0.001, "report_no", "QR").drop("lon", "lat", "crs")
    answers = (json.dumps(answer, ensure_ascii=False) for answer in _ANSWERS)
    return rows.with_columns(
        kind=making.pick(rows, "address_check", "information", "permit_appointment"),
        submitted_at=making.moments(rows), payload=making.pick(rows, *answers),
    )  # fmt: skip
