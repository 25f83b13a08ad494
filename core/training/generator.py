"""The training district: several departments' packages over several days, with every planted error on record."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.training.days import first_day, invent, more_months, second_day, third_day
from core.training.press import Press, make_keys


@dataclass(frozen=True)
class TrainingDistrict:
    """What was written: packages in import order, rows by resource, the truth, and the senders' public keys."""

    folder: Path
    people: int
    packages: list[str]
    truth: Path
    public_keys: dict[str, str]
    planted: int
    counts: dict[str, int]
    senders: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The result as the headless contract prints it."""
        return {
            "folder": str(self.folder), "people": self.people, "packages": self.packages, "truth": str(self.truth),
            "planted": self.planted, "keys": str(self.folder / "keys"), "counts": self.counts,
            "senders": list(self.senders),
        }  # fmt: skip


def build_training(
    out: Path,
    *,
    people: int = 20_000,
    seed: int = 1,
    error_rate: float = 0.01,
    station: str = "320508",
    seal_to_pem: str | None = None,
    more_snapshots: int = 0,
    progress: Progress | None = None,
) -> TrainingDistrict:
    """Writes ``packages/*.zip``, ``keys/`` and ``truth.csv`` (``package,resource,key,rule``) below ``out``.

    The same seed writes the same bytes (sealed data excepted). About ``error_rate`` of the rows carry one
    planted error each, and none where it is 0. With ``seal_to_pem`` (the receiver's public key) identities
    are sealed in, errors among them; ``more_snapshots`` adds further monthly snapshots of one day each.
    Every person, number and token is synthetic. An earlier district in ``out`` is replaced; a cancelled
    one leaves whole packages only, and no truth.
    """
    progress = progress or Progress()
    rng = np.random.default_rng(seed)
    truth = out / "truth.csv"
    _emptied(out)
    progress.phase(_("Inventing a district of {people} people").format(people=f"{people:,}"))
    district = invent(rng, people)
    press = Press(out, rng, error_rate, station, seal_to_pem, progress, keys=make_keys(out / "keys", seed))
    flock = second_day(press, district, first_day(press, district))
    more_months(press, third_day(press, district, flock), more_snapshots)
    planted = pl.concat(press.truth)
    planted.write_csv(truth)
    public = {sender: (out / "keys" / f"{sender}.pub.pem").read_text("ascii") for sender in press.keys}
    counts: Counter[str] = Counter()
    for package in press.written:
        counts.update(package.resources)
    return TrainingDistrict(
        out, people, [str(package.path) for package in press.written], truth, public, planted.height, dict(counts),
        tuple(press.keys),
    )  # fmt: skip


def _emptied(out: Path) -> None:
    (out / "truth.csv").unlink(missing_ok=True)
    for folder in (out / "packages", out / "keys"):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
