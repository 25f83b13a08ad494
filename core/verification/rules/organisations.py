"""Organisations: the social credit code, what it says about the kind, plausible names and numbers."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification import identifiers, writing
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

_CODE, _KIND, _NAME = pl.col("uscc"), pl.col("kind"), pl.col("name")
_GB_32100 = "GB 32100-2015"
_GB_11714 = "GB 11714-1997"
_RIGHT = "91350100M000100Y43"

_SHAPED = _CODE.str.contains(identifiers.USCC_SHAPE)
_CHECKED = ~identifiers.uscc_check_wrong(_CODE)
_CATEGORISED = _CODE.str.contains(identifiers.USCC_CATEGORIES)

_NOT_OF_KIND = {
    "individual_business": r"^(?:[^9]|9[^2])",
    "enterprise": r"^(?:92|1|5)",
    "public_institution": r"^9",
    "social": r"^9",
}
"""First characters of the code (authority, kind) that certainly contradict the stated kind."""


def _corrected(_terms: Terms) -> dict[str, pl.Expr]:
    """Letters that the code never has, read as the digits they look like; only if the check character then fits."""
    text = writing.code_text(_CODE).str.to_uppercase()
    digits = text.str.slice(2, 6).str.replace_many(["O", "I", "Z", "S", "B"], ["0", "1", "2", "5", "8"])
    rest = text.str.slice(8).str.replace_many(["O", "I", "Z", "S"], ["0", "1", "2", "5"])
    made = pl.concat_str(text.str.head(2), digits, rest)
    right = made.str.contains(identifiers.USCC_SHAPE) & ~identifiers.uscc_check_wrong(made)
    return {"uscc": pl.when(right).then(made).otherwise(_CODE)}


def _kind_differs(_terms: Terms) -> pl.Expr:
    contradicts = pl.lit(value=False)
    for kind, starts in _NOT_OF_KIND.items():
        contradicts |= (kind == _KIND) & _CODE.str.contains(starts)
    return contradicts & _CHECKED & _CATEGORISED


def _name_short(terms: Terms) -> pl.Expr:
    short = _NAME.str.strip_chars().str.len_chars() < terms.number("characters")
    return short | ~_NAME.str.contains(r"\p{L}")


RULES = (
    Rule(
        id="organisation.code_missing", retired=True,
        applies=at("organisation", "uscc"),
        severity=Severity.ERROR, dimension=Dimension.COMPLETENESS,
        message=N_("The organisation has neither a social credit code nor another number."),
        cure=N_("Look the code up in the public register; give org_no only where there is none."),
        source=PACKAGE_FORMAT,
        broken=lambda _terms: _CODE.is_null() & pl.col("org_no").is_null(),
        passes=example(org_no="GS-0001"), fails=example(name="观前面馆"),
    ),
    Rule(
        id="organisation.uscc_characters",
        applies=at("organisation", "uscc"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” has characters that a social credit code never has in this place."),
        cure=N_("I, O, S, V and Z do not occur; the third to the eighth character are digits."),
        source=_GB_32100,
        broken=lambda _terms: ~_SHAPED,
        fix=_corrected,
        passes=example(uscc=_RIGHT), fails=example(uscc="91350100MOOO100Y43"),
    ),
    Rule(
        id="organisation.uscc_check",
        applies=at("organisation", "uscc"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("The check character of the social credit code {value} is wrong."),
        cure=N_("A character was mistyped: compare it with the licence."),
        source=_GB_32100,
        broken=lambda _terms: identifiers.uscc_check_wrong(_CODE),
        passes=example(uscc=_RIGHT), fails=example(uscc="91350100M000100Y44"),
    ),
    Rule(
        id="organisation.uscc_inner",
        applies=at("organisation", "uscc"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("The organisation code inside the social credit code {value} has a wrong check character."),
        cure=N_("Compare it with the public register; some authorities gave such codes out."),
        source=_GB_11714,
        broken=lambda _terms: identifiers.uscc_inner_wrong(_CODE) & _CHECKED,
        passes=example(uscc=_RIGHT), fails=example(uscc="91320508MA1ABCDE9G"),
    ),
    Rule(
        id="organisation.uscc_category",
        applies=at("organisation", "uscc"),
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=N_("The first two characters of the social credit code {value} name no authority and kind."),
        cure=N_("Compare it with the public register."),
        source=_GB_32100,
        broken=lambda _terms: ~_CATEGORISED & _CHECKED,
        passes=example(uscc=_RIGHT), fails=example(uscc="96350100M000100Y4K"),
    ),
    Rule(
        id="organisation.kind_differs",
        applies=at("organisation", "kind"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The kind “{value}” contradicts the social credit code."),
        cure=CHECK_ON_SITE, source=_GB_32100,
        broken=_kind_differs,
        passes=example(uscc=_RIGHT, kind="enterprise"), fails=example(uscc=_RIGHT, kind="individual_business"),
    ),
    Rule(
        id="organisation.org_no_check",
        applies=at("organisation", "org_no"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("{value} looks like an organisation code, but its check character is wrong."),
        cure=N_("A character was mistyped: compare it with the licence."),
        source=_GB_11714,
        broken=lambda terms: terms.value.str.contains("-", literal=True)
        & identifiers.organisation_code_wrong(terms.value),
        passes=example(org_no="D2143569-X"), fails=example(org_no="D2143569-1"),
    ),
    Rule(
        id="organisation.name_short",
        applies=at("organisation", "name"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("“{value}” is hardly the name of an organisation."),
        cure=CORRECT_AT_SOURCE, source=REGISTRY,
        parameters={"characters": 2}, broken=_name_short,
        passes=example(name="观前面馆"), fails=example(name="店"),
    ),
    Rule(
        id="organisation.unreachable", standing=True,
        applies=at("organisation", "phone_masked"),
        severity=Severity.NOTICE, dimension=Dimension.ACCESSIBILITY,
        message=N_("No phone is known under which the open organisation can be reached."),
        cure=N_("Ask for one at the next visit."), source=N_("GB/T 36344-2018, accessibility"),
        broken=lambda terms: terms.value.is_null() & (pl.col("status") == "open"),
        passes=example(status="open", phone_masked="138****5678"), fails=example(status="open"),
    ),
    Rule(
        id="organisation.employees_implausible",
        applies=at("organisation", "employees"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("{value} employees at one address are implausible."),
        cure=CHECK_ON_SITE, source=REGISTRY,
        parameters={"max": 50_000}, broken=lambda terms: terms.value > terms.number("max"),
        passes=example(employees="350"), fails=example(employees="350000"),
    ),
)  # fmt: skip
