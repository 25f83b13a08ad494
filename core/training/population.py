"""Addresses, houses and people of the training district, made as columns; every one of them is invented."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from core.training.geography import Land
from core.training.words import draw, hex64, words

RATIO_ADDRESS, RATIO_HOUSE, RATIO_ORGANISATION = 0.5, 0.4, 0.08
"""Entities a person, as in the district itself: 500,000, 400,000 and 80,000 for a million."""
_UNREFERRED = 0.08
"""Share of addresses to which nothing points: vacant lots, and the place for planted errors."""
_FLOORS = np.asarray([1, 2, 4, 6, 6, 6, 11])


def addresses(rng: np.random.Generator, land: Land, count: int) -> pl.DataFrame:
    """Standard addresses by building: estates with units and rooms, old streets with doors."""
    floors = rng.choice(_FLOORS, size=count)  # more buildings than can be needed; cut below
    street = rng.random(count) < 0.35
    units = np.where(street, 1, rng.integers(1, 5, size=count))
    size = np.where(street, 1, units * floors * 2)
    buildings = int(np.searchsorted(np.cumsum(size), count)) + 1
    floors, street, size = floors[:buildings], street[:buildings], size[:buildings]
    of = np.repeat(np.arange(buildings), size)[:count]
    inside = (np.arange(of.size) - np.repeat(np.cumsum(size) - size, size)[:count]).astype(np.int64)
    lon, lat, grid = land.scatter(rng, buildings)
    frame = _buildings(rng, buildings, street).with_columns(
        lon=lon, lat=lat, grid=pl.Series(grid, dtype=pl.UInt32), floors=floors
    )
    placed = frame.join(land.grids.drop("geometry", "name").with_row_index("grid"), on="grid", how="left")
    doors = placed[of].with_columns(inside=inside, serial=np.arange(1, count + 1))
    per_unit = pl.col("floors") * 2
    flat = pl.col("inside") % per_unit
    detailed = doors.with_columns(
        unit=pl.when("street").then(None).otherwise(pl.format("{}单元", pl.col("inside") // per_unit + 1)),
        floor=pl.when("street").then(None).otherwise((flat // 2 + 1).cast(pl.String)),
        room=pl.when("street").then(None).otherwise(pl.format("{}室", (flat // 2 + 1) * 100 + flat % 2 + 1)),
        # doors of one building stand a few metres apart
        lon=(pl.col("lon") + (pl.col("inside") % 7 - 3) * 2e-6).round(6),
        lat=(pl.col("lat") + (pl.col("inside") % 5 - 2) * 2e-6).round(6),
    )
    return detailed.with_columns(
        address_code=pl.col("community_code") + pl.col("serial").cast(pl.String).str.zfill(8),
        full_text=pl.concat_str(
            pl.lit("江苏省苏州市姑苏区"),
            _subdistrict_name(),
            "road",
            "doorplate",
            *(pl.col(name).fill_null("") for name in ("estate", "building", "unit", "room")),
        ),
        crs=pl.lit("EPSG:4490"),
        status=pl.lit("active"),
        lon=pl.col("lon").cast(pl.String),
        lat=pl.col("lat").cast(pl.String),
    )


def _buildings(rng: np.random.Generator, count: int, street: Any) -> pl.DataFrame:
    road = draw(rng, words("roads"), count)
    estate = draw(rng, words("estate_heads"), count) + draw(rng, words("estate_tails"), count)
    frame = pl.DataFrame({"road": road.astype(str), "street": street, "name": estate.astype(str)})
    kind = rng.random(count)
    number = pl.int_range(1, pl.len() + 1).over("road")
    plain = pl.format("{}号", number)
    odd = (
        pl.when(pl.Series(kind < 0.03))
        .then(pl.format("甲{}号", number))
        .when(pl.Series(kind < 0.08))
        .then(pl.format("{}-1号", number))
        .when(pl.Series(kind < 0.12))
        .then(pl.format("{}弄{}号", number, number % 30 + 1))
        .otherwise(plain)
    )
    return frame.with_columns(
        doorplate=pl.when("street").then(odd).otherwise(plain),
        estate=pl.when("street").then(None).otherwise(pl.col("name")),
        building=pl.when("street")
        .then(None)
        .otherwise(pl.format("{}幢", pl.int_range(1, pl.len() + 1).over("road", "name"))),
    )


def _subdistrict_name() -> pl.Expr:
    from core.training.words import divisions  # noqa: PLC0415 - read once, when a district is made

    names = divisions().filter(pl.col("level") == "subdistrict")
    return pl.col("subdistrict_code").replace_strict(names["code"].to_list(), names["name"].to_list())


def houses(rng: np.random.Generator, lived_at: pl.DataFrame, count: int) -> pl.DataFrame:
    """One house at each of the first ``count`` addresses given; rented ones have a landlord."""
    use = draw(
        rng, ["self", "rented", "vacant", "commercial", "dormitory", "other"], count, [54, 30, 9, 4, 1, 2]
    )
    rooms = rng.integers(1, 5, count)
    tenants = np.minimum(rooms * 2, rng.integers(1, 9, count))
    rented = pl.col("use") == "rented"
    return pl.DataFrame(
        {
            "address_code": lived_at["address_code"].head(count),
            "use": use.astype(str),
            "area_m2": np.round(rooms * rng.uniform(16, 34, count), 1),
            "rooms": rooms,
            "tenants_max": tenants,
            "landlord_token": hex64(rng, count),
            "landlord_masked": masked_names(rng, count),
        }
    ).with_columns(
        house_code=pl.col("address_code") + "-01",
        area_m2=pl.col("area_m2").cast(pl.String),
        rooms=pl.col("rooms").cast(pl.String),
        tenants_max=pl.when(rented).then(pl.col("tenants_max").cast(pl.String)),
        landlord_token=pl.when(rented).then("landlord_token"),
        landlord_masked=pl.when(rented).then("landlord_masked"),
    )


def people(rng: np.random.Generator, homes: pl.DataFrame, count: int) -> pl.DataFrame:
    """``count`` persons in households; tenants are mostly floating, owners mostly registered."""
    lived_in = homes.filter(pl.col("use").is_in(["self", "rented", "dormitory"]))
    size = rng.choice([1, 2, 3, 4, 5, 6], size=lived_in.height, p=[0.15, 0.25, 0.3, 0.17, 0.09, 0.04])
    while size.sum() < count:
        size[rng.integers(0, size.size, size.size // 4 + 1)] += 1
    of = np.repeat(np.arange(lived_in.height), size)
    member = np.arange(of.size) - np.repeat(np.cumsum(size) - size, size)
    chosen = np.sort(rng.permutation(of.size)[:count])
    of, member = of[chosen], member[chosen]
    base = lived_in.select("house_code", "use")[of].with_columns(member=member, household=pl.Series(of))
    return _documents(rng, _lives(rng, base))


def _lives(rng: np.random.Generator, base: pl.DataFrame) -> pl.DataFrame:
    count = base.height
    head_born = rng.integers(1950, 2000, int(base["household"].to_numpy().max()) + 1)[base["household"].to_numpy()]
    member = base["member"].to_numpy()
    born = np.select(
        [member == 0, member == 1, member >= 2],
        [
            head_born,
            head_born + rng.integers(-4, 5, count),
            np.minimum(head_born + rng.integers(22, 36, count), 2024),
        ],
    )
    first = np.maximum(born + 1, 1996)
    year = first + np.floor(rng.random(count) * (2026 - first + 1)).astype(np.int64)
    moved = pl.DataFrame({"y": year, "m": rng.integers(1, 10, count), "d": rng.integers(1, 29, count)})
    tenant, roll = base["use"].to_numpy() != "self", rng.random(count)
    residence = np.where(
        roll < 0.003,
        "overseas",
        np.where(
            tenant,
            np.where(roll < 0.93, "floating", "lodging"),
            np.where(roll < 0.93, "registered", "floating"),
        ),
    )
    sex = np.where(rng.random(count) < 0.5, "1", "2")
    return base.with_columns(
        sex=pl.Series(sex.astype(str)), birth_year=pl.Series(born).cast(pl.String),
        residence=pl.Series(residence.astype(str)),
        move_in=moved.select(
            pl.format("{}-{}-{}", "y", pl.col("m").cast(pl.String).str.zfill(2), pl.col("d").cast(pl.String).str.zfill(2))
        ).to_series(),
    ).with_columns(relation_to_head=_relation())  # fmt: skip


def _relation() -> pl.Expr:
    woman, own = pl.col("sex") == "2", pl.col("use") == "self"
    return (
        pl.when(pl.col("member") == 0)
        .then(pl.lit("02"))
        .when(~own)
        .then(pl.lit("99"))
        .when(pl.col("member") == 1)
        .then(pl.when(woman).then(pl.lit("12")).otherwise(pl.lit("11")))
        .otherwise(pl.when(woman).then(pl.lit("30")).otherwise(pl.lit("20")))
    )


def _documents(rng: np.random.Generator, lives: pl.DataFrame) -> pl.DataFrame:
    """Masked document, name, phone and permit that agree with sex, residence and birth."""
    count = lives.height
    id_type = (
        pl.when(pl.col("residence") == "overseas")
        .then(pl.Series(draw(rng, ["05", "02"], count, [4, 1]).astype(str)))
        .when(pl.col("residence") != "registered")
        .then(pl.Series(draw(rng, ["01", "03", "04"], count, [992, 5, 3]).astype(str)))
        .otherwise(pl.lit("01"))
    )
    prefix = pl.Series(draw(rng, words("homes"), count, [60, *[3] * 19]).astype(str))
    order = pl.Series(rng.integers(0, 5, count) * 2) + (lives["sex"] == "1").cast(pl.Int64)
    check = pl.Series(draw(rng, [*"0123456789X"], count).astype(str))
    phone = pl.Series(rng.choice([30, 35, 36, 38, 39, 51, 58, 77, 86, 99], count)).cast(pl.String)
    last = pl.Series(rng.integers(0, 10_000, count)).cast(pl.String).str.zfill(4)
    permit = (lives["residence"] == "floating").to_numpy() & (rng.random(count) < 0.8)
    until = pl.DataFrame({"y": rng.integers(2027, 2030, count), "m": rng.integers(10, 13, count)})
    typed = lives.with_columns(
        id_type=id_type, person_token=hex64(rng, count), name_masked=masked_names(rng, count)
    )
    region = (
        pl.when(pl.col("id_type") == "03")
        .then(pl.lit("810000"))
        .when(pl.col("id_type") == "04")
        .then(pl.lit("830000"))
        .otherwise(prefix)
    )
    citizen = pl.concat_str(region, pl.lit("*" * 10), order.cast(pl.String).alias("o"), check.alias("c"))
    has = pl.Series(permit)
    return typed.with_columns(
        id_masked=pl.when(pl.col("id_type") == "05")
        .then(pl.format("E{}", pl.lit("*******") + last.str.slice(3).alias("l")))
        .when(pl.col("id_type") == "02")
        .then(pl.lit("911156************"))
        .otherwise(citizen),
        phone_masked=pl.when(pl.Series(rng.random(count) < 0.75)).then(
            pl.concat_str(pl.lit("1"), phone, pl.lit("****"), last)
        ),
        permit_no_masked=pl.when(has).then(pl.concat_str(pl.lit("320508********"), last)),
        permit_until=pl.when(has).then(until.select(pl.format("{}-{}-15", "y", "m")).to_series()),
        move_out=pl.lit(None, dtype=pl.String),
    )


def masked_names(rng: np.random.Generator, count: int) -> pl.Series:
    """Masked names by surname: ``张*``, ``李**``, ``欧阳*``."""
    common = words("surnames")
    weights = 1 / (np.arange(len(common)) + 3)
    stars = draw(rng, ["*", "**"], count, [2, 3])
    return pl.Series((draw(rng, common, count, list(weights)) + stars).astype(str), dtype=pl.String)
