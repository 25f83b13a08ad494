"""Persons: what is masked must fit its type, and what is open must fit together."""

from __future__ import annotations

from datetime import date

import polars as pl

from core.i18n import N_
from core.verification import masked, writing
from core.verification.declaration import (
    CHECK_ON_SITE,
    CORRECT_AT_SOURCE,
    PACKAGE_FORMAT,
    REGISTRY,
    Dimension,
    Rule,
    Severity,
    Terms,
    at,
    example,
)

_TYPE, _NUMBER, _SEX, _BORN = pl.col("id_type"), pl.col("id_masked"), pl.col("sex"), pl.col("birth_year")
_IN, _OUT, _UNTIL = pl.col("move_in"), pl.col("move_out"), pl.col("permit_until")
_PERMIT, _RELATION, _RESIDENCE = pl.col("permit_no_masked"), pl.col("relation_to_head"), pl.col("residence")

_FITS = masked.fits_type(_NUMBER, _TYPE)
_NUMBERED_AT_BIRTH = _TYPE.is_in(["01", "03", "04"]) & _FITS
_OLDEST = {"oldest": 130}

_RELATIONS = [f"{n:02d}" for n in (1, 2, 10, 11, 12, *range(20, 100))]
_MALE = ["11", *(str(n) for n in range(20, 30))]
_FEMALE = ["12", *(str(n) for n in range(30, 40))]


def _impossible_year(terms: Terms) -> pl.Expr:
    this_year = terms.context.today.year
    return (this_year < _BORN) | (this_year - terms.number("oldest") > _BORN)


def _unlikely_year(terms: Terms) -> pl.Expr:
    this_year = terms.context.today.year
    return _BORN.is_between(this_year - terms.number("oldest"), this_year - terms.number("old") - 1)


def _year_differs(terms: Terms) -> pl.Expr:
    seen = masked.visible_birth_year(_NUMBER)
    return (seen != _BORN) & ~_impossible_year(terms) & _NUMBERED_AT_BIRTH


def _sex_differs() -> pl.Expr:
    digit = masked.visible_order_digit(_NUMBER)
    odd = digit % 2 == 1
    return ((odd & (_SEX == "2")) | (~odd & (_SEX == "1"))) & _NUMBERED_AT_BIRTH


def _relation_differs() -> pl.Expr:
    differs = (_RELATION.is_in(_MALE) & (_SEX == "2")) | (_RELATION.is_in(_FEMALE) & (_SEX == "1"))
    return differs & ~_sex_differs().fill_null(value=False)


def _in_future(terms: Terms) -> pl.Expr:
    return str(terms.context.today) < _IN


def _before_birth(terms: Terms) -> pl.Expr:
    year = _IN.str.head(4).cast(pl.Int64, strict=False)
    silent = _impossible_year(terms) | _year_differs(terms).fill_null(value=False)
    return (year < _BORN) & ~silent


def _permit_impossible(terms: Terms) -> pl.Expr:
    today = terms.context.today
    latest = date(today.year + int(terms.number("years_ahead")), 12, 31)
    return (f"{terms.number('first_year'):.0f}-01-01" > _UNTIL) | (str(latest) < _UNTIL)


def _type_of_others() -> pl.Expr:
    return ((_RESIDENCE == "overseas") & (_TYPE == "01")) | (
        (_RESIDENCE == "registered") & _TYPE.is_in(["02", "03", "04"])
    )


