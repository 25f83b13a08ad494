"""A fix cures what it says it cures, changes nothing else, and guesses at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from core.model.resources import RESOURCES
from core.verification import writing
from core.verification.catalogue import catalogue, rule
from core.verification.context import district_context
from core.verification.declaration import Rule
from core.verification.fixing import Fixed, fix

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONTEXT = district_context(mode="snapshot", sender="community", known={}, now=NOW)
FIXABLE = [one for one in catalogue() if one.fix is not None]


def frame(resource: str, *rows: Mapping[str, str]) -> pl.DataFrame:
    header = (*RESOURCES[resource].header("snapshot"),)
    made = pl.DataFrame([{n: r.get(n) for n in header} for r in rows], schema=dict.fromkeys(header, pl.String))
    return made.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32))


def fixed(rule_id: str, resource: str, *rows: Mapping[str, str]) -> Fixed:
    one = rule(rule_id)
    assert one is not None
    return fix(resource, frame(resource, *rows), one, CONTEXT)


CASES = [
    ("value.code_unknown", "person", "sex", "女", "2"), ("value.code_unknown", "house", "use", "出租", "rented"),
    ("value.code_unknown", "person", "id_type", "身份证", "01"),
    ("value.code_unknown", "address", "status", "停用", "retired"),
    ("value.pattern_wrong", "house", "house_code", " ｈ-０００１", "H-0001"),
    ("value.pattern_wrong", "person", "person_token", "0A" * 32, "0a" * 32),
    ("value.number_wrong", "house", "area_m2", "86.5㎡", "86.5"), ("value.number_wrong", "house", "rooms", "3间", "3"),
    ("value.number_wrong", "organisation", "employees", "1,200", "1200"),
    ("value.number_wrong", "house", "rooms", "3.0", "3"),
    ("value.date_impossible", "person", "move_in", "2024/5/1", "2024-05-01"),
    ("value.date_impossible", "person", "move_in", "2024年5月1日", "2024-05-01"),
    ("value.date_impossible", "person", "move_in", "20240501", "2024-05-01"),
    ("value.datetime_impossible", "event", "occurred_at", "2026-01-31 08:30", "2026-01-31T08:30:00+08:00"),
    ("organisation.uscc_characters", "organisation", "uscc", "91350100MOOO100Y43", "91350100M000100Y43"),
    ("spelling.full_width", "address", "full_text", "平江路５８号", "平江路58号"),
    ("spelling.blanks", "organisation", "name", " 观前 面馆", "观前面馆"),
    ("spelling.building", "address", "building", "3栋", "3幢"),
]  # fmt: skip


@pytest.mark.parametrize(("rule_id", "resource", "field", "before", "after"), CASES)
def test_a_slip_of_writing_is_put_right(rule_id: str, resource: str, field: str, before: str, after: str):
    made = fixed(rule_id, resource, {field: before})
    assert made.changes.rows() == [(2, field, before, after)]


def test_every_fixable_rule_has_a_case_here():
    assert {one.id for one in FIXABLE} - {case[0] for case in CASES} == {
        "coordinates.swapped", "person.id_form", "person.relation_unknown", "identity.number_shape",
        "reference.address_words",
    }  # fmt: skip


def test_exchanged_coordinates_are_exchanged_back():
    made = fixed("coordinates.swapped", "address", {"lon": "31.3012", "lat": "120.6123", "crs": "EPSG:4490"})
    assert made.rows.select("lon", "lat").row(0) == ("120.6123", "31.3012")


@pytest.mark.parametrize(
    ("rule_id", "resource", "field", "value"),
    [
        ("value.code_unknown", "person", "sex", "其他"), ("value.code_unknown", "organisation", "status", "注销了"),
        ("value.number_wrong", "house", "area_m2", "约八十"),
        ("value.date_impossible", "person", "move_in", "2025-02-30"),
        ("value.date_impossible", "person", "move_in", "5/1/2024"),
        ("organisation.uscc_characters", "organisation", "uscc", "91350100MOOO100Y44"),
    ],
)  # fmt: skip
def test_what_would_be_a_guess_is_left_alone(rule_id: str, resource: str, field: str, value: str):
    assert fixed(rule_id, resource, {field: value}).rows.is_empty()


def test_a_row_that_the_fix_would_break_otherwise_is_left_alone():
    one = {"move_in": "2026/5/1", "move_out": "2025-01-01"}  # the cured date would lie after the move
    assert fixed("value.date_impossible", "person", one).rows.is_empty()


def test_the_other_mistakes_of_a_row_stay_as_they_are():
    made = fixed("value.code_unknown", "person", {"sex": "女", "move_in": "2025-02-30"})
    assert made.rows.select("sex", "move_in").row(0) == ("2", "2025-02-30")


PLACES = [(one, name) for one in FIXABLE for name in one.resources if not RESOURCES[name].sealed]


TEXTS = st.lists(st.text("男女12 　１２Ｘx-/年月日0出租幢栋号", max_size=12), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(PLACES), TEXTS)
def test_fixing_twice_changes_nothing_more(place: tuple[Rule, str], texts: list[str]):
    one, name = place
    once = fix(name, frame(name, *(dict.fromkeys(RESOURCES[name].column_names, text) for text in texts)), one, CONTEXT)
    assert fix(name, once.rows, one, CONTEXT).rows.is_empty()


@given(st.dates())
def test_a_day_in_any_notation_is_the_same_day(day: object):
    iso = str(day)
    year, month, date = iso.split("-")
    if int(year) < 1900 or int(year) > 2099:
        return
    m, d = int(month), int(date)
    spellings = [f"{year}/{m}/{d}", f"{year}.{month}.{date}", f"{year}年{m}月{d}日", year + month + date]
    made = pl.DataFrame({"text": spellings}).select(writing.day(pl.col("text"))).to_series().to_list()
    assert set(made) == {iso}
