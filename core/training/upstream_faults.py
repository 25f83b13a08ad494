"""How the training receiver misbehaves on demand, so that what can go wrong upstream can be rehearsed."""

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
KINDS = (*BEFORE, *AFTER, "slow")


@dataclass
class Fault:
    """One misbehaviour on ``route`` (``batches`` or ``receipts``), ``times`` times."""

    kind: str
    times: int = 1
    route: str = "batches"
    seconds: float = 0.0


class FaultPlan:
    """What is still to go wrong; a record of a person in ``poison`` makes the receiver fail each time."""

    def __init__(self, plan: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._poison: frozenset[str] = frozenset()
        self.replace(plan or {})

    def replace(self, plan: Mapping[str, Any]) -> None:
        """Takes a new plan: ``{"faults": [{"kind", "times", "route", "seconds"}], "poison": [token]}``.

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
        """Whether a record among these brings the receiver down."""
        return bool(self._poison) and any(item["record"].get("rybs") in self._poison for item in items)
