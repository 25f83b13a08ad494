"""Checking a number that stands alone: which form it has, whether it is valid and why not, what is odd about it.

Facts: ``standards.md``, "Identifiers". An error is a wrong shape, date or check digit; a masked number is a
state of its own: it is not wrong, it cannot be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

import polars as pl

from core.i18n import N_, _
from core.jobs import Progress
from core.verification import identifiers as ids
from core.verification.csv_files import answer_file

Kind = Literal["person_id", "uscc", "org_code", "phone"]
KINDS: Final[tuple[Kind, ...]] = ("person_id", "uscc", "org_code", "phone")

REASONS: Final = {
    "empty": N_("There is no number."),
    "shape": N_("It has not the form of such a number."),
    "characters": N_("It holds characters that such a number never has."),
    "date": N_("Its date of birth does not exist or lies in the future."),
    "check": N_("Its check digit is wrong."),
}
WARNINGS: Final = {
    "masked": N_("It is masked and cannot be checked."),
    "early": N_("The date of birth lies before 1900; numbers were given out from 1984 on."),
    "division": N_("It begins with a division that does not exist, or no longer existed at the birth."),
    "order": N_("The order number is 000."),
    "old": N_("It is a number of 15 digits, of the kind given out until 1999."),
    "shape_only": N_("Of such a number only the form can be checked."),
    "inner": N_("The organisation code inside it has a wrong check character."),
    "category": N_("Its first two characters are no pair of the standard."),
    "no_area": N_("The area code is missing."),
}
_BARE = pl.col("value")
_CARD_BEFORE_2023: Final = r"^[A-Z]{3}[0-9]{12}$"


@dataclass(frozen=True)
class Checked:
    """The answer about one number; texts in the language in force."""

    valid: bool
    reason: str
    warnings: tuple[str, ...]


def check(kind: Kind, value: str, today: date) -> Checked:
    """One number; see ``check_column``."""
    row = check_column(kind, pl.Series([value]), today).row(0, named=True)
    code = row["reason"]
    why = _(REASONS[code]) if code else ""
    return Checked(row["valid"], why, tuple(_(WARNINGS[one]) for one in row["warnings"]))


def check_column(kind: Kind, values: pl.Series, today: date) -> pl.DataFrame:
    """``valid`` (Boolean), ``reason`` (code, empty where valid) and ``warnings`` (list of codes), row by row."""
    rows = values.cast(pl.String).fill_null("").alias("value").to_frame()
    if kind == "person_id":
        rows = _typed(rows)
    reason, warnings = _CHECKS[kind](today)
    empty = _BARE.str.strip_chars() == ""
    masked = _BARE.str.contains(r"^[0-9A-Za-z\-]*\*{2,}[0-9A-Za-z*\-]*$")
    judged = rows.with_columns(
        masked=masked,
        reason=pl.when(empty).then(pl.lit("empty")).when(masked).then(pl.lit("")).otherwise(reason),
    )
    valid = pl.col("reason") == ""
    told = [
        pl.when(valid & ~pl.col("masked") & applies.fill_null(value=False)).then(pl.lit(name))
        for name, applies in warnings
    ]
    said = pl.concat_list(pl.when("masked").then(pl.lit("masked")), *told).list.drop_nulls()
    return judged.select(valid.alias("valid"), "reason", said.alias("warnings"))


def check_file(
    kind: Kind, path: Path, *, column: str, out: Path, today: date, progress: Progress
) -> tuple[int, int]:
    """Writes a CSV file with ``valid`` and ``reason`` added for one of its columns: (numbers, valid ones)."""

    def answered(values: pl.Series) -> pl.DataFrame:
        words = {code: _(text) for code, text in REASONS.items()}
        return check_column(kind, values, today).select("valid", pl.col("reason").replace(words))

    answers = answer_file(path, column=column, out=out, answer=answered, progress=progress)
    return answers.height, int(answers["valid"].sum())


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the type of document that a number's form betrays, and the number in 18 characters where it has them."""
    numeric = _BARE.str.contains(r"^[0-9]{15}$|^[0-9]{17}[0-9X]$")
    passport = _BARE.str.contains(r"^[0-9A-Z]{5,15}$") & ~_BARE.str.contains(r"^[0-9]{10,15}$")
    kind = (
        pl.when(numeric & _BARE.str.contains("^9")).then(pl.lit("02"))
        .when(numeric & _BARE.str.contains("^8[12]0000")).then(pl.lit("03"))
        .when(numeric & _BARE.str.contains("^830000")).then(pl.lit("04"))
        .when(numeric).then(pl.lit("01"))
        .when(_BARE.str.contains(_CARD_BEFORE_2023)).then(pl.lit("02"))
        .when(passport).then(pl.lit("05"))
    )  # fmt: skip
    with_type = rows.with_columns(kind.alias("type"))
    shaped = ids.matches_type(_BARE, pl.col("type")).fill_null(value=False)
    return with_type.with_columns(
        ids.person_number(_BARE, pl.col("type")).alias("number"), shaped.alias("shaped")
    )


