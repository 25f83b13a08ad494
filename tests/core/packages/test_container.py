import stat
import zipfile

import pytest

from core.packages import archive, refusals
from core.packages.reader import check_package, open_package
from tests.core.packages.workshop import build, claim, forge, members, pack, refused, trust


@pytest.fixture
def path(tmp_path):
    return build(tmp_path / "good.zip").path


def test_a_right_package_opens(path):
    opened = open_package(path, trust())
    assert opened.declared.sender == "community"
    assert opened.declared.name == "good"
    assert opened.rows == {"address": 1}
    assert not opened.repeat and opened.warnings == []


def test_a_file_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path / "nothing.zip", refusals.PackageNotFound)


def test_a_folder_is_no_package(tmp_path):
    refused(tmp_path, refusals.PackageNotFound)


@pytest.mark.parametrize("content", [b"", b"PK", b"address_code,full_text\n", b"\x00" * 4096])
def test_what_is_no_zip_is_refused(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", refusals.NotAZip)


def test_a_package_that_was_cut_off_is_told_from_what_is_no_zip(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refused(path, refusals.CutOff, found=len(whole) // 2).code == "not_a_zip"


def test_an_empty_zip_has_no_descriptor(tmp_path):
    refused(pack(tmp_path / "x.zip", {}), refusals.DescriptorMissing)


@pytest.mark.parametrize(
    "name",
    ["../evil.csv", "data/../../evil.csv", "/etc/evil.csv", "data\\evil.csv", "C:/evil.csv", "C:evil.csv", "./evil.csv",
     "data//evil.csv", "data/.", "..", "data/evil\n.csv"],
)  # fmt: skip
def test_a_path_that_climbs_out_or_is_not_plain_is_refused(path, tmp_path, name):
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    spoiled = pack(tmp_path / "x.zip", [*members(path).items(), (info, b"x")])
    refused(spoiled, refusals.UnsafePath, path=name)


def test_a_path_cut_by_a_nul_is_refused(path, tmp_path):
    spoiled = pack(tmp_path / "x.zip", members(path) | {"data/evilX.csv": b""})
    spoiled.write_bytes(spoiled.read_bytes().replace(b"evilX.csv", b"evil\x00.csv"))
    refused(spoiled, refusals.UnsafePath)


def test_folder_entries_are_no_files(path, tmp_path):
    """Info-ZIP and file managers write them."""
    assert open_package(pack(tmp_path / "x.zip", [("data/", b""), *members(path).items()]), trust()).rows


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["data/address.csv", "data/ADDRESS.csv"])
def test_two_members_that_would_be_one_file_are_refused(path, tmp_path, name):
    spoiled = pack(tmp_path / "x.zip", [*members(path).items(), (name, b"x")])
    assert refused(spoiled, refusals.PathTwice, path=name, other="data/address.csv").code == "unsafe_path"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(path, tmp_path, kind):
    info = zipfile.ZipInfo("data/house.csv")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    refused(pack(tmp_path / "x.zip", [*members(path).items(), (info, b"/etc/passwd")]), refusals.LinkMember)


def test_a_member_encrypted_by_zip_is_refused(path):
    content = bytearray(path.read_bytes())
    for head, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(head) + offset] |= 1
    path.write_bytes(content)
    refused(path, refusals.EncryptedMember, path="datapackage.json")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_than_deflate_is_refused(path, tmp_path, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as made:
        for name, content in members(path).items():
            made.writestr(name, content)
    refused(tmp_path / "x.zip", refusals.CompressionUnknown, found=method)


def test_stored_members_are_taken(path, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_STORED) as made:
        for name, content in members(path).items():
            made.writestr(name, content)
    assert open_package(tmp_path / "x.zip", trust()).rows == {"address": 1}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path, tmp_path):
    spoiled = pack(tmp_path / "x.zip", members(path) | {"data/house.csv": b"\x00" * (archive.RATIO_FREE + 1)})
    assert refused(spoiled, refusals.ZipBomb, path="data/house.csv").details["found"] > 900


def test_many_small_members_may_not_be_a_bomb_together(path, tmp_path):
    zeros = b"\x00" * (archive.RATIO_FREE // 4)
    bombs = {f"photos/{i}.jpg": zeros for i in range(5)}
    refused(pack(tmp_path / "x.zip", members(path) | bombs), refusals.ZipBomb)


def test_a_register_that_repeats_itself_sixty_times_is_no_bomb():
    archive._check_ratio("data/person.csv", 300 << 20, 5 << 20)


def test_more_than_a_district_could_ever_send_is_refused(path):
    """The list of members claims 8 GiB; nothing is unpacked to find out."""
    for name in ("data/address.csv", "datapackage.json"):
        claim(path, name, 0xFFFFFFF0)
    refused(path, refusals.TooLarge, expected=archive.LARGEST)


def test_a_list_of_members_that_fills_the_memory_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.comment = b""
        made.filelist = [_long_name(i) for i in range(140)]
        made.NameToInfo = {info.filename: info for info in made.filelist}
        made._didModify = True
    refused(tmp_path / "x.zip", refusals.TooLarge, expected=archive.DIRECTORY_LARGEST)


def _long_name(number):
    info = zipfile.ZipInfo(f"photos/{number:05}" + "x" * 60_000)
    info.CRC = info.file_size = info.compress_size = info.header_offset = 0
    return info


def test_a_member_that_goes_on_after_its_claimed_size_is_a_bomb(path):
    """The list of members lies and the descriptor agrees; unpacking stops where the claim ends."""

    def agree(described):
        described["resources"][0]["bytes"] = 40

    claim(forge(path, change=agree), "data/address.csv", 40)
    assert refused(path, refusals.MemberLonger, expected=40).code == "zip_bomb"


def test_a_member_that_ends_before_its_claimed_size_is_refused(path):
    honest = len(members(path)["data/address.csv"])

    def agree(described):
        described["resources"][0]["bytes"] = honest + 7

    claim(forge(path, change=agree), "data/address.csv", honest + 7)
    refused(path, refusals.BytesDiffer, found=honest, expected=honest + 7)


def test_a_damaged_member_is_refused_as_altered(path):
    content = bytearray(path.read_bytes())
    place = content.index(b"data/address.csv") + len(b"data/address.csv") + 20
    content[place] ^= 0x10
    path.write_bytes(content)
    refusal = refused(path, refusals.MemberDamaged, path="data/address.csv")
    assert refusal.code == "hash_differs"


def test_a_damaged_descriptor_is_refused_as_such(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"datapackage.json") + 40] ^= 0x10
    path.write_bytes(content)
    assert refused(path, refusals.DescriptorDamaged).code == "descriptor_invalid"


def test_checking_reports_what_opening_refuses(path):
    path.write_bytes(path.read_bytes()[:100])
    report = check_package(path, trust())
    assert not report.ok and report.errors[0]["code"] == "not_a_zip" and report.errors[0]["cure"]
