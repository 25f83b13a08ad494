"""The code on a door plate (二维码门牌): the standard address's own code and nothing else."""

from __future__ import annotations

from typing import Final

import segno

from core.registry.record import Record

_BORDER: Final = 4
"""Modules of quiet around the code, as ISO/IEC 18004 asks."""


def plate_png(address: Record, *, pixels_a_module: int = 8) -> str:
    """The QR code of an address's plate as a ``data:`` URI of a PNG, black on white.

    It holds the address code only, never a person or a house: whoever reads the plate learns what the plate says.
    Error correction Q lets a quarter of a weathered plate be unreadable.
    """
    code = segno.make_qr(plate_text(address), error="q", boost_error=False)
    return code.png_data_uri(scale=pixels_a_module, border=_BORDER)


def plate_text(address: Record) -> str:
    """What the code says: the address code."""
    return next(str(v.value) for v in address.values if v.name == "address_code")
