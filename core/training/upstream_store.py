"""What the training receiver keeps: every delivery once by its key, and the register that follows from them."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

Item = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    key TEXT PRIMARY KEY, number INTEGER NOT NULL, op TEXT NOT NULL, entity TEXT NOT NULL, digest TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS register (
    entity TEXT PRIMARY KEY, record BLOB NOT NULL, number INTEGER NOT NULL, applied INTEGER NOT NULL
) WITHOUT ROWID;
"""
REQUIRED = ("rybs", "fwbm", "xm", "zjzl", "zjhm", "xb", "csnf", "jzlb", "jzrq")
CODES = {"xb": {"0", "1", "2", "9"}, "jzlb": {"1", "2"}, "zjzl": {"111", "553", "516", "511", "414"}}


class ReceiverStore:
    """The receiver's own database; what it acknowledges is on disk before the acknowledgement leaves."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def take(self, items: Sequence[Item]) -> list[Item]:
        """Takes deliveries, each key once, and returns the receipt's items; a repeat gets its first answer."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = self._known(item["key"] for item in items)
            self._store([item for item in items if item["key"] not in known])
            return self._answers([item["key"] for item in items])

    def ask(self, keys: Sequence[str]) -> list[Item]:
        """The receipt's items for keys, ``unknown`` for those that never arrived."""
        with self._lock:
            return self._answers(keys)

    def figures(self) -> dict[str, Any]:
        """Counts and a digest of what was accepted, for reconciliation."""
        with self._lock:
            accepted = self._db.execute("SELECT key FROM delivery WHERE status = 'accepted' ORDER BY key").fetchall()
            digest = hashlib.sha256("\n".join(key for (key,) in accepted).encode()).hexdigest()
            (rejected,) = self._db.execute("SELECT count(*) FROM delivery WHERE status = 'rejected'").fetchone()
            (held,) = self._db.execute("SELECT count(*) FROM register").fetchone()
        return {"accepted": len(accepted), "rejected": rejected, "register": held, "digest": digest}

    def register(self) -> list[tuple[str, dict[str, Any], int]]:
        """The register: entity, record, and how many deliveries were applied to it."""
        with self._lock:
            rows = self._db.execute("SELECT entity, record, applied FROM register ORDER BY entity").fetchall()
        return [(entity, orjson.loads(record), applied) for entity, record, applied in rows]

    def _known(self, keys: Iterable[str]) -> set[str]:
        return {row[0] for row in self._rows(list(keys), "key")}

    def _rows(self, keys: Sequence[str], columns: str) -> list[tuple[Any, ...]]:
        places = orjson.dumps(keys).decode()
        query = f"SELECT {columns} FROM delivery WHERE key IN (SELECT value FROM json_each(?))"
        return self._db.execute(query, (places,)).fetchall()

    def _answers(self, keys: Sequence[str]) -> list[Item]:
        rows = {row[0]: row for row in self._rows(keys, "key, number, status, code, message")}
        return [_answer(key, rows.get(key)) for key in keys]

    def _store(self, items: Sequence[Item]) -> None:
        (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM delivery").fetchone()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        judged = [(item, number, fault(item)) for number, item in enumerate(items, last + 1)]
        self._db.executemany("INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [
            (item["key"], number, item["op"], _entity(item), _digest(item),
             "rejected" if wrong else "accepted", *(wrong or ("", "")), now)
            for item, number, wrong in judged
        ])  # fmt: skip
        good = [(item, number) for item, number, wrong in judged if not wrong]
        self._db.executemany(
            "INSERT INTO register VALUES (?, ?, ?, 1) ON CONFLICT (entity) DO UPDATE SET"
            " record = excluded.record, number = excluded.number, applied = applied + 1",
            [(_entity(i), orjson.dumps(i["record"]), number) for i, number in good if i["op"] == "upsert"],
        )
        self._db.executemany(
            "DELETE FROM register WHERE entity = ?", [(_entity(i),) for i, _n in good if i["op"] == "retire"]
        )


def fault(item: Item) -> tuple[str, str] | None:
    """The receiver's own rules: what it rejects a record for, as (code, message)."""
    record = item["record"]
    if item["op"] == "retire":
        return None
    for name in REQUIRED:
        if record.get(name) in {None, ""}:
            return "E101", f"必填项缺失：{name}"
    for name, codes in CODES.items():
        if record[name] not in codes:
            return "E102", f"代码不在字典中：{name}"
    if record["jzrq"] > datetime.now(UTC).date().isoformat():
        return "E103", "居住日期晚于当前日期"
    return None


def _answer(key: str, row: tuple[Any, ...] | None) -> Item:
    if row is None:
        return {"key": key, "status": "unknown"}
    _key, number, status, code, message = row
    answer = {"key": key, "status": status, "number": f"JZZ{number:012d}"}
    return answer | ({"code": code, "message": message} if code else {})


def _entity(item: Item) -> str:
    return f"{item['record'].get('rybs', '')}:{item['record'].get('fwbm', '')}"


def _digest(item: Item) -> str:
    return hashlib.sha256(orjson.dumps(item["record"], option=orjson.OPT_SORT_KEYS)).hexdigest()
