"""The difference leaves every column of a row as it came."""

from __future__ import annotations

import polars as pl
import pytest

from core.model.resources import RESOURCES
from core.registry.difference import difference
from core.registry.staging import Staged
from core.security.workspace import Workspace


@pytest.mark.parametrize("resource", list(RESOURCES.values()), ids=list(RESOURCES))
def test_no_column_of_a_new_row_is_lost_or_overwritten(embedded: Workspace, resource):
    row = {name: f"value of {name}" for name in resource.column_names}
    accepted = pl.DataFrame([row | {"id": 1, "row_hash": 1, "collected_at": "2026-11-01T00:00:00.000+00:00"}])
    staged = Staged(resource, 1, accepted, accepted.clear(), pl.DataFrame(), pl.Series([1]))
    with embedded.store.read() as connection:
        plan = difference(connection, staged, sender="community", mode="snapshot", scope=[])
    assert plan.new.select(resource.column_names).row(0, named=True) == row
