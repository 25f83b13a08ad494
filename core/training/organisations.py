"""Organisations with codes that check, and the smaller resources of the training district."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from core.training.population import masked_names
from core.training.words import Strings, draw, words

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = np.asarray([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
_INNER = np.asarray([3, 7, 9, 10, 5, 8, 4, 2])
_KINDS = {
    "enterprise": ("91", "有限公司"), "individual_business": ("92", "商店"), "public_institution": ("12", "中心"),
    "social": ("51", "协会"), "hotel": ("91", "酒店有限公司"), "school": ("12", "学校"), "medical": ("12", "卫生服务站"),
    "other": ("93", "专业合作社"),
}  # fmt: skip


def organisations(rng: np.random.Generator, at: pl.DataFrame, count: int) -> pl.DataFrame:
    """``count`` organisations at the addresses given; one in ten has no social credit code."""
    kind = draw(rng, list(_KINDS), count, [40, 45, 3, 3, 3, 2, 2, 2])
    prefix = np.asarray([_KINDS[k][0] for k in kind], dtype=object)
    tail = np.asarray([_KINDS[k][1] for k in kind], dtype=object)
    heads, middles, trades = words("firm_heads"), words("firm_middles"), words("firm_trades")
    every = len(heads) * len(middles) ** 2 * len(trades)
    pick = rng.permutation(min(every, max(4 * count, 1000)))[:count]
    name = (
        np.asarray(heads, object)[pick % len(heads)]
        + np.asarray(middles, object)[pick // len(heads) % len(middles)]
        + np.asarray(middles, object)[pick // (len(heads) * len(middles)) % len(middles)]
        + np.asarray(trades, object)[(pick // 7 + pick) % len(trades)]
    )
    chosen = rng.integers(0, at.height, count)
    without = pl.Series(rng.random(count) < 0.1)
    serial = pl.int_range(1, count + 1, eager=True).cast(pl.String).str.zfill(8)
    landline = pl.concat_str(
        pl.lit("0512-6"), pl.Series(rng.integers(0, 10**6, count)).cast(pl.String).str.zfill(6)
    )
    return pl.DataFrame({"name": ("苏州" + name + tail).astype(str), "kind": kind.astype(str)}).with_columns(
        uscc=pl.when(~without).then(pl.Series(_codes(rng, prefix))),
        org_no=pl.when(without).then(pl.concat_str(pl.lit("GS"), serial)),
        address_code=at["address_code"][chosen],
        representative_masked=masked_names(rng, count),
        phone_masked=pl.when(pl.Series(rng.random(count) < 0.8)).then(landline),
        employees=pl.Series(np.minimum(rng.geometric(0.05, count), 900)).cast(pl.String),
        status=pl.Series(draw(rng, ["open", "closed"], count, [95, 5]).astype(str)),
    )


def _codes(rng: np.random.Generator, prefix: Strings) -> list[str]:
    """Social credit codes (GB 32100) whose inner organisation code (GB 11714) and own check digit hold."""
    count = prefix.size
    body = rng.integers(0, 31, (count, 8))
    body[:, 0] = 10 + body[:, 0] % 2  # MA… as newer codes begin
    values = np.asarray([int(c, 36) for c in _ALPHABET])
    remainder = (11 - (values[body] * _INNER).sum(1) % 11) % 11
    inner = np.asarray([*range(10), _ALPHABET.index("X")])[remainder]
    start = np.asarray([[_ALPHABET.index(c) for c in p + "320508"] for p in prefix])
    digits = np.concatenate([start, body, inner[:, None]], axis=1)
    check = (31 - (digits * _WEIGHTS).sum(1) % 31) % 31
    letters = np.asarray([*_ALPHABET])[np.concatenate([digits, check[:, None]], axis=1)]
    return ["".join(row) for row in letters]


def incidents(
    rng: np.random.Generator, at: pl.DataFrame, homes: pl.DataFrame, people: int
) -> dict[str, pl.DataFrame]:
    """Places, things, events, disputes, hazards and QR reports: a few for every thousand persons."""

    def some(share: float, prefix: str, column: str) -> tuple[pl.DataFrame, int]:
        count = max(4, int(people * share))
        spot = at.select("address_code", "lon", "lat", "crs")[rng.integers(0, at.height, count)]
        numbers = pl.int_range(1, count + 1, eager=True).cast(pl.String).str.zfill(6)
        return spot.with_columns((prefix + numbers).alias(column)), count

    def text(choices: list[str], count: int) -> pl.Series:
        return pl.Series(draw(rng, choices, count).astype(str))

    def moment(count: int) -> pl.Series:
        days, hours = rng.integers(1, 31, count), rng.integers(8, 20, count)
        return pl.Series([f"2026-10-{d:02d}T{h:02d}:00:00+08:00" for d, h in zip(days, hours, strict=True)])

    place, n1 = some(0.001, "PL", "place_no")
    thing, n2 = some(0.004, "TH", "thing_no")
    event, n3 = some(0.003, "EV", "event_no")
    dispute, n4 = some(0.002, "DS", "dispute_no")
    hazard, n5 = some(0.003, "HZ", "hazard_no")
    report, n6 = some(0.001, "QR", "report_no")
    house = homes.select("house_code", "address_code")[rng.integers(0, homes.height, n5)]
    plain = {"lon", "lat", "crs"}
    return {
        "place": place.with_columns(
            kind=text(["park", "market", "station", "square"], n1),
            name=text(["街心公园", "农贸市场", "公交站", "小广场"], n1),
        ),
        "thing": thing.with_columns(
            kind=text(["hydrant", "ev_charging", "gas", "lift"], n2),
            state=text(["in_use", "in_use", "out_of_order"], n2),
        ),
        "event": event.with_columns(
            kind=text(["noise", "parking", "lost_property", "streetlight"], n3),
            alert=pl.lit("0"),
            occurred_at=moment(n3),
            summary=text(
                ["夜间噪声扰民，已劝导", "占用消防通道停车，已挪车", "拾到钱包一只", "路灯不亮，已报修"], n3
            ),
            shared_due=text(["0", "1"], n3),
        ),
        "dispute": dispute.drop(plain).with_columns(
            kind=text(["neighbour", "rental", "property_management", "labour", "debt"], n4),
            occurred_at=moment(n4),
            summary=text(
                ["楼上漏水引起的邻里纠纷", "押金退还争议", "物业费收取争议", "拖欠工资争议", "借款到期未还"],
                n4,
            ),
            party_tokens=pl.lit(None, dtype=pl.String),
            severity=text(["1", "2", "3"], n4),
            state=text(["open", "mediating", "closed"], n4),
        ),
        "hazard": hazard.drop(plain, "address_code")
        .with_columns(house.to_series(0), house.to_series(1))
        .with_columns(
            kind=text(["group_renting", "partition", "fire_exit", "wiring", "gas", "ev_charging"], n5),
            found_at=moment(n5),
            severity=text(["1", "2", "3"], n5),
            photo=pl.lit(None, dtype=pl.String),
            description=text(
                ["客厅隔断出租", "楼道堆物堵塞", "私拉电线为电动自行车充电", "灭火器过期", "燃气软管老化"], n5
            ),
        ),
        "qr_report": report.drop(plain).with_columns(
            kind=text(["address_check", "information", "permit_appointment"], n6),
            submitted_at=moment(n6),
            payload=text(['{"answer":"一致"}', '{"answer":"门牌缺失"}', '{"slot":"上午"}'], n6),
        ),
    }


def identities(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Synthetic identities that agree with the masked ones: names (some very rare), numbers that check, phones.

    No number belongs to anybody: orders, dates and check digits come from the generator.
    """
    count = people.height
    surname = people["name_masked"].str.replace_all(r"\*", "")
    stars = people["name_masked"].str.count_matches(r"\*")
    first, second = (pl.Series(draw(rng, words("given"), count).astype(str)) for _ in range(2))
    odd = pl.Series(draw(rng, words("rare"), count).astype(str))
    second = pl.select(
        pl.when(pl.Series(rng.random(count) < max(0.002, 200 / count))).then(odd).otherwise(second)
    ).to_series()
    given = pl.select(pl.when(stars == 1).then(second).otherwise(pl.concat_str(first, second))).to_series()
    number = _citizen_numbers(rng, people)
    passport = pl.concat_str(
        pl.lit("E"),
        pl.Series(rng.integers(10**6, 10**7, count)).cast(pl.String),
        people["id_masked"].str.slice(-1),
    )
    phone = people["phone_masked"].str.replace(r"\*{4}", "0000")
    return pl.DataFrame({
        "person_token": people["person_token"], "name": surname + given, "id_type": people["id_type"],
        "id_number": pl.select(pl.when(people["id_type"] == "05").then(passport).otherwise(number)).to_series(),
        "phone": phone,
    })  # fmt: skip


def _citizen_numbers(rng: np.random.Generator, people: pl.DataFrame) -> pl.Series:
    weights = np.asarray([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
    shown = people["id_masked"].str.slice(0, 6)
    region = pl.select(pl.when(people["id_type"] == "05").then(pl.lit("320508")).otherwise(shown)).to_series()
    parts: list[Any] = [region, people["birth_year"]]
    month, day = (
        pl.Series(rng.integers(1, top, people.height)).cast(pl.String).str.zfill(2) for top in (13, 29)
    )
    order = pl.Series(rng.integers(1, 100, people.height)).cast(pl.String).str.zfill(2)
    odd = (pl.Series(rng.integers(0, 5, people.height)) * 2 + (people["sex"] == "1").cast(pl.Int64)).cast(
        pl.String
    )
    body = pl.select(
        pl.concat_str(*parts, month.alias("m"), day.alias("d"), order.alias("o"), odd.alias("s"))
    ).to_series()
    digits = np.asarray([[int(c) for c in text] for text in body])
    return body + pl.Series(np.asarray([*"10X98765432"])[(digits * weights).sum(1) % 11].astype(str))
