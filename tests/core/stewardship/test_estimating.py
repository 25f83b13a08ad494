"""Coefficients and their intervals: known values, limits, and how often the truth lies inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from core.stewardship.estimating import Stratum, of_stratum, overall, wilson


@st.composite
def strata(draw) -> Stratum:
    size = draw(st.integers(1, 500))
    checked = draw(st.integers(0, min(size, 30)))
    counted = draw(st.integers(0, checked))
    return Stratum(size, checked, counted, draw(st.integers(0, counted)))


def test_wilson_gives_the_published_interval():
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3: 81 of 263 and 0 of 20.
    assert wilson(81 / 263, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(0, 20) == (0, pytest.approx(0.1611, abs=5e-5))


@given(one=strata())
def test_an_interval_holds_its_value_and_lies_between_nothing_and_all(one: Stratum):
    made = of_stratum(one)
    assert (made is None) == (one.counted == 0)
    if made:
        assert 0 <= made.low <= made.value <= made.high <= 1


@given(several=st.lists(strata(), max_size=8))
def test_the_whole_has_a_coefficient_as_soon_as_something_counts(several: list[Stratum]):
    made = overall(several)
    assert (made is None) == (not any(one.counted for one in several))
    if made:
        assert 0 <= made.low <= made.value <= made.high <= 1


def test_a_census_has_no_uncertainty_and_no_error_drawn_is_not_no_error_there_is():
    assert overall([Stratum(10, 10, 10, 9), Stratum(5, 5, 5, 5)]).low == pytest.approx(14 / 15)
    clean = overall([Stratum(1000, 10, 10, 10)] * 10)
    assert (clean.value, clean.high) == (1, 1) and 0.95 < clean.low < 0.97


@pytest.mark.parametrize(
    ("communities", "number", "worst", "found"), [(20, 10, 0.8, 0.95), (20, 20, 0.5, 1.0), (6, 30, 0.7, 0.9)]
)
def test_the_truth_lies_inside_about_95_times_in_100(
    communities: int, number: int, worst: float, found: float
):
    rng = np.random.default_rng(7)
    sizes = rng.integers(40, 3000, communities)
    people = [(rng.random(n) < found, rng.random(n) < rng.uniform(worst, 1)) for n in sizes]
    truth = sum((c & g).sum() for c, g in people) / sum(c.sum() for c, g in people)
    whole, single = [], []
    for _time in range(400):
        drawn = []
        for size, (counts, good) in zip(sizes, people, strict=True):
            chosen = (
                rng.permutation(size)[:number] if size < 200 else np.unique(rng.integers(0, size, 2 * number))
            )
            chosen = rng.permutation(chosen)[:number]
            one = Stratum(int(size), number, int(counts[chosen].sum()), int((counts & good)[chosen].sum()))
            drawn.append(one)
            made, local = of_stratum(one), (counts & good).sum() / counts.sum()
            single.append(made is not None and made.low <= local <= made.high)
        made = overall(drawn)
        whole.append(made is not None and made.low <= truth <= made.high)
    assert 0.92 < np.mean(whole) < 0.985
    assert 0.93 < np.mean(single) < 0.98