def _person(today: date) -> tuple[pl.Expr, list[tuple[str, pl.Expr]]]:
    """Citizen numbers, permits of Hong Kong, Macao and Taiwan residents, permanent residents' cards, passports."""
    kind, number, shaped = pl.col("type"), pl.col("number"), pl.col("shaped")
    reason = (
        pl.when(~shaped & _BARE.str.contains(r"[^0-9A-Z]")).then(pl.lit("characters"))
        .when(~shaped).then(pl.lit("shape"))
        .when(ids.birth_impossible(number, today).fill_null(value=False)).then(pl.lit("date"))
        .when(ids.person_check_wrong(number).fill_null(value=False)).then(pl.lit("check"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return reason, [
        ("early", ids.birth_text(number) < "19000000"),
        ("division", (kind == "01") & ids.division_unknown(number)),
        ("order", ids.order_zero(number)),
        ("old", (kind == "01") & (_BARE.str.len_bytes() == 15)),
        ("shape_only", _BARE.str.contains(_CARD_BEFORE_2023) | (kind == "05")),
    ]


def _credit_code(_today: date) -> tuple[pl.Expr, list[tuple[str, pl.Expr]]]:
    reason = (
        pl.when(_BARE.str.contains(r"[^0-9A-HJ-NPQRTUWXY]")).then(pl.lit("characters"))
        .when(~_BARE.str.contains(ids.USCC_SHAPE)).then(pl.lit("shape"))
        .when(ids.uscc_check_wrong(_BARE).fill_null(value=True)).then(pl.lit("check"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return reason, [
        ("inner", ids.uscc_inner_wrong(_BARE)),
        ("category", ~_BARE.str.contains(ids.USCC_CATEGORIES)),
    ]


def _organisation_code(_today: date) -> tuple[pl.Expr, list[tuple[str, pl.Expr]]]:
    reason = (
        pl.when(_BARE.str.contains(r"[^0-9A-Z\-]")).then(pl.lit("characters"))
        .when(~_BARE.str.contains(ids.ORGANISATION_CODE)).then(pl.lit("shape"))
        .when(ids.organisation_code_wrong(_BARE).fill_null(value=True)).then(pl.lit("check"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return reason, []


def _phone(_today: date) -> tuple[pl.Expr, list[tuple[str, pl.Expr]]]:
    shaped = _BARE.str.contains(ids.MOBILE) | _BARE.str.contains(ids.FIXED) | _BARE.str.contains(ids.SERVICE)
    reason = (
        pl.when(_BARE.str.contains(r"[^0-9\-]")).then(pl.lit("characters"))
        .when(~shaped).then(pl.lit("shape"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return reason, [("no_area", _BARE.str.contains(r"^[2-9][0-9]{6,7}$"))]


_CHECKS: Final[Mapping[Kind, Callable[[date], tuple[pl.Expr, list[tuple[str, pl.Expr]]]]]] = {
    "person_id": _person, "uscc": _credit_code, "org_code": _organisation_code, "phone": _phone,
}  # fmt: skip
