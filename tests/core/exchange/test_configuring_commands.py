"""Setting a connector from the command line: files in, secrets to the keyring, nothing secret out."""

import json

import keyring
import pytest
from keyring.backends.fail import Keyring as FailKeyring

from core.cli import main
from core.security import audit
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.exchange.people import TARGET
from tests.core.security.test_keys import backend_of


@pytest.fixture
def run(embedded, monkeypatch, capfd):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words):
        capfd.readouterr()
        code = main(["--store", embedded.store.location, *map(str, words), "--json"])
        return code, json.loads(capfd.readouterr().out)

    return command


@pytest.fixture
def ring():
    """A keyring as the system has one, and only for one test."""
    before, made = keyring.get_keyring(), backend_of("keyring.backends.SecretService")
    type(made).kept = {}
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def mutual(tmp_path_factory):
    with start_upstream(tmp_path_factory.mktemp("mutual"), mutual=True) as running:
        yield running


@pytest.fixture
def files(mutual, tmp_path):
    facts = mutual.facts
    texts = {"ca": facts.ca_pem, "receipt": facts.receipt_public_pem, "token": facts.token + "\n",
             "own": facts.certificate, "key": facts.secrets["client_key"]}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def whole(mutual, files):
    return ("connector", "set", TARGET, "--url", mutual.base_url, "--ca", files / "ca", "--receipt-key",
            files / "receipt", "--token-file", files / "token", "--certificate", files / "own",
            "--certificate-key", files / "key")  # fmt: skip


def test_with_certificate_and_key_from_files_mutual_tls_works_and_nothing_secret_is_said(
    run, ring, mutual, files, embedded
):
    code, told = run(*whole(mutual, files))
    assert (code, told["url"], told["secrets"]) == (0, mutual.base_url, {"token": True, "client_key": True})
    assert [c["role"] for c in told["certificates"]] == ["authority", "own"]
    assert run("connector", "test", TARGET)[1]["ok"] is True
    said = json.dumps(told) + "".join(e.details for e in audit.entries(embedded, action="exchange.configure"))
    assert "PRIVATE" not in said and mutual.facts.token not in said


def test_what_is_left_out_stays_as_it_is(run, ring, mutual, files):
    run(*whole(mutual, files))
    code, told = run("connector", "set", TARGET, "--secret", "client_key", files / "key")
    assert (code, told["url"]) == (0, mutual.base_url)
    assert run("connector", "test", TARGET)[1]["ok"] is True
    code, refused = run("connector", "set", "zhenyan", "--secret", "signing_key", files / "token")
    assert (code, refused["error"]["code"]) == (1, "connector_not_configured")


def test_a_named_secret_goes_to_the_keyring_of_its_system(run, ring, tmp_path):
    (tmp_path / "views.db").touch()
    (tmp_path / "password").write_text("密码 s3cret\n", encoding="utf-8")
    code, told = run("connector", "set", "police_platform", "--url", f"sqlite:///{tmp_path / 'views.db'}",
                     "--secret", "password", tmp_path / "password")  # fmt: skip
    assert (code, told["secrets"]) == (0, {"password": True})
    assert "密码 s3cret" in ring.kept.values() and "s3cret" not in json.dumps(told)


def test_without_a_keyring_it_says_which_variable_to_set_and_keeps_nothing(run, mutual, files):
    before = keyring.get_keyring()
    keyring.set_keyring(FailKeyring())
    try:
        code, refused = run(*whole(mutual, files))
        assert (code, refused["error"]["code"]) == (1, "no_secret")
        assert "GRIDLINK_SECRET_RESIDENCE_PERMIT_CLIENT_KEY" in refused["error"]["cure"]
        code, tried = run("connector", "test", TARGET)
        assert code == 1 and tried["steps"][0]["code"] == "connector_not_configured"
    finally:
        keyring.set_keyring(before)


def test_what_cannot_be_right_is_refused_before_anything_is_kept(run, ring, mutual, files):
    run(*whole(mutual, files))
    kept = dict(ring.kept)
    code, refused = run("connector", "set", TARGET, "--secret", "pin", files / "token")
    assert (code, refused["error"]["code"]) == (1, "connector_setting_invalid")
    assert "client_key" in refused["error"]["cure"]
    for certificate, key in (("ca", "key"), ("own", "receipt"), ("token", "key")):
        code, refused = run("connector", "set", TARGET, "--certificate", files / certificate,
                            "--certificate-key", files / key)  # fmt: skip
        assert (code, refused["error"]["code"]) == (1, "connector_setting_invalid")
    assert ring.kept == kept and run("connector", "test", TARGET)[1]["ok"] is True
