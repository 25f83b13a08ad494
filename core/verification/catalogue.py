"""All rules, and what a finding of one of them says."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from core.i18n import N_, _
from core.model.resources import RESOURCES, Column, Resource
from core.verification.context import thresholds
from core.verification.declaration import Rule
from core.verification.rules import (
    addresses,
    coordinates,
    disputes,
    envelope,
    houses,
    identities,
    open_identity,
    organisations,
    persons,
    placing,
    references,
    reports,
    residents,
    spelling,
    tenancies,
    texts,
    upkeep,
    values,
)

_MODULES = (
    values, envelope, references, coordinates, texts, open_identity, addresses, houses, persons, organisations,
    identities, disputes, spelling, placing, tenancies, residents, upkeep, reports,
)  # fmt: skip

_BETWEEN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff”）]) (?=[\u4e00-\u9fff“（])")

SAID_BY_OTHERS = {
    "upstream.rejected": (
        N_("Rejected upstream: {value}"),
        N_("Have the record corrected at the source; once it is, it goes again by itself."),
    ),
}
"""Findings that no rule of ours makes: what others said of a record."""


@dataclass(frozen=True)
class Instance:
    """A rule at one field of one resource: the place that a finding of it names."""

    rule: Rule
    resource: Resource
    column: Column


@functools.cache
def catalogue() -> list[Rule]:
    """Every rule in the order of the catalogue; ids are unique."""
    rules = [rule for module in _MODULES for rule in module.RULES]
    repeated = {rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1}
    if repeated:
        raise ValueError(f"rule ids declared twice: {sorted(repeated)}")
    return rules


def rule(rule_id: str) -> Rule | None:
    """The rule of this id, if this version has it."""
    return _by_id().get(rule_id)


@functools.cache
def instances(resource: str) -> tuple[Instance, ...]:
    """What is checked in a resource: each rule at each field that it applies to."""
    declared = RESOURCES[resource]
    return tuple(
        Instance(one, declared, declared.by_name[name]) for one in catalogue() for name in one.applies(declared)
    )


def describe(rule_id: str, *, field: str, value: str | None) -> tuple[str, str]:
    """Message and cure of a finding in the language in force; a rule of another version shows its id."""
    known = rule(rule_id)
    if known is None and rule_id in SAID_BY_OTHERS:
        message, cure = SAID_BY_OTHERS[rule_id]
        return _(message).format(value=value or ""), _(cure)
    if known is None:
        return rule_id, ""
    numbers = {**known.parameters, **thresholds().get(rule_id, {})}
    said = {name: f"{number:g}" for name, number in numbers.items()} | {"field": field, "value": value or ""}
    return _closed(_(known.message).format(**said)), _closed(_(known.cure).format(**said))


def in_general(rule_id: str) -> tuple[str, str]:
    """Message and cure of a rule without a row before one's eyes."""
    return describe(rule_id, field=_("the field"), value="…")


def _closed(text: str) -> str:
    """Chinese is written without blanks; a template cannot know whether a Chinese name will fill it."""
    return _BETWEEN_CHINESE.sub("", text)


@functools.cache
def _by_id() -> dict[str, Rule]:
    return {one.id: one for one in catalogue()}
