"""Every rule proves itself, says what to do, and finds exactly the fault that was put into a good row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, strategies as st

from core.model.registry import entity_id
from core.model.resources import RESOURCES
from core.security import masking
from core.verification import identifiers
from core.verification.catalogue import catalogue, describe, instances
from core.verification.context import district_context
from core.verification.declaration import Example, Rule, RuleIncomplete, example
from core.verification.engine import STANDING, Verdict, verify
from core.verification.freetext import mask_free_text
from core.verification.surroundings import SURROUNDINGS

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD_PERSON = {
    "person_token": "0a" * 32, "house_code": "H-0001", "name_masked": "张*", "id_type": "01",
    "id_masked": "320508**********12", "sex": "1", "birth_year": "1980", "residence": "registered",
    "relation_to_head": "02", "move_in": "2001-05-06", "phone_masked": "138****5678", "source": "community",
    "collected_at": "2026-11-01T08:00:00+08:00", "collector": "C001",
}  # fmt: skip


def run(resource: str, rows: list[Mapping[str, str]], *, mode: str = "snapshot", sender: str = "community",
        known: Mapping[str, list[str]] | None = None) -> Verdict:  # fmt: skip
    header = RESOURCES[resource].header(mode)
    if RESOURCES[resource].sealed:
        header = (*header, "source", "collected_at", "collector")
    around = SURROUNDINGS if mode == STANDING or any(n in SURROUNDINGS for row in rows for n in row) else {}
    schema = dict.fromkeys(header, pl.String) | dict(around)
    frame = pl.DataFrame([{n: row.get(n) for n in schema} for row in rows], schema=schema)
    ids = {
        name: pl.Series([entity_id(key) for key in keys], dtype=pl.Int64)
        for name, keys in (known or {}).items()
    }
    context = district_context(mode=mode, sender=sender, known=ids, now=NOW)
    return verify(
        resource, frame.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32)), context
    )


def fired(rule: Rule, proof: Example) -> bool:
    resource = proof.resource or rule.resources[0]
    rows = [*proof.before, proof.row]
    verdict = run(
        resource,
        rows,
        mode=STANDING if rule.standing else proof.mode,
        sender=proof.sender,
        known={k: list(v) for k, v in proof.known.items()},
    )
    last = verdict.findings.filter(pl.col("line") == len(rows) + 1)
    if rule.id == "value.required_missing":  # whatever an example leaves out is missing too
        last = last.filter(pl.col("field").is_in(list(proof.row)))
    return rule.id in last["rule"].to_list()


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_a_rule_is_silent_on_its_passing_example_and_fires_on_its_failing_one(rule: Rule):
    assert not fired(rule, rule.passes)
    assert fired(rule, rule.fails)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_a_rule_has_message_cure_and_source(rule: Rule):
    message, cure = describe(rule.id, field="a_field", value="a value")
    assert message and cure and rule.source and "{" not in message + cure


def test_a_rule_without_examples_does_not_load():
    one = catalogue()[0]
    with pytest.raises(RuleIncomplete):
        replace(one, fails=example())


def test_there_are_at_least_eighty_rules_and_each_resource_has_some():
    assert len(catalogue()) >= 80
    assert all(instances(name) for name in RESOURCES)


def test_a_good_row_has_no_finding():
    verdict = run("person", [GOOD_PERSON], known={"house": ["H-0001"]})
    assert verdict.findings.is_empty() and verdict.rejected.is_empty()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("name_masked", None, "value.required_missing"), ("name_masked", "张三", "masked.name_open"),
        ("name_masked", "张三丰*", "masked.name_open"), ("name_masked", "张三*", "masked.name_open"),
        ("name_masked", "欧阳修*", "masked.name_open"), ("name_masked", "阿依古丽·买*", "masked.name_open"),
        ("name_masked", "Anna Mari*", "masked.name_open"), ("name_masked", "张*丰", "masked.name_form"),
        ("name_masked", "张*（户主）", "masked.name_form"),
        ("sex", "7", "value.code_unknown"), ("person_token", "XYZ", "value.pattern_wrong"),
        ("birth_year", "八零", "value.number_wrong"), ("birth_year", "1850", "person.birth_year_impossible"),
        ("move_in", "2025-02-30", "value.date_impossible"), ("move_in", "2099-01-01", "person.move_in_future"),
        ("move_out", "2000-01-01", "person.move_out_before_move_in"), ("house_code", "H-9999", "reference.unknown"),
        ("source", "fire", "envelope.source_differs"), ("id_masked", "110105194912310021", "masked.number_open"),
        ("phone_masked", "13800138000", "masked.phone_open"),
        ("collected_at", "2026-11-01", "value.datetime_impossible"),
    ],
)  # fmt: skip
def test_one_fault_in_a_good_row_makes_exactly_one_finding(column: str, value: str | None, rule: str):
    verdict = run("person", [GOOD_PERSON | {column: value}], known={"house": ["H-0001"]})
    assert verdict.findings["rule"].to_list() == [rule]


@pytest.mark.parametrize("name", ["张*", "张**", "欧阳*", "淳于**", "𠮷*", "阿**·买**", "A*** M****", "M*"])
def test_a_name_that_shows_a_surname_only_has_no_finding(name: str):
    verdict = run("person", [GOOD_PERSON | {"name_masked": name}], known={"house": ["H-0001"]})
    assert verdict.findings.is_empty()


def test_findings_are_never_cut_off():
    rows = [
        GOOD_PERSON | {"person_token": f"{n:064x}", "sex": "7", "name_masked": "张三"} for n in range(5000)
    ]
    assert run("person", rows, known={"house": ["H-0001"]}).findings.height == 10_000


def test_rare_characters_are_characters():
    for name in ("𠮷*", "㛃**", "䶮*"):
        assert run(
            "person", [GOOD_PERSON | {"name_masked": name}], known={"house": ["H-0001"]}
        ).findings.is_empty()


def test_the_value_of_a_finding_about_an_open_number_does_not_show_it():
    verdict = run("person", [GOOD_PERSON | {"id_masked": "110105194912310021"}], known={"house": ["H-0001"]})
    assert "110105194912310021" not in str(verdict.findings["value"][0])


STANDARD = {
    "01": ["11010519491231002X", "440524188001010014"], "02": ["932682198501010017", "911124198108030024"],
    "03": ["81000019980902013X", "820000200009100032"], "04": ["830000200209060065"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "number"), [(k, n) for k, numbers in STANDARD.items() for n in numbers])
def test_the_standards_own_numbers_are_right_and_any_other_check_digit_is_wrong(kind: str, number: str):
    frame = pl.DataFrame({"n": [number[:-1] + c for c in "0123456789X"], "t": [kind] * 11})
    wrong = frame.select(identifiers.person_check_wrong(pl.col("n"))).to_series().to_list()
    assert [c for c, bad in zip("0123456789X", wrong, strict=True) if not bad] == [number[-1]]
    assert frame.select(identifiers.matches_type(pl.col("n"), pl.col("t")).all()).item()


def slow_check(number: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(c) * w for c, w in zip(number, weights, strict=True)) % 11]


@given(st.text("0123456789", min_size=17, max_size=17), st.sampled_from("0123456789X"))
def test_the_columnar_check_digit_agrees_with_a_plain_one(body: str, check: str):
    wrong = pl.DataFrame({"n": [body + check]}).select(identifiers.person_check_wrong(pl.col("n"))).item()
    assert wrong == (slow_check(body) != check)


def test_the_standards_own_credit_code_is_right():
    frame = pl.DataFrame({"c": ["91350100M000100Y43", "91350100M000100Y44"]})
    assert frame.select(identifiers.uscc_check_wrong(pl.col("c"))).to_series().to_list() == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        "身份证11010519491231002X在此",
        "电话13800138000，请回",
        "卡号4111111111111111付款",
        "今天天气很好",
        "门牌10-1号，2单元301室",
    ],
)
def test_free_text_is_masked_in_columns_as_it_is_masked_singly(text: str):
    frame = pl.DataFrame({"line": [2], "summary": [text], "event_no": ["E1"]})
    assert mask_free_text(frame, "event")["summary"][0] == masking.mask_text(text)
