"""Back-off is a pure function of the trouble, the attempt and the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from core.exchange.retry import Retry
from core.exchange.troubles import Refused, Rejected, Unclear, Unreachable

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
RETRY = Retry(first_seconds=30, factor=2.0, longest_seconds=3600, attempts=12)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (11, 3600)])
def test_each_attempt_waits_twice_as_long_up_to_an_hour(attempt, seconds):
    assert RETRY.due(Unclear("…"), attempt, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("trouble", "runs_out"), [(Unclear, True), (Rejected, True), (Refused, False), (Unreachable, False)]
)
def test_only_troubles_that_a_record_can_cause_use_up_its_attempts(trouble, runs_out):
    assert (RETRY.due(trouble("…"), 12, NOW) is None) is runs_out


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=1, max_value=5000))
def test_a_batch_that_failed_often_enough_is_one_record(attempts, largest):
    size = RETRY.batch_size(attempts, largest)
    assert 1 <= size <= largest
    assert RETRY.batch_size(attempts + 1, largest) == max(1, size // 2)


@given(st.integers(min_value=1, max_value=10**6))
def test_the_wait_never_passes_the_longest(attempt):
    due = RETRY.due(Unreachable("…"), attempt, NOW)
    assert due is not None and NOW < due <= NOW + timedelta(hours=1)
