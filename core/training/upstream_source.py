"""A training system that records are extracted from: frozen views, pages, totals, proposals, and faults of each.

Control besides the common ones: ``POST /control/records`` (``{"resource", "put": [row], "remove": [key]}``) changes
what the source holds, ``POST /control/decide`` (``{"mode", "note"}``, see ``upstream_desk``) how it decides about what
is proposed, ``GET /control/messages`` shows what was proposed, ``POST /control/export`` (``{"resource", "form",
"since"}``) writes an exported file.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from core.training.upstream_desk import Desk
from core.training.upstream_faults import Fault
from core.training.upstream_records import Records, Row
from core.training.upstream_server import Handler, taken_of


class SourceHandler(Handler):
    """A source; ``records`` and ``exports`` are set on the class of its process."""

    records: ClassVar[Records]
    desk: ClassVar[Desk]
    exports: ClassVar[Any]
    ROUTES: ClassVar[dict[tuple[str, str], str]] = Handler.ROUTES | {
        ("POST", "/v1/snapshots"): "snapshot",
        ("GET", "/v1/addresses"): "page",
        ("GET", "/v1/totals"): "totals",
        ("POST", "/v1/proposals"): "proposals",
        ("POST", "/v1/receipts"): "receipts",
        ("POST", "/v1/states"): "states",
        ("POST", "/control/decide"): "control_decide",
        ("GET", "/control/messages"): "control_messages",
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
        items = self.desk.take(taken_of(message["items"], fault))
        answer = {"receiver": self.server.system, "batch": message.get("batch", ""), "items": items}
        self._receipt(answer, fault)

    def _receipts(self, body: bytes) -> None:
        fault = self.server.faults.next("receipts")
        if not self._failed_before(fault):
            answers = self.desk.said(orjson.loads(body)["keys"])
            self._receipt({"receiver": self.server.system, "items": answers}, fault)

    def _states(self, body: bytes) -> None:
        fault = self.server.faults.next("states")
        if not self._failed_before(fault):
            items = self.desk.states(orjson.loads(body)["entities"])
            self._receipt({"receiver": self.server.system, "items": items}, fault)

    def _control_decide(self, body: bytes) -> None:
        self.desk.decides(**orjson.loads(body))
        self._reply(200, b"{}")

    def _control_messages(self, body: bytes) -> None:
        self._reply(200, orjson.dumps(self.desk.messages()))

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
