"""Numbers of persons and organisations as expressions over a whole column at once.

Every function takes text and returns an expression that is null where the text has not the shape that it
speaks of, so that one wrong value has one reason. Facts: ``standards.md``, "Identifiers".
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add
from typing import Any, Final

import polars as pl

PERSON_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"

PERSON_CHECKS: Final = "10X98765432"

_CITIZEN = r"^(?:[1-7][0-9]{16}[0-9X]|[1-7][0-9]{14})$"
SHAPES: Final[Mapping[str, str]] = {
    "01": _CITIZEN,
    "02": r"^(?:9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12})$",
    "03": r"^8[12]0000[0-9]{11}[0-9X]$",
    "04": r"^830000[0-9]{11}[0-9X]$",
    "05": r"^[0-9A-Z]{5,15}$",
}
"""The shape of a number by ``id_type``: GB 11643, the permanent resident's cards, the permits, passports."""

USCC_SHAPE: Final = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
USCC_CATEGORIES: Final = r"^(?:[15N][1239]|[248A][19]|3[1-59]|[67][129]|9[123]|Y1)"
ORGANISATION_CODE: Final = r"^[0-9A-Z]{8}-?[0-9X]$"

MOBILE: Final = r"^1[3-9][0-9]{9}$"
FIXED: Final = r"^(?:(?:0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(?:-[0-9]{1,6})?|[48]00-?[0-9]{3}-?[0-9]{4})$"
SERVICE: Final = r"^[1-9][0-9]{2,4}$"

_PROVINCES = (
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83
)  # fmt: skip
PROVINCES: Final = tuple(str(number) for number in _PROVINCES)
ABOLISHED_2012: Final = ("320502", "320503", "320504", "320511")


def person_number(number: pl.Expr, id_type: pl.Expr) -> pl.Expr:
    """The number in 18 characters where it carries a date; null if it has another shape or none.

    A 15-digit number has no check digit to be wrong, so its place is taken by ``~``; appending the right one
    (``lengthened``) would make every rule over the number many times as large.
    """
    dated = matches_type(number, id_type) & id_type.is_in(["01", "02", "03", "04"])
    old = pl.concat_str(number.str.head(6), pl.lit("19"), number.str.slice(6), pl.lit("~"))
    return pl.when(dated & (number.str.len_bytes() == 18)).then(number).when(dated & (id_type == "01")).then(old)


def matches_type(number: pl.Expr, id_type: pl.Expr) -> pl.Expr:
    """Whether the number has the shape of its type; null where the type is not one of ours."""
    matching: Any = pl.when(id_type.is_null()).then(None)
    for code, shape in SHAPES.items():
        matching = matching.when(id_type == code).then(number.str.contains(shape))
    answer: pl.Expr = matching.otherwise(None)
    return answer


def lengthened(number: pl.Expr) -> pl.Expr:
    """A 15-digit citizen number as 18 digits: "19" after the division, the check digit appended."""
    old = pl.when(number.str.contains(r"^[1-9][0-9]{14}$")).then(number)
    seventeen = pl.concat_str(old.str.head(6), pl.lit("19"), old.str.slice(6))
    check = _weighted(seventeen, PERSON_WEIGHTS) % 11
    return pl.concat_str(seventeen, check.replace_strict(dict(enumerate(PERSON_CHECKS)), return_dtype=pl.String))


def person_check_wrong(number: pl.Expr) -> pl.Expr:
    """Whether the last character of an 18-digit number is not its check digit (ISO 7064 mod 11-2)."""
    shaped = pl.when(number.str.contains(r"^[0-9]{17}[0-9X]$")).then(number)
    last = pl.when(shaped.str.ends_with("X")).then(10).otherwise(_digit(shaped, 17))
    return (_weighted(shaped, PERSON_WEIGHTS) + last) % 11 != 1


def birth_text(number: pl.Expr) -> pl.Expr:
    """The birth date of an 18-digit number as YYYYMMDD text, possible or not."""
    return number.str.slice(6, 8)


def birth_impossible(number: pl.Expr, today: date) -> pl.Expr:
    """Whether the date in an 18-digit number does not exist or lies after ``today``."""
    born = birth_text(number)
    return calendar_date(born, "%Y%m%d").is_null() & number.is_not_null() | (born > f"{today:%Y%m%d}")


def calendar_date(text: pl.Expr, form: str) -> pl.Expr:
    """The date that the text writes in ``form``; null if there is no such day."""
    return text.str.to_date(form, strict=False, cache=False)


def division_unknown(number: pl.Expr) -> pl.Expr:
    """Whether a citizen number begins with no province, or with a division abolished before the birth."""
    no_province = ~number.str.head(2).is_in(PROVINCES)
    abolished = number.str.head(6).is_in(ABOLISHED_2012) & (birth_text(number).str.head(4) >= "2013")
    return no_province | abolished


def order_zero(number: pl.Expr) -> pl.Expr:
    """Whether the order number of an 18-digit number is 000."""
    return number.str.slice(14, 3) == "000"


def uscc_check_wrong(code: pl.Expr) -> pl.Expr:
    """Whether the check character of a well-formed social credit code (GB 32100) is wrong."""
    shaped = pl.when(code.str.contains(USCC_SHAPE)).then(code)
    weighed = _weighted(shaped, (*USCC_WEIGHTS, 1), USCC_ALPHABET)
    return weighed % 31 != 0


def uscc_inner_wrong(code: pl.Expr) -> pl.Expr:
    """Whether the organisation code inside a well-formed social credit code has a wrong check character."""
    shaped = pl.when(code.str.contains(USCC_SHAPE)).then(code)
    return _organisation_check_wrong(shaped.str.slice(8, 9))


def organisation_code_wrong(code: pl.Expr) -> pl.Expr:
    """Whether an organisation code (GB 11714, with or without its dash) has a wrong check character."""
    shaped = pl.when(code.str.contains(ORGANISATION_CODE)).then(code)
    return _organisation_check_wrong(shaped.str.replace("-", "", literal=True))


def _organisation_check_wrong(nine: pl.Expr) -> pl.Expr:
    base36 = string.digits + string.ascii_uppercase
    last = pl.when(nine.str.ends_with("X")).then(10).otherwise(_digit(nine, 8))
    right = (_weighted(nine, ORGANISATION_WEIGHTS, base36) + last) % 11 == 0
    return pl.when(nine.is_not_null()).then(~right.fill_null(False))


def _digit(text: pl.Expr, position: int) -> pl.Expr:
    return text.str.slice(position, 1).cast(pl.Int32, strict=False)


def _weighted(text: pl.Expr, weights: Sequence[int], alphabet: str = string.digits) -> pl.Expr:
    """The sum of the characters' values times their weights; null if a character is not of the alphabet."""
    if alphabet == string.digits:
        values = [_digit(text, i) for i in range(len(weights))]
    else:
        table = {c: i for i, c in enumerate(alphabet)}
        values = [
            text.str.slice(i, 1).replace_strict(table, default=None, return_dtype=pl.Int32)
            for i in range(len(weights))
        ]
    return reduce(add, (value * weight for value, weight in zip(values, weights, strict=True)))
