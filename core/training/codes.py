"""Check characters of the numbers that the training district invents, over a column at once.

Written from the standards on its own, not with the verification's code: the truth must not borrow its
errors from what it is to be compared with.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BASE_36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def with_citizen_check(seventeen: pl.Series) -> pl.Series:
    """Seventeen digits with their check digit (GB 11643-1999)."""
    return seventeen + _picked("10X98765432", _weighed(seventeen, _BASE_36, _CITIZEN_WEIGHTS) % 11)


def with_credit_check(seventeen: pl.Series) -> pl.Series:
    """Seventeen characters of a social credit code with the check character (GB 32100-2015)."""
    return seventeen + _picked(_CREDIT, (31 - _weighed(seventeen, _CREDIT, _CREDIT_WEIGHTS) % 31) % 31)


def with_organisation_check(eight: pl.Series) -> pl.Series:
    """Eight characters of an organisation code with the check character (GB 11714-1997)."""
    return eight + _picked("0123456789X", (11 - _weighed(eight, _BASE_36, _ORGANISATION_WEIGHTS) % 11) % 11)


def next_character(text: pl.Expr, alphabet: str) -> pl.Expr:
    """The text with its last character replaced by the next of the alphabet: a check digit is then wrong."""
    following = text.str.slice(-1).replace_strict([*alphabet], [*alphabet[1:], alphabet[0]], default=None)
    return text.str.head(-1) + following


def _weighed(text: pl.Series, alphabet: str, weights: tuple[int, ...]) -> npt.NDArray[np.int64]:
    values = np.zeros(128, np.int64)
    values[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    letters = np.asarray(text.to_list(), dtype=f"S{len(weights)}").view(np.uint8).reshape(-1, len(weights))
    sums: npt.NDArray[np.int64] = values[letters] @ np.asarray(weights)
    return sums


def _picked(alphabet: str, numbers: npt.NDArray[Any]) -> pl.Series:
    return pl.Series([*alphabet], dtype=pl.String).gather(numbers)
