import keyring
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from core.security import audit, keys
from core.security.keys import NoStoreKey, StoreKeyInvalid
from tests.core.security.samples import KEY


def backend_of(module):
    """A keyring that keeps passwords, claiming to come from ``module``."""

    class Kept(KeyringBackend):
        priority = 1
        kept: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def get_password(self, service, username):
            return self.kept.get((service, username))

        def set_password(self, service, username, password):
            self.kept[service, username] = password

    Kept.__module__ = module
    return Kept()


@pytest.fixture
def use(monkeypatch):
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_the_environment_wins(use, monkeypatch, tmp_path):
    use(FailKeyring())
    monkeypatch.setenv(keys.VARIABLE, KEY.upper())
    assert keys.store_key(str(tmp_path / "a.db")) == KEY
    assert keys.new_store_key(str(tmp_path / "a.db")) == KEY


@pytest.mark.parametrize("given", ["ab" * 31, "ab" * 33, "xy" * 32, "0x" + "ab" * 31])
def test_a_key_that_is_none_is_refused_without_repeating_it(use, monkeypatch, given):
    use(FailKeyring())
    monkeypatch.setenv(keys.VARIABLE, given)
    with pytest.raises(StoreKeyInvalid) as error:
        keys.store_key("a.db")
    assert given not in str(error.value.as_dict())


@pytest.mark.parametrize("backend", [FailKeyring(), NullKeyring(), backend_of("keyrings.alt.file")])
def test_without_a_keyring_of_the_system_no_store_is_made_and_none_is_opened(use, backend):
    use(backend)
    for act in (keys.new_store_key, keys.store_key):
        with pytest.raises(NoStoreKey) as error:
            act("a.db")
        assert keys.VARIABLE in error.value.cure


def test_a_new_key_is_random_and_kept_under_the_path_of_its_store(use, tmp_path):
    backend = backend_of("keyring.backends.SecretService")
    use(backend)
    first = keys.new_store_key(str(tmp_path / "a.db"))
    second = keys.new_store_key(str(tmp_path / "b.db"))
    assert first != second
    assert keys.store_key(str(tmp_path / "x" / ".." / "a.db")) == first
    assert backend.kept["GridLink", str(tmp_path / "a.db")] == first


def test_a_store_that_the_keyring_does_not_know_is_named(use, tmp_path):
    use(backend_of("keyring.backends.SecretService"))
    with pytest.raises(NoStoreKey, match="other\\.db"):
        keys.store_key(str(tmp_path / "other.db"))


def test_a_keyring_that_forgets_at_once_is_not_trusted(use, tmp_path):
    backend = backend_of("keyring.backends.SecretService")
    backend.set_password = lambda *args: None
    use(backend)
    with pytest.raises(NoStoreKey):
        keys.new_store_key(str(tmp_path / "a.db"))


def test_the_station_gets_its_two_key_pairs_once(workspace):
    for _ in range(2):
        with workspace.store.write() as connection:
            keys.ensure_station_keys(connection, workspace.now())
    assert [e.subject for e in audit.entries(workspace, action="key.station_made")] == ["sign", "seal"]
    with workspace.store.read() as connection:
        seal, signing = keys.seal_private_pem(connection), keys.sign_key_pems(connection)
    pairs = [(seal, keys.seal_public_pem(workspace)), signing]
    for private, public in pairs:
        opened = load_pem_private_key(private.encode(), None)
        assert opened.public_key() == load_pem_public_key(public.encode())


def test_a_store_without_station_keys_opens_nothing(workspace):
    with workspace.store.read() as connection:
        assert keys.seal_private_pem(connection) is None


def test_no_private_key_reaches_the_audit_chain(workspace):
    with workspace.store.write() as connection:
        keys.ensure_station_keys(connection, workspace.now())
    assert not any("PRIVATE" in entry.details for entry in audit.entries(workspace))


def test_a_key_that_a_store_needs_is_never_overwritten(use, tmp_path):
    use(backend_of("keyring.backends.SecretService"))
    first = keys.new_store_key(str(tmp_path / "a.db"))
    assert keys.new_store_key(str(tmp_path / "a.db")) == first
