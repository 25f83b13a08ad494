"""Field audit: a sample that chance chose and anybody can draw again, results, and what they say of the whole."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from core.model.registry import entity_id
from core.registry.undo import undo
from core.security import audit
from core.security.workspace import Actor, NotPermitted, Workspace
from core.stewardship import sampling
from core.stewardship.audit_items import Entry, Item, ItemGone, ResultUnclear, enter, enter_all, items
from core.stewardship.coefficients import coefficients
from core.stewardship.field_audit import RoundClosed, RoundGone, RoundUnclear, close, draw, reproduce, rounds
from tests.core.departments import address, house, person

HERE, THERE = "320508017003", "320508017004"
RIGHT = {"full_text": "right", "community_code": "right", "grid_code": "right"}


@pytest.fixture
def district(sender) -> None:
    """Community 003 has 20 addresses, 004 has 4; a house and a person at each of the first six."""
    some = [address(n) for n in range(1, 21)] + [address(n, community_code=THERE) for n in range(21, 25)]
    sender("bureau").send(address=some, house=[house(n) for n in range(1, 7)])
    sender("police").send(person=[person(n) for n in range(1, 7)])


def addresses(workspace: Workspace, **options):
    return draw(workspace, "address", **({"per_community": 5, "seed": "一"} | options))


def at(workspace: Workspace, number: int, place: int) -> Item:
    return items(workspace, number)[place]


def test_every_community_gives_the_same_number_and_a_small_one_all_it_has(workspace, district):
    one = addresses(workspace)
    drawn = items(workspace, one.id)
    assert [(i.community_code, i.position) for i in drawn] == [(HERE, n) for n in range(1, 6)] + [
        (THERE, n) for n in range(1, 5)
    ]
    assert (one.strata, one.items, one.checked) == ({HERE: 20, THERE: 4}, 9, 0)
    assert drawn[0].title == drawn[0].place == drawn[0].values["full_text"]
    assert drawn[0].entity == entity_id(drawn[0].key)


FRAMES = st.lists(
    st.tuples(st.text("abc012", min_size=1, max_size=6), st.sampled_from(["甲", "乙", "丙", None])),
    unique_by=lambda row: row[0], min_size=1, max_size=60,
)  # fmt: skip


def frame(rows) -> pl.DataFrame:
    return pl.DataFrame(
        [(n, key, code) for n, (key, code) in enumerate(rows)], schema=sampling.FRAME, orient="row"
    )


@settings(max_examples=60, deadline=None)
@given(rows=FRAMES, seed=st.text(max_size=8), number=st.integers(1, 5), order=st.randoms())
def test_the_sample_depends_on_seed_and_list_alone(rows, seed, number, order):
    mixed = list(rows)
    order.shuffle(mixed)
    keys = ("community_code", "position", "key")
    drawn = sampling.sample(frame(rows), seed, number).select(keys)
    assert drawn.equals(sampling.sample(frame(mixed), seed, number).select(keys))
    assert sampling.digest_of(frame(rows)) == sampling.digest_of(frame(mixed))
    sizes = sampling.strata_of(frame(rows))
    assert dict(drawn.group_by("community_code").len().iter_rows()) == {
        code: min(size, number) for code, size in sizes.items()
    }


def test_another_seed_draws_another_sample_and_every_record_has_the_same_chance():
    listed = frame([(f"k{n}", "甲") for n in range(50)])
    seen = [0] * 50
    for seed in range(1000):
        for entity in sampling.sample(listed, str(seed), 5)["entity"]:
            seen[entity] += 1
    assert min(seen) > 65 and max(seen) < 140  # 100 expected, 9.5 the standard deviation


def test_a_round_can_be_drawn_again_and_a_changed_list_is_said(workspace, district, sender):
    one = addresses(workspace)
    again = reproduce(workspace, one.id)
    assert (again.same_frame, again.same_sample) == (True, True)
    sender("bureau").send(mode="delta", address=[address(99, op="upsert")])
    later = reproduce(workspace, one.id)
    assert (later.same_frame, later.same_sample) == (False, None)
    assert (later.frame_then, later.frame_now) == (24, 25)


def test_the_same_draw_twice_is_refused_but_another_seed_is_not(workspace, district):
    one = addresses(workspace)
    with pytest.raises(RoundUnclear) as refused:
        addresses(workspace)
    assert refused.value.details["round"] == one.id
    assert addresses(workspace, seed="").seed != addresses(workspace, seed="").seed


@pytest.mark.parametrize(
    "asked",
    [
        {"resource": "event"},
        {"fields": ["address_code"]},
        {"fields": ["colour"]},
        {"per_community": 0},
        {"resource": "organisation"},
    ],
)
def test_a_round_that_cannot_be_is_refused(workspace, district, asked):
    options = {"resource": "address", "per_community": 3} | asked
    with pytest.raises(RoundUnclear):
        draw(workspace, options.pop("resource"), **options)
    assert rounds(workspace) == []


@pytest.mark.parametrize("resource", ["house", "person"])
def test_houses_and_persons_are_drawn_by_the_community_of_their_address(workspace, district, resource):
    one = draw(workspace, resource, per_community=3, seed="7")
    assert (one.strata, one.items) == ({HERE: 6}, 3)
    assert all(i.place.startswith("江苏省") for i in items(workspace, one.id))


def test_people_who_moved_out_and_retired_addresses_are_not_drawn(workspace, district, sender):
    sender("police").send(
        mode="delta", person=[person(1, move_out="2026-10-01", op="upsert"), person(2, op="retire")]
    )
    assert draw(workspace, "person", per_community=9, seed="7").strata == {HERE: 4}


def test_showing_records_of_people_is_audited_and_values_stay_masked(workspace, district):
    one = draw(workspace, "person", per_community=2, seed="7")
    assert {i.values["name_masked"] for i in items(workspace, one.id)} == {"张*"}
    assert [e.action for e in audit.entries(workspace, action="field_audit.")] == [
        "field_audit.read", "field_audit.drawn"]  # fmt: skip


def test_entering_twice_is_entering_once_and_a_correction_replaces(workspace, district):
    one = addresses(workspace)
    first = at(workspace, one.id, 0)
    assert enter(workspace, one.id, first.id, "found", RIGHT) is True
    entered = at(workspace, one.id, 0)
    assert enter(workspace, one.id, first.id, "found", RIGHT) is False
    assert at(workspace, one.id, 0) == entered and rounds(workspace)[0].checked == 1
    assert enter(workspace, one.id, first.id, "not_found", remark="问了 13812345678") is True
    replaced = at(workspace, one.id, 0)
    assert (replaced.found, replaced.results, replaced.remark) == ("not_found", {}, "问了 138****5678")
    assert len(audit.entries(workspace, action="field_audit.entered")) == 2


@pytest.mark.parametrize(
    ("found", "results"),
    [("found", {}), ("found", {"full_text": "right"}), ("found", RIGHT | {"road": "right"}),
     ("found", RIGHT | {"grid_code": "perhaps"}), ("", RIGHT)],
)  # fmt: skip
def test_a_result_that_leaves_something_open_is_refused_together_with_its_neighbours(
    workspace, district, found, results
):
    one = addresses(workspace)
    good = Entry(at(workspace, one.id, 0).id, "found", RIGHT)
    with pytest.raises(ResultUnclear):
        enter_all(workspace, one.id, [good, Entry(at(workspace, one.id, 1).id, found, results)])
    assert rounds(workspace)[0].checked == 0


def test_a_record_of_another_round_is_refused(workspace, district):
    one, other = addresses(workspace), addresses(workspace, seed="二")
    with pytest.raises(ItemGone):
        enter(workspace, one.id, at(workspace, other.id, 0).id, "found", RIGHT)
    with pytest.raises(RoundGone):
        items(workspace, 99)


def test_a_closed_round_takes_nothing_more(workspace, district):
    one = addresses(workspace)
    assert close(workspace, one.id).closed_by == "founder"
    with pytest.raises(RoundClosed):
        enter(workspace, one.id, at(workspace, one.id, 0).id, "found", RIGHT)
    with pytest.raises(RoundClosed):
        close(workspace, one.id)


def test_what_is_checked_is_what_the_registry_said_when_it_was_drawn(workspace, district, sender):
    one = addresses(workspace)
    first = at(workspace, one.id, 0)
    number = int(first.key[-6:])
    mended = sender("bureau").send(
        mode="delta",
        at="2026-11-05T08:00:00+08:00",
        address=[address(number, full_text="富强路改名", op="upsert")],
    )
    seen = at(workspace, one.id, 0)
    assert (seen.values, seen.changed, seen.gone) == (first.values, True, False)
    undo(workspace, mended.change_set)
    assert at(workspace, one.id, 0) == first


def test_a_record_that_an_undone_import_took_away_is_said_to_be_gone(workspace, sender):
    sender("bureau").send(address=[address(1)])
    later = sender("bureau").send(mode="delta", address=[address(2, op="upsert")])
    one = addresses(workspace)
    undo(workspace, later.change_set)
    assert sorted((i.gone, i.changed) for i in items(workspace, one.id)) == [(False, False), (True, False)]


def test_nothing_is_said_while_nothing_is_checked(workspace, district):
    one = addresses(workspace)
    result = coefficients(workspace, one.id)
    assert set(result.measures.values()) == {None} and result.covered == 0
    assert {c.state for c in result.communities} == {"not_checked"}


def test_coefficients_weigh_communities_by_size_and_name_what_they_speak_for(workspace, district):
    one = addresses(workspace)
    for item in items(workspace, one.id):
        bad = item.community_code == THERE and item.position <= 2
        enter(workspace, one.id, item.id, "found", RIGHT | ({"full_text": "wrong"} if bad else {}))
        if item.community_code == HERE:
            partly = coefficients(workspace, one.id)
            assert (partly.covered, partly.size) == (20, 24)
    result = coefficients(workspace, one.id)
    accuracy = result.measures["accuracy"]
    assert accuracy.value == pytest.approx((20 * 1 + 4 * 0.5) / 24)  # not 7 of 9
    assert accuracy.low < accuracy.value < accuracy.high
    assert result.measures["completeness"].value == result.measures["existence"].value == 1
    assert result.fields["full_text"]["accuracy"].value == pytest.approx(22 / 24)
    assert result.fields["grid_code"]["accuracy"].value == 1
    whole = result.communities[1].measures["accuracy"]
    assert (whole.low, whole.value, whole.high) == (0.5, 0.5, 0.5)  # all four were looked at


def test_missing_lowers_completeness_wrong_lowers_accuracy_and_absence_lowers_existence(workspace, sender):
    sender("bureau").send(address=[address(n) for n in range(1, 5)])
    one = addresses(workspace, per_community=4)
    listed = items(workspace, one.id)
    enter(workspace, one.id, listed[0].id, "found", RIGHT)
    enter(workspace, one.id, listed[1].id, "found", RIGHT | {"grid_code": "missing"})
    enter(workspace, one.id, listed[2].id, "found", RIGHT | {"full_text": "wrong"})
    enter(workspace, one.id, listed[3].id, "not_found")
    measures = coefficients(workspace, one.id).measures
    assert {name: (c.value, c.counted) for name, c in measures.items()} == {
        "existence": (0.75, 4),
        "completeness": (pytest.approx(2 / 3), 3),
        "accuracy": (0.5, 4),
    }


def test_a_figure_from_one_or_two_people_is_not_given(workspace, district):
    one = draw(workspace, "person", per_community=5, seed="7")
    right = dict.fromkeys(one.fields, "right")
    states = []
    for item in items(workspace, one.id)[:3]:
        enter(workspace, one.id, item.id, "found", right)
        result = coefficients(workspace, one.id)
        states.append((result.communities[0].state, result.measures["accuracy"] is None))
    assert states == [("too_few", True), ("too_few", True), ("partly", False)]


def test_officers_enter_but_neither_draw_nor_close(workspace, district):
    one = addresses(workspace)
    asked = replace(workspace, actor=Actor("officer1", frozenset({"officer"})))
    assert enter(asked, one.id, at(asked, one.id, 0).id, "found", RIGHT)
    for refused in (lambda: addresses(asked), lambda: close(asked, one.id)):
        with pytest.raises(NotPermitted):
            refused()
