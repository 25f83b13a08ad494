"""What the way to a system rests on: certificates with their end, secrets by name only."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.exchange.configuration import ConnectorNotConfigured
from core.exchange.trust import WARN_DAYS, expiring, trust
from core.security.workspace import Workspace
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import TARGET


def authority(ends):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Provincial CA")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ends).sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_what_is_set_is_shown_without_any_secret(connected, upstream):
    shown = trust(connected, TARGET)
    assert shown.base_url == upstream.base_url and shown.ca_pem == upstream.ca_pem
    assert shown.secrets["token"] is True
    assert upstream.token not in repr(shown)
    assert [one.role for one in shown.certificates] == ["authority"]


@pytest.mark.parametrize(
    ("days", "standing"),
    [(WARN_DAYS + 2, "valid"), (WARN_DAYS - 1, "soon"), (-1, "expired")],
)
def test_a_certificate_is_called_out_before_it_ends(embedded, upstream, days, standing):
    now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    workspace = Workspace(embedded.store, embedded.actor, clock=lambda: now)
    connect(workspace, upstream, ca_pem=authority(now + timedelta(days=days)))
    (one,) = trust(workspace, TARGET).certificates
    assert (one.subject, one.standing, one.days) == ("Provincial CA", standing, days)
    assert list(expiring(workspace)) == ([] if standing == "valid" else [TARGET])


def test_where_nothing_is_set_it_says_so(embedded):
    with pytest.raises(ConnectorNotConfigured):
        trust(embedded, TARGET)
    assert expiring(embedded) == {}


def test_our_own_certificate_is_called_out_as_well(embedded, upstream):
    connect(embedded, upstream, certificate=(upstream.folder / "client.pem").read_text())
    assert [one.role for one in trust(embedded, TARGET).certificates] == ["authority", "own"]
