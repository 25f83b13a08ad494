"""The one form in which texts and questions meet, and the short runs of characters that the search index holds."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np

PUNCTUATION: Final = "-#()./"
"""What is kept beside letters and digits: it tells door plates and rooms apart."""

_DROPPED: Final = str.maketrans(
    {chr(n): None for n in range(128) if not chr(n).isalnum() and chr(n) not in PUNCTUATION}
)
_BLANK, _END = ord(" "), ord("\n")


def normalise(value: str) -> str:
    """Full width folded, upper case, no blanks."""
    folded = value.upper() if value.isascii() else unicodedata.normalize("NFKC", value).upper()
    return folded if folded.isalnum() else folded.translate(_DROPPED)  # most texts have nothing to drop


def runs(word: str, size: int) -> tuple[str, ...]:
    """Every run of ``size`` characters of a normalised word, each once."""
    return tuple(dict.fromkeys(word[at : at + size] for at in range(len(word) - size + 1)))


def runs_of(values: Sequence[str | None], size: int) -> list[str]:
    """The runs of ``size`` characters of each text, parted by blanks: over all texts at once, as arrays."""
    folded = [normalise(value) if value else "" for value in values]
    points = np.frombuffer(("\n".join(folded) + "\n" * size).encode("utf-32-le"), dtype=np.uint32)
    count = len(points) - size + 1
    parts = np.stack(
        [*(points[at : at + count] for at in range(size)), np.full(count, _BLANK, np.uint32)], axis=1
    )
    ends = parts[:, :size] == _END
    shown = np.empty(parts.shape, bool)
    shown[:] = ~ends.any(axis=1)[:, None]  # a run that reaches into the next text is none
    shown[:, 0] |= ends[:, 0]  # but the end of a text stays
    text_of_all = parts[shown].tobytes().decode("utf-32-le")
    return [one.rstrip(" ") for one in text_of_all.split("\n", len(folded))[: len(folded)]]
