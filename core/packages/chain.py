"""What a package is held against: whose store this is, whom it trusts, how far each sender's chain has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.i18n import _
from core.packages import refusals
from core.packages.descriptor import Descriptor


@dataclass(frozen=True)
class Last:
    """Where a sender's chain stands: its newest imported package, and file hashes by sequence."""

    sequence: int
    descriptor_hash: str
    known: Mapping[int, str]


@dataclass(frozen=True)
class Trust:
    """The store's ``station``, its senders' public ``keys`` (PEM), their chains, and the key that opens seals."""

    station: str
    keys: Mapping[str, str]
    last: Mapping[str, Last]
    seal_private_pem: str | None = field(default=None, repr=False)

    def chain(self, sender: str) -> Last:
        """The sender's chain; one that has not begun stands at 0."""
        return self.last.get(sender, Last(0, "", {}))

    def imported_as(self, declared: Descriptor, file_hash: str) -> bool:
        """Whether this very file was imported under this number."""
        return self.chain(declared.sender).known.get(declared.sequence) == file_hash


def check_chain(declared: Descriptor, last: Last) -> list[dict[str, Any]]:
    """Raises unless the package may follow ``last``; a number left out is a warning, for it may yet come.

    Only the package right after ``last`` can be held against its hash: after a gap nothing is known.
    """
    facts: dict[str, Any] = {"sender": declared.sender, "sequence": declared.sequence}
    if declared.sequence in last.known:
        raise refusals.SequenceRepeated(**facts)
    if declared.sequence <= last.sequence:
        raise refusals.SequenceOutOfOrder(**facts, last=last.sequence)
    if declared.sequence > last.sequence + 1:
        return [_gap(declared, last)]
    if declared.previous != last.descriptor_hash:
        none = _("none")
        raise refusals.ChainBroken(
            **facts, expected=last.descriptor_hash or none, found=declared.previous or none
        )
    return []


def _gap(declared: Descriptor, last: Last) -> dict[str, Any]:
    first, until = last.sequence + 1, declared.sequence - 1
    return {
        "code": "sequence_gap",
        "message": _("Numbers {first} to {until} of {sender} have not arrived.").format(
            first=first, until=until, sender=declared.sender
        ),
        "details": {"sender": declared.sender, "first": first, "until": until},
    }
