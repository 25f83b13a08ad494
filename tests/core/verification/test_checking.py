"""Checking numbers that stand alone, one by one and by the file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from core.cli import main
from core.neutral import neutral
from core.verification.checking import KINDS, check, check_column

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("number", [
    "11010519491231002X", "440524188001010014", "81000019980902013X", "820000200009100032", "830000200209060065",
    "911124198108030024", "932682198501010017", "110105491231002", "ABC123456789012", "E12345678",
])  # fmt: skip
def test_every_form_of_a_persons_number_is_valid(number):
    assert check("person_id", number, TODAY).valid


@pytest.mark.parametrize(("number", "reason"), [
    ("110105194912310021", "check"), ("11010519490231002X", "date"), ("110105209912310027", "date"),
    ("11010519491231002x", "characters"), ("１10105194912310021", "characters"), ("1101051949123100", "shape"),
    ("", "empty"), ("010105194912310021", "shape"),
])  # fmt: skip
def test_a_wrong_number_has_one_reason(number, reason):
    (row,) = check_column("person_id", pl.Series([number]), TODAY).to_dicts()
    assert (row["valid"], row["reason"], row["warnings"]) == (False, reason, [])


@pytest.mark.parametrize(("number", "warning"), [
    ("440524188001010014", "early"), ("110105491231002", "old"), ("E12345678", "shape_only"),
    ("320502201501010019", "division"), ("110105********002X", "masked"),
])  # fmt: skip
def test_what_is_odd_but_not_wrong_is_a_warning(number, warning):
    (row,) = check_column("person_id", pl.Series([number]), TODAY).to_dicts()
    assert row["valid"] and warning in row["warnings"]


@pytest.mark.parametrize(("kind", "good", "bad"), [
    ("uscc", "91350100M000100Y43", "91350100M000100Y44"), ("uscc", "91350100M000100Y43", "9135010OM000100Y43"),
    ("org_code", "D2143569-X", "D2143569-1"), ("phone", "13812345678", "12812345678"),
    ("phone", "0512-65123456", "0512-15123456"), ("phone", "400-820-8820", "138 1234 5678"),
])  # fmt: skip
def test_codes_and_phones_are_told_right_from_wrong(kind, good, bad):
    assert check(kind, good, TODAY).valid and not check(kind, bad, TODAY).valid


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.text(max_size=24))
def test_any_text_gets_an_answer_with_a_reason_if_it_is_not_valid(kind, text):
    answer = check(kind, text, TODAY)
    assert answer.valid == (answer.reason == "")


def test_a_column_of_a_file_is_answered_and_its_other_columns_stay(tmp_path: Path, capsys):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        '姓名,号码,备注\n张*,11010519491231002X,"a,b"\n李*,110105194912310021,\n王*,,=1+1\n',
        encoding="gb18030",
    )
    code = main(
        ["check-code", "person_id", "--file", str(source), "--column", "号码", "--out", str(out), "--json"]
    )
    assert (code, json.loads(capsys.readouterr().out)["valid"]) == (0, 1)
    rows = pl.read_csv(out, infer_schema=False)
    assert rows.columns == ["姓名", "号码", "备注", "valid", "reason"]
    assert rows["valid"].to_list() == ["true", "false", "false"]
    assert rows["备注"].to_list() == ["a,b", None, "'=1+1"]


@pytest.mark.parametrize("words", [
    ("--file", "no.csv", "--column", "a", "--out", "o.csv"), ("--file", "in.csv", "--column", "b", "--out", "o.csv"),
    (),
])  # fmt: skip
def test_what_cannot_be_answered_says_why_and_writes_nothing(words, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("a\n1\n")
    assert main(["check-code", "phone", *words, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["error"]
    assert said["message"] and said["cure"] and not Path("o.csv").exists()


@given(st.text(max_size=8))
def test_nothing_that_a_spreadsheet_would_run_leaves_as_it_came(text):
    written = neutral(text)
    assert written.removeprefix("'") == text.removeprefix("'") or written == text
    assert (
        not written.startswith(("=", "@", "\t", "\r"))
        and neutral("-5") == "-5"
        and neutral("-5+1") == "'-5+1"
    )


def test_the_catalogue_names_every_rule_with_message_cure_and_source(capsys):
    assert main(["rules", "--json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) >= 68
    assert all(rule[name] for rule in rules for name in (
        "resource", "severity", "dimension", "message", "cure", "source", "passes", "fails"
    ))  # fmt: skip
