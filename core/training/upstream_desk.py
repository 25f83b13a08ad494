"""The desk of a source that takes what is proposed to it: corrections of its records, and addresses that it misses.

It takes each message once, by its id, whether it comes over HTTPS, as a row of its table or in a file, and decides by
its ``mode``: ``apply`` (corrections are taken over, addresses get a code and are in the next extraction), ``keep``
(accepted, and nothing changes), ``refuse`` (with ``note`` as the reason) or ``wait``.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from core.exchange.declaration import Connector, Proposed
from core.training.upstream_faults import FaultPlan
from core.training.upstream_records import Records, Row

Item = dict[str, Any]
_PAUSE = 0.03
_MODES = ("apply", "keep", "refuse", "wait")


class Desk:
    """Whoever works off what comes in; a thread does it where rows are inserted into the table."""

    def __init__(self, records: Records, it: Connector) -> None:
        self._records, self._it = records, it
        self._tables = {
            resource: mapped.destination.replace("/", "_") for resource, mapped in it.propose.items()
        }
        self._mode, self._note = "apply", ""
        self._lock = threading.Lock()

    def decides(self, mode: str, note: str = "") -> None:
        """How it decides from here on; raises ``ValueError`` for a mode there is not."""
        if mode not in _MODES:
            raise ValueError(f"unknown mode {mode}; known: {', '.join(_MODES)}")
        self._mode, self._note = mode, note

    def start(self, faults: FaultPlan) -> None:
        """Works off the rows of the table beside the server; faults of the route ``batches`` strike there too."""
        threading.Thread(target=self._work, args=(faults,), daemon=True).start()

    def take(self, items: Sequence[Item]) -> list[Item]:
        """Takes messages, each key once, and answers for each; a repeat gets its first answer."""
        for item in items:
            resource = item.get("resource") or next(iter(self._tables))
            body = orjson.dumps(item["record"], option=orjson.OPT_SORT_KEYS).decode()
            self._records.propose(self._tables[resource], item["key"], resource, body)
        with self._lock:
            for row in self._undecided():
                self._settle(row)
        return self.said([item["key"] for item in items])

    def said(self, keys: Sequence[str]) -> list[Item]:
        """The receipt's items for messages: unknown where one never arrived, none where it is not worked off yet."""
        there = {row["message"]: row for table in set(self._tables.values())
                 for row in (self._records.messages(table, *keys) if keys else ())}  # fmt: skip
        found = [_item(key, there.get(key)) for key in keys]
        return [one for one in found if one is not None]

    def states(self, numbers: Sequence[str]) -> list[Item]:
        """What was decided about proposed addresses, by our numbers; deciding takes place now."""
        told = []
        for row in self._proposed():
            record = orjson.loads(row["body"])
            if record.get("tyh") in numbers and row["status"] == "accepted":
                told.append({"entity": record["tyh"]} | self._decided(row, record))
        return told

    def messages(self) -> list[Row]:
        """Everything that was proposed, with what became of it."""
        return [row for table in sorted(set(self._tables.values())) for row in self._records.messages(table)]

    def _work(self, faults: FaultPlan) -> None:
        while True:
            with self._lock, contextlib.suppress(SQLAlchemyError):  # somebody has taken the table away: next time
                rows = self._undecided()
                fault = faults.next("batches") if rows else None
                for row in rows if fault is None or fault.kind == "garbled" else ():
                    self._settle(row, spoiled=fault is not None)
            time.sleep(_PAUSE)

    def _undecided(self) -> list[Row]:
        return [row for row in self.messages() if row["status"] in (None, "", "?")]

    def _settle(self, row: Row, *, spoiled: bool = False) -> None:
        """Answers one message and, where it is a correction that is accepted, takes it over."""
        resource, record = row["resource"] or next(iter(self._tables)), orjson.loads(row["body"])
        if self._mode == "wait" and resource not in self._it.proposes("missing"):
            return
        status, code, reason = self._judged(resource, record)
        if status == "accepted" and self._mode == "apply" and resource in self._it.proposes("corrections"):
            self._take_over(resource, record)
        digest = hashlib.sha256(row["body"].encode()).hexdigest()
        number = f"TY{hashlib.sha256(row['message'].encode()).hexdigest()[:10]}"
        given = {"status": "?" if spoiled else status, "code": code, "reason": reason, "digest": digest}
        self._records.answer(self._tables[resource], row["message"], number=number, **given)

    def _judged(self, resource: str, record: Row) -> tuple[str, str, str]:
        """Status, code and reason: its own rules."""
        mapped = self._it.propose[resource]
        if mapped.what == "missing":
            if missing := [f.name for f in mapped.fields if f.required and not record.get(f.name)]:
                return "rejected", "E101", f"必填项缺失：{missing[0]}"
            known = self._records.found(resource, dzmc=record["dzmc"])
            return ("rejected", "E201", f"已有该地址：{known['dzbm']}") if known else ("accepted", "", "")
        for field in mapped.fields:
            if field.codes and record.get(field.name) and record[field.name] not in field.codes.values():
                return "rejected", "E102", f"代码不在字典中：{field.name}"
        if self._held(resource, mapped, record) is None:
            return "rejected", "E301", "查无此记录"
        return (
            ("rejected", "E900", self._note or "不予采纳") if self._mode == "refuse" else ("accepted", "", "")
        )

    def _held(self, resource: str, mapped: Proposed, record: Row) -> Row | None:
        keys = [f.name for f in mapped.fields if f.key] or ["dwbm" if record.get("dwbm") else "dwbh"]
        return self._records.found(resource, **{name: record[name] for name in keys})

    def _take_over(self, resource: str, record: Row) -> None:
        """What it holds is from now on what the correction says, with a newer watermark."""
        what, held = self._it.extract[resource], self._held(resource, self._it.propose[resource], record)
        assert held is not None
        changed = {name: record[name] for name in record.get("was", {})}
        self._records.put(resource, [held | changed | {what.watermark: _now(held[what.watermark])}])

    def _proposed(self) -> list[Row]:
        return [row for resource in self._it.proposes("missing")
                for row in self._records.messages(self._tables[resource])]  # fmt: skip

    def _decided(self, row: Row, record: Row) -> dict[str, str]:
        """What is kept of the decision in the row's reason, or is decided now."""
        if row["reason"]:
            return dict(orjson.loads(row["reason"]))
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self._mode in {"wait", "keep"}:
            return {"state": "examined", "at": at[:10]}
        if self._mode == "refuse":
            decision = {"state": "refused", "note": self._note or "现场无此门牌", "at": at}
        else:
            decision = {"state": "accepted", "code": self._given(record), "at": at}
        (resource,) = self._it.proposes("missing")
        self._records.answer(self._tables[resource], row["message"], reason=orjson.dumps(decision).decode())
        return decision

    def _given(self, record: Row) -> str:
        """Gives the address a code and enters it among its records."""
        code = f"{record['sqbm']}9{hashlib.sha256(record['dzmc'].encode()).hexdigest()[:7].upper()}"
        (resource,) = self._it.proposes("missing")
        entry = {name: record[name] for name in ("dzmc", "jdbm", "sqbm", "jd", "wd", "zbx") if name in record}
        mark = self._it.extract[resource].watermark
        self._records.put(resource, [entry | {"dzbm": code, "zt": "1", mark: _now(""), "cjr": "BUREAU"}])
        return code


def _item(key: str, row: Row | None) -> Item | None:
    if row is None:
        return {"key": key, "status": "unknown"}
    if row["status"] not in {"accepted", "rejected"}:
        return None
    answer = {"key": key, "status": row["status"], "number": row["number"]}
    return answer | {"code": row["code"], "message": row["reason"]} if row["code"] else answer


def _now(before: str | None) -> str:
    """A watermark that is newer than any it had."""
    made = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S.%f}"
    return made if made > (before or "") else f"{before}1"
