"""Files, digests, descriptor and signature: what is in a package is what its sender put there."""

import base64
import json
import zipfile

import pytest

from core.packages import crypto, refusals
from core.packages.reader import check_package, open_package
from tests.core.packages.workshop import (
    OTHER_PRIVATE,
    OTHER_PUBLIC,
    PUBLIC,
    addresses,
    build,
    forge,
    members,
    pack,
    refused,
    table,
    trust,
)  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return build(tmp_path / "good.zip").path


def test_a_file_dropped_on_the_way_is_missed(path):
    inside = members(path)
    del inside["data/address.csv"]
    refused(pack(path, inside), refusals.FileMissing, path="data/address.csv")


def test_a_file_slipped_in_is_noticed(path):
    refused(pack(path, members(path) | {"data/house.csv": b"x\n"}), refusals.FileExtra, path="data/house.csv")


def test_all_missing_and_extra_files_are_reported_at_once(path):
    inside = members(path) | {"data/house.csv": b"x\n", "notes.txt": b"x"}
    del inside["data/address.csv"]
    report = check_package(pack(path, inside), trust())
    assert not report.ok
    assert [(e["code"], e["details"]["path"]) for e in report.errors] == [
        ("file_missing", "data/address.csv"), ("file_extra", "data/house.csv"), ("file_extra", "notes.txt"),
    ]  # fmt: skip
    assert (report.sender, report.sequence, report.name) == ("community", 1, "good")


def test_the_error_that_is_shown_carries_the_others_for_the_report(path):
    inside = members(path) | {"a.txt": b"x", "b.txt": b"x"}
    shown = refused(pack(path, inside), refusals.FileExtra, path="a.txt").as_dict()
    assert [other["details"]["path"] for other in shown["details"]["also"]] == ["b.txt"]


def test_a_file_of_another_length_is_refused(path):
    inside = members(path)
    longer = inside["data/address.csv"] + b"\n"
    found, expected = len(longer), len(longer) - 1
    refused(
        pack(path, inside | {"data/address.csv": longer}),
        refusals.BytesDiffer,
        found=found,
        expected=expected,
    )


def test_a_file_changed_behind_its_checksums_is_refused(path):
    inside = members(path)
    changed = inside["data/address.csv"].replace("1号".encode(), "2号".encode())
    refusal = refused(
        pack(path, inside | {"data/address.csv": changed}), refusals.HashDiffers, path="data/address.csv"
    )
    assert refusal.details["found"] != refusal.details["expected"]


def test_every_altered_file_is_named(tmp_path):
    built = build(tmp_path / "p.zip", addresses() | {"house": table("H001", header="house_code")})
    inside = {
        name: content.replace(b"0", b"1") for name, content in members(built.path).items() if ".csv" in name
    }
    report = check_package(pack(built.path, members(built.path) | inside), trust())
    assert [e["details"]["path"] for e in report.errors] == ["data/address.csv", "data/house.csv"]


def test_a_package_without_signature_is_refused(path):
    inside = members(path)
    del inside["datapackage.json.jws"]
    refused(pack(path, inside), refusals.SignatureMissing)


def test_a_descriptor_changed_by_one_blank_is_refused(path):
    inside = members(path)
    inside["datapackage.json"] += b" "
    assert (
        refused(pack(path, inside), refusals.SignatureInvalid, expected="community").code
        == "signature_invalid"
    )


def test_a_signature_by_another_key_is_refused(path):
    refused(forge(path, key=OTHER_PRIVATE), refusals.SignatureInvalid)


def test_a_package_of_a_sender_whose_key_is_not_known_is_refused(path):
    refused(path, refusals.UnknownKey, against=trust(keys={"fire": PUBLIC}), sender="community")


def test_one_sender_cannot_sign_in_anothers_name(path):
    spoiled = forge(path, key=OTHER_PRIVATE, kid="fire")
    both = trust(keys={"community": PUBLIC, "fire": OTHER_PUBLIC})
    refused(spoiled, refusals.SignerDiffers, against=both, found="fire", expected="community")


