"""Address matching: every spelling of a door finds it, and never another one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from core.cli import main
from core.security.workspace import Workspace
from core.training.days import invent
from core.verification.matching.answering import match_frame
from core.verification.matching.index import COLUMNS, build
from core.verification.matching.normal import normal
from core.verification.matching.service import match_text
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address

JINCHANG, PINGJIANG = ("金阊街道", "320508003000"), ("平江街道", "320508002000")
PARTS = ("road", "doorplate", "estate", "building", "unit", "room")
KNOWN = [
    ("A1", JINCHANG, "彩香路", "5号", "彩香一村四区", "12幢", "3单元", "1001室"),
    ("A2", JINCHANG, "彩香路", "5号", "彩香一村四区", "12幢", "2单元", "1001室"),
    ("A3", JINCHANG, "彩香路", "5号", "彩香一村四区", "12幢", "3单元", "102室"),
    ("B1", PINGJIANG, "平江路", "10号", "", "", "", ""),
    ("B2", PINGJIANG, "平江路", "甲10号", "", "", "", ""),
    ("B3", PINGJIANG, "平江路", "10-1号", "", "", "", ""),
    ("B4", PINGJIANG, "平江路", "10号之一", "", "", "", ""),
    ("B5", PINGJIANG, "平江路", "10号附1", "", "", "", ""),
    ("C1", PINGJIANG, "临顿路", "58弄11号", "", "", "", ""),
    ("D1", JINCHANG, "干将西路", "100号", "嘉业大厦", "", "", "1203室"),
    ("D2", PINGJIANG, "干将东路", "100号", "嘉业广场", "", "", "1203室"),
    ("E1", JINCHANG, "三香路", "20号", "三元四村", "7幢", "", "302室"),
    ("F1", JINCHANG, "彩香路", "6号", "彩香二村", "2幢", "1单元", "101室"),
    ("G1", PINGJIANG, "苏州大街", "8号", "", "", "", ""),
    ("H1", PINGJIANG, "皮市街", "3号", "西北街新村", "2幢", "4单元", "302室"),
]


@pytest.fixture(scope="module")
def index():
    rows = []
    for code, (town, town_code), *parts in KNOWN:
        text = f"江苏省苏州市姑苏区{town}{''.join(parts)}"
        named = dict(zip(PARTS, (part or None for part in parts), strict=True))
        rows.append({"address_code": code, "full_text": text, "subdistrict_code": town_code, **named})
    return build(pl.DataFrame(rows).select(COLUMNS))


def answer(index, text: str) -> dict:
    return match_frame(pl.Series([text]), index).row(0, named=True)


@pytest.mark.parametrize(("text", "code"), [
    ("彩香一村四区12-3-1001", "A1"), ("彩香1村4区12栋三单元一〇〇一", "A1"), ("彩香一村四区１２＃３单元１００１", "A1"),
    ("平江路10号", "B1"), ("平江路十号", "B1"), ("平江路10", "B1"), ("苏州市平江区平江路10号（租户）", "B1"),
    ("江苏省苏州市姑苏区平江街道平江路１０号", "B1"), ("平江路甲10号", "B2"), ("平江路10-1号", "B3"),
    ("平江路10号之1", "B4"), ("平江路10号之一", "B4"), ("平江路10号附1号", "B5"),
    ("临顿路58弄11号", "C1"), ("临顿路五十八弄十一号", "C1"), ("临顿路58弄11", "C1"),
    ("干将西路100号1203室", "D1"), ("嘉业广场1203", "D2"), ("干将西路100号嘉业大厦12楼1203房", "D1"),
    ("三元四村7-302", "E1"), ("三元四村七号楼三〇二室", "E1"), ("三香路20号三元四村7#302", "E1"),
    ("三元四村7幢3楼302户", "E1"), ("彩香二村2-101", "F1"), ("彩香二村2座1门101", "F1"),
    ("101室1单元2幢彩香二村", "F1"),
    ("彩香路6号，彩香二村，2幢，1单元，101室", "F1"), ("彩乡二村2幢1单元101室", "F1"), ("苏州大街8号", "G1"),
    ("皮市街3号西北街2幢4单元302室", "H1"), ("西北街小区2幢4单元302", "H1"),
])  # fmt: skip
def test_a_spelling_of_a_door_finds_it(index, text, code):
    found = answer(index, text)
    assert (found["decision"], found["address_code"]) == ("match", code), found


@pytest.mark.parametrize("text", [
    "平江路乙10号", "平江路10号对面", "平江路10号旁边", "平江路11号", "平江路10-2号", "平江路10号之二",
    "平江路10号201室",
    "彩香三村2幢101室", "彩香一村三区12-3-1001", "干将东路100号嘉业大厦1203室", "干将路100号", "三元四村8-302",
    "彩香一村四区12幢1001", "彩香一村四区12幢", "平江路10号和临顿路58弄11号", "随便什么", "", "苏州",
])  # fmt: skip
def test_what_is_another_door_or_no_door_is_never_a_match(index, text):
    found = answer(index, text)
    assert found["decision"] in {"choose", "none"} and found["address_code"] is None and found["why"]


def test_an_incomplete_address_offers_the_doors_it_may_mean(index):
    found = answer(index, "彩香一村四区12幢1001")
    assert (found["decision"], set(found["candidates"])) == ("choose", {"A1", "A2"})
    assert set(answer(index, "干将东路100号嘉业大厦1203室")["candidates"]) == {"D1"}


@pytest.mark.parametrize(("written", "meant"), [
    ("一〇二", "102"), ("十二", "12"), ("二十", "20"), ("一百零二", "102"), ("二零一", "201"), ("１０２", "102"),
    ("友联三1幢", "友联3|1幢"), ("12幢3——1001", "12幢3-1001"), ("百步街", "百步街"),
])  # fmt: skip
def test_numerals_width_and_dashes_meet_in_one_spelling(written, meant):
    assert normal(pl.Series([written])).item() == meant


@pytest.fixture(scope="module")
def district():
    made = invent(np.random.default_rng(5), 20_000).addresses
    return made, build(made.select(COLUMNS))


def test_every_standard_address_of_a_district_finds_itself(district):
    rows, made = district
    found = match_frame(rows["full_text"], made)
    assert (found["decision"] == "match").all() and (found["address_code"] == rows["address_code"]).all()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_perturbation_ever_matches_another_door(district, data):
    rows, made = district
    row = rows.row(data.draw(st.integers(0, rows.height - 1)), named=True)
    text = row["full_text"]
    for _step in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text = data.draw(st.sampled_from([
            text[:at] + text[at + 1 :] if not text[at].isdigit() else text,
            text.replace("幢", "栋"), text.replace("室", ""), text.removeprefix("江苏省苏州市"),
            text.replace("姑苏", "平江"),
            text[:at] + "某" + text[at + 1 :] if not text[at].isdigit() else text, text + "（租户）",
        ]))  # fmt: skip
    found = answer(made, text)
    assert found["decision"] != "match" or found["address_code"] == row["address_code"], text


def test_a_store_answers_with_reasons_and_learns_of_new_addresses(workspace: Workspace, sender):
    bureau = sender("bureau")
    bureau.send(address=[address(1, road="富强路", doorplate="1号")])
    found = match_text(workspace, "富强路一号")
    assert (found.decision, found.address_code) == ("match", address(1)["address_code"])
    assert found.candidates[0].full_text == address(1)["full_text"] and found.reasons
    assert match_text(workspace, "富强路2号").decision != "match"
    bureau.send(
        address=[address(1, road="富强路", doorplate="1号"), address(2, road="富强路", doorplate="2号")]
    )
    assert match_text(workspace, "富强路2号").decision == "match"


@pytest.fixture
def logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)


@pytest.mark.usefixtures("logged_in", "workspace")
def test_a_file_keeps_its_columns_and_gains_the_answers(sender, location, tmp_path: Path, capsys):
    sender("bureau").send(address=[address(1, road="富强路", doorplate="1号")])
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("名称,地址\n茶馆,富强路1号\n书店,别处9号\n", encoding="utf-8")
    words = [
        "--store",
        location,
        "match",
        "--file",
        str(source),
        "--column",
        "地址",
        "--out",
        str(out),
        "--json",
    ]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["match"] == 1
    rows = pl.read_csv(out, infer_schema=False)
    assert rows.columns == ["名称", "地址", "address_code", "confidence", "decision"]
    assert rows["decision"].to_list() == ["match", "none"]
    assert main(["--store", location, "match", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "nothing_to_match"
    assert main(["--store", location, "match", "富强路1号", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address_code"] == address(1)["address_code"]
