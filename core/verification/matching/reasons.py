"""Why a text was matched, or was not: the codes of ``answering`` as sentences."""

from __future__ import annotations

from typing import Final

from core.i18n import N_

REASONS: Final = {
    "fits": N_("Everything that the text names fits this address, and no other."),
    "slip": N_("A name was read as one that differs by a character or two."),
    "lacking": N_("The room is missing."),
    "other_road": N_("The estate lies on another road than the text says."),
    "other_town": N_("It lies in another sub-district than the text says."),
    "other_door": N_("It has another door plate than the text says."),
    "plate_as_building": N_("The number after the estate was read as the building."),
    "guess": N_("No name was recognised; these addresses share most characters with the text."),
    "near": N_("The text means a place beside the one that it names."),
    "many": N_("The text names several roads or estates."),
    "left_over": N_("The text names something that none of these addresses has."),
    "several": N_("Several addresses fit."),
    "nothing": N_("No standard address fits what the text names."),
}
