"""The press: departments' rows get their envelope and their share of errors, and leave as signed packages."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.i18n import _
from core.jobs import Progress
from core.model.resources import RESOURCES, SENDERS
from core.packages.builder import BuiltPackage, write_package
from core.training.planting import TRUTH, plant
from core.training.words import digits, picked

_STAFF: Final = {"governance": "G", "fire": "F", "community": "C", "police": "P", "qr": "Q", "bureau": "B"}
_A_ROUND, _STAFF_SIZE = 40, 60
_BASIS: Final = "《政务数据共享条例》（国务院令第809号）"
_PURPOSE: Final = "双网融合：一次采集、多次使用"


@dataclass
class Press:
    """Where packages are printed: keys, each sender's chain, the packages and the truth so far."""

    out: Path
    rng: np.random.Generator
    rate: float
    station: str
    seal_to_pem: str | None
    progress: Progress
    keys: dict[str, str] = field(default_factory=dict)
    written: list[BuiltPackage] = field(default_factory=list)
    truth: list[pl.DataFrame] = field(default_factory=list)
    _last: dict[str, BuiltPackage] = field(default_factory=dict)
    _covered: set[str] = field(default_factory=set)

    def issue(
        self, when: datetime, number: int, sender: str, frames: dict[str, pl.DataFrame], *,
        mode: str = "snapshot", allowed: dict[str, pl.Series] | None = None,
    ) -> None:  # fmt: skip
        """Prints one package; ``allowed`` says by resource which rows may be spoilt (all, if it does not)."""
        name = f"{when:%Y-%m-%d}-{number}-{sender}"
        self.progress.phase(_("Writing {package}").format(package=name))
        ready: dict[str, pl.DataFrame | bytes] = {}
        for resource, frame in frames.items():
            spoilt, truth = plant(
                self.rng, self._enveloped(frame, resource, sender, when, mode), resource, mode=mode, rate=self.rate,
                covered=self._covered, allowed=(allowed or {}).get(resource),
            )  # fmt: skip
            ready[resource] = spoilt
            self.truth.append(
                truth.select(pl.lit(name).alias("package"), pl.lit(resource).alias("resource"), *TRUTH)
            )
        self.progress.checkpoint()
        self._print(name, when + timedelta(minutes=number), sender, ready, mode)

    def _print(
        self, name: str, created: datetime, sender: str, ready: dict[str, pl.DataFrame | bytes], mode: str
    ) -> None:
        made = write_package(
            ready, out=self.out / "packages" / f"{name}.zip", sender=sender, receiver=self.station,
            key_pem=self.keys[sender], mode=mode, previous=self._last.get(sender), scope=["320508000000"],
            purpose=_PURPOSE, legal_basis=_BASIS, seal_to_pem=self.seal_to_pem, created=created,
            uuid=str(uuid.UUID(bytes=self.rng.bytes(16), version=4)),
        )  # fmt: skip
        self._last[sender] = made
        self.written.append(made)

    def _enveloped(
        self, frame: pl.DataFrame, resource: str, sender: str, when: datetime, mode: str
    ) -> pl.DataFrame:
        """The columns of version 1, all as text; rows that say when they were collected keep it."""
        header = RESOURCES[resource].header(mode)
        full = self.collected(frame, sender, when)
        absent = (pl.lit(None, dtype=pl.String).alias(name) for name in header if name not in full.columns)
        return full.with_columns(*absent).select(header).cast(pl.String)

    def collected(self, frame: pl.DataFrame, sender: str, when: datetime) -> pl.DataFrame:
        """The rows with source, date and collector, kept where known; one brings in some forty rows at a time."""
        rounds = np.arange(frame.height) // _A_ROUND
        fresh: dict[str, pl.Series] = {
            "collected_at": picked(_moments(when), rounds % 200),
            "collector": _STAFF[sender] + digits(1001 + rounds % _STAFF_SIZE, 4),
        }
        known = [name for name in fresh if name in frame.columns]
        return frame.with_columns(pl.lit(sender).alias("source"), *(
            (pl.coalesce(name, values) if name in known else values).alias(name) for name, values in fresh.items()
        ))  # fmt: skip


def _moments(when: datetime) -> list[str]:
    """Two hundred moments of working hours in the ten days before ``when``."""
    first = when.replace(hour=8, minute=30) - timedelta(days=11)
    return [(first + timedelta(days=n // 20, minutes=25 * (n % 20))).isoformat() for n in range(200)]


def make_keys(folder: Path, seed: int) -> dict[str, str]:
    """A signing key for each sender, made from the seed so that districts are reproducible; never for real packages.

    Writes ``<sender>.key.pem`` and ``<sender>.pub.pem`` and returns the private ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    private = {}
    for sender in SENDERS:
        secret = hashlib.sha256(f"gridlink training {seed} {sender}".encode()).digest()
        key = Ed25519PrivateKey.from_private_bytes(secret)
        private[sender] = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        (folder / f"{sender}.key.pem").write_bytes(private[sender].encode())
        (folder / f"{sender}.pub.pem").write_bytes(public.encode())
    return private
