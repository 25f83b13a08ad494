"""Identity must not travel in the open: names, numbers and phones are masked, in a form that can be read."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification import identifiers, masked
from core.verification.declaration import (
    CORRECT_AT_SOURCE,
    Applies,
    Dimension,
    Rule,
    Severity,
    Terms,
    example,
)

_SOURCE = N_("GB/T 37964-2019 and data package format 1, “Resources”")
_CURE_OPEN = N_("The row is held back. Have the sender mask it before packing and destroy the open copy.")
_CURE_NAME = N_(
    "The row is held back. Have the sender keep the surname only (张*, 欧阳*; of a rarer double surname its first "
    "character) before packing and destroy the open copy."
)
_NAMES = frozenset({"name_masked", "landlord_masked", "representative_masked"})


def _columns(*names: str) -> Applies:
    return lambda resource: tuple(name for name in resource.column_names if name in names)


def _phone_open(terms: Terms) -> pl.Expr:
    digits = r"^[+(]?[0-9*][0-9*() -]{6,}$"
    if terms.resource.name == "organisation":  # a firm's own line is public, a mobile is somebody's
        digits = r"^(?:\+?86[ -]?)?1[3-9][0-9*][0-9* -]{8,}$"
    return terms.value.str.contains(digits) & (masked.stars(terms.value) < terms.number("hidden"))


def _phone_form(terms: Terms) -> pl.Expr:
    strange = ~masked.is_phone(terms.value) & ~_phone_open(terms)
    if terms.resource.name != "organisation":
        return strange
    public = terms.value.str.contains(identifiers.FIXED) | terms.value.str.contains(identifiers.SERVICE)
    return strange & ~public


RULES = (
    Rule(
        id="masked.name_open", binding=True,
        applies=_columns(*_NAMES),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{field} carries a name in the open."), cure=_CURE_NAME, source=_SOURCE,
        broken=lambda terms: masked.name_open(terms.value),
        passes=example("person", name_masked="欧阳*"), fails=example("person", name_masked="张三丰*"),
    ),
    Rule(
        id="masked.name_form",
        applies=_columns(*_NAMES),
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=N_("{field} “{value}” is not masked in the usual form."),
        cure=N_("Keep the surname and put a star for each other character: 张*, 欧阳**, A*** M****."),
        source=_SOURCE,
        broken=lambda terms: ~masked.name_open(terms.value) & ~terms.value.str.contains(masked.NAME),
        passes=example("person", name_masked="阿**·买**"), fails=example("person", name_masked="张*丰"),
    ),
    Rule(
        id="masked.number_open", binding=True,
        applies=_columns("id_masked", "permit_no_masked"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{field} carries a number in the open."), cure=_CURE_OPEN, source=_SOURCE,
        parameters={"hidden": 3},
        broken=lambda terms: masked.stars(terms.value) < terms.number("hidden"),
        passes=example("person", id_masked="320508********0012"),
        fails=example("person", id_masked="11010519491231002X"),
    ),
    Rule(
        id="masked.phone_open", binding=True,
        applies=_columns("phone_masked"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{field} carries a phone number in the open."), cure=_CURE_OPEN, source=_SOURCE,
        parameters={"hidden": 4},
        broken=_phone_open,
        passes=example("person", phone_masked="138****8000"), fails=example("person", phone_masked="13800138000"),
    ),
    Rule(
        id="masked.phone_form",
        applies=_columns("phone_masked"),
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=N_("{field} “{value}” is not a masked phone number."),
        cure=CORRECT_AT_SOURCE, source=_SOURCE,
        parameters={"hidden": 4},
        broken=_phone_form,
        passes=example("organisation", phone_masked="0512-65123456"),
        fails=example("organisation", phone_masked="无"),
    ),
)  # fmt: skip
