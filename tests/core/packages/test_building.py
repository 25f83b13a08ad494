import json
import re
import zipfile

import polars as pl
import pytest

from core.model.resources import RESOURCES, table_schema
from core.packages.builder import BuildRefused, build_package
from core.packages.crypto import KeyInvalid
from core.packages.reader import check_package, open_package
from tests.core.packages.test_grids import SQUARE, collection, grid
from tests.core.packages.workshop import (
    ADDRESS,
    IDENTITY,
    LETTER,
    PRIVATE,
    PUBLIC,
    SEAL_PRIVATE,
    SEAL_PUBLIC,
    build,
    file_hash,
    members,
    table,
    trust,
)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "待发 outbox"
    made.mkdir()
    (made / "address.csv").write_bytes(table(ADDRESS))
    return made


def pack_folder(folder, **letter):
    out = folder.parent / "sent" / "2026-11-20 Community 第1号.zip"
    return build_package(folder, out=out, **{"key_pem": PRIVATE, **LETTER, **letter})


def descriptor(built):
    return json.loads(members(built.path)["datapackage.json"])


def test_a_folder_becomes_a_package_that_opens(folder):
    (folder / "grid.geojson").write_bytes(collection(grid()))
    (folder / "identity.csv").write_text(IDENTITY, "utf-8")
    (folder / "photos").mkdir()
    (folder / "photos" / "隐患1.JPG").write_bytes(b"\xff\xd8\xff")
    built = pack_folder(folder, seal_to_pem=SEAL_PUBLIC)
    assert built.resources == {"address": 1, "grid": 1, "identity": 1}
    opened = open_package(built.path, trust())
    assert opened.rows == built.resources and opened.warnings == []
    assert opened.declared.uuid == built.uuid and opened.descriptor_hash == built.descriptor_hash
    assert descriptor(built)["resources"][-1]["mediatype"] == "image/jpeg"


def test_the_name_is_the_files_stem_as_data_packages_allow_it(folder):
    built = pack_folder(folder)
    assert built.name == "2026-11-20-community-1"
    assert re.fullmatch(r"[a-z0-9._-]+", built.name)


def test_files_of_other_kinds_are_left_alone(folder):
    for name in ("README.txt", ".hidden.csv", "old.zip", "key.pem"):
        (folder / name).write_text("x", "utf-8")
    assert pack_folder(folder).resources == {"address": 1}


@pytest.mark.parametrize(
    "name", ["people.csv", "Address.CSV", "person.xlsx", "grid.csv", "address.geojson", "grid.json"]
)
def test_a_table_that_is_no_resource_is_refused_by_name(folder, name):
    (folder / name).write_text("x", "utf-8")
    with pytest.raises(BuildRefused) as raised:
        pack_folder(folder)
    assert name in raised.value.message and raised.value.cure


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_a_table_without_header_is_refused(folder, content):
    (folder / "house.csv").write_bytes(content)
    with pytest.raises(BuildRefused, match=r"house\.csv"):
        pack_folder(folder)


def test_grids_that_are_no_collection_are_refused(folder):
    (folder / "grid.geojson").write_bytes(b"{}")
    with pytest.raises(BuildRefused, match=r"grid\.geojson"):
        pack_folder(folder)


def test_an_empty_folder_or_none_is_refused(tmp_path):
    with pytest.raises(BuildRefused):
        pack_folder(tmp_path)
    with pytest.raises(BuildRefused):
        pack_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("house.csv", b"house_code,x\n1,2,3\n", "csv_malformed"), ("house.csv", "房屋\n".encode("gbk"), "not_utf8"),
     ("place.csv", b"place_no,imei\n1,2\n", "forbidden_column"), ("place.csv", b"place_no\n", "column_missing")],
)  # fmt: skip
def test_wrong_rows_and_columns_are_packed_as_they_are(folder, name, content, code):
    (folder / name).write_bytes(content)
    report = check_package(pack_folder(folder).path, trust())
    assert code in {error["code"] for error in report.errors}


def test_wrong_values_are_for_verification_to_find(folder):
    (folder / "address.csv").write_bytes(table(ADDRESS.replace("active", "nonsense")))
    assert check_package(pack_folder(folder).path, trust()).ok


@pytest.mark.parametrize(
    "letter", [{"receiver": ""}, {"purpose": " "}, {"sender": "mafia"}, {"mode": "merge"}, {"uuid": "1"}]
)
def test_a_letter_that_nobody_could_read_is_not_written(folder, letter):
    with pytest.raises(BuildRefused):
        pack_folder(folder, **letter)
    assert not (folder.parent / "sent").exists()


