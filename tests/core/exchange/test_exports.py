"""Exported files as columns: what they say comes in to the letter, and what cannot be read for certain is refused."""

import hashlib

import orjson
import polars as pl
import pytest

from core.exchange.connectors import connector
from core.exchange.transports.exports import Exports
from core.exchange.troubles import Rejected
from core.sheets.lists import write_book

HOUSE = connector("police_platform").extract["house"].model_copy(update={"page_size": 2})
HEAD = "fwbm,dzbm,fwyt,mj,sqbm,gxsj"


@pytest.fixture
def exported(tmp_path):
    """Puts a file into the folder with its marker and opens it."""

    def put(content, ending="csv"):
        name = f"{HOUSE.source}_000001.{ending}"
        if isinstance(content, pl.DataFrame):
            write_book(tmp_path / name, {"house": content})
            content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content)
        told = {"sha256": hashlib.sha256(content).hexdigest(), "since": "", "until": "", "totals": []}
        (tmp_path / f"{name}.ok").write_bytes(orjson.dumps(told))
        return Exports(tmp_path)

    return put


def rows_of(source):
    """Every page's rows, the key and the use of each."""
    view, after, found = source.view("house", HOUSE, since=""), "", []
    while True:
        page = source.page("house", HOUSE, view, after=after)
        found += zip(page.columns["fwbm"], page.columns["fwyt"], strict=True)
        after = page.last
        if not page.more:
            return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rows_come_by_their_key_in_pages_whatever_their_order_and_encoding(exported, encoding):
    text = f'{HEAD}\r\nH3,A,"自住,出租",,S,T\r\nH1,A,,,S,T\r\nH2,A,"二\n行",,S,T\r\n'
    assert rows_of(exported(text.encode(encoding))) == [("H1", None), ("H2", "二\n行"), ("H3", "自住,出租")]


def test_numbers_of_a_workbook_come_as_the_source_means_them(exported):
    book = pl.DataFrame({"fwbm": ["H1", "H2"], "fwyt": [0.0, 1980.0], "dzbm": ["A", "A"], "sqbm": ["S", "S"],
                         "gxsj": ["T", "T"]})  # fmt: skip
    assert rows_of(exported(book, "xlsx")) == [("H1", "0"), ("H2", "1980")]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (f"{HEAD}\nH1,A,1,,S,T,one too many\n".encode(), "rows"),
        (f"{HEAD}\n,A,1,,S,T\n".encode(), "key"),
        (b"other,heading\n1,2\n", "heading"),
        (b"", "heading"),
        (HEAD.encode() + "\nH1,苏".encode() + b"\xff\xff,1,,S,T\n", "encoding"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_and_says_why(exported, content, cause):
    source = exported(content)
    with pytest.raises(Rejected) as caught:
        rows_of(source)
    assert caught.value.details["cause"] == cause and caught.value.cure


def test_a_workbook_that_is_none_is_refused(exported):
    with pytest.raises(Rejected):
        rows_of(exported(b"PK not really", "xlsx"))
