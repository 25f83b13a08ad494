"""A training system that records are extracted from: frozen views, pages, totals, proposals, and faults of each.

Control besides the common ones: ``POST /control/records`` (``{"resource", "put": [row], "remove": [key]}``) changes
what the source holds, ``POST /control/export`` (``{"resource", "form", "since"}``) writes an exported file.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from core.training.upstream_faults import Fault
from core.training.upstream_records import Records, Row
from core.training.upstream_server import Handler


class SourceHandler(Handler):
    """A source; ``records`` and ``exports`` are set on the class of its process."""

    records: ClassVar[Records]
    exports: ClassVar[Any]
    ROUTES: ClassVar[dict[tuple[str, str], str]] = Handler.ROUTES | {
        ("POST", "/v1/snapshots"): "snapshot",
        ("GET", "/v1/addresses"): "page",
        ("GET", "/v1/totals"): "totals",
        ("POST", "/v1/proposals"): "proposals",
        ("POST", "/control/records"): "control_records",
        ("POST", "/control/export"): "control_export",
    }

    def _snapshot(self, body: bytes) -> None:
        if self._failed_before(self.server.faults.next("snapshot")):
            return
        name, until = self.records.freeze(orjson.loads(body)["resource"])
        self._reply(200, orjson.dumps({"snapshot": name, "until": until}))

    def _page(self, body: bytes) -> None:
        fault = self.server.faults.next("page")
        if self._failed_before(fault):
            return
        asked = self._asked()
        limit = int(asked["limit"])
        if not self.records.has(asked["snapshot"]):
            self._reply(410, b'{"error": "E401"}')
            return
        rows = self.records.page(
            asked["resource"],
            asked["snapshot"],
            after="" if fault and fault.kind == "stuck" else asked["after"],
            since=asked["since"],
            limit=limit,
        )
        if fault and fault.kind == "garbled":
            self._reply(200, b'{"rows": "none"}')
            return
        answer = {"rows": _spoiled(rows, fault), "more": len(rows) == limit}
        self._reply(200, orjson.dumps(answer), cut=bool(fault and fault.kind == "cut_half"))

    def _totals(self, body: bytes) -> None:
        fault = self.server.faults.next("totals")
        if self._failed_before(fault):
            return
        asked = self._asked()
        found = self.records.totals(asked["resource"], asked["snapshot"], asked["since"])
        if fault and fault.kind == "wrong_totals" and found:
            found[0] |= {"count": found[0]["count"] + 1}
        self._reply(200, orjson.dumps({"totals": found}))

    def _proposals(self, body: bytes) -> None:
        fault = self.server.faults.next("batches")
        if self._failed_before(fault):
            return
        message = orjson.loads(body)
        items = []
        for item in message["items"]:
            text = orjson.dumps(item["record"]).decode()
            self.records.propose("v1_proposals", item["key"], item.get("resource", ""), text)
            items.append({"key": item["key"], "status": "accepted", "number": f"TY{item['key']}"})
        answer = {"receiver": self.server.system, "batch": message.get("batch", ""), "items": items}
        self._signed(answer, self.server.identity.receipt_key)

    def _control_records(self, body: bytes) -> None:
        given = orjson.loads(body)
        self.records.put(given["resource"], given.get("put", []))
        self.records.remove(given["resource"], given.get("remove", []))
        self._reply(200, b"{}")

    def _control_export(self, body: bytes) -> None:
        given = orjson.loads(body)
        path = self.records.export(
            given["resource"], self.exports, form=given.get("form", "csv"), since=given.get("since", "")
        )
        self._reply(200, orjson.dumps({"file": path.name}))

    def _asked(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))


def _spoiled(rows: list[Row], fault: Fault | None) -> list[Row]:
    """A page as a fault leaves it."""
    kind = fault.kind if fault else ""
    if kind == "row_missing":
        return rows[1:]
    if kind == "row_twice":
        return [*rows[:1], *rows]
    return rows
