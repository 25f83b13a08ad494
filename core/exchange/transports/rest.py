"""Paged REST: a frozen view is opened there, and pages and totals are asked for by its name."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson

from core.exchange.declaration import Connector, Incoming
from core.exchange.transports.https import Https
from core.exchange.transports.source import Page, Source, Total, View, columns_of, garbled, needed


class Rest(Source):
    """A source over HTTPS; views are kept there and survive our end."""

    kind = "rest"

    def __init__(self, https: Https, it: Connector) -> None:
        self._https, self._it = https, it

    def view(self, resource: str, what: Incoming, *, since: str, until: str = "") -> View:
        """Opens a frozen view."""
        body = orjson.dumps({"resource": resource, "since": since})
        answer = _object(self._post(self._it.routes["snapshot"], body))
        name, reached = answer.get("snapshot"), answer.get("until")
        if not isinstance(name, str) or not isinstance(reached, str) or not name:
            raise garbled("snapshot")
        return View(name, since, reached)

    def page(self, resource: str, what: Incoming, view: View, *, after: str) -> Page:
        """One page."""
        answer = self._get(what.source, resource=resource, snapshot=view.name, after=after, since=view.since,
                           limit=str(what.page_size))  # fmt: skip
        rows, more = answer.get("rows"), answer.get("more")
        if (
            not isinstance(rows, list)
            or not all(isinstance(row, dict) for row in rows)
            or not isinstance(more, bool)
        ):
            raise garbled("page")
        columns = columns_of(needed(what), rows)
        keys = columns[what.order_key]
        if any(key is None for key in keys) or (more and not keys):
            raise garbled("page")
        return Page(columns, len(rows), str(keys[-1]) if keys else after, more)

    def totals(self, resource: str, what: Incoming, view: View) -> tuple[Total, ...]:
        """Counts and digests of the view."""
        answer = self._get(self._it.routes["totals"], resource=resource, snapshot=view.name, since=view.since)
        try:
            return tuple(
                Total(str(t["community"]), int(t["count"]), str(t.get("digest") or ""))
                for t in answer["totals"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise garbled("totals") from error

    def check(self, resource: str, what: Incoming) -> None:
        """Opens a view and asks for one row of it."""
        self.page(
            resource, what.model_copy(update={"page_size": 1}), self.view(resource, what, since=""), after=""
        )

    def close(self) -> None:
        """Ends the connection."""
        self._https.close()

    def _get(self, route: str, **asked: str) -> dict[str, Any]:
        return _object(self._https.get(f"{route}?{urlencode(asked)}").body)

    def _post(self, route: str, body: bytes) -> bytes:
        return self._https.post(route, body).body


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except ValueError as error:
        raise garbled("json") from error
    if not isinstance(answer, dict):
        raise garbled("json")
    return answer