@pytest.mark.parametrize("pem", ["", PUBLIC, "no key", SEAL_PRIVATE])
def test_only_an_ed25519_private_key_signs(folder, pem):
    with pytest.raises(KeyInvalid):
        pack_folder(folder, key_pem=pem)


def test_the_same_input_makes_the_same_bytes(tmp_path):
    one, two = build(tmp_path / "a" / "p.zip"), build(tmp_path / "b" / "p.zip")
    assert one.path.read_bytes() == two.path.read_bytes()


def test_the_sequence_follows_the_previous_package(tmp_path):
    first = build(tmp_path / "1.zip")
    by_value, by_path = (
        build(tmp_path / "2.zip", previous=first),
        build(tmp_path / "2b.zip", previous=first.path),
    )
    assert by_value.sequence == by_path.sequence == 2
    assert descriptor(by_path)["gridlink"]["previous"] == first.descriptor_hash
    assert build(tmp_path / "9.zip", previous=first, sequence=9).sequence == 9
    assert "previous" not in descriptor(first)["gridlink"]


def test_a_previous_package_that_is_none_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"x")
    with pytest.raises(BuildRefused):
        build(tmp_path / "p.zip", previous=tmp_path / "x.zip")


def test_a_failure_leaves_nothing_behind_and_spoils_nothing(tmp_path, monkeypatch):
    built = build(tmp_path / "p.zip")
    before = file_hash(built.path)

    def full(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="disk full"):
        build(tmp_path / "p.zip", {"address": table()})
    assert [p.name for p in tmp_path.iterdir()] == ["p.zip"] and file_hash(built.path) == before


def test_it_has_the_shape_of_a_data_package_of_version_two(folder):
    """What https://datapackage.org/standard/ asks of a descriptor, a resource and a schema."""
    (folder / "grid.geojson").write_bytes(collection(grid()))
    built = pack_folder(folder)
    top = descriptor(built)
    assert top["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert top["version"] == "1" and top["created"] == "2026-11-20T08:00:00+08:00"
    assert top["sources"] == [{"title": "community"}]
    for resource in top["resources"]:
        assert (
            "rows" not in resource
        )  # tools take it for a count that they check against files that are no tables
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        content = members(built.path)[resource["path"]]
        assert resource["bytes"] == len(content) and resource["encoding"] == "utf-8"
        assert resource["hash"].startswith("sha256:")
    by_name = {resource["name"]: resource for resource in top["resources"]}
    assert by_name["address"]["mediatype"] == "text/csv" and by_name["address"]["format"] == "csv"
    assert by_name["grid"]["mediatype"] == "application/geo+json"
    header = members(built.path)["data/address.csv"].split(b"\n")[0].decode().split(",")
    assert [field["name"] for field in by_name["address"]["schema"]["fields"]] == header
    assert by_name["address"]["schema"]["missingValues"] == [""]


def test_a_whole_table_declares_the_whole_schema_of_version_one(tmp_path):
    frame = pl.DataFrame(schema=dict.fromkeys(RESOURCES["house"].header("delta"), pl.String))
    built = build(tmp_path / "p.zip", {"house": frame}, mode="delta")
    assert descriptor(built)["resources"][0]["schema"] == table_schema(RESOURCES["house"], "delta")


def test_a_schema_names_no_key_that_the_table_lacks(tmp_path):
    built = build(tmp_path / "p.zip", {"place": table(header="name,kind")})
    assert "primaryKey" not in descriptor(built)["resources"][0]["schema"]


def test_columns_from_memory_come_back_as_they_were(tmp_path):
    wanted = RESOURCES["place"].header("snapshot")
    values = {name: [f"{name} 𠮷", None, 'a"b,c\r\nd\re'] for name in wanted}
    frame = pl.DataFrame(values, schema=dict.fromkeys(wanted, pl.String))
    opened = open_package(build(tmp_path / "p.zip", {"place": frame}).path, trust())
    assert opened.frame("place").drop("line").equals(frame)
    again = build(tmp_path / "q.zip", {"place": opened.frame("place")})
    assert open_package(again.path, trust()).frame("place").equals(opened.frame("place"))


def test_grids_from_memory_come_back_as_they_were(tmp_path):
    first = open_package(
        build(tmp_path / "p.zip", {"grid": collection(grid(), grid(geometry=None))}).path, trust()
    )
    second = open_package(build(tmp_path / "q.zip", {"grid": first.frame("grid")}).path, trust())
    assert second.frame("grid").equals(first.frame("grid"))
    assert json.loads(second.frame("grid")["geometry"][0]) == SQUARE
