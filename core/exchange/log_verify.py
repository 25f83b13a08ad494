"""Verifies a message log offline: standard library only, and not one line shared with its writer.

The rule, for whoever wants to write another verifier: entries are numbered 1, 2, 3 … without a gap; an
entry's ``hash`` is the SHA-256 of the JSON of its other eight fields (keys sorted, no blanks, everything
beyond ASCII escaped); ``previous`` is the hash of the entry before it, 64 zeros in the first; the head
holds the number of entries and the last hash. Whoever was shown a head ``N:HASH`` earlier (a report, a
message that was received) can give it: entry N must still have that hash, or the chain was rewritten.

``python -m core.exchange.log_verify FILE [N:HASH …]`` verifies an exported file (JSON lines, the head
first), prints one JSON object and exits with 0 (whole) or 1.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from json import JSONEncoder, loads
from typing import Any, NamedTuple

TEXTS = ("at", "batch", "digest", "direction", "previous", "target")
NUMBERS = ("number", "records")


class Verification(NamedTuple):
    """The outcome: ``entries`` verified, and number and kind of the first fault (``""`` when whole).

    Kinds: altered, missing, moved, inserted, unchained, truncated, added, head, malformed.
    """

    ok: bool
    entries: int
    first_bad: int | None
    reason: str


def verify(
    entries: Iterable[Mapping[str, Any]],
    head: Mapping[str, Any] | None,
    witnesses: Mapping[int, str] | None = None,
) -> Verification:
    """Walks the entries in the order given, up to the first fault, and compares the end with the head.

    ``witnesses`` are heads that somebody was shown earlier: number of entries → hash.
    """
    witnesses, walk = witnesses or {}, iter(entries)
    last, count = "0" * 64, 0
    for entry in walk:
        number = count + 1
        reason = _fault(entry, number, last)
        if reason == "missing" and any(later.get("number") == number for later in walk):
            reason = "moved"
        if not reason and witnesses.get(number, entry["hash"]) != entry["hash"]:
            reason = "head"
        if reason:
            return Verification(False, count, number, reason)
        last, count = entry["hash"], number
    return _against_head(head, count, last, max(witnesses, default=0))


def _fault(entry: Mapping[str, Any], number: int, last: str) -> str:
    if not _is_formed(entry):
        return "malformed"
    if entry["number"] > number:
        return "missing"
    if entry["number"] < number:
        return "inserted"
    if entry["hash"] != _hash(entry):
        return "altered"
    return "" if entry["previous"] == last else "unchained"


def _is_formed(entry: Mapping[str, Any]) -> bool:
    texts = all(isinstance(entry.get(name), str) for name in (*TEXTS, "hash"))
    return texts and all(type(entry.get(name)) is int for name in NUMBERS)


def _hash(entry: Mapping[str, Any]) -> str:
    encoder = JSONEncoder(sort_keys=True, separators=(",", ":"))
    return sha256(encoder.encode({name: entry[name] for name in (*TEXTS, *NUMBERS)}).encode()).hexdigest()


def _against_head(head: Mapping[str, Any] | None, count: int, last: str, witnessed: int) -> Verification:
    expected = max(head["entries"] if head else 0, witnessed)
    if count < expected:
        return Verification(False, count, count + 1, "truncated")
    if count > expected:
        return Verification(False, count, expected + 1, "added")
    if head and head["hash"] != last:
        return Verification(False, count, count, "head")
    return Verification(True, count, None, "")


def verify_file(path: str, witnesses: Sequence[str] = ()) -> Verification:
    """Verifies an exported file against its own head and heads shown earlier (``N:HASH``)."""
    shown = {int(number): digest for number, _colon, digest in (w.partition(":") for w in witnesses)}
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - no import beyond need
        lines = _parsed(file)
        head = next(lines, {}).get("head")
        if not (isinstance(head, dict) and type(head.get("entries")) is int):
            return Verification(False, 0, None, "head")
        return verify(lines, head, shown)


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            value = loads(line)
        except ValueError:
            value = {}
        yield value if isinstance(value, dict) else {}


def main(path: str, *witnesses: str) -> int:
    """Verifies the exported file and prints the outcome; returns the exit code."""
    outcome = verify_file(path, witnesses)
    sys.stdout.write(JSONEncoder().encode(outcome._asdict()) + "\n")
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
