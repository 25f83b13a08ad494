"""Does what a row points to exist: addresses, houses, divisions."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from core.i18n import N_
from core.model.resources import REFERENCES, references
from core.verification.declaration import PACKAGE_FORMAT, Dimension, Example, Rule, Severity, Terms, example
from core.verification.freetext import masked
from core.verification.keys import hashed
from core.verification.writing import IN_WORDS

_ADDRESS = "320508017003000001"


def _dangling(terms: Terms) -> pl.Expr | None:
    known = terms.context.known.get(REFERENCES[terms.column.name])
    return None if known is None else ~hashed(terms.value).is_in(known.implode())


def _matched(terms: Terms) -> Mapping[str, pl.Expr]:
    """The code of the one standard address that the words mean, if they mean one."""
    matcher = terms.context.matcher
    if matcher is None:
        return {}
    return {terms.column.name: terms.value.map_batches(matcher, return_dtype=pl.String)}


def _division_unknown(terms: Terms) -> pl.Expr | None:
    divisions = terms.context.divisions
    if not divisions:
        return None
    is_subdistrict = terms.column.name == "subdistrict_code"
    level = [code for code in divisions if code.endswith("000") == is_subdistrict and not code.endswith("000000")]
    return ~terms.value.is_in(level)


RULES = (
    Rule(
        id="reference.address_words", guard=True,
        applies=lambda resource: tuple(n for n, target in references(resource).items() if target == "address"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is an address in words, not the code of a standard address."),
        cure=N_("Have it corrected by rule, which finds the standard address meant; what is unclear goes back."),
        source=N_("GA/T 2000.32-2014, standard address"),
        broken=lambda terms: terms.value.str.contains(IN_WORDS),
        fix=_matched, shown=masked(pl.col("address_code")),
        passes=example("house", address_code=_ADDRESS), fails=example("house", address_code="平江路58弄11号"),
    ),
    Rule(
        id="reference.unknown",
        applies=lambda resource: tuple(references(resource)),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("{field} points to “{value}”, which neither the registry nor this package has."),
        cure=N_("Import what it points to first, or correct the code; a row above may have been quarantined."),
        source=PACKAGE_FORMAT,
        broken=_dangling,
        passes=Example({"address_code": _ADDRESS}, "house", known={"address": [_ADDRESS]}),
        fails=Example({"address_code": _ADDRESS}, "house", known={"address": ["320508017003000002"]}),
    ),
    Rule(
        id="division.unknown",
        applies=lambda resource: tuple(
            name for name in ("subdistrict_code", "community_code") if name in resource.column_names
        ),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{field} “{value}” is not in the table of divisions."),
        cure=N_("Correct the code; if the division is new, bring the table of divisions up to date."),
        source=N_("national statistical division codes, edition of 2023-06-30"),
        broken=_division_unknown,
        passes=example("address", community_code="320508017003"),
        fails=example("address", community_code="320508017999"),
    ),
)  # fmt: skip
