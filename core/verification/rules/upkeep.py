"""Upkeep: what is due again by its grid's cycle, what points to something that is no longer used."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from core.i18n import N_
from core.model.resources import Resource, references
from core.verification import identifiers
from core.verification.declaration import REGISTRY, Dimension, Rule, Severity, Terms, at, example
from core.verification.storage import moment

_KEPT_UP = "address house person organisation"


def _overdue(terms: Terms) -> pl.Expr:
    day = moment(terms.value).dt.date() + pl.duration(days=pl.col("_cycle_days"))
    return day < pl.lit(terms.context.today)


def _long_ago(terms: Terms) -> pl.Expr:
    oldest = terms.context.now - timedelta(days=terms.number("days"))
    return moment(terms.value) < pl.lit(oldest)


def _pointing_to_address(resource: Resource) -> tuple[str, ...]:
    return tuple(name for name, target in references(resource).items() if target == "address")


RULES = (
    Rule(
        id="cycle.overdue", standing=True,
        applies=at(_KEPT_UP, "collected_at"),
        severity=Severity.NOTICE, dimension=Dimension.TIMELINESS,
        message=N_("Collected on {value}; by the cycle of its grid it is due again."),
        cure=N_("Have the maintainer of the grid collect it anew; the list is under Overdue."),
        source=N_("GB/T 36344-2018, timeliness"),
        broken=_overdue, shown=pl.col("collected_at").str.head(10),
        passes=example("house", collected_at="2026-11-01T08:00:00+08:00", _cycle_days=90),
        fails=example("house", collected_at="2026-01-01T08:00:00+08:00", _cycle_days=90),
    ),
    Rule(
        id="cycle.unknown", standing=True,
        applies=at(_KEPT_UP, "collected_at"),
        severity=Severity.NOTICE, dimension=Dimension.TIMELINESS,
        message=N_("No grid says how often this has to be collected, and it is older than {days} days."),
        cure=N_("Enter the address in a grid; grids bring the cycle and the maintainer."),
        source=N_("GB/T 36344-2018, timeliness"),
        parameters={"days": 365},
        broken=lambda terms: pl.col("_cycle_days").is_null() & _long_ago(terms),
        passes=example("house", collected_at="2026-11-01T08:00:00+08:00"),
        fails=example("house", collected_at="2024-01-01T08:00:00+08:00"),
    ),
    Rule(
        id="reference.address_retired", standing=True,
        applies=_pointing_to_address,
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The address {value} is no longer used."),
        cure=N_("Find the new standard address; the bureau names it when it retires one."), source=REGISTRY,
        broken=lambda _terms: pl.col("_address_status") == "retired",
        passes=example("organisation", address_code="320508017003000001", _address_status="active"),
        fails=example("organisation", address_code="320508017003000001", _address_status="retired"),
    ),
    Rule(
        id="organisation.code_twice", standing=True,
        applies=at("organisation", "uscc"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("Another organisation uses the same organisation code."),
        cure=N_("They may be one and the same: compare them under Duplicates."), source="GB 11714-1997",
        broken=lambda _terms: pl.col("_code_users") > 1,
        passes=example(uscc="91350100M000100Y43", _code_users=1),
        fails=example(uscc="91350100M000100Y43", _code_users=2),
    ),
    Rule(
        id="organisation.branch_code",
        applies=at("organisation", "org_no"),
        severity=Severity.NOTICE, dimension=Dimension.CONSISTENCY,
        message=N_("The number {value} is not the organisation code inside the social credit code."),
        cure=N_("Compare both with the licence."), source="GB 32100-2015",
        broken=lambda terms: (
            terms.value.str.contains(identifiers.ORGANISATION_CODE)
            & (terms.value.str.replace("-", "", literal=True) != pl.col("uscc").str.slice(8, 9))
        ),
        passes=example(uscc="91350100M000100Y43", org_no="M000100Y-4"),
        fails=example(uscc="91350100M000100Y43", org_no="D2143569-X"),
    ),
)  # fmt: skip
