"""Guards of every column of every resource: is there a value, and can it be read at all."""

from __future__ import annotations

import json

import polars as pl

from core.i18n import N_
from core.model.resources import Column, references
from core.verification import storage, writing
from core.verification.declaration import (
    CORRECT_AT_SOURCE,
    PACKAGE_FORMAT,
    Dimension,
    Example,
    Rule,
    Severity,
    Terms,
    each,
    example,
)

_INTEGER = r"^-?[0-9]{1,15}$"
_NUMBER = r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$"
_YEAR = r"^[0-9]{4}$"
_SHAPES = {"integer": _INTEGER, "number": _NUMBER, "year": _YEAR}
_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TOKEN = "0a" * 32


def _is_free(column: Column) -> bool:
    return column.kind == "string" and not column.codes and not column.pattern


def _missing(terms: Terms) -> pl.Expr:
    value = terms.value
    return value.is_null() | (value.str.strip_chars() == "") if _is_free(terms.column) else value.is_null()


def _pattern_wrong(terms: Terms) -> pl.Expr:
    wrong = ~terms.value.str.contains(f"^(?:{terms.column.pattern.replace(chr(92) + 'd', '[0-9]')})$")
    if references(terms.resource).get(terms.column.name) == "address":
        return wrong & ~terms.value.str.contains(writing.IN_WORDS)  # an address in words has a rule of its own
    return wrong


def _number_wrong(terms: Terms) -> pl.Expr:
    return ~terms.value.str.contains(_SHAPES[terms.column.kind])


def _out_of_range(terms: Terms) -> pl.Expr:
    number = storage.as_number(terms.column.name, terms.column.kind)
    low, high = terms.column.minimum, terms.column.maximum
    beyond = pl.lit(False) if low is None else number < low
    if high is not None:
        beyond |= number > high
    if terms.column.name == "lat":
        # exchanged lon and lat are one mistake with a rule of its own
        beyond &= ~number.is_between(*terms.context.longitudes)
    return pl.when(terms.value.str.contains(_SHAPES[terms.column.kind])).then(beyond)


def _date_impossible(terms: Terms) -> pl.Expr:
    value = terms.value
    possible = value.str.to_date("%Y-%m-%d", strict=False, cache=False).is_not_null()
    return value.is_not_null() & ~(value.str.contains(_ISO_DATE) & possible)


def _moment_impossible(terms: Terms) -> pl.Expr:
    return terms.value.is_not_null() & storage.moment(terms.value).is_null()


def _in_case(terms: Terms) -> pl.Expr:
    """Codes are written in capitals, pseudonyms in small letters; each pattern says which it wants."""
    text = writing.code_text(terms.value)
    if "a-z" not in terms.column.pattern and "a-f" not in terms.column.pattern:
        return text.str.to_uppercase()
    return text.str.to_lowercase() if "A-Z" not in terms.column.pattern else text


def _no_object(text: str) -> bool:
    try:
        return not isinstance(json.loads(text), dict)
    except ValueError:
        return True


def _object_wrong(terms: Terms) -> pl.Expr:
    return terms.value.map_elements(_no_object, return_dtype=pl.Boolean)


