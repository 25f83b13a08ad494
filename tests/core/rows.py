"""Registry rows for tests: required columns filled in, so that a test states only what it is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from core.model.ledger import change_set, package
from core.model.registry import TABLES, entity_id
from core.model.resources import RESOURCES

AT = "2026-11-20T02:00:00.000+00:00"
_FILLED: dict[str, dict[str, Any]] = {
    "address": {"full_text": "姑苏区平江路1号", "subdistrict_code": "320508018000",
                "community_code": "320508018001", "status": "active"},
    "house": {"address_code": "A00000000001", "use": "self"},
    "person": {"house_code": "H001", "name_masked": "张*", "id_type": "01", "id_masked": "320508********12",
               "sex": "1", "birth_year": 1980, "residence": "registered", "move_in": "2020-01-01"},
    "organisation": {"name": "平江茶馆", "kind": "enterprise", "address_code": "A00000000001", "status": "open"},
    "grid": {"name": "一号网格", "kind": "governance", "community_code": "320508018001", "maintainer": "G01",
             "cycle_days": 30, "geometry": "{}"},
    "event": {"kind": "noise", "alert": "0", "occurred_at": AT, "summary": "…", "shared_due": "1"},
    "dispute": {"kind": "neighbour", "occurred_at": AT, "address_code": "A00000000001", "summary": "…",
                "severity": "1", "state": "open"},
}  # fmt: skip


def put(connection: Connection, resource: str, change: int, rows: list[dict[str, Any]]) -> list[int]:
    """Stores rows as if change set ``change`` had brought them; returns their ids."""
    declared, ids = RESOURCES[resource], []
    for given in rows:
        row = _FILLED.get(resource, {}) | given
        key = ":".join(str(row.get(name) or row.get(declared.alternative_key)) for name in declared.key)
        ids.append(entity_id(key))
        bookkeeping = {"source": "community", "collected_at": AT, "collector": "C01", "row_hash": 1}
        provenance = {f"prov_{group}": change for group in declared.groups}
        connection.execute(insert(TABLES[resource]).values(
            id=ids[-1], created_in=change, changed_in=change, **bookkeeping, **provenance, **row
        ))  # fmt: skip
    return ids


def begin(
    connection: Connection, *, kind: str = "import", at: str = AT, counts: dict[str, Any] | None = None
) -> int:
    """Enters a change set and returns its number."""
    made = connection.execute(
        insert(change_set).values(kind=kind, at=at, actor="steward", reason="测试", counts=counts or {})
    )
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def enter(connection: Connection, number: int, *, name: str, sender: str = "community", sequence: int = 1,
          resources: dict[str, Any] | None = None, at: str = AT) -> int:  # fmt: skip
    """Enters the package that change set ``number`` imported and returns its id."""
    made = connection.execute(insert(package).values(
        uuid=f"00000000-0000-0000-0000-{number:012d}", name=name, sender=sender, receiver="320508",
        sequence=sequence, mode="snapshot", scope=["320508000000"], created=at, purpose="共享", legal_basis="条例",
        descriptor_hash=f"sha256:{number}", file_hash=f"sha256:f{number}", file_name=f"{name}.zip", bytes=1000,
        state="imported", imported_at=at, resources=resources or {}, warnings=[], change_set=number,
    ))  # fmt: skip
    assert made.inserted_primary_key is not None
    package_id = int(made.inserted_primary_key[0])
    connection.execute(change_set.update().where(change_set.c.id == number).values(package_id=package_id))
    return package_id
