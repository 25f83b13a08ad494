"""Verifies an audit chain offline: standard library only, and not one line shared with its writer.

The rule, for whoever wants to write another verifier: entries are numbered 1, 2, 3 … without a gap; an
entry's ``hash`` is the SHA-256 of the JSON of its other seven fields (keys sorted, no blanks, everything
beyond ASCII escaped); ``previous`` is the hash of the entry before it, 64 zeros in the first; the head
holds the number of entries and the last hash.

``python -m core.security.audit_verify FILE`` verifies an exported file (JSON lines, the head first),
prints one JSON object and exits with 0 (whole) or 1.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from json import JSONEncoder, loads
from typing import Any, NamedTuple

HASHED = ("action", "actor", "at", "details", "number", "previous", "subject")


class Verification(NamedTuple):
    """The outcome: ``entries`` verified, and number and kind of the first fault (``""`` when whole).

    Kinds: altered, missing, moved, unchained, truncated, added, head, malformed.
    """

    ok: bool
    entries: int
    first_bad: int | None
    reason: str


def verify(entries: Iterable[Mapping[str, Any]], head: Mapping[str, Any] | None) -> Verification:
    """Walks the entries in the order given, up to the first fault, and compares the end with the head."""
    walk = iter(entries)
    last, count = "0" * 64, 0
    for entry in walk:
        number = count + 1
        reason = _fault(entry, number, last)
        if reason == "missing" and _comes_later(number, entry, walk):
            reason = "moved"
        if reason:
            return Verification(False, count, number, reason)
        last, count = entry["hash"], number
    return _against_head(head, count, last)


def _fault(entry: Mapping[str, Any], number: int, last: str) -> str:
    if any(not isinstance(entry.get(name), int if name == "number" else str) for name in (*HASHED, "hash")):
        return "malformed"
    if entry["number"] != number:
        return "missing" if entry["number"] > number else "moved"
    if entry["hash"] != _hash(entry):
        return "altered"
    return "" if entry["previous"] == last else "unchained"


def _comes_later(number: int, entry: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]) -> bool:
    return entry["number"] != number and any(later.get("number") == number for later in rest)


def _hash(entry: Mapping[str, Any]) -> str:
    encoder = JSONEncoder(sort_keys=True, separators=(",", ":"))
    return sha256(encoder.encode({name: entry[name] for name in HASHED}).encode()).hexdigest()


def _against_head(head: Mapping[str, Any] | None, count: int, last: str) -> Verification:
    expected = head["entries"] if head else 0
    if count < expected:
        return Verification(False, count, count + 1, "truncated")
    if count > expected:
        return Verification(False, count, expected + 1, "added")
    if head and head["hash"] != last:
        return Verification(False, count, count, "head")
    return Verification(True, count, None, "")


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            value = loads(line)
        except ValueError:
            value = {}
        yield value if isinstance(value, dict) else {}


def main(path: str) -> int:
    """Verifies the exported file and prints the outcome; returns the exit code."""
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - no import beyond need
        lines = _parsed(file)
        head = next(lines, {}).get("head")
        if not (isinstance(head, dict) and isinstance(head.get("entries"), int)):
            outcome = Verification(False, 0, None, "head")
        else:
            outcome = verify(lines, head)
    sys.stdout.write(JSONEncoder().encode(outcome._asdict()) + "\n")
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
