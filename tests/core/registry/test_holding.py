"""A package is held or refused as a whole where its rows together betray that something is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from core.registry.holding import CoordinatesShifted, SnapshotHeld
from core.registry.importing import ingest
from core.security.workspace import Workspace
from core.spatial.coordinates import from_wgs84
from tests.core.departments import address, digest


def placed(count: int, system: str, label: str, jitter: float = 0.00005) -> list[dict[str, str]]:
    rng = np.random.default_rng(7)
    lon, lat = 120.60 + 0.0004 * np.arange(count), 31.30 + 0.0003 * np.arange(count)
    x, y = from_wgs84(lon + rng.normal(0, jitter, count), lat + rng.normal(0, jitter, count), system)
    return [
        address(n, lon=f"{x[n]:.6f}", lat=f"{y[n]:.6f}", crs=label) for n in range(count)
    ]


@pytest.mark.parametrize("system", ["GCJ-02", "BD-09"])
def test_a_batch_in_another_system_than_its_label_is_refused_with_the_shift(workspace: Workspace, sender, system: str):
    sender("bureau").send(address=placed(60, "EPSG:4490", "EPSG:4490"))
    before = digest(workspace)
    with pytest.raises(CoordinatesShifted) as refusal:
        sender("bureau").send(mode="delta", address=[r | {"op": "upsert"} for r in placed(60, system, "EPSG:4490")])
    assert refusal.value.details["likely"] == system
    assert refusal.value.details["east_m"] == pytest.approx(410 if system == "GCJ-02" else 1030, abs=60)
    assert digest(workspace) == before


def test_a_rightly_labelled_batch_and_honest_scatter_are_let_in(workspace: Workspace, sender):
    sender("bureau").send(address=placed(60, "EPSG:4490", "EPSG:4490"))
    again = [r | {"op": "upsert"} for r in placed(60, "GCJ-02", "GCJ-02", jitter=0.0001)]
    assert sender("bureau").send(mode="delta", address=again).resources["address"].changed == 60


def test_a_snapshot_that_loses_too_much_is_held_until_somebody_says_why(workspace: Workspace, sender):
    bureau = sender("bureau")
    bureau.send(address=[address(n) for n in range(100)])
    before = digest(workspace)
    path = bureau.pack(address=[address(n) for n in range(90)])
    trial = ingest(workspace, path, dry_run=True)
    assert trial.losses == [{"resource": "address", "missing": 10, "of": 100, "share": 0.1, "too_much": True}]
    with pytest.raises(SnapshotHeld) as held:
        ingest(workspace, path)
    assert held.value.details["losses"][0]["missing"] == 10 and digest(workspace) == before
    assert ingest(workspace, path, confirmed="拆迁").resources["address"].missing == 10


def test_a_small_loss_passes(workspace: Workspace, sender):
    sender("bureau").send(address=[address(n) for n in range(100)])
    assert sender("bureau").send(address=[address(n) for n in range(95)]).resources["address"].missing == 5
