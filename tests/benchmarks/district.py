"""A store with the whole training district in it, made once and kept for the benchmarks that only read."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from core.packages.trust import import_sender_key
from core.registry.importing import ingest
from core.security.founding import found
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
from core.training.generator import build_training

KEY = "ab" * 32


def options(about: str | None) -> argparse.Namespace:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "gridlink-bench")
    parser.add_argument("--store", type=Path, default=None, help="A store that holds a district already.")
    return parser.parse_args()


def workspace(given: argparse.Namespace) -> Workspace:
    """The district's store, made with real packages if it is not there yet."""
    os.environ["GRIDLINK_STORE_KEY"] = KEY
    path = given.store or given.folder / f"store-{given.people}.db"
    if not path.exists():
        _make(path, given)
    return Workspace(open_store(str(path), KEY), Actor("bench", frozenset({"steward", "officer"})))


def _make(path: Path, given: argparse.Namespace) -> None:
    training = given.folder / f"district-{given.people}"
    if not (training / "truth.csv").exists():
        build_training(training, people=given.people, seed=1, error_rate=0.01)
    made = found(
        str(path.with_suffix(".making")), admin="bench", password="a-good-phrase-1", station="320508"
    )
    for pem in sorted((training / "keys").glob("*.pub.pem")):
        import_sender_key(made, pem.name.split(".")[0], pem.read_text(), reason="benchmark")
    for file in sorted((training / "packages").glob("*.zip")):
        print(f"importing {file.name}", flush=True)
        ingest(made, file)
    made.store.close()
    path.with_suffix(".making").rename(path)
