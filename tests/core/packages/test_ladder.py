"""Around opening: the order in which files are taken, the ladder that the Inbox shows, the texts of refusals."""

import string
from datetime import timedelta

import pytest

from core.i18n import set_language
from core.packages import refusals
from core.packages.ladder import STEPS, ladder
from core.packages.order import in_order
from core.packages.reader import check_package
from tests.core.packages.workshop import CREATED, OTHER_PRIVATE, build, forge, trust


def every(kind):
    for one in kind.__subclasses__():
        yield one
        yield from every(one)


def facts(kind):
    fields = string.Formatter().parse(kind.sentence + kind.remedy)
    return {name: f"<{name}>" for _, name, _, _ in fields if name}


@pytest.fixture
def chinese():
    set_language("zh")
    yield
    set_language("en")


@pytest.mark.parametrize("kind", list(every(refusals.PackageRefused)))
def test_each_refusal_says_its_facts_in_chinese_with_a_cure(chinese, kind):
    refusal = kind(**facts(kind))
    assert any("一" <= c <= "鿿" for c in refusal.message), refusal.message
    assert any("一" <= c <= "鿿" for c in refusal.cure)
    assert refusal.as_dict()["code"] == kind.code


def test_every_reason_that_opening_can_give_has_its_rung():
    placed = [code for _, codes in STEPS for code in codes]
    assert len(placed) == len(set(placed))
    opening = {kind.code for kind in every(refusals.PackageRefused) if kind.__module__ == refusals.__name__}
    assert set(placed) == opening


def test_a_good_package_climbs_the_whole_ladder(tmp_path):
    steps = ladder(check_package(build(tmp_path / "p.zip").path, trust()))
    assert {step.state for step in steps} == {"passed"}


def test_the_ladder_ends_at_the_rung_that_broke(tmp_path):
    path = forge(build(tmp_path / "p.zip").path, key=OTHER_PRIVATE)
    steps = ladder(check_package(path, trust()))
    assert [step.state for step in steps] == ["passed"] * 4 + ["failed"] + ["not_reached"] * 4
    assert steps[4].messages and all(not step.messages for step in steps[5:])


def test_a_damaged_descriptor_breaks_the_second_rung(tmp_path):
    path = build(tmp_path / "p.zip").path
    content = bytearray(path.read_bytes())
    content[content.index(b"datapackage.json") + 40] ^= 0x10
    path.write_bytes(content)
    assert [step.state for step in ladder(check_package(path, trust()))][:2] == ["passed", "failed"]


def test_packages_are_taken_oldest_first_and_each_sender_in_sequence(tmp_path):
    def made(name, sender, sequence, hours):
        return build(
            tmp_path / f"{name}.zip",
            sender=sender,
            sequence=sequence,
            created=CREATED + timedelta(hours=hours),
        ).path

    late_clock = made("a", "community", 1, 9)  # packed first, on a machine whose clock was ahead
    second = made("b", "community", 2, 2)
    other = made("c", "fire", 1, 5)
    broken = tmp_path / "0.zip"
    broken.write_bytes(b"no zip")
    assert in_order([broken, other, second, late_clock]) == [late_clock, other, second, broken]


def test_a_file_named_twice_stays_twice(tmp_path):
    path = build(tmp_path / "p.zip").path
    assert in_order([path, path]) == [path, path]
