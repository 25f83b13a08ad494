"""What the training receiver keeps: every delivery once by its key; the register follows from them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Item = dict[str, Any]

_FINE = ("accepted", "", "")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, op TEXT NOT NULL, entity TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL, record BLOB NOT NULL
);
"""


class Rules(NamedTuple):
    """What a receiver asks of one resource: which fields must be filled, which codes it knows, what is the key."""

    required: tuple[str, ...]
    codes: Mapping[str, frozenset[str]]
    key: tuple[str, ...]


RESIDENTS = Rules(
    ("rybs", "fwbm", "xm", "zjzl", "zjhm", "xb", "csnf", "jzlb", "jzrq"),
    {"xb": frozenset("0129"), "jzlb": frozenset("12"), "zjzl": frozenset({"111", "553", "516", "511", "414"})},
    ("rybs", "fwbm"),
)


class Verdict(NamedTuple):
    """What became of one delivery; ``item`` is there while it is being taken."""

    key: str
    number: int
    status: str
    code: str
    message: str
    item: Item = {}  # noqa: RUF012 - never written to


class ReceiverStore:
    """The receiver's own database; what it acknowledges is on disk before the acknowledgement leaves."""

    def __init__(self, path: Path, rules: Mapping[str, Rules] | None = None, prefix: str = "JZZ") -> None:
        self._rules = rules or {"person": RESIDENTS}
        self._prefix = prefix
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def take(self, items: Sequence[Item]) -> list[Item]:
        """Takes deliveries, each key once, and returns the receipt's items; a repeat gets its first answer."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = self._known([item["key"] for item in items])
            judged = self._judge([item for item in items if item["key"] not in known])
            self._store(judged)
        return [known.get(item["key"]) or self._answer(judged[item["key"]]) for item in items]

    def ask(self, keys: Sequence[str]) -> list[Item]:
        """The receipt's items for keys, ``unknown`` for those that never arrived."""
        with self._lock:
            known = self._known(keys)
        return [known.get(key) or {"key": key, "status": "unknown"} for key in keys]

    def figures(self) -> dict[str, Any]:
        """Counts and a digest of what was accepted, for reconciliation."""
        with self._lock:
            accepted = self._db.execute("SELECT key FROM delivery WHERE status = 'accepted' ORDER BY key").fetchall()
            (rejected,) = self._db.execute("SELECT count(*) FROM delivery WHERE status = 'rejected'").fetchone()
        digest = hashlib.sha256("\n".join(key for (key,) in accepted).encode()).hexdigest()
        return {"accepted": len(accepted), "rejected": rejected, "register": len(self.register()), "digest": digest}

    def register(self) -> list[tuple[str, dict[str, Any], int]]:
        """What follows from the deliveries: entity, record, and how many deliveries were applied to it."""
        held: dict[str, tuple[bytes, int]] = {}
        query = "SELECT entity, op, record FROM delivery WHERE status = 'accepted' ORDER BY number"
        with self._lock:
            for entity, op, record in self._db.execute(query):
                if op == "retire":
                    held.pop(entity, None)
                else:
                    held[entity] = (record, held[entity][1] + 1 if entity in held else 1)
        return [(entity, orjson.loads(record), applied) for entity, (record, applied) in sorted(held.items())]

    def holdings(self, after: str, limit: int) -> list[Item]:
        """What it holds, a page in order of the entities: each with the digest of its record."""
        held = [(entity, record) for entity, record, _applied in self.register() if entity > after][:limit]
        return [{"entity": entity, "digest": _digest(record)} for entity, record in held]

    def lose(self, entity: str) -> None:
        """Forgets a record without telling anybody, as a receiver should not."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM delivery WHERE entity = ?", (entity,))

    def clear(self) -> None:
        """Forgets every delivery."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM delivery")

    def _known(self, keys: Sequence[str]) -> dict[str, Item]:
        query = (
            "SELECT key, number, status, code, message FROM delivery"
            " WHERE key IN (SELECT value FROM json_each(?))"
        )
        rows = self._db.execute(query, (orjson.dumps(keys).decode(),))
        return {row[0]: self._answer(Verdict(*row)) for row in rows}

    def _judge(self, items: Iterable[Item]) -> dict[str, Verdict]:
        (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM delivery").fetchone()
        return {
            item["key"]: Verdict(item["key"], number, *(fault(item, self._of(item)) or _FINE), item)
            for number, item in enumerate(items, last + 1)
        }

    def _store(self, judged: Mapping[str, Verdict]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._db.executemany("INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [
            (v.number, v.key, v.item["op"], _entity(v.item, self._of(v.item)), v.status, v.code, v.message, now,
             orjson.dumps(v.item["record"]))
            for v in judged.values()
        ])  # fmt: skip


    def _of(self, item: Item) -> Rules:
        """The rules for an item: of the resource that it names, else of the first."""
        return self._rules.get(item.get("resource", "")) or next(iter(self._rules.values()))

    def _answer(self, verdict: Verdict) -> Item:
        answer = {"key": verdict.key, "status": verdict.status, "number": f"{self._prefix}{verdict.number:012d}"}
        return answer | {"code": verdict.code, "message": verdict.message} if verdict.code else answer


def _digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of the record as JSON in UTF-8, keys sorted, no blanks."""
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fault(item: Item, rules: Rules = RESIDENTS) -> tuple[str, str, str] | None:
    """The receiver's own rules: what it rejects a record for, as (status, code, message)."""
    record = item["record"]
    if item["op"] == "retire":
        return None
    for name in rules.required:
        if record.get(name) in (None, ""):
            return "rejected", "E101", f"必填项缺失：{name}"
    for name, codes in rules.codes.items():
        if record.get(name) and record[name] not in codes:
            return "rejected", "E102", f"代码不在字典中：{name}"
    if record.get("jzrq", "") > date.today().isoformat():
        return "rejected", "E103", "居住日期晚于当前日期"
    return None


def _entity(item: Item, rules: Rules) -> str:
    key = ":".join(str(item["record"].get(name, "")) for name in rules.key)
    return key or str(item["record"].get("dwbh", ""))  # an organisation without a credit code has a number
