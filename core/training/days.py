"""What each department sends on which day: a first stock, a week's changes, a monthly snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from core.settings import CHINA
from core.training.addresses import addresses
from core.training.geography import Land, make_land
from core.training.housing import households, houses
from core.training.incidents import incidents
from core.training.organisations import organisations
from core.training.population import people
from core.training.press import Press

RATIO_ADDRESS, RATIO_HOUSE, RATIO_ORGANISATION = 0.5, 0.4, 0.08
"""Entities a person, as in the district itself: 500,000, 400,000 and 80,000 for a million."""

FIRST, SECOND, THIRD = (datetime(2026, 11, day, 9, tzinfo=CHINA) for day in (2, 9, 16))
_OWN: Final = ("registered", "overseas")
_LATER: Final = 0.03
"""Share of the community's people who are reported only after the first day."""


@dataclass(frozen=True)
class District:
    """What is true before anybody sends it: one frame a resource, with hints for the making of packages."""

    land: Land
    addresses: pl.DataFrame
    houses: pl.DataFrame
    persons: pl.DataFrame
    organisations: pl.DataFrame
    incidents: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Flock:
    """The community's people: those reported so far, and those who will be."""

    now: pl.DataFrame
    later: pl.DataFrame


def invent(rng: np.random.Generator, count: int) -> District:
    """A district of exactly ``count`` people in the proportions of the real one."""
    land = make_land(rng, round(count * RATIO_HOUSE))
    spots = addresses(rng, land, max(40, round(count * RATIO_ADDRESS)))
    homes = houses(rng, spots, max(30, round(count * RATIO_HOUSE)))
    members = households(rng, homes, count)
    homes = _with_room(rng, homes, members)
    persons = people(rng, members)
    offices = organisations(rng, spots, max(20, round(count * RATIO_ORGANISATION)))
    small = incidents(rng, spots.filter(~pl.col("bare")), homes.filter(~pl.col("spared")), persons)
    return District(land, spots, _with_landlords(rng, homes, persons), persons, offices, small)


