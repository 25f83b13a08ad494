"""Killed after every statement of the push: both sides end equal."""

import pytest

from core.exchange import message_log
from core.exchange.outbox import outbox
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from tests.core.conftest import KEY
from tests.core.exchange.crashing import Crasher
from tests.core.exchange.people import TARGET, arrive, key


def assert_equal_on_both_sides(workspace, upstream, people):
    """Everything arrived exactly once, the log is whole, and both sides say the same."""
    assert {entity: applied for entity, _r, applied in upstream.register()} == dict.fromkeys(
        map(key, people), 1
    )
    box = outbox(workspace)[TARGET]
    assert (box.waiting, box.sent, box.awaited, box.rejected) == (0, 0, 0, 0)
    assert reconcile(workspace, TARGET).agrees
    assert message_log.verify_log(workspace).ok


@pytest.mark.timeout(200)
def test_killed_after_each_statement_the_end_is_as_if_it_had_never_been(connected, upstream):
    people, killed, statement = 0, 0, 0
    with Crasher(connected.store.location, KEY) as crasher:
        ended_in_a_row = 0
        while ended_in_a_row < 3 and statement < 120:
            statement += 1
            arrive(connected, range(people, people + 3))
            people += 3
            was_killed = crasher.push_until(statement)
            killed += was_killed
            ended_in_a_row = 0 if was_killed else ended_in_a_row + 1
    assert killed >= 15, "the push has more statements than that"
    push(connected)
    assert_equal_on_both_sides(connected, upstream, range(people))
