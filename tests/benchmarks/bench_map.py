"""The map with all layers of a district of 500,000 addresses: building, a view's data, its encoding.

Run: ``python tests/benchmarks/bench_map.py [--addresses 500000] [--rounds 300]``. The points are synthetic;
no store is needed. What is painted, with borders and names, is measured in the real window:
``bench_window.py``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import orjson

from core.atlas import layers
from core.atlas.columns import Columns, merged
from core.spatial.tiles import MOST, View

WIDTH, HEIGHT = 1600, 900


def district(addresses: int) -> dict[str, Columns]:
    """Columns as the registry would give them: clustered addresses, and everything else standing at them."""
    rng = np.random.default_rng(1)
    centres = rng.uniform((120.55, 31.25), (120.68, 31.38), (600, 2))
    at = centres[rng.integers(0, len(centres), addresses)] + rng.normal(0, 0.0015, (addresses, 2))

    def rows(count: int, anchor: Any = None) -> Columns:
        made = {
            "id": np.sort(rng.choice(2**62, count, replace=False)), "changed": np.ones(count, np.int64),
            "alive": np.ones(count, bool), "day": rng.integers(20_000, 20_500, count).astype(np.int32),
        }  # fmt: skip
        return made if anchor is None else made | {"anchor": anchor[rng.integers(0, len(anchor), count)]}

    grids = rng.choice(2**62, 1500, replace=False)
    held = {"address": rows(addresses)}
    held["address"] |= {
        "lon": at[:, 0].copy(), "lat": at[:, 1].copy(), "grid": grids[rng.integers(0, 1500, addresses)],
        "community": grids[rng.integers(0, 171, addresses)],
    }  # fmt: skip
    held["house"] = rows(int(addresses * 0.8), held["address"]["id"])
    held["person"] = rows(addresses * 2, held["house"]["id"])
    for name in ("organisation", "place", "thing", "event", "hazard", "dispute"):
        held[name] = rows(
            addresses // 6 if name == "organisation" else addresses // 50, held["address"]["id"]
        )
    return held


def built(held: dict[str, Columns]) -> dict[str, layers.Layer]:
    """Every layer; findings and conflicts as one address in twenty."""
    ids = held["address"]["id"][::20]
    made = {name: layers.single(held, name) for name in layers.SINGLE} | {"person": layers.people(held)}
    cycles = {int(one): 90 for one in np.unique(held["address"]["grid"])}
    made["overdue"] = layers.overdue(held, cycles, 20_450)
    entries = {"address": (ids, np.ones(len(ids), np.int64))}
    return made | {name: layers.listed(held, name, entries) for name in ("findings", "conflicts")}


def views(count: int) -> list[View]:
    """Places and zooms as hands choose them."""
    rng, made = np.random.default_rng(2), []
    for _ in range(count):
        zoom, lon, lat = int(rng.integers(11, 20)), rng.uniform(120.56, 120.67), rng.uniform(31.26, 31.37)
        wide, high = WIDTH / 256 * 360 / 2**zoom / 2, HEIGHT / 256 * 360 / 2**zoom / 2 * 0.855
        made.append(View(lon - wide, lat - high, lon + wide, lat + high, zoom))
    return made


def spread(values: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:7.3f}  p95 {values[int(len(values) * 0.95)]:7.3f}  max {values[-1]:7.3f} ms"


def measure(made: dict[str, layers.Layer], rounds: int) -> None:
    """Data and encoding of a view with all layers, binary and JSON interleaved."""
    names, most = list(made), MOST // len(made)
    took: dict[str, list[float]] = {
        "data": [],
        "binary": [],
        "json": [],
        "data + binary": [],
        "… processor": [],
    }
    sizes, features = [], 0
    for view in views(rounds):
        start, busy = time.perf_counter(), time.thread_time()
        found = [made[name].index.features(view, most) for name in names]
        data = time.perf_counter()
        content = b"".join(one.as_bytes() for one in found)
        binary, worked = time.perf_counter(), time.thread_time() - busy
        text = orjson.dumps([one.as_columns() for one in found], option=orjson.OPT_SERIALIZE_NUMPY)
        end = time.perf_counter()
        for name, value in zip(
            took, (data - start, binary - data, end - binary, binary - start, worked), strict=True
        ):
            took[name].append(value * 1000)
        features = max(features, sum(len(one.id) for one in found))
        sizes.append((len(content), len(text)))
    for name, values in took.items():
        print(f"{name:>14}: {spread(values)}")
    print(f"most features in a view {features:,}; bytes p50 binary {sorted(sizes)[len(sizes) // 2]}")


def main() -> None:
    """Measures everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=300)
    given = parser.parse_args()
    held = district(given.addresses)
    start = time.perf_counter()
    made = built(held)
    print(f"all {len(made)} layers built from columns: {time.perf_counter() - start:.2f} s")
    measure(made, given.rounds)
    one = {name: values[:1].copy() for name, values in held["address"].items()}
    start = time.perf_counter()
    held["address"] = merged(held["address"], one)
    layers.single(held, "address")
    print(f"one address changed, its layer again: {(time.perf_counter() - start) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
