"""What concerns more records than a database takes in one statement: a district whose every record differs."""

import pytest
from sqlalchemy import select

from core.exchange.extraction.gone import decide_gone, open_questions
from core.exchange.reconciling import Difference, Reconciled
from core.exchange.settling import open_entities
from core.exchange.standing import missed
from core.model.extraction import gone_at_source
from core.store.bulk import insert_rows
from tests.core.exchange.people import TARGET, arrive, entity, set_state

MANY = 70_000
"""More than the parameters of one statement on PostgreSQL, which takes the fewest."""
pytestmark = pytest.mark.parametrize("location", ["postgresql"], indirect=True)


def test_a_receiver_that_lost_the_district_is_listed_and_sent_it_again(workspace):
    arrive(workspace, range(3))
    set_state(workspace, "sent")
    everybody = [entity(1), *range(MANY)]
    with workspace.store.read() as connection:
        assert open_entities(connection, TARGET, everybody) == {entity(1)}
    lost = tuple(Difference("missing", str(n), n) for n in everybody)
    made = Reconciled(TARGET, workspace.now(), len(lost), 0, "", "", lost)
    assert len(missed(workspace, made)) == 1


def test_a_district_of_questions_is_decided_at_once(workspace):
    at = workspace.now()
    names = ("run", "system", "resource", "entity", "key", "told", "state", "at")
    rows = ((1, "bureau_collection", "address", n, str(n), "unnamed", "open", at) for n in range(MANY))
    with workspace.store.write() as connection:
        insert_rows(connection, gone_at_source, names, rows)
    with workspace.store.read() as connection:
        ids = list(connection.execute(select(gone_at_source.c.id)).scalars())
    assert decide_gone(workspace, ids, retire=False, reason="an export by mistake").decided == MANY
    assert open_questions(workspace) == 0
