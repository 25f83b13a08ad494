"""What must hold for any bytes and any text, not only for those somebody thought of."""

import csv
import io
import zipfile

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from core.model.resources import RESOURCES
from core.packages.encoding import Utf8Check
from core.packages.never import is_forbidden
from core.packages.reader import check_package, open_package
from core.packages.refusals import CsvMalformed, NotUtf8, PackageRefused
from core.packages.structure import TableCheck
from core.packages.tables import frame
from tests.core.packages.test_grids import collection, grid
from tests.core.packages.workshop import ADDRESS, IDENTITY, SEAL_PUBLIC, addresses, build, pack, trust

PLACE = RESOURCES["place"]
HEADER = ",".join(PLACE.header("snapshot"))
WIDTH = len(PLACE.header("snapshot"))
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
thorough = settings(relaxed, max_examples=400)

words = st.text(
    st.one_of(
        st.sampled_from("\",\n\r\t ;'𠮷㛃𪚥吉张é0A*"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A package with a table, grids, a seal and a photograph."""
    contents = addresses(*[ADDRESS] * 30) | {"grid": collection(grid()), "identity": IDENTITY.encode()}
    out = tmp_path_factory.mktemp("good") / "p.zip"
    return build(out, contents, seal_to_pem=SEAL_PUBLIC, photos={"photos/1.jpg": b"\xff\xd8"}).path


@pytest.fixture(scope="module")
def content(good):
    opened = open_package(good, trust())
    return {name: opened.frame(name) for name in opened.resource_names}


def refused_or_the_same(path, content):
    try:
        opened = open_package(path, trust())
        found = {name: opened.frame(name) for name in opened.resource_names}
    except PackageRefused as refusal:
        assert refusal.message and refusal.cure
        report = check_package(path, trust())
        assert not report.ok and report.errors
        return
    assert found.keys() == content.keys()
    assert all(found[name].equals(content[name]) for name in content)


@thorough
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=3))
def test_any_flipped_bytes_are_refused_or_change_nothing(good, content, tmp_path, flips):
    spoiled = bytearray(good.read_bytes())
    for place, mask in flips:
        spoiled[place % len(spoiled)] ^= mask
    (tmp_path / "p.zip").write_bytes(spoiled)
    refused_or_the_same(tmp_path / "p.zip", content)


def test_a_flip_of_any_single_byte_is_refused_or_changes_nothing(good, content, tmp_path):
    whole = good.read_bytes()
    for place in range(0, len(whole), 3):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << place % 8
        (tmp_path / "p.zip").write_bytes(spoiled)
        refused_or_the_same(tmp_path / "p.zip", content)


@relaxed
@given(cut=st.integers(0), junk=st.binary(max_size=40))
def test_a_cut_or_lengthened_file_is_refused_or_changes_nothing(good, content, tmp_path, cut, junk):
    whole = good.read_bytes()
    (tmp_path / "p.zip").write_bytes(whole[: cut % len(whole)] + junk)
    refused_or_the_same(tmp_path / "p.zip", content)


@relaxed
@given(junk=st.binary(max_size=300), member=st.sampled_from(["datapackage.json", "datapackage.json.jws"]))
def test_any_descriptor_or_signature_is_refused_in_words(good, tmp_path, junk, member):
    with zipfile.ZipFile(good) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    path = pack(tmp_path / "p.zip", inside | {member: junk})
    with pytest.raises(PackageRefused):
        open_package(path, trust())


@relaxed
@given(
    rows=st.lists(st.lists(words, min_size=WIDTH, max_size=WIDTH), max_size=6),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_that_a_csv_writer_writes_arrives_to_the_letter(tmp_path, rows, ends):
    buffer = io.StringIO()
    # with "\n" alone the library leaves a return at a line's end bare, which no reader could tell from CRLF
    quoting = csv.QUOTE_ALL if ends == "\n" else csv.QUOTE_MINIMAL
    csv.writer(buffer, lineterminator=ends, quoting=quoting).writerows(rows)
    content = f"{HEADER}{ends}{buffer.getvalue()}".encode()
    opened = open_package(build(tmp_path / "p.zip", {"place": content}).path, trust())
    found = opened.frame("place")
    assert found["line"].to_list() == list(range(2, len(rows) + 2))
    assert [list(row) for row in found.drop("line").iter_rows()] == [[v or None for v in row] for row in rows]


@relaxed
@given(rows=st.lists(st.lists(st.none() | words, min_size=WIDTH, max_size=WIDTH), max_size=6))
def test_any_columns_from_memory_arrive_to_the_letter(tmp_path, rows):
    given_ = pl.DataFrame(rows, schema=dict.fromkeys(PLACE.header("snapshot"), pl.String), orient="row")
    opened = open_package(build(tmp_path / "p.zip", {"place": given_}).path, trust())
    found = [list(row) for row in opened.frame("place").drop("line").iter_rows()]
    assert found == [[v or None for v in row] for row in rows]


@thorough
@example(text='"', cut=1)
@given(text=st.text(st.sampled_from('",\n\rab'), max_size=30), cut=st.integers(1, 30))
def test_what_the_check_lets_pass_is_read_as_python_reads_it(text, cut):
    """Two readers of one file must see the same records: the check, the engine, and the standard library's."""
    resource = RESOURCES["visit_report"]
    body = f"task_no,remarks\n{text}".encode()
    check = TableCheck(resource.path)
    try:
        for at in range(0, len(body), cut):
            check.feed(body[at : at + cut])
        check.feed(b"", final=True)
    except CsvMalformed as refusal:
        assert refusal.details["line"] >= 2
        return
    expected = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))[1:]
    while expected and not expected[-1]:
        expected.pop()
    found = frame(body, resource, "snapshot").select("task_no", "remarks")
    assert check.rows == found.height == len(expected)
    assert [list(row) for row in found.iter_rows()] == [
        [v or None for v in (row or ["", ""])] for row in expected
    ]


@settings(deadline=None)
@given(data=st.binary(max_size=60) | words.map(str.encode), cut=st.integers(1, 7))
def test_the_encoding_check_agrees_with_the_decoder_however_the_bytes_are_cut(data, cut):
    check = Utf8Check("data/x.csv")
    try:
        data.decode("utf-8")
        wrong = None
    except UnicodeDecodeError as error:
        wrong = error.start
    try:
        for at in range(0, len(data), cut):
            check.feed(data[at : at + cut])
        check.feed(b"", final=True)
    except NotUtf8 as refusal:
        assert wrong is not None
        assert refusal.details["byte"] == wrong + 1
        assert refusal.details["line"] == data[:wrong].count(b"\n") + 1
    else:
        assert wrong is None


@given(name=st.text(max_size=40))
def test_any_column_name_is_judged(name):
    assert is_forbidden(name) in {True, False}


@pytest.mark.parametrize("word", ["religion", "imei", "face", "ethnicity", "民族"])
@pytest.mark.parametrize("before", ["", "x_", "个人", "THE ", "last-known-"])
def test_a_forbidden_word_is_found_behind_any_other(word, before):
    assert is_forbidden(before + word) and is_forbidden((before + word).upper())
