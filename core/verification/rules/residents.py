"""Persons in their surroundings: where else they are said to live, permits, phones. About records, not conduct."""

from __future__ import annotations

from datetime import timedelta

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

_OUT, _UNTIL = pl.col("move_out"), pl.col("permit_until")
_PERMITS = N_("State Council order 663 and GA/T 1223-2020")
_RENEW = N_("Remind the person to renew it at the next visit, or record the move.")


def _here(terms: Terms) -> pl.Expr:
    return _OUT.is_null() | (str(terms.context.today) < _OUT)


def _expired(terms: Terms) -> pl.Expr:
    return (str(terms.context.today) > _UNTIL) & _here(terms)


def _expires_soon(terms: Terms) -> pl.Expr:
    today = terms.context.today
    last = today + timedelta(days=terms.number("days"))
    return _UNTIL.is_between(pl.lit(str(today)), pl.lit(str(last))) & _here(terms)


RULES = (
    Rule(
        id="person.several_houses", standing=True,
        applies=at("person", "house_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("One department says that the person lives in this house and in another one at the same time."),
        cure=N_("Find out where the person lives and give the other record its date of moving out."),
        source=REGISTRY,
        broken=lambda terms: (pl.col("_houses") > 1) & _here(terms),
        passes=example(house_code="H-0001"), fails=example(house_code="H-0001", _houses=2),
    ),
    Rule(
        id="person.address_retired", standing=True,
        applies=at("person", "house_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The house {value}, where the person lives, stands at an address that is no longer used."),
        cure=N_("Give the house its new standard address, or record that the person moved out."),
        source=REGISTRY,
        broken=lambda terms: (pl.col("_address_status") == "retired") & _here(terms),
        passes=example(house_code="H-0001", _address_status="active"),
        fails=example(house_code="H-0001", _address_status="retired"),
    ),
    Rule(
        id="person.dormitory_closed", standing=True,
        applies=at("person", "house_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The person lives in a dormitory, but every organisation at its address is closed."),
        cure=CHECK_ON_SITE, source=REGISTRY,
        broken=lambda terms: (pl.col("_use") == "dormitory") & (pl.col("_operators") == "closed") & _here(terms),
        passes=example(house_code="H-0001", _use="dormitory", _operators="open"),
        fails=example(house_code="H-0001", _use="dormitory", _operators="closed"),
    ),
    Rule(
        id="person.permit_expired", standing=True,
        applies=at("person", "permit_until"),
        severity=Severity.NOTICE, dimension=Dimension.TIMELINESS,
        message=N_("The residence permit ended on {value}."),
        cure=_RENEW, source=_PERMITS,
        broken=_expired,
        passes=example(permit_until="2027-01-31", _cycle_days=90),
        fails=example(permit_until="2026-01-31", _cycle_days=90),
    ),
    Rule(
        id="person.permit_expires_soon", standing=True,
        applies=at("person", "permit_until"),
        severity=Severity.NOTICE, dimension=Dimension.TIMELINESS,
        message=N_("The residence permit ends on {value}, within {days} days."),
        cure=_RENEW, source=_PERMITS,
        parameters={"days": 30}, broken=_expires_soon,
        passes=example(permit_until="2027-01-31"), fails=example(permit_until="2026-12-01"),
    ),
    Rule(
        id="person.phone_shared", standing=True,
        applies=at("person", "phone_masked"),
        severity=Severity.NOTICE, dimension=Dimension.ACCURACY,
        message=N_("More than {persons} persons have the phone {value}, masked as it is."),
        cure=N_("A collector may have entered one number for many people: ask for the persons' own."),
        source=REGISTRY,
        parameters={"persons": 60}, broken=lambda terms: pl.col("_phone_people") > terms.number("persons"),
        passes=example(phone_masked="138****5678", _phone_people=4),
        fails=example(phone_masked="138****5678", _phone_people=400),
    ),
    Rule(
        id="identity.phone_shared", standing=True,
        applies=at("identity", "phone"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("More than {persons} persons have the same phone."),
        cure=N_("A collector may have entered one number for many people: ask for the persons' own."),
        source=REGISTRY,
        parameters={"persons": 8}, broken=lambda terms: pl.col("_phone_people") > terms.number("persons"),
        passes=example(phone="13800138000", _phone_people=4), fails=example(phone="13800138000", _phone_people=12),
    ),
    Rule(
        id="identity.number_twice", standing=True,
        applies=at("identity", "id_number"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("Two pseudonyms stand for the same identity number."),
        cure=N_("Ask the sender which pseudonym is right; its key may have changed."),
        source=N_("GB/T 37964-2019 and data package format 1, “Resources”"),
        broken=lambda _terms: pl.col("_number_people") > 1,
        passes=example(id_number="11010519491231002X", _number_people=1),
        fails=example(id_number="11010519491231002X", _number_people=2),
    ),
    Rule(
        id="identity.birth_differs", standing=True,
        applies=at("identity", "id_number"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The year of birth in the identity number is not the one that the registry has."),
        cure=CHECK_ON_SITE, source=N_("GB 11643-1999"),
        broken=lambda _terms: (
            pl.col("id_type").is_in(["01", "03", "04"]) & (pl.col("id_number").str.len_bytes() == 18)
            & (pl.col("id_number").str.slice(6, 4).cast(pl.Int64, strict=False) != pl.col("_born"))
        ),
        passes=example(id_type="01", id_number="11010519491231002X", _born=1949),
        fails=example(id_type="01", id_number="11010519491231002X", _born=1948),
    ),
    Rule(
        id="identity.person_missing", standing=True,
        applies=at("identity", "person_token"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("A sealed identity is kept of somebody whom the registry does not have."),
        cure=N_("Keep no more than is needed: ask the sender to retire it."),
        source=N_("Personal Information Protection Law, article 19"),
        broken=lambda _terms: pl.col("_known").is_null(),
        passes=example(person_token="0a" * 32, _known=1), fails=example(person_token="0a" * 32, _born=None),
    ),
)  # fmt: skip
