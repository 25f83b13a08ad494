"""The land is divided without gaps or overlaps, and everything on it lies where it says."""

import numpy as np
import polars as pl
import pytest
import shapely

from core.training.addresses import addresses
from core.training.days import invent
from core.training.geography import make_land
from core.training.words import divisions
from core.verification.context import outline


@pytest.fixture(scope="module", params=[100, 120_000])
def land(request):
    return make_land(np.random.default_rng(3), request.param)


def test_grids_cover_the_outline_without_gaps_or_overlaps(land):
    area = outline().area
    assert shapely.coverage_is_valid(land.cells)
    assert shapely.area(land.cells).sum() == pytest.approx(area, rel=1e-5)
    assert shapely.union_all(land.cells).symmetric_difference(outline()).area < area * 1e-5


def test_every_community_has_a_grid_and_lies_in_its_own_sub_district(land):
    known = divisions().filter(pl.col("level") == "community")
    held = land.grids.select("community_code", "subdistrict_code").unique()
    assert set(held.rows()) == set(known.select("code", "parent_code").rows())
    assert land.grids["grid_code"].is_unique().all()
    assert (land.grids["grid_code"].str.head(12) == land.grids["community_code"]).all()


def test_sub_districts_are_in_one_piece(land):
    """A crumb of a grid may lie across a bend of the outline; nine tenths and more hang together."""
    for _code, rows in land.grids.with_row_index().group_by("subdistrict_code"):
        whole = shapely.union_all(land.cells[rows["index"].to_numpy()])
        assert max(shapely.area(shapely.get_parts(whole))) > 0.9 * whole.area


def test_a_grid_has_about_as_many_households_as_the_standard_says():
    district = invent(np.random.default_rng(1), 120_000)
    homes = district.houses.join(district.addresses, on="address_code").group_by("grid_code").len()["len"]
    assert 200 < homes.median() < 500


def test_an_address_lies_in_the_grid_it_names(land):
    spots = addresses(np.random.default_rng(4), land, 8000)
    assert (land.grids["grid_code"].gather(spots["grid"]) == spots["grid_code"]).all()
    placed = spots.filter(pl.col("lon").is_not_null())
    lon, lat = (placed[name].cast(pl.Float64).to_numpy() for name in ("lon", "lat"))
    assert shapely.contains_xy(land.cells[placed["grid"].to_numpy()], lon, lat).all()
    assert 0.9 < placed.height / spots.height < 1


def test_addresses_are_told_apart_and_their_text_says_what_their_parts_say(land):
    spots = addresses(np.random.default_rng(5), land, 8000)
    assert spots["address_code"].is_unique().all()
    assert spots["full_text"].is_unique().all()
    parts = [
        pl.col(name).fill_null("") for name in ("road", "doorplate", "estate", "building", "unit", "room")
    ]
    assert spots.select(pl.col("full_text").str.ends_with(pl.concat_str(parts))).to_series().all()


@pytest.mark.parametrize("trap", [r"^甲\d+号$", r"^\d+-1号$", r"^\d+弄\d+号$", r"^\d+号之一$", r"^\d+号附1$"])
def test_door_plates_hold_the_traps_of_real_ones(trap):
    land = make_land(np.random.default_rng(3), 8000)
    spots = addresses(np.random.default_rng(6), land, 20_000)
    assert spots["doorplate"].str.contains(trap).any()
