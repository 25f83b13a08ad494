"""Houses and who lives in them: what Suzhou's ordinance asks of a let house. About the house, never its people."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification.declaration import (
    CHECK_ON_SITE,
    REGISTRY,
    Dimension,
    Rule,
    Severity,
    Terms,
    at,
    example,
)

_ORDINANCE = N_("Suzhou ordinance on rental housing (in force 2019-05-01)")
_VISIT = N_("Have the house visited; if it is so, report the hazard. It says nothing about the people in it.")
_RENTED = pl.col("use") == "rented"
_PEOPLE, _TENANTS, _HOUSEHOLDS = pl.col("_people"), pl.col("_tenants"), pl.col("_households")
_ROOMS, _AREA, _MAX = pl.col("rooms"), pl.col("area_m2"), pl.col("tenants_max")


def _persons_a_room(terms: Terms) -> pl.Expr:
    """One family may be more (the ordinance excepts it)."""
    return _RENTED & (_HOUSEHOLDS > 1) & (_ROOMS >= 1) & (terms.number("persons_a_room") * _ROOMS < _TENANTS)


def _area_a_person(terms: Terms) -> pl.Expr:
    return _RENTED & (_TENANTS >= 1) & (_AREA > 0) & (terms.number("area_m2") * _TENANTS > _AREA)


def _small_divided(terms: Terms) -> pl.Expr:
    """Below ``least_m2`` it is rather the area that is wrong."""
    small = (terms.number("area_m2") > _AREA) & (terms.number("least_m2") <= _AREA)
    return _RENTED & (_ROOMS > 1) & small


def _large(terms: Terms) -> pl.Expr:
    return _RENTED & ((terms.number("rooms") <= _ROOMS) | (terms.number("tenants") <= _TENANTS))


RULES = (
    Rule(
        id="tenancy.over_limit", standing=True, proposes="group_renting",
        applies=at("house", "tenants_max"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("More tenants live here than the {value} who are allowed."),
        cure=_VISIT, source=_ORDINANCE,
        broken=lambda _terms: _RENTED & (_TENANTS > _MAX),
        passes=example(use="rented", tenants_max="3", _tenants=3),
        fails=example(use="rented", tenants_max="3", _tenants=4),
    ),
    Rule(
        id="tenancy.persons_a_room", standing=True, proposes="group_renting",
        applies=at("house", "rooms"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("More than {persons_a_room} tenants a room, and they are not one family."),
        cure=_VISIT, source=_ORDINANCE,
        parameters={"persons_a_room": 2}, broken=_persons_a_room,
        passes=example(use="rented", rooms="1", _tenants=4, _households=1),
        fails=example(use="rented", rooms="1", _tenants=4, _households=3),
    ),
    Rule(
        id="tenancy.area_a_person", standing=True, proposes="group_renting",
        applies=at("house", "area_m2"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("Less than {area_m2} m² for each tenant."),
        cure=_VISIT, source=_ORDINANCE,
        parameters={"area_m2": 4}, broken=_area_a_person,
        passes=example(use="rented", area_m2="20", _tenants=4), fails=example(use="rented", area_m2="15", _tenants=4),
    ),
    Rule(
        id="tenancy.small_divided", proposes="partition",
        applies=at("house", "rooms"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("A let house below {area_m2} m² is said to have {value} rooms; so small a one may not be divided."),
        cure=_VISIT, source=_ORDINANCE,
        parameters={"area_m2": 12, "least_m2": 4}, broken=_small_divided,
        passes=example(use="rented", area_m2="24", rooms="2"), fails=example(use="rented", area_m2="10", rooms="2"),
    ),
    Rule(
        id="tenancy.large", standing=True, proposes="fire_equipment",
        applies=at("house", "rooms"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("{rooms} or more rooms or {tenants} or more tenants: fire detectors are needed everywhere."),
        cure=N_("Check the detectors at the next visit; report the hazard if they are missing."), source=_ORDINANCE,
        parameters={"rooms": 10, "tenants": 10}, broken=_large,
        passes=example(use="rented", rooms="4", _tenants=4), fails=example(use="rented", rooms="12", _tenants=4),
    ),
    Rule(
        id="tenancy.several_households", standing=True, proposes="fire_equipment",
        applies=at("house", "use"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("Several households rent here: {extinguishers} dry-powder extinguishers of 3 kg are needed."),
        cure=N_("Check the extinguishers at the next visit; report the hazard if they are missing."), source=_ORDINANCE,
        parameters={"extinguishers": 2},
        broken=lambda _terms: _RENTED & (_HOUSEHOLDS > 1),
        passes=example(use="rented", _households=1), fails=example(use="rented", _households=2),
    ),
    Rule(
        id="tenancy.in_business", standing=True, proposes="other",
        applies=at("house", "use"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("People are lodged in rooms for business; living, storing and trading in one is not allowed."),
        cure=_VISIT, source=_ORDINANCE,
        broken=lambda terms: (terms.value == "commercial") & (_TENANTS >= 1),
        passes=example(use="commercial", _tenants=0), fails=example(use="commercial", _tenants=2),
    ),
    Rule(
        id="house.vacant_inhabited", standing=True,
        applies=at("house", "use"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The house is said to be vacant, but people live in it."),
        cure=CHECK_ON_SITE, source=REGISTRY,
        broken=lambda terms: (terms.value == "vacant") & (_PEOPLE >= 1),
        passes=example(use="vacant"), fails=example(use="vacant", _people=2),
    ),
    Rule(
        id="house.rented_empty", standing=True,
        applies=at("house", "use"),
        severity=Severity.NOTICE, dimension=Dimension.COMPLETENESS,
        message=N_("The house is let, but no tenant is registered."),
        cure=N_("Collect the tenants; if nobody lives there, correct the use."), source=_ORDINANCE,
        broken=lambda _terms: _RENTED & (_TENANTS.fill_null(0) == 0),
        passes=example(use="rented", _tenants=1), fails=example(use="rented"),
    ),
    Rule(
        id="house.head_missing", standing=True,
        applies=at("house", "house_code"),
        severity=Severity.NOTICE, dimension=Dimension.COMPLETENESS,
        message=N_("People are registered here, but none of them is the head of the household."),
        cure=CHECK_ON_SITE, source="GB/T 4761-2008",
        broken=lambda _terms: (_PEOPLE - _TENANTS >= 1) & (pl.col("_heads") == 0),
        passes=example(house_code="H-1", _people=2, _tenants=0, _heads=1),
        fails=example(house_code="H-1", _people=2, _tenants=0, _heads=0),
    ),
)  # fmt: skip
