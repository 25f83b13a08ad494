"""Sealed identities: numbers with their check digits and dates, names with rare characters, phones."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification import identifiers, writing
from core.verification.declaration import (
    CORRECT_AT_SOURCE,
    PACKAGE_FORMAT,
    Dimension,
    Rule,
    Severity,
    Terms,
    at,
    example,
)

_TYPE, _RAW = pl.col("id_type"), pl.col("id_number")
_NUMBER = identifiers.person_number(_RAW, _TYPE)
_FIELD = at("identity", "id_number")
_GB_11643 = "GB 11643-1999"
_PERSONAL_NUMBER = "11010519491231002X"

_NAME = r"^(?:[\p{Han}〇]+(?:[·•][\p{Han}〇]+)*|\p{Latin}[\p{Latin}\p{M}'’.·-]*(?: [\p{Latin}\p{M}'’.·-]+)*)$"


def _born_impossibly(terms: Terms) -> pl.Expr:
    return identifiers.birth_impossible(_NUMBER, terms.context.today)


def _dated(terms: Terms) -> pl.Expr:
    """The number where its date and its check digit are right: what is left to say is only a warning."""
    wrong = _born_impossibly(terms) | identifiers.person_check_wrong(_NUMBER).fill_null(value=False)
    return pl.when(~wrong).then(_NUMBER)


def _name_strange(terms: Terms) -> pl.Expr:
    length = terms.value.str.len_chars()
    return ~terms.value.str.contains(_NAME) | ~length.is_between(terms.number("min"), terms.number("max"))


RULES = (
    Rule(
        id="identity.number_shape", applies=_FIELD,
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("The number has not the shape of its type."),
        cure=N_("Look for missing or full-width characters and a small x; check the type of the document."),
        source=N_("GB 11643-1999 and the rules of the permits"),
        broken=lambda _terms: ~identifiers.matches_type(_RAW, _TYPE),
        fix=lambda _terms: {"id_number": writing.code_text(_RAW).str.to_uppercase()},
        passes=example(id_type="04", id_number="830000200209060065"),
        fails=example(id_type="01", id_number="11010519491231002x"),
    ),
    Rule(
        id="identity.birth_impossible", applies=_FIELD,
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("The date of birth in the number does not exist or lies in the future."),
        cure=CORRECT_AT_SOURCE, source=_GB_11643,
        broken=_born_impossibly,
        passes=example(id_type="01", id_number=_PERSONAL_NUMBER),
        fails=example(id_type="01", id_number="110105194902310022"),
    ),
    Rule(
        id="identity.number_check", applies=_FIELD,
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("The check digit of the number is wrong."),
        cure=N_("A digit was mistyped: compare it with the document."), source=_GB_11643,
        broken=lambda terms: identifiers.person_check_wrong(_NUMBER) & ~_born_impossibly(terms),
        passes=example(id_type="01", id_number="440524188001010014"),
        fails=example(id_type="01", id_number="440524188001010015"),
    ),
    Rule(
        id="identity.birth_early", applies=_FIELD,
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("The date of birth in the number lies before {first_year}."),
        cure=N_("Check whether the person is alive: numbers were given out from 1984 on."), source=_GB_11643,
        parameters={"first_year": 1900},
        broken=lambda terms: identifiers.birth_text(_dated(terms)) < f"{terms.number('first_year'):.0f}0000",
        passes=example(id_type="01", id_number=_PERSONAL_NUMBER),
        fails=example(id_type="01", id_number="440524188001010014"),
    ),
    Rule(
        id="identity.division_unknown", applies=_FIELD,
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The number begins with a division that does not exist, or no longer existed at the birth."),
        cure=N_("Compare it with the document; the number itself may be in order."),
        source=N_("GB/T 2260 and its changes of 2012"),
        broken=lambda terms: (_TYPE == "01") & identifiers.division_unknown(_dated(terms)),
        passes=example(id_type="01", id_number="320502198001010014"),
        fails=example(id_type="01", id_number="320502201501010019"),
    ),
    Rule(
        id="identity.order_zero", applies=_FIELD,
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("The order number in the number is 000."),
        cure=N_("Compare it with the document: it may be a placeholder."), source=_GB_11643,
        broken=lambda terms: identifiers.order_zero(_dated(terms)),
        passes=example(id_type="01", id_number=_PERSONAL_NUMBER),
        fails=example(id_type="01", id_number="110105194912310003"),
    ),
    Rule(
        id="identity.number_old", applies=_FIELD,
        severity=Severity.NOTICE, dimension=Dimension.TIMELINESS,
        message=N_("A 15-digit number: it has not been valid since 2013."),
        cure=N_("Ask for the present document and enter the 18-digit number."),
        source=N_("Resident identity card law as amended in 2011"),
        broken=lambda terms: _dated(terms).is_not_null() & (_RAW.str.len_bytes() == 15),
        passes=example(id_type="01", id_number=_PERSONAL_NUMBER),
        fails=example(id_type="01", id_number="110105491231002"),
    ),
    Rule(
        id="identity.name_form", applies=at("identity", "name"),
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is not written as a name is."),
        cure=N_("Chinese characters with ·, or letters; no masks, digits, titles or private-use characters."),
        source=PACKAGE_FORMAT,
        parameters={"min": 2, "max": 50}, broken=_name_strange,
        passes=example(name="𠮷㛃·买买提"), fails=example(name="张3"),
    ),
    Rule(
        id="identity.phone_form", applies=at("identity", "phone"),
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is not a phone number."),
        cure=CORRECT_AT_SOURCE, source=PACKAGE_FORMAT,
        broken=lambda terms: ~(
            terms.value.str.contains(identifiers.MOBILE) | terms.value.str.contains(identifiers.FIXED)
        ),
        passes=example(phone="0512-65123456"), fails=example(phone="12345"),
    ),
)  # fmt: skip