RULES = (
    Rule(
        id="person.id_form",
        applies=at("person", "id_masked"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is not a masked number of the stated type."),
        cure=N_("Check the type of the document; keep the first six and the last two to four characters."),
        source=N_("GB 11643-1999 and data package format 1, “Resources”"),
        parameters={"hidden": 3},
        broken=lambda terms: ~_FITS & (masked.stars(_NUMBER) >= terms.number("hidden")),
        fix=lambda terms: {terms.column.name: writing.code_text(terms.value).str.to_uppercase()},
        passes=example(id_type="03", id_masked="810000********0012"),
        fails=example(id_type="03", id_masked="320508********0012"),
    ),
    Rule(
        id="person.birth_year_impossible",
        applies=at("person", "birth_year"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("Nobody here was born in {value}."),
        cure=CORRECT_AT_SOURCE, source=REGISTRY,
        parameters=_OLDEST, broken=_impossible_year,
        passes=example(birth_year="1985"), fails=example(birth_year="2099"),
    ),
    Rule(
        id="person.birth_year_unlikely",
        applies=at("person", "birth_year"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("Born in {value}, the person would be older than {old}."),
        cure=N_("Check whether the person still lives here; a slip in the century is common."),
        source=REGISTRY,
        parameters=_OLDEST | {"old": 110}, broken=_unlikely_year,
        passes=example(birth_year="1930"), fails=example(birth_year="1905"),
    ),
    Rule(
        id="person.birth_year_differs",
        applies=at("person", "birth_year"),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("The year of birth {value} is not the one in the identity number."),
        cure=CORRECT_AT_SOURCE, source=N_("GB 11643-1999"),
        parameters=_OLDEST, broken=_year_differs,
        passes=example(id_type="01", id_masked="3205081987******12", birth_year="1987"),
        fails=example(id_type="01", id_masked="3205081987******12", birth_year="1978"),
    ),
    Rule(
        id="person.sex_differs",
        applies=at("person", "sex"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The sex {value} is not the one in the identity number."),
        cure=CHECK_ON_SITE, source=N_("GB 11643-1999"),
        broken=lambda _terms: _sex_differs(),
        passes=example(id_type="01", id_masked="320508********0012", sex="1"),
        fails=example(id_type="01", id_masked="320508********0012", sex="2"),
    ),
    Rule(
        id="person.relation_unknown",
        applies=at("person", "relation_to_head"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{value} is not a code of relationship to the head of household."),
        cure=CORRECT_AT_SOURCE, source="GB/T 4761-2008",
        broken=lambda terms: ~terms.value.is_in(_RELATIONS),
        fix=lambda terms: {terms.column.name: writing.code_text(terms.value).str.zfill(2)},
        passes=example(relation_to_head="20"), fails=example(relation_to_head="05"),
    ),
    Rule(
        id="person.relation_sex_differs",
        applies=at("person", "relation_to_head"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The relationship {value} does not go with the sex of the person."),
        cure=CHECK_ON_SITE, source="GB/T 4761-2008",
        broken=lambda _terms: _relation_differs(),
        passes=example(id_type="01", id_masked="320508************", relation_to_head="12", sex="2"),
        fails=example(id_type="01", id_masked="320508************", relation_to_head="12", sex="1"),
    ),
    Rule(
        id="person.move_in_future",
        applies=at("person", "move_in"),
        severity=Severity.ERROR, dimension=Dimension.TIMELINESS,
        message=N_("Moved in on {value}: that day has not come yet."),
        cure=CORRECT_AT_SOURCE, source=REGISTRY,
        broken=_in_future,
        passes=example(move_in="2024-05-01"), fails=example(move_in="2999-05-01"),
    ),
    Rule(
        id="person.move_out_before_move_in",
        applies=at("person", "move_out"),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("Moved out on {value}, before moving in."),
        cure=CORRECT_AT_SOURCE, source=REGISTRY,
        broken=lambda terms: (_OUT < _IN) & ~_in_future(terms),
        passes=example(move_in="2024-05-01", move_out="2024-05-01"),
        fails=example(move_in="2024-05-01", move_out="2023-05-01"),
    ),
    Rule(
        id="person.move_in_before_birth",
        applies=at("person", "move_in"),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("Moved in on {value}, before being born."),
        cure=CORRECT_AT_SOURCE, source=REGISTRY,
        parameters=_OLDEST, broken=_before_birth,
        passes=example(id_type="01", id_masked="320508************", move_in="1990-01-01", birth_year="1990"),
        fails=example(id_type="01", id_masked="320508************", move_in="1980-01-01", birth_year="1990"),
    ),
    Rule(
        id="person.permit_until_impossible",
        applies=at("person", "permit_until"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("A residence permit cannot be valid until {value}."),
        cure=CORRECT_AT_SOURCE, source=N_("State Council order 663 and GA/T 1223-2020"),
        parameters={"first_year": 2003, "years_ahead": 5}, broken=_permit_impossible,
        passes=example(permit_until="2026-12-31"), fails=example(permit_until="2999-12-31"),
    ),
    Rule(
        id="person.permit_number_missing",
        applies=at("person", "permit_no_masked"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("A permit's last day is given, but not its number."),
        cure=N_("Have the sender supply the masked number of the permit."), source=PACKAGE_FORMAT,
        broken=lambda _terms: _PERMIT.is_null() & _UNTIL.is_not_null(),
        passes=example(permit_no_masked="320508********0001", permit_until="2026-12-31"),
        fails=example(permit_until="2026-12-31"),
    ),
    Rule(
        id="person.permit_not_needed",
        applies=at("person", "permit_no_masked"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("A registered resident needs no residence permit, but one is given."),
        cure=N_("Check whether the person is registered here or floating."),
        source=N_("State Council order 663, article 2"),
        broken=lambda _terms: (_RESIDENCE == "registered") & _PERMIT.is_not_null() & ~_type_of_others(),
        passes=example(residence="floating", id_type="01", permit_no_masked="320508********0001"),
        fails=example(residence="registered", id_type="01", permit_no_masked="320508********0001"),
    ),
    Rule(
        id="person.residence_id_type_differs",
        applies=at("person", "residence"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The kind of residence “{value}” does not go with the type of the document."),
        cure=CHECK_ON_SITE, source=PACKAGE_FORMAT,
        broken=lambda _terms: _type_of_others() & _FITS,
        passes=example(residence="overseas", id_type="05", id_masked="E1*****78"),
        fails=example(residence="overseas", id_type="01", id_masked="320508********0012"),
    ),
)  # fmt: skip
