"""Departments that pack what a test tells them, and rows of which a test states only what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import select

from core.model.registry import TABLES, entity_id
from core.packages.builder import write_package
from core.packages.trust import import_sender_key
from core.registry import ledger
from core.registry.importing import ImportResult, ingest
from core.security.workspace import Workspace

PLACE = {"subdistrict_code": "320508017000", "community_code": "320508017003", "status": "active"}


class Sender:
    """A department that packs what it is told and keeps its own chain."""

    def __init__(self, workspace: Workspace, folder: Path, name: str) -> None:
        self.workspace, self.folder, self.name = workspace, folder, name
        key = Ed25519PrivateKey.generate()
        self.pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        import_sender_key(workspace, name, public, reason="test")
        self.last: Any = None
        self.packed = 0

    def pack(
        self, mode: str = "snapshot", seal_to: str | None = None, at: str = "2026-11-01T08:00:00+08:00",
        **resources: list[dict[str, str]],
    ) -> Path:  # fmt: skip
        frames: dict[str, Any] = {}
        for name, rows in resources.items():
            envelope = {"source": self.name, "collected_at": at, "collector": "C001"}
            full = [row if name == "identity" else {**row, **envelope} for row in rows]
            frames[name] = pl.DataFrame(full) if full else pl.DataFrame()
        self.packed += 1
        self.last = write_package(
            frames, out=self.folder / f"{self.name}-{self.packed}.zip", sender=self.name, receiver="320508",
            key_pem=self.pem, purpose="test", legal_basis="test", mode=mode, previous=self.last, seal_to_pem=seal_to,
        )  # fmt: skip
        return Path(self.last.path)

    def send(
        self, mode: str = "snapshot", at: str = "2026-11-01T08:00:00+08:00", **resources: Any
    ) -> ImportResult:
        return ingest(self.workspace, self.pack(mode, at=at, **resources))


def address(number: int, **changes: str) -> dict[str, str]:
    return (
        {
            "address_code": f"32050801700300{number:06d}",
            "full_text": f"江苏省苏州市姑苏区白洋湾街道富强路{number}号",
        }
        | PLACE
        | changes
    )


def house(number: int, **changes: str) -> dict[str, str]:
    return {
        "house_code": f"H-{number:06d}",
        "address_code": f"32050801700300{number:06d}",
        "use": "self",
    } | changes


def person(number: int, **changes: str) -> dict[str, str]:
    return {
        "person_token": f"{number:064x}", "house_code": f"H-{number:06d}", "name_masked": "张*", "id_type": "01",
        "id_masked": "320508**********12", "sex": "1", "birth_year": "1980", "residence": "floating",
        "relation_to_head": "02", "move_in": "2020-01-01", "phone_masked": "138****5678",
    } | changes  # fmt: skip


def digest(workspace: Workspace) -> str:
    return str(ledger.store_info(workspace, with_digest=True)["digest"])


def row(workspace: Workspace, resource: str, key: str) -> dict[str, Any]:
    table = TABLES[resource]
    with workspace.store.read() as connection:
        found = connection.execute(select(table).where(table.c.id == entity_id(key))).first()
    return dict(found._mapping) if found else {}
