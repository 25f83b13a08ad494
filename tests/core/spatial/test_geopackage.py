"""GeoPackages: what we write opens elsewhere, what others write is read, what is damaged is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from core.spatial.geopackage import GeoFileUnusable, GeoTable, read_geopackage, write_geopackage

SHAPES = [shapely.MultiPolygon([shapely.box(120.6, 31.3, 120.61, 31.31)]), None]
COLUMNS = {"grid_code": ["G1", "G2"], "name": ["𠮷祥一格", None], "cycle_days": [30, None], "share": [0.5, 1]}
TABLE = GeoTable("网格", SHAPES, COLUMNS)


def test_gdal_reads_what_we_write(tmp_path: Path):
    out = tmp_path / "grids.gpkg"
    write_geopackage(out, TABLE, kind="MULTIPOLYGON")
    about = pyogrio.read_info(out)
    assert (about["layer_name"], about["features"], about["geometry_type"]) == ("网格", 2, "MultiPolygon")
    assert about["crs"] == "EPSG:4490" and list(about["fields"]) == [
        "grid_code",
        "name",
        "cycle_days",
        "share",
    ]
    _meta, _fids, shapes, columns = pyogrio.raw.read(out)
    assert shapely.equals(shapely.from_wkb(shapes[0]), SHAPES[0]) and shapes[1] is None
    assert columns[1][0] == "𠮷祥一格" and columns[3].tolist() == [0.5, 1.0]


def test_it_comes_back_as_it_went(tmp_path: Path):
    out = tmp_path / "grids.gpkg"
    write_geopackage(out, TABLE, kind="MULTIPOLYGON")
    back = read_geopackage(out)
    assert back.columns["cycle_days"] == [30, None] and back.columns["name"] == ["𠮷祥一格", None]
    assert shapely.equals(back.shapes[0], SHAPES[0]) and back.shapes[1] is None
    assert not out.with_name("grids.gpkg.part").exists()


def test_a_metric_file_written_by_gdal_is_turned_into_degrees(tmp_path: Path):
    out = tmp_path / "metric.gpkg"
    shape = shapely.to_wkb(np.array([shapely.box(500_000, 3_465_000, 500_100, 3_465_100)]))
    pyogrio.raw.write(out, shape, [np.array(["G1"], dtype=object)], ["grid_code"], geometry_type="Polygon",
                      crs="EPSG:4549", layer="g")  # fmt: skip
    back = read_geopackage(out)
    assert back.shapes[0] is not None and back.shapes[0].bounds[0] == pytest.approx(120.0, abs=1e-6)


def test_what_is_no_geopackage_or_damaged_is_named(tmp_path: Path):
    text, empty, broken = tmp_path / "a.gpkg", tmp_path / "b.gpkg", tmp_path / "c.gpkg"
    text.write_text("no database at all, only words that go on for a while")
    sqlite3.connect(empty).close()
    write_geopackage(broken, TABLE)
    base = sqlite3.connect(broken)
    base.execute('UPDATE "网格" SET geom = ?', (b"GP\x00\x01\x8a\x11\x00\x00\x01\x06",))
    base.commit()
    base.close()
    for path in (text, empty, broken, tmp_path / "none.gpkg"):
        with pytest.raises(GeoFileUnusable):
            read_geopackage(path)
    with pytest.raises(GeoFileUnusable):
        write_geopackage(tmp_path / "no" / "folder.gpkg", TABLE)
