"""What every row says about itself: who sent it, when it was collected, and that it comes once."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.model.resources import Resource
from core.verification import storage
from core.verification.declaration import (
    PACKAGE_FORMAT,
    Dimension,
    Example,
    Rule,
    Severity,
    Terms,
    example,
)
from core.verification.keys import key_id

_NO = "H0001"


def _open(name: str, resource: Resource) -> tuple[str, ...]:
    return () if resource.sealed else (name,)


def _repeated(ids: pl.Series) -> pl.Series:
    """Second and later occurrences; the dear look at each row is taken only if there are any."""
    if ids.n_unique() == ids.len() or ids.null_count() == ids.len():
        return pl.zeros(1, pl.Boolean, eager=True).new_from_index(0, ids.len())
    return ids.is_not_null() & ~ids.is_first_distinct()


def _duplicate(terms: Terms) -> pl.Expr:
    return key_id(terms.resource).map_batches(_repeated, return_dtype=pl.Boolean)


RULES = (
    Rule(
        id="row.key_duplicate", retired=True,
        applies=lambda resource: resource.key[:1],
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("This key stands in an earlier row of the same package already."),
        cure=N_("One row an entity: have the sender remove or merge the repeated rows."),
        source=PACKAGE_FORMAT,
        broken=_duplicate,
        passes=Example({"house_code": "H0002"}, "house", before=[{"house_code": _NO}]),
        fails=Example({"house_code": _NO}, "house", before=[{"house_code": _NO}]),
    ),
    Rule(
        id="envelope.source_differs", retired=True,
        applies=lambda resource: _open("source", resource),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("The row names “{value}” as its source, but another department packed it."),
        cure=N_("A department speaks for itself only: have the department concerned send the row."),
        source=PACKAGE_FORMAT,
        broken=lambda terms: None if terms.context.mode == "standing" else terms.value != terms.context.sender,
        passes=example("house", source="community"), fails=example("house", source="fire"),
    ),
    Rule(
        id="envelope.collected_in_future", retired=True,
        applies=lambda resource: _open("collected_at", resource),
        severity=Severity.ERROR, dimension=Dimension.TIMELINESS,
        message=N_("The row says that it was collected in the future: {value}."),
        cure=N_("Check the clock of the collecting terminal."),
        source=N_("GB/T 36344-2018, timeliness"),
        parameters={"minutes": 15},
        broken=lambda terms: storage.moment(terms.value) > terms.context.soon(terms.number("minutes")),
        passes=example("house", collected_at="2026-01-31T08:30:00+08:00"),
        fails=example("house", collected_at="2999-01-31T08:30:00+08:00"),
    ),
)  # fmt: skip
