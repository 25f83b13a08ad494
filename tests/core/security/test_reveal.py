import pytest
from sqlalchemy import insert

from core.model.registry import TABLES, entity_id
from core.model.resources import RESOURCES
from core.security import audit
from core.security.reasons import ReasonMissing
from core.security.reveal import IdentityUnknown, reveal_identity
from core.security.workspace import Actor, NotPermitted, Workspace

TOKEN = "0f" * 32


@pytest.fixture
def known(workspace):
    """A store that holds one sealed identity (the standard's own example number)."""
    row = {
        "id": entity_id(TOKEN), "person_token": TOKEN, "name": "张三丰", "id_type": "01",
        "id_number": "11010519491231002X", "phone": "13812345678", "source": "police",
        "collected_at": "2026-11-01T08:00:00+08:00", "collector": "p-1", "row_hash": 1, "created_in": 1,
        "changed_in": 1,
    }  # fmt: skip
    row |= {f"prov_{group}": 1 for group in RESOURCES["identity"].groups}
    with workspace.store.write() as connection:
        connection.execute(insert(TABLES["identity"]).values(**row))
    return workspace


def test_one_identity_is_shown_and_who_asked_why_is_on_record(known):
    assert reveal_identity(known, TOKEN, "核实居住登记").id_number == "11010519491231002X"
    (entry,) = audit.entries(known, action="identity.revealed")
    assert (entry.actor, entry.subject, entry.details) == (
        known.actor.name,
        TOKEN,
        '{"reason":"核实居住登记"}',
    )


@pytest.mark.parametrize("reason", ["", "   ", "....", "好好好好", "看看"])
def test_without_a_reason_nothing_is_shown_or_looked_up(known, reason):
    with pytest.raises(ReasonMissing):
        reveal_identity(known, TOKEN, reason)
    assert audit.entries(known, action="identity.") == []


def test_asking_for_somebody_unknown_is_on_record_too(known):
    with pytest.raises(IdentityUnknown):
        reveal_identity(known, "ff" * 32, "核实居住登记")
    assert [e.action for e in audit.entries(known, action="identity.")] == ["identity.unknown"]


def test_only_who_may_reveal_does(known):
    officer = Workspace(known.store, Actor("民警", frozenset({"officer"})), known.clock)
    with pytest.raises(NotPermitted):
        reveal_identity(officer, TOKEN, "核实居住登记")


def test_an_identity_does_not_print_itself(known):
    shown = repr(reveal_identity(known, TOKEN, "核实居住登记"))
    assert "张" not in shown
    assert "1949" not in shown


def test_nothing_is_shown_when_the_record_cannot_be_made(known):
    with known.store.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry RENAME TO elsewhere")
        connection.commit()
    with pytest.raises(Exception, match="audit_entry"):
        reveal_identity(known, TOKEN, "核实居住登记")
