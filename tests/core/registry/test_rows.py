"""Writing rows: what all of them say alike is written once and reads back to the letter, on either database."""

from __future__ import annotations

import polars as pl
import pytest
from sqlalchemy import select

from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.registry.rows import write
from core.security.workspace import Workspace
from tests.core.rows import AT, begin


@pytest.mark.parametrize("same", ["O'Brien 路''", "'); DROP TABLE place; --", "?1 :a %s", "", "𠮷\x1f庆"])
def test_a_text_that_every_row_has_is_stored_as_it_is(workspace: Workspace, same: str):
    table = TABLES["place"]
    rows = pl.DataFrame({
        "id": [-5, 3, 9], "place_no": ["P1", "P2", "P3"], "kind": [same] * 3, "name": [same, "另", same],
        "address_code": pl.Series([None] * 3, dtype=pl.String), "lon": [120.5, None, 120.7], "lat": [31.25] * 3,
        "crs": ["EPSG:4490"] * 3, "source": ["police"] * 3, "collected_at": [AT] * 3, "collector": ["C01"] * 3,
        "row_hash": [7] * 3, "created_in": [1] * 3,
    }).with_columns(pl.lit(1).cast(pl.Int64).alias(f"prov_{group}") for group in RESOURCES["place"].groups)  # fmt: skip
    with workspace.store.write() as connection:
        change = begin(connection)
        write(connection, RESOURCES["place"], rows, change)
        held = connection.execute(select(table).order_by(table.c.id)).mappings().all()
    assert [(row["id"], row["kind"], row["name"]) for row in held] == [
        (-5, same, same),
        (3, same, "另"),
        (9, same, same),
    ]
    assert [(row["address_code"], row["lon"], row["lat"], row["retired_in"]) for row in held] == [
        (None, 120.5, 31.25, None), (None, None, 31.25, None), (None, 120.7, 31.25, None)]  # fmt: skip
    assert {(row["source"], row["row_hash"], row["changed_in"]) for row in held} == {("police", 7, change)}
