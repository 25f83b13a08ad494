"""Slips of writing that let a row in and can be put right at once."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.model.resources import Resource
from core.verification import writing
from core.verification.declaration import REGISTRY, Dimension, Fix, Rule, Severity, Terms, at, example

_NAMING = ("full_text", "road", "doorplate", "estate", "building", "unit", "floor", "room", "name")
_FIX_IT = N_("Correct it here with one click; tell the sender, who will send it so again.")


def _naming(resource: Resource) -> tuple[str, ...]:
    return tuple(name for name in resource.column_names if name in _NAMING and not resource.sealed)


def _written(as_it_should: str) -> Fix:
    made = {"half": writing.half_width_letters, "trimmed": writing.trimmed}[as_it_should]
    return lambda terms: {terms.column.name: made(terms.value)}


def _building(terms: Terms) -> pl.Expr:
    return terms.value.str.replace(r"^([0-9A-Za-z]+)\s*(?:栋|号楼|#|＃|座)$", "${1}幢")


RULES = (
    Rule(
        id="spelling.full_width",
        applies=_naming,
        severity=Severity.NOTICE, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is written with full-width letters or digits."),
        cure=_FIX_IT, source=N_("GA/T 2000.32-2014, standard address"),
        broken=lambda terms: terms.value.str.contains(r"[０-９Ａ-Ｚａ-ｚ]"), fix=_written("half"),
        passes=example("address", full_text="平江路58号"), fails=example("address", full_text="平江路５８号"),
    ),
    Rule(
        id="spelling.blanks",
        applies=_naming,
        severity=Severity.NOTICE, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” has blanks where none belong."),
        cure=_FIX_IT, source=REGISTRY,
        broken=lambda terms: (terms.value != writing.trimmed(terms.value)) & terms.value.str.contains(r"\S"),
        fix=_written("trimmed"),
        passes=example("organisation", name="观前面馆"), fails=example("organisation", name=" 观前 面馆"),
    ),
    Rule(
        id="spelling.building",
        applies=at("address", "building"),
        severity=Severity.NOTICE, dimension=Dimension.CONFORMITY,
        message=N_("The building “{value}” is not written with 幢."),
        cure=_FIX_IT, source=N_("GA/T 2000.32-2014, standard address"),
        broken=lambda terms: (terms.value != _building(terms)),
        fix=lambda terms: {terms.column.name: _building(terms)},
        passes=example(building="3幢"), fails=example(building="3栋"),
    ),
)  # fmt: skip
