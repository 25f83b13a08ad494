"""Coefficients from a stratified sample, with 95 % intervals. Plain arithmetic: no store, no texts.

A coefficient is the share of records that are good among those that count, for example of those that were found.
With ``N_h`` records in stratum h, ``n_h`` of them looked at, ``x`` 1 for a record that counts and ``y`` 1 for one
that counts and is good:

- one stratum: p = y/x, interval by Wilson (J. Am. Stat. Assoc. 22 (1927) 209-212), the number that counts enlarged
  by (N_h - 1)/(N_h - n_h), so that a stratum that was looked at as a whole has no uncertainty left;
- all strata: p = Y/X with Y = sum of N_h y_h/n_h and X likewise, the combined ratio estimate, and
  v(p) = sum of N_h² (1 - n_h/N_h) s²_h / n_h / X² with s²_h the variance of y - p x in the stratum
  (Cochran, Sampling Techniques, 3rd ed. 1977, 6.11; where everything counts it is the stratified proportion of 5.10);
  the interval is Wilson's with the effective number p(1-p)/v(p), lowered by (z/t)² for the degrees of freedom (Korn
  and Graubard, Survey Methodology 24 (1998) 193-201); it does not shrink to nothing where chance drew no error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054
"""The normal deviate of 95 %."""


@dataclass(frozen=True)
class Stratum:
    """One community: ``size`` records, ``checked`` of them, ``counted`` of these count, ``good`` of these are good."""

    size: int
    checked: int
    counted: int
    good: int


@dataclass(frozen=True)
class Coefficient:
    """A share between 0 and 1 with its 95 % interval, from ``counted`` records."""

    value: float
    low: float
    high: float
    counted: int


def of_stratum(one: Stratum) -> Coefficient | None:
    """The stratum's own coefficient; None while nothing counts."""
    if not one.counted:
        return None
    value = one.good / one.counted
    if one.checked >= one.size:
        return Coefficient(value, value, value, one.counted)
    low, high = wilson(value, one.counted * (one.size - 1) / (one.size - one.checked))
    return Coefficient(value, low, high, one.counted)


def overall(strata: Sequence[Stratum]) -> Coefficient | None:
    """The coefficient of all strata that were looked at, weighted by their sizes; None while nothing counts."""
    looked = [one for one in strata if one.checked]
    counts = sum(one.size * one.counted / one.checked for one in looked)
    if not counts:
        return None
    value = sum(one.size * one.good / one.checked for one in looked) / counts
    counted = sum(one.counted for one in looked)
    if all(one.checked >= one.size for one in looked):
        return Coefficient(value, value, value, counted)
    free = sum(one.checked - 1 for one in looked)
    low, high = wilson(value, _effective(looked, value, counts) * (_Z / _deviate(free)) ** 2)
    return Coefficient(value, low, high, counted)


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's interval of a share that was seen in ``number`` independent draws."""
    square = _Z * _Z / number
    middle = (share + square / 2) / (1 + square)
    reach = _Z / (1 + square) * math.sqrt(share * (1 - share) / number + square / number / 4)
    return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))


def _deviate(free: int) -> float:
    """Student's deviate of 95 % with so many degrees of freedom (expansion of Cornish and Fisher)."""
    v, z = max(free, 1), _Z
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)


def _effective(looked: Sequence[Stratum], value: float, counts: float) -> float:
    """How many independent draws would tell as much."""
    spread = value * (1 - value)
    variance = sum(_variance(one, value) for one in looked) / counts**2
    if variance > 0 and spread > 0:
        return spread / variance
    # Every record alike: as many as if the variance were p(1-p) of those that count in every stratum.
    return counts**2 / sum(
        one.size**2 * max(0.0, 1 - one.checked / one.size) * (one.counted / one.checked) / one.checked
        for one in looked
    )


def _variance(one: Stratum, value: float) -> float:
    """What a stratum adds to the variance of the total of y - value * x."""
    left = max(0.0, 1 - one.checked / one.size)
    bad = one.counted - one.good
    squares = one.good * (1 - value) ** 2 + bad * value**2
    if one.checked < 2:  # one record says nothing of the spread: take that of all strata
        squared = value * (1 - value) * one.counted / one.checked
    else:
        mean = (one.good - value * one.counted) / one.checked
        squared = (squares - one.checked * mean**2) / (one.checked - 1)
    return one.size**2 * left * max(0.0, squared) / one.checked
