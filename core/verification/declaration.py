"""What a rule is: one declaration with its meaning, its expression and the two examples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import polars as pl

from core.i18n import N_, _
from core.model.resources import RESOURCES, Column, Resource

if TYPE_CHECKING:
    from core.verification.context import Context


class Severity(StrEnum):
    """What a finding does to its row: an error quarantines it, the others let it in and are listed."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Dimension(StrEnum):
    """The six dimensions of data quality of GB/T 36344-2018."""

    CONFORMITY = "conformity"
    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCESSIBILITY = "accessibility"


PACKAGE_FORMAT = N_("data package format 1, “Resources”")
REGISTRY = N_("rule of the registry")

CORRECT_AT_SOURCE = N_("Have the sender correct it at the source and send the row again.")
CHECK_ON_SITE = N_("Check it on site or with the sender; correct whichever is wrong.")


class RuleIncomplete(TypeError):
    """A rule that lacks its text, its source or one of its examples: our mistake, so it does not load."""


@dataclass(frozen=True)
class Example:
    """A row that proves a rule: columns that are not named are empty.

    ``resource`` is needed where the rule applies to several; ``before`` are rows that stand above it;
    ``known`` the keys that references may point to; ``sender`` who packed it.
    """

    row: Mapping[str, Any]
    resource: str = ""
    before: Sequence[Mapping[str, str]] = ()
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sender: str = "community"
    mode: str = "snapshot"


def example(resource: str = "", /, **row: Any) -> Example:
    """An example that is nothing but a row; what surrounds it (``surroundings``) is named with an underscore."""
    return Example(row, resource)


@dataclass(frozen=True)
class Terms:
    """What a rule's expression may depend on besides the columns: place, context and thresholds."""

    rule: Rule
    resource: Resource
    column: Column
    context: Context

    @property
    def value(self) -> pl.Expr:
        """The column that the rule is about."""
        return pl.col(self.column.name)

    def number(self, name: str) -> float:
        """The threshold ``name``: from ``resources/thresholds.toml``, else the rule's default."""
        return self.context.threshold(self.rule.id, name, self.rule.parameters[name])


Broken = Callable[[Terms], pl.Expr | None]
"""True where the rule is broken, null or False elsewhere; None if this context cannot answer.

In a guard the columns are text as they came; in any other rule numbers and years are numbers, dates are
ISO text (which compares as dates do) and the rest is text.
"""
Fix = Callable[[Terms], Mapping[str, pl.Expr]]
"""The columns as they should be, as text; null or the same where this rule's mistake cannot be undone safely."""
Applies = Callable[[Resource], Iterable[str]]
"""The fields of a resource that a rule is about: one finding each."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    A ``guard`` says that a value cannot be read; every other rule is silent on rows where a column that it
    reads is guarded. ``retired`` rules look at rows that retire an entity too. ``parameters`` are the
    thresholds with their defaults; message and cure may name them, ``{field}`` and ``{value}``.
    ``shown`` makes the finding's value where it is not simply the field's. A ``standing`` rule looks at what the
    registry holds and at what surrounds it there, so it cannot be asked of a package alone. ``fix`` corrects
    mistakes of writing; ``proposes`` is the kind of hazard that a finding about a house suggests to look for. The
    severity of a ``binding`` rule, as that of a guard, cannot be switched: what it lets in could not be stored
    or must not be.
    """

    id: str
    applies: Applies
    severity: Severity
    dimension: Dimension
    message: str
    cure: str
    source: str
    broken: Broken
    passes: Example
    fails: Example
    parameters: Mapping[str, float] = field(default_factory=dict)
    guard: bool = False
    retired: bool = False
    shown: pl.Expr | None = None
    standing: bool = False
    fix: Fix | None = None
    proposes: str = ""
    binding: bool = False

    def __post_init__(self) -> None:
        for needed in ("id", "message", "cure", "source"):
            if not getattr(self, needed):
                raise RuleIncomplete(f"rule {self.id!r} has no {needed}")
        for proof in (self.passes, self.fails):
            if not isinstance(proof, Example) or not proof.row:
                raise RuleIncomplete(f"rule {self.id!r} needs one passing and one failing example")
        if not self.resources:
            raise RuleIncomplete(f"rule {self.id!r} applies to nothing")

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources that the rule looks at."""
        return tuple(name for name, resource in RESOURCES.items() if any(True for _f in self.applies(resource)))

    def as_dict(self) -> dict[str, Any]:
        """The rule as the catalogue shows it, in the language in force."""
        return {
            "id": self.id,
            "resource": ", ".join(self.resources) if len(self.resources) < len(RESOURCES) else "*",
            "severity": str(self.severity),
            "dimension": str(self.dimension),
            "message": _(self.message),
            "cure": _(self.cure),
            "source": _(self.source),
            "standing": self.standing,
            "fixable": self.fix is not None,
            "thresholds": dict(self.parameters),
            "passes": dict(self.passes.row),
            "fails": dict(self.fails.row),
        }


def at(resource_names: str, *fields: str) -> Applies:
    """Named fields of one resource, or of several (separated by blanks)."""
    names = frozenset(resource_names.split())
    return lambda resource: fields if resource.name in names else ()


def each(wanted: Callable[[Column], Any]) -> Applies:
    """Every column, the envelope included, that is ``wanted``."""

    def fields(resource: Resource) -> Iterable[str]:
        return tuple(name for name in resource.header("delta") if wanted(resource.by_name[name]))

    return fields
