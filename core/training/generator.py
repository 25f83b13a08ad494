"""The training district: several departments' packages over several days, with every planted error on record."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.i18n import _
from core.jobs import Progress
from core.model.resources import RESOURCES, SENDERS
from core.packages.builder import BuiltPackage, write_package
from core.training import geography, organisations, population
from core.training.planting import plant

_CHINA = timezone(timedelta(hours=8))
_DAYS: Final = (datetime(2026, 11, 2, 9, tzinfo=_CHINA), datetime(2026, 11, 9, 9, tzinfo=_CHINA),
                datetime(2026, 11, 16, 9, tzinfo=_CHINA))  # fmt: skip
_COLLECTED: Final = ("2026-10-30T10:00:00+08:00", "2026-11-06T10:00:00+08:00", "2026-11-13T10:00:00+08:00")
_STATIONED: Final = {"governance": "G1024", "fire": "F0119", "community": "C2031", "police": "P0417",
                     "qr": "Q0001", "bureau": "B0007"}  # fmt: skip


@dataclass(frozen=True)
class TrainingDistrict:
    """What was written: packages in import order, the truth, and the senders' public keys."""

    folder: Path
    people: int
    packages: list[str]
    truth: Path
    public_keys: dict[str, str]
    planted: int

    def as_dict(self) -> dict[str, Any]:
        """The result as the headless contract prints it."""
        return {
            "folder": str(self.folder), "people": self.people, "packages": self.packages, "truth": str(self.truth),
            "planted": self.planted, "keys": str(self.folder / "keys"),
        }  # fmt: skip


def build_training(
    out: Path,
    *,
    people: int = 20_000,
    seed: int = 1,
    error_rate: float = 0.01,
    station: str = "320508",
    seal_to_pem: str | None = None,
    progress: Progress | None = None,
) -> TrainingDistrict:
    """Writes ``packages/*.zip``, ``keys/`` and ``truth.csv`` (``package,resource,key,rule``) below ``out``.

    The same seed writes the same bytes (sealed data excepted). About ``error_rate`` of the rows carry one
    planted error each; every person, number and token is synthetic.
    """
    press = _Press(out, np.random.default_rng(seed), error_rate, station, seal_to_pem, progress or Progress())
    for folder in (out / "packages", out / "keys"):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    press.keys = {sender: _key(out / "keys", sender, seed) for sender in SENDERS}
    press.progress.phase(_("Inventing a district of {people} people").format(people=f"{people:,}"))
    _first_day(press, people)
    _second_day(press)
    _third_day(press)
    truth = out / "truth.csv"
    planted = pl.concat(press.truth).select("package", "resource", "key", "rule")
    planted.write_csv(truth)
    public = {sender: (out / "keys" / f"{sender}.pub.pem").read_text() for sender in SENDERS}
    return TrainingDistrict(out, people, [str(p.path) for p in press.written], truth, public, planted.height)


@dataclass
class _Press:
    """Where packages are printed: keys, chains and the truth so far."""

    out: Path
    rng: np.random.Generator
    rate: float
    station: str
    seal_to_pem: str | None
    progress: Progress
    keys: dict[str, str] = field(default_factory=dict)
    written: list[BuiltPackage] = field(default_factory=list)
    last: dict[str, BuiltPackage] = field(default_factory=dict)
    truth: list[pl.DataFrame] = field(default_factory=lambda: [pl.DataFrame(
        schema=dict.fromkeys(("package", "resource", "key", "rule"), pl.String))])  # fmt: skip
    kept: dict[str, pl.DataFrame] = field(default_factory=dict)

    def issue(
        self, day: int, number: int, sender: str, frames: dict[str, pl.DataFrame], *,
        mode: str = "snapshot", spare: dict[str, pl.Series] | None = None,
    ) -> None:  # fmt: skip
        """Prints one package with its share of planted errors."""
        name = f"{_DAYS[day]:%Y-%m-%d}-{number}-{sender}"
        self.progress.phase(_("Writing {package}").format(package=name))
        ready: dict[str, pl.DataFrame | bytes] = {}
        for resource, frame in frames.items():
            enveloped = _enveloped(frame, resource, sender, day, mode)
            spoilt, truth = plant(
                self.rng, enveloped, resource, rate=self.rate, spare=(spare or {}).get(resource)
            )
            ready[resource] = spoilt.select(RESOURCES[resource].header(mode))
            self.truth.append(truth.with_columns(package=pl.lit(name), resource=pl.lit(resource)).select(
                "package", "resource", "key", "rule"))  # fmt: skip
        made = write_package(
            ready, out=self.out / "packages" / f"{name}.zip", sender=sender, receiver=self.station,
            key_pem=self.keys[sender], mode=mode, previous=self.last.get(sender),
            purpose="双网融合：一次采集、多次使用", legal_basis="《政务数据共享条例》（国务院令第809号）",
            scope=["320508000000"], seal_to_pem=self.seal_to_pem,
            created=_DAYS[day] + timedelta(minutes=number), uuid=str(uuid.UUID(bytes=self.rng.bytes(16), version=4)),
        )  # fmt: skip
        self.last[sender] = made
        self.written.append(made)


