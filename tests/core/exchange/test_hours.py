"""The hours of an operator: in China's time, also past midnight, and only on the days that it names."""

from datetime import UTC, datetime

import pytest

from core.exchange.connectors import connector
from core.exchange.declaration import Limits
from core.exchange.hours import OutsideHours, is_open, require_open

OFFICE = Limits(days=("mon", "tue", "wed", "thu", "fri"), begin="08:30", end="17:59")
NIGHT = Limits(days=("fri",), begin="22:00", end="05:59")


@pytest.mark.parametrize(("limits", "beijing", "opened"), [
    (OFFICE, "2026-11-25 08:29", False), (OFFICE, "2026-11-25 08:30", True), (OFFICE, "2026-11-25 17:59", True),
    (OFFICE, "2026-11-25 18:00", False), (OFFICE, "2026-11-28 10:00", False), (NIGHT, "2026-11-27 21:59", False),
    (NIGHT, "2026-11-27 22:00", True), (NIGHT, "2026-11-28 05:59", True), (NIGHT, "2026-11-28 06:00", False),
    (NIGHT, "2026-11-28 22:30", False), (Limits(), "2026-11-28 23:59", True),
])  # fmt: skip
def test_it_is_open_in_its_hours_and_on_its_days(limits, beijing, opened):
    assert is_open(limits, datetime.fromisoformat(f"{beijing}:00+08:00").astimezone(UTC)) is opened


def test_outside_them_it_says_when_to_come():
    closed = connector("bureau_collection").model_copy(update={"limits": OFFICE})
    with pytest.raises(OutsideHours) as caught:
        require_open(closed, datetime(2026, 11, 28, 2, 0, tzinfo=UTC))
    assert "08:30" in caught.value.message and caught.value.cure
