import pytest

from core.packages import refusals
from core.packages.chain import Last
from core.packages.reader import check_package, open_package
from tests.core.packages.workshop import (
    ADDRESS,
    OTHER_PUBLIC,
    addresses,
    build,
    file_hash,
    pack,
    refused,
    trust,
)

OTHER = addresses(ADDRESS.replace("1号", "2号"))


@pytest.fixture
def sent(tmp_path):
    """Three packages of one sender, each following the one before."""
    built = []
    for number in (1, 2, 3):
        built.append(build(tmp_path / f"p{number}.zip", previous=built[-1] if built else None))
    return built


def test_packages_that_follow_one_another_are_taken(sent):
    for number in range(3):
        opened = open_package(sent[number].path, trust(*sent[:number]))
        assert opened.declared.sequence == number + 1 and opened.warnings == [] and not opened.repeat


def test_the_first_package_has_no_predecessor(sent):
    assert open_package(sent[0].path, trust()).declared.previous == ""


def test_a_byte_identical_repeat_is_recognised(sent):
    opened = open_package(sent[0].path, trust(*sent))
    assert opened.repeat and opened.warnings == []


def test_a_repeat_is_believed_only_when_its_signature_holds(sent):
    known = trust(*sent, keys={"community": OTHER_PUBLIC})
    refused(sent[0].path, refusals.SignatureInvalid, against=known)


def test_a_check_of_a_repeat_still_counts_its_rows(sent):
    report = check_package(sent[1].path, trust(*sent))
    assert report.ok and report.repeat and report.resources == {"address": 1}


def test_a_number_used_again_with_other_content_is_refused(sent, tmp_path):
    again = build(tmp_path / "again.zip", OTHER, sequence=2, previous=sent[0])
    refused(again.path, refusals.SequenceRepeated, against=trust(*sent), sender="community", sequence=2)


def test_a_repeat_packed_anew_is_not_byte_identical(sent, tmp_path):
    """Same descriptor, another ZIP: nothing tells that apart from a forgery cheaply, so it is refused."""
    from tests.core.packages.workshop import members

    again = pack(tmp_path / "again.zip", members(sent[1].path))
    assert file_hash(again) != file_hash(sent[1].path)
    refused(again, refusals.SequenceRepeated, against=trust(*sent))


def test_a_gap_is_a_warning_that_names_what_has_not_arrived(sent):
    opened = open_package(sent[2].path, trust(sent[0]))
    (warning,) = opened.warnings
    assert warning["code"] == "sequence_gap" and "2" in warning["message"]
    assert warning["details"] == {"sender": "community", "first": 2, "until": 2}


def test_a_sender_whose_first_package_is_not_number_one_leaves_a_gap(sent):
    assert open_package(sent[1].path, trust()).warnings[0]["code"] == "sequence_gap"


def test_the_missing_package_of_a_gap_comes_too_late(sent):
    refused(sent[1].path, refusals.SequenceOutOfOrder, against=trust(sent[0], sent[2]), sequence=2, last=3)


def test_after_undoing_the_later_import_the_missing_one_is_taken(sent):
    assert open_package(sent[1].path, trust(sent[0])).warnings == []


def test_a_successor_of_another_package_breaks_the_chain(sent, tmp_path):
    stranger = build(tmp_path / "stranger.zip", OTHER, sequence=1)
    follower = build(tmp_path / "follower.zip", previous=stranger)
    refusal = refused(follower.path, refusals.ChainBroken, against=trust(sent[0]))
    assert refusal.details["expected"] == sent[0].descriptor_hash
    assert refusal.details["found"] == stranger.descriptor_hash


def test_a_successor_that_names_none_breaks_the_chain(sent, tmp_path):
    follower = build(tmp_path / "follower.zip", sequence=2)
    refused(follower.path, refusals.ChainBroken, against=trust(sent[0]), expected=sent[0].descriptor_hash)


def test_a_first_package_that_names_a_predecessor_breaks_the_chain(sent, tmp_path):
    claims = build(tmp_path / "claims.zip", sequence=1, previous=sent[0])
    refused(claims.path, refusals.ChainBroken, found=sent[0].descriptor_hash)


def test_senders_have_chains_of_their_own(sent, tmp_path):
    known = trust(last={"fire": Last(7, "sha256:" + "0" * 64, {7: "sha256:x"})})
    assert open_package(sent[0].path, known).warnings == []


def test_after_a_repeat_the_next_is_still_due(sent):
    assert open_package(sent[1].path, trust(sent[0])).declared.sequence == 2
