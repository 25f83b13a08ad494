"""The checks of a package as a ladder: which passed, which failed, which were never reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from core.i18n import N_, _
from core.packages.reader import CheckReport

StepState = Literal["passed", "failed", "not_reached"]

STEPS: Final = (
    (N_("Container: size, ratio, paths"), {
        "package_not_found", "package_unreadable", "not_a_zip", "too_large", "zip_bomb", "unsafe_path", "link_member",
        "encrypted_member", "compression_unknown"}),
    (N_("Descriptor as version 1 has it"), {"descriptor_missing", "descriptor_invalid", "version_unknown"}),
    (N_("Exactly the files it names"), {"file_missing", "file_extra"}),
    (N_("Length and digest of each"), {"bytes_differ", "hash_differs"}),
    (N_("Signature of a known sender"), {"signature_missing", "signature_invalid", "unknown_key"}),
    (N_("Sequence and chain"), {"sequence_repeated", "sequence_out_of_order", "chain_broken"}),
    (N_("Receiver"), {"wrong_receiver"}),
    (N_("Encoding"), {"seal_unreadable", "not_utf8"}),
    (N_("Columns and rows"), {
        "forbidden_column", "column_missing", "header_differs", "csv_malformed", "geojson_malformed"}),
)  # fmt: skip
"""In the order of ``package-format.md``, each with the codes of the errors that end it."""


@dataclass(frozen=True)
class Step:
    """One rung: its translated title, its state, and what was found where it failed."""

    title: str
    state: StepState
    messages: tuple[str, ...] = ()


def ladder(report: CheckReport) -> list[Step]:
    """The rungs in the order in which they are checked (``package-format.md``)."""
    codes = {error["code"] for error in report.errors}
    steps: list[Step] = []
    failed = False
    for title, reasons in STEPS:
        if not failed and codes & reasons:
            failed = True
            steps.append(Step(_(title), "failed", tuple(error["message"] for error in report.errors)))
        else:
            steps.append(Step(_(title), "not_reached" if failed else "passed"))
    return steps
