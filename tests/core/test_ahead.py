"""Work beside: items come in order, a fault comes in its place, and who stops early leaves no thread behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.jobs import ahead


def made(count: int, fault_at: int = -1) -> Iterator[int]:
    for n in range(1, count + 1):
        if n == fault_at:
            raise ValueError(n)
        yield n


def test_items_come_in_order_however_many_there_are():
    for count in (0, 1, 2, 3, 50):
        assert list(ahead(made(count))) == list(range(1, count + 1))


def test_a_fault_is_raised_after_the_items_before_it():
    seen = []
    with pytest.raises(ValueError, match="4"):
        for item in ahead(made(9, fault_at=4)):
            seen.append(item)
    assert seen == [1, 2, 3]


def test_who_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    coming = ahead(made(1000))
    assert next(coming) == 1
    coming.close()
    assert threading.active_count() == before
