"""Codes and columns by the words that people read and write in a sheet, and back."""

from __future__ import annotations

from core.i18n import _, in_chinese
from core.model.labels import CODES, TITLES
from core.model.resources import Column, Resource, references

_ADDRESS_HEADINGS = (
    "地址", "标准地址", "详细地址", "所在地址", "现住地址", "经营地址", "注册地址", "单位地址", "房屋地址", "address",
)  # fmt: skip
"""Headings of stations' own lists under which an address stands in words (``sheet_intake`` matches them)."""


def word_of(column: Column, code: str) -> str:
    """The word for a code in the language in force; the code itself where it has none or shares it."""
    label = CODES.get(column.name, {}).get(code, "")
    return _(label) if label and codes_of(column).get(_(label)) == code else code


def codes_of(column: Column) -> dict[str, str]:
    """Every word that stands for one code of the column, in either language, and the codes themselves."""
    made: dict[str, str] = {}
    for code in column.codes:
        label = CODES.get(column.name, {}).get(code, "")
        for word in {label, in_chinese(label)} - {""}:
            made[word] = code if made.get(word, code) == code else ""
    return {word: code for word, code in made.items() if code} | {code: code for code in column.codes}


def names_of(resource: Resource) -> dict[str, str]:
    """Every heading under which a column may stand in a sheet, with the column's name."""
    made: dict[str, str] = {}
    for name in resource.header("delta"):
        title = TITLES.get(name, name)
        for heading in (name, title, in_chinese(title)):
            made.setdefault(heading, name)
    for name, target in references(resource).items():
        for heading in _ADDRESS_HEADINGS if target == "address" else ():
            made.setdefault(heading, name)
    return made
