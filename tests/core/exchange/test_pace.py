"""The pace towards an operator, on a clock that only moves when somebody waits."""

import threading

import pytest

from core.exchange.connectors import connector
from core.exchange.declaration import Limits
from core.exchange.transports.database import Database
from core.exchange.transports.exports import Exports
from core.exchange.transports.pace import FREE, Pace, pace_of
from core.exchange.troubles import Trouble


class Clock:
    """Seconds that pass by waiting alone."""

    def __init__(self):
        self.now, self.waits = 100.0, []

    def sleep(self, seconds):
        self.waits.append(round(seconds, 6))
        self.now += seconds

    def pace(self, per_second):
        return Pace(per_second, clock=lambda: self.now, sleep=self.sleep)


def limited(target, per_second):
    it = connector(target)
    return it.model_copy(update={"limits": Limits(requests_per_second=per_second)})


def test_requests_leave_so_far_apart_as_the_operator_asks():
    clock = Clock()
    pace = clock.pace(4)
    for _time in range(3):
        pace.wait()
    assert clock.waits == [0.25, 0.25]


def test_who_was_slower_anyway_does_not_wait_and_saves_nothing_up():
    clock = Clock()
    pace = clock.pace(4)
    pace.wait()
    clock.now += 10
    for _time in range(2):
        pace.wait()
    assert clock.waits == [0.25]


def test_without_a_limit_nobody_waits():
    clock = Clock()
    clock.pace(None).wait()
    assert (clock.waits, FREE.reserve()) == ([], 0.0)


def test_threads_share_the_moments_and_none_is_given_twice():
    pace, given = Pace(1000, clock=lambda: 0.0), []
    threads = [threading.Thread(target=lambda: given.append(pace.reserve())) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(round(moment * 1000) for moment in given) == list(range(20))


def test_a_system_has_one_pace_until_its_limit_is_declared_otherwise():
    assert pace_of(limited("zhenyan", 5.0)) is pace_of(limited("zhenyan", 5.0))
    assert pace_of(limited("zhenyan", 5.0)) is not pace_of(limited("rental", 5.0))
    assert pace_of(limited("zhenyan", 7.0)).per_second == 7.0
    assert pace_of(limited("zhenyan", None)) is FREE


@pytest.mark.parametrize("kind", [Database, Exports])
def test_what_is_extracted_from_databases_and_folders_is_asked_for_at_that_pace_too(kind, tmp_path):
    clock = Clock()
    where = f"sqlite:///{tmp_path / 'empty.db'}" if kind is Database else tmp_path
    what = next(iter(connector("police_platform").extract.items()))
    with kind(where, pace=clock.pace(2)) as source:
        for _time in range(3):
            with pytest.raises(Trouble):
                source.check(*what)
    assert clock.waits == [0.5, 0.5]
