"""Single values of a declaration's text changed in their place: comments, order and everything else stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError

Place = tuple[str, ...]
"""Where a value stands: the names of the tables around it, and its own."""


def edited(text: str, changes: Mapping[Place, Any]) -> str:
    """The text with each place set to its value, or removed where that is None; raises ``ValueError`` for no TOML."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from error
    for place, value in changes.items():
        _set(document, place, value)
    return tomlkit.dumps(document)


def renamed(text: str, place: Place, name: str) -> str:
    """The text with the table at a place under another name, in the same order; raises ``ValueError``."""
    given = tomllib.loads(text)
    above: Any = given
    for part in place[:-1]:
        above = above[part]
    if name in above:
        raise ValueError(name)
    lines = []
    old, new = ".".join(place), ".".join((*place[:-1], name))
    for line in text.splitlines(keepends=True):
        head = line.strip()
        begins = head.startswith((f"[{old}]", f"[{old}."))
        lines.append(line.replace(old, new, 1) if begins else line)
    return "".join(lines)


def given_at(text: str, place: Place) -> Any:
    """What the text says at a place; None where it says nothing."""
    here: Any = tomllib.loads(text)
    for part in place:
        here = here.get(part) if isinstance(here, dict) else None
    return here


def _set(document: tomlkit.TOMLDocument, place: Place, value: Any) -> None:
    here: Any = document
    for part in place[:-1]:
        if part not in here:
            if value is None:
                return
            here[part] = tomlkit.table()
        here = here[part]
    if value is None:
        if place[-1] in here:
            here.remove(place[-1])
    else:
        here[place[-1]] = _item(value)


def _item(value: Any) -> Any:
    """Code translations stay on one line, as the shipped files have them."""
    if not isinstance(value, Mapping) or isinstance(value, Container):
        return value
    table = tomlkit.inline_table()
    table.update({str(key): _item(one) for key, one in value.items()})
    return table
