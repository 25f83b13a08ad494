"""Base maps: declared by the administrator, read from files, found at the right column and row."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from core.atlas.basemaps import BaseMap, BaseMapUnusable, base_map, open_tiles, set_base_map
from core.cli.main import main
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.conftest import ADMIN, PASSWORD

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def mbtiles(path: Path, content: bytes = PNG) -> Path:
    base = sqlite3.connect(path)
    base.execute(
        "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
    )
    base.execute("INSERT INTO tiles VALUES (3, 6, 4, ?)", (content,))
    base.commit()
    base.close()
    return path


def pmtiles(path: Path, kind: TileType = TileType.PNG) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(3, 6, 3), PNG)
        head = {
            "tile_type": kind, "tile_compression": Compression.NONE, "min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 1,
            "max_lat_e7": 1, "center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        writer.finalize(head, {})
    return path


@pytest.mark.parametrize("make", [mbtiles, pmtiles])
def test_a_file_of_tiles_answers_with_rows_from_the_north(make, tmp_path: Path):
    tiles = open_tiles(BaseMap("file", str(make(tmp_path / "t.tiles"))))
    assert tiles.tile(3, 6, 3) == PNG
    assert tiles.tile(3, 6, 4) is None and tiles.tile(3, 60, 4) is None
    tiles.close()


def test_files_without_pictures_are_refused(tmp_path: Path):
    text = tmp_path / "a.txt"
    text.write_text("no tiles")
    other = tmp_path / "b.db"
    sqlite3.connect(other).execute("CREATE TABLE x (y)").connection.close()
    vector, cut = pmtiles(tmp_path / "v.pmtiles", TileType.MVT), tmp_path / "cut.pmtiles"
    cut.write_bytes(b"PMTiles\x03")
    for path in (text, other, vector, cut, mbtiles(tmp_path / "v.mbtiles", b"\x1f\x8b"), tmp_path / "none"):
        with pytest.raises(BaseMapUnusable):
            open_tiles(BaseMap("file", str(path)))


def test_a_wmts_is_asked_as_the_standard_has_it():
    base = BaseMap(
        "wmts", "http://10.0.0.1/{layer}_{matrix}/wmts?tk={token}", "c", ("vec", "cva"), token="a b&c"
    )
    parts = urlsplit(base.url(1, 17, 109452, 21372))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/cva_c/wmts" and query["tk"] == "a b&c"
    assert (query["TILEMATRIXSET"], query["TILEMATRIX"], query["TILECOL"], query["TILEROW"]) == (
        "c", "17", "109452", "21372")  # fmt: skip
    assert BaseMap("xyz", "http://10.0.0.1/{z}/{x}/{y}.png").url(0, 5, 6, 7) == "http://10.0.0.1/5/6/7.png"


@pytest.mark.parametrize(
    "text",
    [
        "", "kind =", 'kind = "ftp"\nlocation = "x"', 'kind = "xyz"\nlocation = "http://a/{z}/{x}"',
        'kind = "wmts"\nlocation = "file:///etc/passwd"', 'kind = "wmts"\nlocation = "http://u:p@a/"',
        'kind = "wmts"\nlocation = "http://a/"\nmatrix = "d"', 'kind = "wmts"\nlocation = "http://a/"\nmax_zoom = 99',
        'kind = "wmts"\nlocation = "http://a/"\ncolour = "red"', 'kind = "file"\nlocation = "nowhere.mbtiles"',
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_refused_and_changes_nothing(embedded: Workspace, tmp_path: Path, text: str):
    declared = tmp_path / "map.toml"
    declared.write_text(text, encoding="utf-8")
    with pytest.raises(BaseMapUnusable):
        set_base_map(embedded, declared)
    assert base_map(embedded) is None


def test_only_the_administrator_sets_it_and_everybody_with_the_map_sees_it(
    embedded: Workspace, tmp_path: Path
):
    mbtiles(tmp_path / "gusu.mbtiles")
    declared = tmp_path / "map.toml"
    declared.write_text(
        'kind = "file"\nlocation = "gusu.mbtiles"\nattribution = "天地图"\n', encoding="utf-8"
    )
    officer = Workspace(embedded.store, Actor("officer", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        set_base_map(officer, declared)
    set_base_map(embedded, declared)
    seen = base_map(officer)
    assert (
        seen is not None and seen.attribution == "天地图" and Path(seen.location) == tmp_path / "gusu.mbtiles"
    )
    set_base_map(embedded, None)
    assert base_map(officer) is None


def test_the_command_shows_and_sets_it_without_its_token(
    embedded: Workspace, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    declared = tmp_path / "map.toml"
    declared.write_text('kind = "wmts"\nlocation = "http://10.0.0.1/x"\ntoken = "secret"\n', encoding="utf-8")
    store = ["--store", str(tmp_path / "gridlink.db")]
    assert main([*store, "basemap", "--set", str(declared), "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["base_map"]["kind"] == "wmts" and "secret" not in told
    assert main([*store, "basemap", "--none", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"base_map": None}
