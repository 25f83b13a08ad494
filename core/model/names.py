"""The names that people read for the registry's kinds, departments, states and targets."""

from __future__ import annotations

from typing import Final

from core.i18n import N_, _

RESOURCES: Final = {
    "address": N_("Standard addresses"),
    "grid": N_("Grids"),
    "house": N_("Houses"),
    "person": N_("Population"),
    "organisation": N_("Organisations"),
    "place": N_("Places"),
    "thing": N_("Things"),
    "event": N_("Events"),
    "dispute": N_("Disputes"),
    "hazard": N_("Hazards"),
    "visit_report": N_("Visit reports"),
    "qr_report": N_("QR reports"),
    "identity": N_("Sealed identities"),
}
SENDERS: Final = {
    "governance": N_("Governance"),
    "fire": N_("Fire service"),
    "community": N_("Communities"),
    "police": N_("Police"),
    "qr": N_("QR door plates"),
    "bureau": N_("City bureau"),
}
STATES: Final = {
    "waiting": N_("Waiting"),
    "sent": N_("Being sent"),
    "awaited": N_("Sent, receipt awaited"),
    "held": N_("Held"),
    "superseded": N_("Superseded"),
    "accepted": N_("Accepted upstream"),
    "rejected": N_("Rejected or held back"),
    "withdrawn": N_("Withdrawn"),
    "imported": N_("Imported"),
    "undone": N_("Undone"),
    "snapshot": N_("Snapshot"),
    "delta": N_("Delta"),
    "full": N_("In full"),
    "incremental": N_("What changed"),
    "open": N_("Open"),
    "retired": N_("Retired"),
    "kept": N_("Kept"),
    "returned": N_("Came back"),
    "error": N_("Error"),
    "warning": N_("Warning"),
    "notice": N_("Notice"),
    "governance": N_("Governance grid"),
    "police": N_("Police grid"),
}
TARGETS: Final = {
    "residence_permit": N_("Provincial residence-permit system"),
    "platform": N_("Police working platform"),
    "police_platform": N_("Police working platform"),
    "bureau_collection": N_("Bureau collection system"),
    "grid_platform": N_("Comprehensive grid platform"),
    "zhenyan": N_("Zhenyan system"),
    "transmission": N_("Bureau transmission channel"),
    "rental": N_("Rental-housing supervision platform"),
    "linkage": N_("Linkage platform"),
}
STAGES: Final = {
    "proposed": N_("Proposed, not sent yet"),
    "sent": N_("Sent to the bureau"),
    "accepted": N_("Accepted by the bureau"),
    "refused": N_("Refused by the bureau"),
    "arrived": N_("Arrived by extraction"),
    "withdrawn": N_("Withdrawn"),
}
ORIGINS: Final = {
    "typed": N_("Typed"),
    "sheet": N_("Row without a match"),
    "qr": N_("Resident's report"),
    "reference": N_("Reference that was refused"),
}
ANSWERS: Final = {
    "awaited": N_("No extraction since"),
    "confirmed": N_("Confirmed by extraction"),
    "contradicted": N_("Still says otherwise"),
    "overruled": N_("Says something else now"),
}
DIMENSIONS: Final = {
    "conformity": N_("Conformity"),
    "completeness": N_("Completeness"),
    "accuracy": N_("Accuracy"),
    "consistency": N_("Consistency"),
    "timeliness": N_("Timeliness"),
    "accessibility": N_("Accessibility"),
}
"""The six of GB/T 36344-2018."""
KINDS: Final = {
    "answer": ANSWERS, "dimension": DIMENSIONS, "origin": ORIGINS, "resource": RESOURCES, "sender": SENDERS,
    "stage": STAGES, "state": STATES, "target": TARGETS,
}  # fmt: skip


def label(kind: str, code: str) -> str:
    """The name of ``code`` among the names of ``kind`` in the language in force; the code itself if none."""
    return _(KINDS[kind].get(code, code)) if kind in KINDS else code
