"""Names of roads for a map that has no base map."""

from __future__ import annotations

import pytest

from core.atlas.roads import read_roads
from core.security.workspace import Workspace
from tests.core.rows import begin, put


def test_a_road_is_named_where_its_addresses_lie_community_by_community(workspace: Workspace):
    def row(number: int, road: str, lon: float | None, community: str = "320508018001") -> dict[str, object]:
        place = {"lon": lon, "lat": 31.3, "crs": "EPSG:4490", "community_code": community}
        return {"address_code": f"A{number:011d}", "road": road, **place}

    with workspace.store.write() as connection:
        rows = [row(n, "平江路", 120.63 + n / 1000) for n in range(4)]
        rows += [row(10 + n, "平江路", 120.64, "320508018002") for n in range(3)]
        rows += [row(20, "短巷", 120.65), *(row(n, "无位置路", None) for n in (21, 22, 23))]
        put(connection, "address", begin(connection), rows)
    found = read_roads(workspace)
    assert [(one.name, one.count) for one in found] == [("平江路", 4), ("平江路", 3)]
    assert found[0].lon == pytest.approx(120.6315)