def _first_day(press: _Press, people: int) -> None:
    rng = press.rng
    count = max(40, round(people * population.RATIO_ADDRESS))
    land = geography.make_land(rng, round(people * population.RATIO_HOUSE))
    spots = population.addresses(rng, land, count)
    order = rng.permutation(spots.height)
    pointed = spots[np.sort(order[: int(spots.height * 0.92)])]
    spare = ~spots["address_code"].is_in(pointed["address_code"].implode())
    # one home an address; a few addresses have none but an organisation
    homes = population.houses(rng, pointed, min(pointed.height, round(people * population.RATIO_HOUSE)))
    persons = population.people(rng, homes, people)
    empty = homes["use"] == "vacant"
    offices = organisations.organisations(
        rng, pointed, max(20, round(people * population.RATIO_ORGANISATION))
    )
    others = organisations.incidents(rng, pointed, homes.filter(pl.col("use") != "vacant"), people)
    press.issue(0, 1, "bureau", {"address": spots, "house": homes}, spare={"address": spare, "house": empty})
    governance = {
        "grid": _grids(land),
        "organisation": offices,
        "place": others["place"],
        "event": others["event"],
    }
    press.issue(0, 2, "governance", governance)
    ours = pl.col("residence").is_in(["registered", "overseas"])
    press.issue(0, 3, "police", _with_identity(press, persons.filter(ours)))
    theirs = persons.filter(~ours)
    cut = int(theirs.height * 0.97)
    now, later = theirs.head(cut), theirs.tail(theirs.height - cut)
    press.issue(0, 4, "community", _with_identity(press, now) | {"dispute": others["dispute"]})
    press.issue(0, 5, "fire", {"thing": others["thing"], "hazard": others["hazard"]})
    press.kept = {"now": now, "later": later, "offices": offices, "qr": others["qr_report"]}


def _second_day(press: _Press) -> None:
    now, later, offices = press.kept["now"], press.kept["later"], press.kept["offices"]
    roll = press.rng.random(now.height)
    gone, moved = pl.Series(roll < 0.01), pl.Series((roll >= 0.01) & (roll < 0.03))
    half = later.height // 2
    changed = _new_phone(press.rng, now.filter(moved))
    delta = pl.concat([
        changed.with_columns(op=pl.lit("upsert")), later.head(half).with_columns(op=pl.lit("upsert")),
        now.filter(gone).with_columns(op=pl.lit("retire")),
    ])  # fmt: skip
    press.issue(1, 1, "community", {"person": delta}, mode="delta")
    some = offices.filter(pl.Series(press.rng.random(offices.height) < 0.02))
    grown = some.with_columns(
        employees=(pl.col("employees").cast(pl.Int64) + 1).cast(pl.String), op=pl.lit("upsert")
    )
    press.issue(1, 2, "governance", {"organisation": grown}, mode="delta")
    press.issue(1, 3, "qr", {"qr_report": press.kept["qr"].clear()})
    staying = pl.concat([now.filter(~gone & ~moved), changed, later.head(half)])
    press.kept |= {"now": staying, "later": later.tail(later.height - half)}


def _third_day(press: _Press) -> None:
    """A monthly snapshot with 95 % unchanged, and the first reports from the door plates."""
    now = press.kept["now"]
    roll = press.rng.random(now.height)
    away, moved = pl.Series(roll < 0.015), pl.Series((roll >= 0.015) & (roll < 0.04))
    snapshot = pl.concat(
        [now.filter(~away & ~moved), _new_phone(press.rng, now.filter(moved)), press.kept["later"]]
    )
    press.issue(2, 1, "qr", {"qr_report": press.kept["qr"]})
    press.issue(2, 2, "community", {"person": snapshot})


def _new_phone(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        phone_masked=pl.format("139****{}", pl.Series(rng.integers(1000, 10_000, rows.height)))
    )


def _grids(land: geography.Land) -> pl.DataFrame:
    return land.grids.with_columns(
        kind=pl.lit("governance"), maintainer=pl.format("W{}", pl.int_range(1001, pl.len() + 1001)),
        cycle_days=pl.lit("30"), households=pl.lit("400"),
    )  # fmt: skip


def _with_identity(press: _Press, persons: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if press.seal_to_pem is None:
        return {"person": persons}
    return {"person": persons, "identity": organisations.identities(press.rng, persons)}


def _enveloped(frame: pl.DataFrame, resource: str, sender: str, day: int, mode: str) -> pl.DataFrame:
    """The frame with every column of version 1, all as text."""
    own = {
        "source": pl.lit(sender), "collected_at": pl.lit(_COLLECTED[day]), "collector": pl.lit(_STATIONED[sender]),
    } if not RESOURCES[resource].sealed else {}  # fmt: skip
    full = frame.with_columns(**own)
    absent = [
        pl.lit(None, dtype=pl.String).alias(n)
        for n in RESOURCES[resource].header(mode)
        if n not in full.columns
    ]
    return full.with_columns(*absent).select(RESOURCES[resource].header(mode)).cast(pl.String)


def _key(folder: Path, sender: str, seed: int) -> str:
    """A training key made from the seed, so that districts are reproducible; never for real packages."""

    secret = hashlib.sha256(f"gridlink training {seed} {sender}".encode()).digest()
    key = Ed25519PrivateKey.from_private_bytes(secret)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (folder / f"{sender}.key.pem").write_text(private, encoding="ascii")
    (folder / f"{sender}.pub.pem").write_text(public, encoding="ascii")
    return private
