"""Conditions as people write them: ``use=rented``, ``area_m2<20``, ``grid_code is blank``, and as they read them.

``=`` ``!=`` ``<`` ``<=`` ``>`` ``>=`` compare, ``~`` contains, ``^=`` begins with, ``use in rented,vacant`` is one
of several, ``is blank`` and ``is not blank`` ask for missing values. Codes may be given by their names.
"""

from __future__ import annotations

import re
from typing import Final

from core.i18n import N_, _, in_chinese
from core.model.labels import CODES, field_title, shown_value
from core.registry.filters import Condition, FilterUnclear, Operator, Selection, State, checked, field_of

_SIGNS: Final[dict[str, Operator]] = {
    "!=": "is_not", "<=": "to", ">=": "from", "^=": "begins", "=": "is", "<": "below", ">": "above", "~": "contains",
}  # fmt: skip
_COMPARISON: Final = re.compile(r"^\s*(\w+)\s*(!=|<=|>=|\^=|=|<|>|~)(.*)$", re.DOTALL)
_BLANK: Final = re.compile(r"^\s*(\w+)\s+is\s+(not\s+)?blank\s*$", re.IGNORECASE)
_ONE_OF: Final = re.compile(r"^\s*(\w+)\s+in\s+(.+)$", re.IGNORECASE | re.DOTALL)
SAID: Final[dict[Operator, str]] = {
    "is": N_("{column} is {value}"),
    "is_not": N_("{column} is not {value}"),
    "contains": N_("{column} contains “{value}”"),
    "begins": N_("{column} begins with “{value}”"),
    "one_of": N_("{column} is one of {value}"),
    "above": N_("{column} above {value}"),
    "from": N_("{column} from {value} on"),
    "to": N_("{column} up to {value}"),
    "below": N_("{column} below {value}"),
    "blank": N_("{column} is blank"),
    "not_blank": N_("{column} is not blank"),
}


def parse(resource: str, written: str) -> Condition:
    """The condition that a text writes about a kind. Raises ``FilterUnclear``."""
    made = _parsed(resource, written)
    checked(Selection(resource, (made,)))
    return made


def select_where(resource: str, written: tuple[str, ...], *, state: State = "in_use") -> Selection:
    """The rows of a kind that fulfil every condition written."""
    return Selection(resource, tuple(parse(resource, one) for one in written), state)


def say(selection: Selection) -> str:
    """The selection's conditions as a sentence in the language in force; empty where it means all in use."""
    parts = [_say(one) for one in selection.conditions]
    if selection.state != "in_use":
        parts.append(_("retired ones too") if selection.state == "all" else _("retired ones only"))
    if selection.ids is not None:
        parts.append(_("{count} picked").format(count=f"{len(selection.ids):,}"))
    if selection.addresses is not None:
        parts.append(_("at {count} addresses picked").format(count=f"{len(selection.addresses):,}"))
    if selection.grids is not None:
        parts.append(_("in {count} grids").format(count=f"{len(selection.grids):,}"))
    return _("; ").join(parts)


def _parsed(resource: str, written: str) -> Condition:
    if found := _BLANK.match(written):
        return Condition(found[1], "not_blank" if found[2] else "blank")
    if found := _COMPARISON.match(written):
        return Condition(found[1], _SIGNS[found[2]], _code(resource, found[1], found[3].strip()))
    if found := _ONE_OF.match(written):
        values = tuple(_code(resource, found[1], one.strip()) for one in re.split(r"[,，]", found[2]))
        return Condition(found[1], "one_of", values)
    raise FilterUnclear(
        _("“{text}” is no condition.").format(text=written),
        cure=_(
            "Write for example: use=rented, area_m2<20, name~tea, use in rented,vacant, grid_code is blank."
        ),
    )


def _code(resource: str, name: str, value: str) -> str:
    """The code that a name means (出租 → rented); every other value as it stands."""
    codes = field_of(resource, name).codes
    if value in codes:
        return value
    known = {code: text for code, text in CODES.get(name, {}).items() if code in codes}
    named = {said(text): code for said in (_, in_chinese) for code, text in known.items()}
    return named.get(value, value)


def _say(one: Condition) -> str:
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    shown = _(", ").join(shown_value(one.column, value) for value in values)
    return _(SAID[one.operator]).format(column=field_title(one.column), value=shown)
