from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from core.model.ledger import package, trusted_key
from core.packages.chain import Last
from core.packages.crypto import KeyInvalid, fingerprint
from core.packages.reader import open_package
from core.packages.trust import TrustUnfounded, import_sender_key, trust_of
from core.security import audit
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.packages.workshop import OTHER_PUBLIC, PRIVATE, PUBLIC, SEAL_PUBLIC, build
from tests.core.rows import enter


def test_a_new_store_trusts_nobody_and_knows_its_station(workspace):
    trust = trust_of(workspace)
    assert (trust.station, trust.keys, trust.last) == ("320508", {}, {})
    assert "PRIVATE KEY" in trust.seal_private_pem


def test_an_imported_key_lets_its_senders_packages_in(workspace, tmp_path):
    assert import_sender_key(workspace, "community", PUBLIC, reason="in person") == fingerprint(PUBLIC)
    opened = open_package(build(tmp_path / "p.zip").path, trust_of(workspace))
    assert opened.rows == {"address": 1}


def test_a_newer_key_takes_the_place_of_the_older_one_of_that_sender_only(workspace):
    import_sender_key(workspace, "community", PUBLIC, reason="first")
    import_sender_key(workspace, "fire", PUBLIC, reason="first")
    import_sender_key(workspace, "community", OTHER_PUBLIC, reason="renewed")
    assert trust_of(workspace).keys == {"community": OTHER_PUBLIC, "fire": PUBLIC}
    with workspace.store.read() as connection:
        kept = connection.execute(select(trusted_key).order_by(trusted_key.c.id)).mappings().all()
    assert [row["revoked_at"] is None for row in kept] == [False, True, True]
    assert [row["reason"] for row in kept] == ["first", "first", "renewed"]


def test_every_import_of_a_key_is_in_the_audit_chain(workspace):
    import_sender_key(workspace, "community", PUBLIC, reason="in person")
    import_sender_key(workspace, "community", OTHER_PUBLIC, reason="renewed")
    newest, first = audit.entries(workspace, action="key.import")
    assert (newest.subject, newest.actor) == ("community", "founder")
    assert fingerprint(OTHER_PUBLIC) in newest.details and fingerprint(PUBLIC) in newest.details
    assert "renewed" in newest.details and "in person" in first.details


@pytest.mark.parametrize("pem", ["", "no key", PRIVATE, SEAL_PUBLIC])
def test_what_is_no_ed25519_public_key_is_refused_and_leaves_no_trace(embedded, pem):
    with pytest.raises(KeyInvalid) as raised:
        import_sender_key(embedded, "community", pem, reason="in person")
    assert raised.value.cure
    assert trust_of(embedded).keys == {}
    assert audit.entries(embedded, action="key.import") == []


@pytest.mark.parametrize(
    ("sender", "reason"), [("mafia", "in person"), ("", "x"), ("community", ""), ("community", "  ")]
)
def test_a_key_is_trusted_for_a_known_sender_and_a_reason_only(embedded, sender, reason):
    with pytest.raises(TrustUnfounded) as raised:
        import_sender_key(embedded, sender, PUBLIC, reason=reason)
    assert raised.value.cure
    assert trust_of(embedded).keys == {}


@pytest.mark.parametrize("role", ["officer", "steward", "system_administrator", "audit_administrator"])
def test_only_the_security_administrator_brings_in_keys(embedded, role):
    other = Workspace(embedded.store, Actor("other", frozenset({role})))
    with pytest.raises(NotPermitted):
        import_sender_key(other, "community", PUBLIC, reason="in person")


def test_an_officer_may_not_check_packages(embedded):
    with pytest.raises(NotPermitted):
        trust_of(Workspace(embedded.store, Actor("other", frozenset({"officer"}))))


def test_the_clock_of_the_workspace_dates_the_key(embedded):
    noon = Workspace(embedded.store, embedded.actor, lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))
    import_sender_key(noon, "community", PUBLIC, reason="in person")
    with embedded.store.read() as connection:
        assert connection.execute(select(trusted_key.c.since)).scalar() == "2026-11-20T12:00:00.000+00:00"


def test_a_chain_stands_at_the_newest_import_that_was_not_undone(workspace):
    with workspace.store.write() as connection:
        for number in (1, 2, 3):
            enter(connection, number, name=f"p{number}", sequence=number)
        enter(connection, 4, name="f4", sender="fire", sequence=4)
        connection.execute(update(package).where(package.c.name == "p3").values(state="undone"))
    assert trust_of(workspace).last == {
        "community": Last(2, "sha256:2", {1: "sha256:f1", 2: "sha256:f2"}),
        "fire": Last(4, "sha256:4", {4: "sha256:f4"}),
    }


def test_the_sealing_key_does_not_show_in_a_log(workspace):
    assert "PRIVATE" not in repr(trust_of(workspace))


def test_a_revoked_key_is_no_longer_trusted(embedded):
    with embedded.store.write() as connection:
        connection.execute(insert(trusted_key).values(
            sender="fire", public_pem=PUBLIC, fingerprint="x", since="2026", actor="a", reason="r", revoked_at="2026",
        ))  # fmt: skip
    assert trust_of(embedded).keys == {}
