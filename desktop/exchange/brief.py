"""The states of deliveries in one short word each, for figures and segments."""

from __future__ import annotations

from typing import Final

from core.i18n import N_

BRIEF: Final = {
    "waiting": N_("waiting"), "sent": N_("leaving"), "awaited": N_("receipt awaited"), "accepted": N_("accepted"),
    "rejected": N_("rejected"), "held": N_("held"), "superseded": N_("replaced"), "withdrawn": N_("taken back"),
}  # fmt: skip
FIGURES: Final = {
    "waiting": N_("due"), "awaited": N_("awaited"), "accepted": N_("taken"), "rejected": N_("sent back"),
}  # fmt: skip
"""The figures of a card; five stand side by side, so their words are shorter still."""