def _with_room(rng: np.random.Generator, homes: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Landlords who keep to the ordinance: rooms for their tenants, but for one let house in twenty-five."""
    lodged = members.group_by("house_code").len("lodged")
    honest = pl.Series(rng.random(homes.height) < 0.96)
    needed = pl.col("lodged").fill_null(0)
    let = homes.join(lodged, on="house_code", how="left", maintain_order="left").with_columns(
        rooms=pl.when(honest & (pl.col("use") == "rented"))
        .then(pl.max_horizontal(pl.col("rooms").cast(pl.Int64), (needed + 1) // 2))
        .otherwise(pl.col("rooms").cast(pl.Int64))
        .cast(pl.String),
        tenants_max=pl.when(honest)
        .then(pl.max_horizontal(pl.col("tenants_max").cast(pl.Int64), needed).cast(pl.String))
        .otherwise(pl.col("tenants_max")),
    )
    return let.with_columns(tenants_max=pl.when(pl.col("use") == "rented").then("tenants_max")).select(homes.columns)


def _with_landlords(rng: np.random.Generator, homes: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Who lets a house is somebody registered in another one, now and then of several."""
    owners = persons.filter((pl.col("residence") == "registered") & (pl.col("relation_to_head") == "02"))
    owner = owners.select("person_token", "name_masked")[rng.integers(0, owners.height, homes.height)]
    let = pl.col("use") == "rented"
    return homes.with_columns(
        landlord_token=pl.when(let).then(owner["person_token"]),
        landlord_masked=pl.when(let).then(owner["name_masked"]),
    )


def first_day(press: Press, district: District) -> Flock:
    """The stock: addresses and houses first, then what stands on them."""
    bare, spared = district.addresses["bare"], district.houses["spared"]
    small, persons = district.incidents, district.persons
    stock = {"address": district.addresses, "house": district.houses}
    press.issue(FIRST, 1, "bureau", stock, allowed={"address": bare, "house": spared})
    press.issue(FIRST, 2, "governance", {
        "grid": _grids(district), "organisation": district.organisations, "place": small["place"],
        "event": small["event"],
    })  # fmt: skip
    own = pl.col("residence").is_in(_OWN)
    press.issue(FIRST, 3, "police", _with_identity(press, persons.filter(own)))
    others = persons.filter(~own)
    others = press.collected(others, "community", FIRST)
    cut = round(others.height * (1 - _LATER))
    flock = Flock(others.head(cut), others.tail(others.height - cut))
    press.issue(FIRST, 4, "community", _with_identity(press, flock.now) | {"dispute": small["dispute"]})
    press.issue(FIRST, 5, "fire", {"thing": small["thing"], "hazard": small["hazard"]})
    return flock


def second_day(press: Press, district: District, flock: Flock) -> Flock:
    """A week's changes: people who moved, came and went, firms that grew; no report from the door plates.

    And what police, fire and governance met with on their own rounds.
    """
    roll = press.rng.random(flock.now.height)
    going, moving, calling = (pl.Series(roll < limit) for limit in (0.01, 0.02, 0.035))
    moved = _moved(press.rng, flock.now.filter(moving & ~going), district.houses)
    called = _with_new_phone(press.rng, flock.now.filter(calling & ~moving))
    come = flock.later.head(flock.later.height // 2)
    told = pl.concat([moved, called, come]).with_columns(op=pl.lit("upsert"))
    delta = pl.concat([flock.now.filter(moving).with_columns(op=pl.lit("retire")), told])
    press.issue(SECOND, 1, "community", {"person": delta}, mode="delta")
    press.issue(
        SECOND, 2, "governance", {"organisation": _firms_a_week_on(press.rng, district)}, mode="delta"
    )
    press.issue(SECOND, 3, "qr", {"qr_report": district.incidents["qr_report"].clear()})
    now = pl.concat([flock.now.filter(~calling), moved, called, come])
    _second_opinions(press, district, now)
    return Flock(now, flock.later.tail(flock.later.height - come.height))


def third_day(press: Press, district: District, flock: Flock) -> Flock:
    """The first reports from the door plates, and the community's monthly snapshot."""
    press.issue(THIRD, 1, "qr", {"qr_report": district.incidents["qr_report"]})
    return monthly(press, flock, THIRD, 2)


def _second_opinions(press: Press, district: District, residents: pl.DataFrame) -> None:
    """What other departments met with on their own rounds: mostly the same, now and then something else."""
    rng = press.rng
    met = _anew(_some(rng, residents, 0.04))
    called = pl.Series(rng.random(met.height) < 0.2)
    people = pl.concat([met.filter(~called), _with_new_phone(rng, met.filter(called))])
    firms = _some(rng, district.organisations, 0.05)
    staff = (pl.col("employees").cast(pl.Int64) + 2).cast(pl.String)
    counted = pl.when(pl.Series(rng.random(firms.height) < 0.25)).then(staff).otherwise("employees")
    homes = _some(rng, district.houses.filter(pl.col("use").is_in(["self", "vacant"]) & ~pl.col("spared")), 0.02)
    empty = pl.when(pl.Series(rng.random(homes.height) < 0.3)).then(pl.lit("vacant")).otherwise("use")
    upsert = pl.lit("upsert").alias("op")
    press.issue(SECOND, 4, "police", {"person": people.with_columns(upsert)}, mode="delta")
    firms = firms.with_columns(counted.alias("employees"), upsert)
    press.issue(SECOND, 5, "fire", {"organisation": firms}, mode="delta")
    press.issue(SECOND, 6, "governance", {"house": homes.with_columns(empty.alias("use"), upsert)}, mode="delta")


def _some(rng: np.random.Generator, rows: pl.DataFrame, share: float) -> pl.DataFrame:
    """About ``share`` of the rows, and one at least."""
    roll = pl.Series(rng.random(rows.height))
    return rows.filter((roll < share) | (pl.int_range(pl.len()) == 0))


def monthly(press: Press, flock: Flock, when: datetime, number: int) -> Flock:
    """A snapshot of the community's people: 95 in 100 unchanged, some changed, some missing, the rest of the new.

    A third of the unchanged were visited again; the others bear the date at which they were collected before.
    """
    roll = press.rng.random(flock.now.height)
    away, calling = pl.Series(roll < 0.015), pl.Series(roll < 0.045)
    called = _with_new_phone(press.rng, flock.now.filter(calling & ~away))
    visited = pl.Series(roll > 0.67)
    stayed = pl.concat([flock.now.filter(~calling & ~visited), _anew(flock.now.filter(visited))])
    snapshot = press.collected(pl.concat([stayed, called, flock.later]), "community", when)
    press.issue(when, number, "community", {"person": snapshot})
    return Flock(snapshot, flock.later.clear())


def more_months(press: Press, flock: Flock, count: int) -> None:
    """``count`` more snapshots, one a day after the last: for benchmarks and rehearsals."""
    for number in range(1, count + 1):
        flock = monthly(press, flock, THIRD + timedelta(days=number), 1)


def _grids(district: District) -> pl.DataFrame:
    """The grids with their named maintainer and the households that really are there."""
    households = (
        district.houses.join(district.addresses.select("address_code", "grid_code"), on="address_code")
        .group_by("grid_code").len("households")
    )  # fmt: skip
    return district.land.grids.join(households, on="grid_code", how="left", maintain_order="left").with_columns(
        kind=pl.lit("governance"), maintainer=pl.format("W{}", pl.int_range(1001, pl.len() + 1001)),
        cycle_days=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("60")).otherwise(pl.lit("90")),
        households=pl.col("households").fill_null(0).cast(pl.String),
    )  # fmt: skip


def _moved(rng: np.random.Generator, persons: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """The persons in another rented house, since last week."""
    rented = homes.filter((pl.col("use") == "rented") & ~pl.col("spared"))["house_code"]
    which = rng.integers(0, rented.len(), persons.height)
    there, next_door = rented.gather(which), rented.gather((which + 1) % rented.len())
    elsewhere = pl.when(there == persons["house_code"]).then(next_door).otherwise(there)
    return _anew(persons).with_columns(
        house_code=elsewhere, move_in=pl.lit("2026-11-05"), relation_to_head=pl.lit("99")
    )


def _with_new_phone(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    end = pl.Series(rng.integers(1000, 10_000, rows.height)).cast(pl.String)
    return _anew(rows).with_columns(phone="1390000" + end, phone_masked="139****" + end)


def _anew(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as if just collected: the press dates them."""
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in ("collected_at", "collector"))


def _firms_a_week_on(rng: np.random.Generator, district: District) -> pl.DataFrame:
    """Some with one more employee, a few struck off."""
    roll = rng.random(district.organisations.height)
    grown, gone = pl.Series((roll >= 0.003) & (roll < 0.02)), pl.Series(roll < 0.003)
    more = (pl.col("employees").cast(pl.Int64) + 1).cast(pl.String)
    return pl.concat([
        district.organisations.filter(gone).with_columns(op=pl.lit("retire")),
        district.organisations.filter(grown).with_columns(employees=more, op=pl.lit("upsert")),
    ])  # fmt: skip


def _with_identity(press: Press, persons: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if press.seal_to_pem is None:
        return {"person": persons}
    return {
        "person": persons,
        "identity": persons.select("person_token", "name", "id_type", "id_number", "phone"),
    }
