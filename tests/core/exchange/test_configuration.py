"""Telling GridLink where an upstream system is, and asking whether it is there."""

from dataclasses import replace

import pytest

from core.exchange.configuration import ConnectorSettingInvalid, configure_connector, endpoint, probe
from core.exchange.outbox import outbox
from core.exchange.push import push
from core.exchange.trying import try_connector
from core.security import audit
from core.security.workspace import Actor, NotPermitted
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import TARGET, arrive


def test_what_is_set_is_what_is_used_and_the_audit_names_it_without_the_token(workspace, upstream):
    connect(workspace, upstream)
    connect(workspace, upstream, token="a second one")
    end = endpoint(workspace.store, TARGET)
    assert (end.base_url, end.ca_pem, end.token) == (upstream.base_url, upstream.ca_pem, "a second one")
    assert "a second one" not in repr(end)
    entries = [e for e in audit.entries(workspace) if e.action == "exchange.configure"]
    assert len(entries) == 2
    assert not any("a second one" in e.details or upstream.token in e.details for e in entries)


@pytest.mark.parametrize(("field", "value"), [
    ("base_url", "http://127.0.0.1:1"), ("ca_pem", "no certificate"), ("ca_pem", ""),
    ("receipt_public_pem", "no key"), ("receipt_public_pem", ""),
])  # fmt: skip
def test_what_cannot_be_right_is_refused_by_name_and_nothing_is_kept(embedded, upstream, field, value):
    with pytest.raises(ConnectorSettingInvalid) as caught:
        connect(embedded, upstream, **{field: value})
    assert caught.value.details["field"] == field
    assert probe(embedded, TARGET).state == "not_configured"


def test_a_receipt_key_of_another_kind_is_refused(embedded, upstream):
    server = (upstream.folder / "server.pem").read_text()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    public = load_pem_x509_certificate(server.encode()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(ConnectorSettingInvalid):
        connect(embedded, upstream, receipt_public_pem=pem)


def test_the_state_of_a_connector_is_told_honestly(embedded, upstream):
    assert probe(embedded, TARGET).state == "not_configured"
    connect(embedded, upstream)
    assert probe(embedded, TARGET).state == "never_tried"
    assert try_connector(embedded, TARGET).ok and probe(embedded, TARGET).state == "never_tried"
    arrive(embedded, [1])
    push(embedded)
    assert probe(embedded, TARGET).state == "reachable"
    upstream.stop()
    (failed,) = try_connector(embedded, TARGET).steps
    assert not failed.ok and failed.message and failed.cure


def test_the_outbox_counts_each_state_and_names_the_oldest_and_the_last_receipt(workspace, upstream):
    empty = outbox(workspace)[TARGET]
    assert (empty.waiting, empty.oldest_waiting, empty.last_receipt) == (0, None, None)
    arrive(workspace, range(3))
    waiting = outbox(workspace)[TARGET]
    assert waiting.waiting == 3 and waiting.oldest_waiting and not waiting.last_receipt
    connect(workspace, upstream)
    push(workspace)
    after = outbox(workspace)[TARGET]
    assert (after.waiting, after.accepted, after.oldest_waiting) == (0, 3, None)
    assert after.last_receipt and after.last_receipt >= waiting.oldest_waiting


def test_configuring_and_reading_need_their_permissions(embedded, upstream):
    officer = replace(embedded, actor=Actor("officer", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        connect(officer, upstream)
    with pytest.raises(NotPermitted):
        outbox(officer)
    assert configure_connector.permission == "exchange.configure"
