"""Houses: plausible areas, landlords of what is let, Suzhou's ordinance on rental housing."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification.declaration import CHECK_ON_SITE, Dimension, Rule, Severity, Terms, at, example

_ORDINANCE = N_("Suzhou ordinance on rental housing (in force 2019-05-01)")
_RENTED = pl.col("use") == "rented"


def _area_implausible(terms: Terms) -> pl.Expr:
    area = terms.value
    dwelling = pl.col("use").is_in(["self", "rented", "vacant"])
    high = pl.when(dwelling).then(terms.number("dwelling_max")).otherwise(terms.number("other_max"))
    return (area < terms.number("min")) | (area > high)


def _too_many_tenants(terms: Terms) -> pl.Expr:
    rooms = pl.col("rooms")
    return _RENTED & (rooms >= 1) & (terms.value > terms.number("persons_a_room") * rooms)


RULES = (
    Rule(
        id="house.area_implausible",
        applies=at("house", "area_m2"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("An area of {value} m² is implausible for a house of this use."),
        cure=CHECK_ON_SITE, source=N_("rule of the registry"),
        parameters={"min": 4, "dwelling_max": 2000, "other_max": 200_000},
        broken=_area_implausible,
        passes=example(use="rented", area_m2="45.5"), fails=example(use="rented", area_m2="4550"),
    ),
    Rule(
        id="house.landlord_missing",
        applies=at("house", "landlord_masked"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("The house is let, but no landlord is named."),
        cure=N_("Have the landlord registered: who lets a dwelling must report it."),
        source=_ORDINANCE,
        broken=lambda _terms: _RENTED & pl.col("landlord_token").is_null() & pl.col("landlord_masked").is_null(),
        passes=example(use="rented", landlord_masked="张*"), fails=example(use="rented"),
    ),
    Rule(
        id="house.tenants_exceed_rooms",
        applies=at("house", "tenants_max"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("{value} tenants are more than {persons_a_room} persons a room."),
        cure=N_("Check the number of rooms; families may be more, otherwise report it as a hazard."),
        source=_ORDINANCE,
        parameters={"persons_a_room": 2},
        broken=_too_many_tenants,
        passes=example(use="rented", rooms="3", tenants_max="6"),
        fails=example(use="rented", rooms="1", tenants_max="6"),
    ),
)  # fmt: skip
