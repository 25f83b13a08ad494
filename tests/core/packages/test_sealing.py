import base64
import json

import pytest
from joserfc import jwe
from joserfc.jwk import OKPKey

from core.packages import crypto, refusals
from core.packages.builder import BuildRefused
from core.packages.reader import open_package
from tests.core.packages.workshop import (
    IDENTITY,
    OTHER_SEAL_PRIVATE,
    OTHER_SEAL_PUBLIC,
    SEAL_PRIVATE,
    SEAL_PUBLIC,
    build,
    forge,
    members,
    refused,
    trust,
)  # fmt: skip

PLAIN = IDENTITY.encode()


@pytest.fixture
def path(tmp_path):
    return build(tmp_path / "p.zip", {"identity": PLAIN}, seal_to_pem=SEAL_PUBLIC).path


def reseal(path, content):
    return forge(path, files={"data/identity.csv.jwe": content})


def test_a_sealed_table_is_opened_by_its_receiver(path):
    opened = open_package(path, trust())
    assert opened.rows == {"identity": 1}
    (row,) = opened.frame("identity").to_dicts()
    assert row == {
        "line": 2, "person_token": "ab" * 32, "name": "㛃𠮷", "id_type": "05", "id_number": "TEST00001", "phone": None,
    }  # fmt: skip


def test_nothing_of_it_stands_in_the_package_in_plain(path):
    assert all(b"TEST00001" not in content for content in members(path).values())


def test_the_seal_is_of_the_kind_that_the_format_names(path):
    header = members(path)["data/identity.csv.jwe"].split(b".")[0]
    header = json.loads(base64.urlsafe_b64decode(header + b"=="))
    assert (header["alg"], header["enc"], header["epk"]["crv"]) == ("ECDH-ES+A256KW", "A256GCM", "X25519")


def test_a_seal_to_another_station_is_refused(path):
    against = trust(seal_private_pem=OTHER_SEAL_PRIVATE)
    refused(path, refusals.SealUnreadable, against=against, path="data/identity.csv.jwe")


def test_a_store_without_a_sealing_key_says_so(path):
    refused(path, refusals.SealUnreadable, against=trust(seal_private_pem=None))


@pytest.mark.parametrize(
    "content", [b"", b"....", b"x.y.z", PLAIN, b"\xff" * 40, b"W10.AA.AA.AA.AA", b"e30.AA.AA.AA.AA"]
)
def test_what_is_no_seal_is_refused(path, content):
    refused(reseal(path, content), refusals.SealUnreadable)


@pytest.mark.parametrize("part", range(5))
def test_a_seal_damaged_in_any_part_does_not_open(path, part):
    parts = members(path)["data/identity.csv.jwe"].split(b".")
    middle = len(parts[part]) // 2
    parts[part] = (
        parts[part][:middle]
        + (b"A" if parts[part][middle : middle + 1] != b"A" else b"B")
        + parts[part][middle + 1 :]
    )
    refused(reseal(path, b".".join(parts)), refusals.SealUnreadable)


@pytest.mark.parametrize(
    "header", [{"alg": "ECDH-ES", "enc": "A256GCM"}, {"alg": "ECDH-ES+A256KW", "enc": "A128GCM"}]
)
def test_another_algorithm_is_not_accepted(path, header):
    sealed = jwe.encrypt_compact(
        header, PLAIN, OKPKey.import_key(SEAL_PUBLIC), algorithms=list(header.values())
    )
    refused(reseal(path, sealed.encode()), refusals.SealUnreadable)


def test_a_compressed_seal_is_not_accepted(path):
    """Nothing may blow up after it was opened."""
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "zip": "DEF"}
    sealed = jwe.encrypt_compact(
        header, b"\x00" * 200_000, OKPKey.import_key(SEAL_PUBLIC), algorithms=list(header.values())
    )
    refused(reseal(path, sealed.encode()), refusals.SealUnreadable)


def test_the_table_under_the_seal_is_checked_like_any_other(path):
    def sealed(text, encoding="utf-8"):
        return crypto.seal(text.encode(encoding), public_pem=SEAL_PUBLIC)

    refused(reseal(path, sealed(IDENTITY.replace("㛃𠮷", "张三"), "gbk")), refusals.NotUtf8, line=2)
    refused(reseal(path, sealed(IDENTITY + "x,y\n")), refusals.CsvMalformed, line=3)
    refused(reseal(path, sealed(IDENTITY.replace("phone", "email"))), refusals.HeaderDiffers)
    refused(reseal(path, sealed("")), refusals.CsvMalformed)


def test_a_forbidden_column_is_found_under_the_seal(tmp_path):
    content = IDENTITY.replace("phone\n", "民族\n").encode()
    built = build(tmp_path / "p.zip", {"identity": content}, seal_to_pem=SEAL_PUBLIC)
    refused(built.path, refusals.ForbiddenColumn, resource="identity", column="民族")


def test_more_than_the_library_takes_for_a_token_is_sealed_and_opened():
    plain = bytes(range(256)) * 2000
    sealed = crypto.seal(plain, public_pem=SEAL_PUBLIC)
    assert crypto.unseal(sealed, private_pem=SEAL_PRIVATE) == plain


def test_identities_are_not_packed_without_a_seal(tmp_path):
    with pytest.raises(BuildRefused):
        build(tmp_path / "p.zip", {"identity": PLAIN})
    assert list(tmp_path.iterdir()) == []


def test_two_seals_of_the_same_table_differ():
    assert crypto.seal(PLAIN, public_pem=OTHER_SEAL_PUBLIC) != crypto.seal(
        PLAIN, public_pem=OTHER_SEAL_PUBLIC
    )