RULES = (
    Rule(
        id="value.required_missing", guard=True,
        applies=each(lambda column: column.required),
        severity=Severity.ERROR, dimension=Dimension.COMPLETENESS,
        message=N_("{field} is required and empty."),
        cure=N_("Have the sender supply it and send the row again."),
        source=PACKAGE_FORMAT,
        broken=_missing,
        passes=example("person", name_masked="张*"), fails=example("person", name_masked="  "),
    ),
    Rule(
        id="value.code_unknown", guard=True,
        applies=each(lambda column: column.codes),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is not a code of {field}."),
        cure=N_("Use one of the codes of the data package format; code tables are not extended by a sender."),
        source=PACKAGE_FORMAT,
        broken=lambda terms: ~terms.value.is_in(terms.column.codes),
        fix=lambda terms: {terms.column.name: writing.coded(terms.value, terms.column)},
        passes=example("person", sex="2"), fails=example("person", sex="女"),
    ),
    Rule(
        id="value.pattern_wrong", guard=True,
        applies=each(lambda column: column.pattern),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” has not the form of {field}."),
        cure=N_("Look for blanks, lower-case or full-width characters and missing digits; correct it at the source."),
        source=PACKAGE_FORMAT,
        broken=_pattern_wrong,
        fix=lambda terms: {terms.column.name: _in_case(terms)},
        passes=example("person", person_token=_TOKEN), fails=example("person", person_token=_TOKEN.upper()),
    ),
    Rule(
        id="value.number_wrong", guard=True,
        applies=each(lambda column: storage.is_number(column.kind)),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” is not a number as {field} needs one."),
        cure=N_("Plain digits only: no units, no thousands separators, whole numbers where things are counted."),
        source=PACKAGE_FORMAT,
        broken=_number_wrong,
        fix=lambda terms: {terms.column.name: writing.number(terms.value)},
        passes=example("house", area_m2="86.5"), fails=example("house", area_m2="86.5㎡"),
    ),
    Rule(
        id="value.out_of_range", guard=True,
        applies=each(lambda column: column.minimum is not None or column.maximum is not None),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("{value} cannot be: it lies outside the range of {field}."),
        cure=CORRECT_AT_SOURCE,
        source=PACKAGE_FORMAT,
        broken=_out_of_range,
        passes=example("organisation", employees="0"), fails=example("organisation", employees="-3"),
    ),
    Rule(
        id="value.date_impossible", guard=True,
        applies=each(lambda column: column.kind == "date"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” in {field} is not a date."),
        cure=N_("Write an existing day as YYYY-MM-DD."),
        source=N_("GB/T 7408.1-2023 and data package format 1"),
        broken=_date_impossible,
        fix=lambda terms: {terms.column.name: writing.day(terms.value)},
        passes=example("person", move_in="2024-02-29"), fails=example("person", move_in="2025-02-29"),
    ),
    Rule(
        id="value.datetime_impossible", guard=True,
        applies=each(lambda column: column.kind == "datetime"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("“{value}” in {field} is not a moment."),
        cure=N_("Write date, time and offset as in 2026-01-31T08:30:00+08:00."),
        source=N_("RFC 3339 and data package format 1"),
        broken=_moment_impossible,
        fix=lambda terms: {terms.column.name: writing.moment(terms.value)},
        passes=example("event", occurred_at="2026-01-31T08:30:00+08:00"),
        fails=example("event", occurred_at="2026-01-31 08:30"),
    ),
    Rule(
        id="value.object_wrong", guard=True,
        applies=each(lambda column: column.kind == "object"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("{field} is not a JSON object."),
        cure=CORRECT_AT_SOURCE,
        source=PACKAGE_FORMAT,
        broken=_object_wrong,
        passes=example("qr_report", payload='{"door": "ok"}'), fails=example("qr_report", payload="[1]"),
    ),
    Rule(
        id="value.time_in_future",
        applies=lambda resource: [c.name for c in resource.columns if c.kind == "datetime"],
        severity=Severity.ERROR, dimension=Dimension.TIMELINESS,
        message=N_("{field} lies in the future: {value}."),
        cure=N_("Check the clock of the collecting terminal and the date that was entered."),
        source=N_("GB/T 36344-2018, timeliness"),
        parameters={"minutes": 15},
        broken=lambda terms: storage.moment(terms.value) > terms.context.soon(terms.number("minutes")),
        passes=Example({"occurred_at": "2026-01-31T08:30:00+08:00"}, "event"),
        fails=Example({"occurred_at": "2999-01-31T08:30:00+08:00"}, "event"),
    ),
)  # fmt: skip