def segment(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


@pytest.mark.parametrize(
    "signature",
    [b"", b"..", b"x", b"\xff\xfe", segment({"alg": "none", "kid": "community"}) + b"..",
     segment({"alg": "EdDSA"}) + b"..AA", segment([1]) + b"..AA",
     segment({"alg": "EdDSA", "kid": "community"}) + b".e30.AA",
     segment({"alg": "EdDSA", "kid": "community", "crit": ["b64"], "b64": False}) + b"..AA", b"[" * 20_000],
)  # fmt: skip
def test_what_is_no_signature_of_version_one_is_refused(path, signature):
    refused(pack(path, members(path) | {"datapackage.json.jws": signature}), refusals.SignatureUnreadable)


@pytest.mark.parametrize("signature", [b"AA", b"", b"!", b"A" * 86])
def test_a_signature_of_the_right_form_that_does_not_hold_is_refused(path, signature):
    header = members(path)["datapackage.json.jws"].split(b".")[0]
    spoiled = pack(path, members(path) | {"datapackage.json.jws": header + b".." + signature})
    refused(spoiled, refusals.SignatureInvalid)


def test_the_signature_is_a_detached_jws_over_the_exact_bytes(path):
    """Checked with the primitive, as another implementation of RFC 7515 would."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    inside = members(path)
    header, payload, signature = inside["datapackage.json.jws"].split(b".")
    assert payload == b""
    assert json.loads(base64.urlsafe_b64decode(header + b"==")) == {"alg": "EdDSA", "kid": "community"}
    signed = header + b"." + base64.urlsafe_b64encode(inside["datapackage.json"]).rstrip(b"=")
    load_pem_public_key(PUBLIC.encode()).verify(base64.urlsafe_b64decode(signature + b"=="), signed)


def test_a_package_for_another_station_is_refused(path):
    refused(path, refusals.WrongReceiver, against=trust(station="320507"), found="320508", expected="320507")


def test_the_stages_come_in_the_order_of_the_format(path):
    """A package with every fault shows the earliest stage; mending it shows the next."""

    def spoil(described):
        described["gridlink"] |= {"receiver": "999999", "sequence": 1, "previous": "sha256:" + "0" * 64}
        described["resources"][0]["schema"]["fields"] = []

    forge(path, files={"data/address.csv": "姓名,religion\n".encode("gbk")}, change=spoil, key=OTHER_PRIVATE)
    seen = []
    mended = {"keys": {"community": OTHER_PUBLIC}, "station": "999999"}
    for fault in ("files", "hash", "signature", "chain", "receiver", "encoding"):
        inside = members(path)
        if fault == "files":
            inside |= {"extra.txt": b"x", "data/address.csv": inside["data/address.csv"][::-1]}
        if fault == "hash":
            inside |= {"data/address.csv": inside["data/address.csv"][::-1]}
        against = trust(**(mended if fault not in {"files", "hash", "signature"} else {}))
        if fault == "receiver":
            forge(path, change=lambda d: d["gridlink"].pop("previous"), key=OTHER_PRIVATE)
            inside = members(path)
            against = trust(keys=mended["keys"])
        spoiled = pack(path.with_name(f"{fault}.zip"), inside)
        seen += [error["code"] for error in check_package(spoiled, against).errors]
    assert seen == [
        "file_extra",
        "hash_differs",
        "signature_invalid",
        "chain_broken",
        "wrong_receiver",
        "not_utf8",
    ]


DESCRIPTORS = [
    ("datapackage.json", lambda d: d.clear(), "version_unknown"),
    ("version", lambda d: d.update(version="2"), "version_unknown"),
    ("name", lambda d: d.update(name="Große Datei"), "descriptor_invalid"),
    ("id", lambda d: d.update(id="1"), "descriptor_invalid"),
    ("created", lambda d: d.update(created="2026-11-20T08:00:00"), "descriptor_invalid"),
    ("created", lambda d: d.update(created="2026-02-30T08:00:00Z"), "descriptor_invalid"),
    ("resources", lambda d: d.update(resources=[]), "descriptor_invalid"),
    ("resources", lambda d: d["resources"].append(d["resources"][0]), "descriptor_invalid"),
    ("resources[0]", lambda d: d.update(resources=[1]), "descriptor_invalid"),
    ("resources[0].path", lambda d: d["resources"][0].update(path="data/x.csv"), "descriptor_invalid"),
    ("resources[0].name", lambda d: d["resources"][0].update(name="secrets"), "descriptor_invalid"),
    ("resources[0].bytes", lambda d: d["resources"][0].update(bytes=-1), "descriptor_invalid"),
    ("resources[0].bytes", lambda d: d["resources"][0].update(bytes=True), "descriptor_invalid"),
    ("resources[0].hash", lambda d: d["resources"][0].update(hash="md5:0"), "descriptor_invalid"),
    ("resources[0].schema.fields", lambda d: d["resources"][0].pop("schema"), "descriptor_invalid"),
    (
        "resources[0].schema.fields",
        lambda d: d["resources"][0]["schema"].update(fields=[1]),
        "descriptor_invalid",
    ),
    ("gridlink", lambda d: d.pop("gridlink"), "descriptor_invalid"),
    ("gridlink.sender", lambda d: d["gridlink"].update(sender="mafia"), "descriptor_invalid"),
    ("gridlink.receiver", lambda d: d["gridlink"].update(receiver=""), "descriptor_invalid"),
    ("gridlink.sequence", lambda d: d["gridlink"].update(sequence=0), "descriptor_invalid"),
    ("gridlink.sequence", lambda d: d["gridlink"].update(sequence="1"), "descriptor_invalid"),
    ("gridlink.sequence", lambda d: d["gridlink"].update(sequence=10**30), "descriptor_invalid"),
    ("gridlink.previous", lambda d: d["gridlink"].update(previous="sha256:1"), "descriptor_invalid"),
    ("gridlink.mode", lambda d: d["gridlink"].update(mode="merge"), "descriptor_invalid"),
    ("gridlink.scope", lambda d: d["gridlink"].update(scope=["gusu"]), "descriptor_invalid"),
    ("gridlink.purpose", lambda d: d["gridlink"].update(purpose="  "), "descriptor_invalid"),
    ("gridlink.purpose", lambda d: d["gridlink"].update(purpose="a\x00b"), "descriptor_invalid"),
    ("gridlink.legal_basis", lambda d: d["gridlink"].pop("legal_basis"), "descriptor_invalid"),
    ("gridlink.pseudonym", lambda d: d["gridlink"].update(pseudonym={"alg": "MD5"}), "descriptor_invalid"),
]


@pytest.mark.parametrize(("place", "change", "code"), DESCRIPTORS)
def test_a_descriptor_not_as_version_one_has_it_is_refused_by_place(path, place, change, code):
    report = check_package(forge(path, change=change, kid="community"), trust())
    (error,) = report.errors
    assert error["code"] == code
    assert code == "version_unknown" or error["details"]["place"] == place


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{", b'{"version": NaN}', b"\xff", b"[" * 100_000, b'{"version": "2", "version": "1"}',
     b'{"version": "1", "gridlink": {"sender": "fire", "sender": "police"}}', b"9" * 10_000],
)  # fmt: skip
def test_a_descriptor_that_is_no_json_is_refused(path, raw):
    refused(pack(path, members(path) | {"datapackage.json": raw}), refusals.DescriptorInvalid)


def test_a_surrogate_in_the_descriptor_is_refused(path):
    raw = members(path)["datapackage.json"].replace("政务数据共享条例".encode(), b"\\ud800")
    refused(pack(path, members(path) | {"datapackage.json": raw}), refusals.DescriptorInvalid)


def test_a_descriptor_too_large_to_be_one_is_not_read(path):
    noise = bytes(i * 7919 % 251 for i in range(1 << 16)) * 65
    refused(
        pack(path, members(path) | {"datapackage.json": noise}), refusals.DescriptorInvalid, found=len(noise)
    )


def test_opening_writes_nothing(path):
    before = {p: p.stat().st_mtime_ns for p in path.parent.rglob("*")}
    open_package(path, trust()).frame("address")
    check_package(path, trust())
    assert {p: p.stat().st_mtime_ns for p in path.parent.rglob("*")} == before


def test_a_file_exchanged_after_it_was_opened_is_not_read(path):
    opened = open_package(path, trust())
    inside = members(path)
    changed = inside["data/address.csv"].replace("1号".encode(), "2号".encode())
    pack(path, inside | {"data/address.csv": changed})
    with pytest.raises(refusals.HashDiffers):
        opened.frame("address")


def test_photographs_are_files_like_the_others(tmp_path):
    built = build(tmp_path / "p.zip", photos={"photos/隐患1.jpg": b"\xff\xd8\xff"})
    assert open_package(built.path, trust()).declared.photos[0].path == "photos/隐患1.jpg"
    inside = members(built.path)
    refused(pack(built.path, inside | {"photos/隐患1.jpg": b"\xff\xd8\xfe"}), refusals.HashDiffers)


def test_no_signature_leaks_through_the_library_as_a_warning(path):
    """The library warns of the name EdDSA; tests turn warnings into errors, users would see them."""
    assert crypto.signer(members(path)["datapackage.json.jws"].decode()) == "community"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
