"""Packages for tests: right ones from the builder, wrong ones taken apart, changed and signed again."""

import hashlib
import json
import struct
import zipfile
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.packages import crypto
from core.packages.builder import write_package
from core.packages.chain import Last, Trust
from core.packages.reader import open_package

STATION = "320508"
CREATED = datetime(2026, 11, 20, 8, tzinfo=timezone(timedelta(hours=8)))
LETTER = {
    "sender": "community", "receiver": STATION, "purpose": "一标多实基础数据共享", "legal_basis": "政务数据共享条例",
    "created": CREATED, "uuid": "6f2f0a52-7e57-4c1e-9d5b-0d9c2b1f0a11",
}  # fmt: skip
ENVELOPE = "community,2026-11-20T08:00:00+08:00,C001"
ADDRESS_HEADER = (
    "address_code,full_text,subdistrict_code,community_code,road,room,status,source,collected_at,collector"
)
ADDRESS = f"3205080170030001,姑苏区白洋湾街道𠮷祥路1号,320508017000,320508017003,𠮷祥路,,active,{ENVELOPE}"
IDENTITY = (
    "person_token,name,id_type,id_number,phone\n" + "ab" * 32 + ",㛃𠮷,05,TEST00001,\n"
)  # a made-up passport: no citizen number is needed here


def pair(kind):
    """A new key pair as PEM texts, private first."""
    key = kind.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


PRIVATE, PUBLIC = pair(Ed25519PrivateKey)
OTHER_PRIVATE, OTHER_PUBLIC = pair(Ed25519PrivateKey)
SEAL_PRIVATE, SEAL_PUBLIC = pair(X25519PrivateKey)
OTHER_SEAL_PRIVATE, OTHER_SEAL_PUBLIC = pair(X25519PrivateKey)


def table(*rows, header=ADDRESS_HEADER):
    """A CSV file of text lines."""
    return "".join(f"{line}\n" for line in (header, *rows)).encode()


def addresses(*rows):
    """A package's content with one table of addresses; one row unless others are given."""
    return {"address": table(*(rows or (ADDRESS,)))}


def build(out, contents=None, **letter):
    """A package by the builder; of one address unless told otherwise."""
    return write_package(contents or addresses(), out=out, **{"key_pem": PRIVATE, **LETTER, **letter})


def trust(*imported, **changes):
    """Trust in the community's key, with ``imported`` = built packages of it in order."""
    last = {}
    for built in imported:
        known = last["community"].known if last else {}
        last["community"] = Last(
            built.sequence, built.descriptor_hash, {**known, built.sequence: file_hash(built.path)}
        )
    made = {"station": STATION, "keys": {"community": PUBLIC}, "last": last, "seal_private_pem": SEAL_PRIVATE}
    return Trust(**(made | changes))


def file_hash(path):
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def members(path):
    """The files inside, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path, files):
    """Writes a ZIP of (name or ZipInfo, bytes) pairs just as they are."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return path


def forge(path, *, change=None, files=None, key=PRIVATE, kid=None):
    """Changes descriptor and files of a package and signs it anew, as a sender with its own tools would."""
    inside = members(path) | (files or {})
    described = json.loads(inside["datapackage.json"])
    for entry in described["resources"]:
        content = inside[entry["path"]]
        entry |= {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    if change:
        change(described)
    raw = json.dumps(described, ensure_ascii=False).encode()
    inside["datapackage.json"] = raw
    sender = kid or described["gridlink"]["sender"]
    inside["datapackage.json.jws"] = crypto.sign(raw, sender=sender, private_pem=key).encode()
    return pack(path, inside)


def declare(path, content, header=None):
    """Puts ``content`` in the place of the addresses, with a schema that agrees with its header."""
    names = (
        header or content.split(b"\n")[0].decode("utf-8", "replace").removeprefix("\ufeff").strip()
    ).split(",")

    def change(described):
        described["resources"][0]["schema"]["fields"] = [
            {"name": n.strip('"'), "type": "string"} for n in names
        ]

    return forge(path, files={"data/address.csv": content}, change=change)


def claim(path, name, size):
    """Lets the list of members claim another unpacked size."""
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    while not content.startswith(name.encode(), place + 46):
        place = content.index(b"PK\x01\x02", place + 4)
    struct.pack_into("<I", content, place + 24, size)
    path.write_bytes(content)
    return path


def refused(path, reason, /, *, against=None, **details):
    """Opens a package that must be refused for one reason, said in a whole sentence with a cure."""
    with pytest.raises(reason) as raised:
        open_package(path, against or trust())
    refusal = raised.value
    assert type(refusal) is reason
    assert refusal.message and "{" not in refusal.message + refusal.cure and refusal.cure
    assert {name: refusal.details.get(name) for name in details} == details
    json.dumps(refusal.as_dict())
    return refusal
