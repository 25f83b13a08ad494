"""How a training system misbehaves on demand, so that what can go wrong upstream can be rehearsed.

A fault is ``{"kind", "times", "route", "seconds"}``; routes are ``batches`` (a batch over HTTPS, a file in a drop),
``receipts``, ``states``, ``token``, ``sftp`` (file operations), and of a source ``snapshot``, ``page``, ``totals``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BEFORE = ("unauthorised", "unavailable", "server_error", "error_body", "reset_before_commit")
"""Faults that strike before anything is stored."""
AFTER = (
    "cut_after_commit", "cut_half", "empty", "unsigned", "forged", "other_receiver", "other_records", "partial",
    "duplicate",
)  # fmt: skip
"""Faults that strike when everything is stored and only the receipt suffers."""
OTHER = ("full", "accept_half", "receipt_twice", "receipt_late", "receipt_damaged", "out_of_order")
"""No room; half of a batch taken; receipts that come twice, after ``seconds``, spoiled (files), or in reverse."""
SOURCE = ("expired", "wrong_totals", "row_missing", "row_twice", "stuck", "garbled")
"""Faults of a source: what it tells does not fit together."""
KINDS = (*BEFORE, *AFTER, *OTHER, *SOURCE, "slow")


@dataclass
class Fault:
    """One misbehaviour on a route, ``times`` times."""

    kind: str
    times: int = 1
    route: str = "batches"
    seconds: float = 0.0


class FaultPlan:
    """What is still to go wrong; a record whose key is in ``poison`` makes the receiver fail each time."""

    def __init__(self, plan: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._poison: frozenset[str] = frozenset()
        self.replace(plan or {})

    def replace(self, plan: Mapping[str, Any]) -> None:
        """Takes a new plan: ``{"faults": [{"kind", "times", "route", "seconds"}], "poison": [value]}``.

        Raises ``ValueError`` for a kind there is not.
        """
        faults = [Fault(**given) for given in plan.get("faults", ())]
        if unknown := {fault.kind for fault in faults} - set(KINDS):
            raise ValueError(f"unknown faults {sorted(unknown)}; known: {', '.join(KINDS)}")
        with self._lock:
            self._faults, self._poison = faults, frozenset(plan.get("poison", ()))

    def next(self, route: str) -> Fault | None:
        """The fault for the request at hand, if one is due; each counts down."""
        with self._lock:
            for fault in self._faults:
                if fault.route == route and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def poisoned(self, items: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a record among these brings the receiver down: a value of it is in ``poison``."""
        return bool(self._poison) and any(
            self._poison & set(map(str, item["record"].values())) for item in items
        )
