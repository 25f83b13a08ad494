import csv
import io

import polars as pl
import pytest

from core.packages import refusals
from core.packages.reader import check_package, open_package
from core.packages.structure import TableCheck
from tests.core.packages.workshop import (
    ADDRESS,
    ADDRESS_HEADER,
    addresses,
    build,
    declare,
    refused,
    table,
    trust,
)

WIDTH = len(ADDRESS_HEADER.split(","))


@pytest.fixture
def path(tmp_path):
    return build(tmp_path / "p.zip").path


def rows(path):
    opened = open_package(path, trust())
    frame = opened.frame("address")
    assert frame.height == opened.rows["address"]
    return frame


def test_values_are_strings_and_empty_ones_are_missing(path):
    frame = rows(path)
    assert frame.schema["line"] == pl.UInt32
    assert set(frame.drop("line").dtypes) == {pl.String}
    (row,) = frame.to_dicts()
    assert row["road"] == "𠮷祥路" and row["room"] is None and row["line"] == 2
    assert row["address_code"] == "3205080170030001"


@pytest.mark.parametrize(
    "value", ["㛃", "𠮷", "a,b", "a\nb", "a\r\nb", 'say "好"', '"', " x ", "00123", "1e5", "NULL", "-"]
)
def test_values_arrive_to_the_letter(tmp_path, value):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(
        [value if v == "𠮷祥路" else v for v in ADDRESS.split(",")]
    )
    content = table(header=ADDRESS_HEADER) + buffer.getvalue().encode() + table(header=ADDRESS)
    frame = rows(build(tmp_path / "p.zip", {"address": content}).path)
    assert frame["road"].to_list() == [value, "𠮷祥路"]
    assert frame["line"].to_list() == [2, 3]


def test_a_quoted_empty_value_is_missing_too(tmp_path):
    frame = rows(build(tmp_path / "p.zip", addresses(ADDRESS.replace(",𠮷祥路,,", ',"","",'))).path)
    assert frame["road"].to_list() == [None]


def test_a_byte_order_mark_is_tolerated(path):
    assert rows(declare(path, b"\xef\xbb\xbf" + table(ADDRESS)))["address_code"].to_list() == [
        "3205080170030001"
    ]


def test_a_byte_order_mark_before_a_quoted_header_is_tolerated(path):
    header = '"address_code"' + ADDRESS_HEADER.removeprefix("address_code")
    assert rows(declare(path, b"\xef\xbb\xbf" + table(ADDRESS, header=header))).height == 1


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n", b"\r\n\r\n", b"\n\n\n\r\n"])
def test_blank_lines_at_the_end_are_no_rows(path, end):
    assert rows(declare(path, table(ADDRESS).rstrip(b"\n") + end)).height == 1


def test_a_blank_line_in_between_is_a_row_without_values(path):
    """It is quarantined at its line like any row without a key; the lines after it keep their numbers."""
    frame = rows(declare(path, table(ADDRESS, "", ADDRESS)))
    assert frame["address_code"].to_list() == ["3205080170030001", None, "3205080170030001"]
    assert frame["line"].to_list() == [2, 3, 4]


GBK = table(ADDRESS.replace("𠮷", "吉"), ADDRESS.replace("𠮷", "吉")).decode().encode("gbk")


def test_gbk_text_is_refused_with_place_and_hint(path):
    at = GBK.index("姑".encode("gbk"))
    refusal = refused(declare(path, GBK), refusals.NotUtf8, path="data/address.csv", line=2, byte=at + 1)
    assert "GBK" in refusal.message and "UTF-8" in refusal.cure


def test_utf_16_is_refused_with_a_hint(path):
    assert (
        "UTF-16"
        in refused(
            declare(path, table(ADDRESS).decode().encode("utf-16"), ADDRESS_HEADER), refusals.NotUtf8
        ).message
    )


def test_bytes_that_are_no_text_at_all_get_no_hint(path):
    spoiled = table(ADDRESS) + b"\xc0\x80,\xff" + b"," * (WIDTH - 2) + b"\n"
    refusal = refused(declare(path, spoiled), refusals.NotUtf8, line=3, byte=len(table(ADDRESS)) + 1)
    assert "GBK" not in refusal.message


def test_one_wrong_byte_far_inside_is_found_at_its_line(path):
    """Beyond the first chunk, behind characters that straddle the chunks' borders."""
    many = table(*[ADDRESS] * 20_000)
    place = len(many) - 30
    while many[place] & 0x80:
        place -= 1
    spoiled = many[:place] + b"\xe5" + many[place + 1 :]
    refusal = refused(declare(path, spoiled), refusals.NotUtf8, line=20_001)
    assert abs(refusal.details["byte"] - place - 1) <= 3


MALFORMED = [
    ("too many fields", table(ADDRESS, ADDRESS + ",x"), 3),
    ("too few fields", table(ADDRESS, ADDRESS.rsplit(",", 1)[0]), 3),
    ("a blank where a line should be", table(ADDRESS, " ", ADDRESS), 3),
    ("a quote inside a field", table(ADDRESS, ADDRESS.replace("1号", '1"号')), 3),
    ("text after a closing quote", table(ADDRESS, ADDRESS.replace(",𠮷祥路", ',"𠮷祥"路')), 3),
    ("a blank before a quote", table(ADDRESS, ADDRESS.replace(",𠮷祥路", ', "𠮷祥路"')), 3),
    ("an unclosed quote", table(ADDRESS, ADDRESS.replace(",𠮷祥路", ',"𠮷祥路'), ADDRESS), 3),
    ("a NUL byte", table(ADDRESS, ADDRESS.replace("1号", "\x00号")), 3),
    ("carriage returns alone", table(ADDRESS) + ADDRESS.encode() + b"\r" + ADDRESS.encode(), 3),
    ("a value behind line breaks in quotes", table(ADDRESS.replace(",𠮷祥路", ',"a\nb\nc"'), "x"), 5),
]


@pytest.mark.parametrize(("content", "line"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_what_is_no_table_is_refused_with_its_line(path, content, line):
    refused(declare(path, content), refusals.CsvMalformed, path="data/address.csv", line=line)


def test_a_wrong_number_of_fields_says_what_was_expected(path):
    refused(declare(path, table("a,b")), refusals.CsvMalformed, expected=WIDTH, found=2, line=2)


@pytest.mark.parametrize("content", [b"", b"\n", b"\n" + table(ADDRESS), b"\xef\xbb\xbf", b"\r\n"])
def test_a_file_without_a_header_is_refused(path, content):
    report = check_package(declare(path, content, ADDRESS_HEADER), trust())
    assert [e["code"] for e in report.errors] == ["csv_malformed"]


def test_old_macintosh_lines_are_refused(path):
    content = table(ADDRESS).replace(b"\n", b"\r")
    refused(declare(path, content, ADDRESS_HEADER), refusals.CsvMalformed, line=1)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 1000])
def test_the_check_does_not_depend_on_how_the_bytes_are_cut(size):
    quoted = '"' + "a,\n\r\n" * 3 + '""好"'
    content = b"\xef\xbb\xbf" + table(
        f"{quoted},1", "2,3", f"4,{quoted}", "", "5,6", "", header="a,b"
    ).replace(b"\n5", b"\r\n5")
    check = TableCheck("data/x.csv")
    for at in range(0, len(content), size):
        check.feed(content[at : at + size])
    check.feed(b"", final=True)
    assert check.rows == len(list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))) - 2
    assert check.rows == 5


def test_many_line_breaks_in_quotes_do_not_lose_a_row(tmp_path):
    """The engine reads in parallel pieces and must find the records' borders between quoted line ends."""
    broken = ADDRESS.replace(",𠮷祥路", ',"' + "𠮷,\n" * 20 + '"')
    frame = rows(build(tmp_path / "p.zip", addresses(*[broken, ADDRESS] * 20_000)).path)
    assert frame.height == 40_000
    assert frame["line"][-1] == 40_001
    assert frame["road"].value_counts().height == 2
