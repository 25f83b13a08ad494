"""People, houses and firms agree with themselves, and nobody is real."""

import numpy as np
import polars as pl
import pytest

from core.training.codes import with_citizen_check, with_credit_check, with_organisation_check
from core.training.days import invent
from core.training.words import words

_CHECKS = dict(zip(range(11), "10X98765432", strict=True))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(scope="module")
def district():
    return invent(np.random.default_rng(2), 8000)


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "440524188001010014", "81000019980902013X", "932682198501010017"]
)
def test_check_digits_of_persons_are_those_of_the_standards_examples(number):
    assert with_citizen_check(pl.Series([number[:17]])).item() == number


def test_check_characters_of_organisations_are_those_of_the_standards_examples():
    assert with_credit_check(pl.Series(["91350100M000100Y4"])).item() == "91350100M000100Y43"
    assert with_organisation_check(pl.Series(["D2143569"])).item() == "D2143569X"


def test_there_are_exactly_as_many_people_as_asked_for(district):
    assert district.persons.height == 8000
    assert district.persons.select("person_token", "house_code").is_unique().all()


def test_residence_is_mixed_as_in_the_old_city(district):
    share = dict(district.persons["residence"].value_counts(normalize=True).iter_rows())
    assert share["registered"] == pytest.approx(0.6, abs=0.05)
    assert share["floating"] == pytest.approx(0.35, abs=0.05)
    assert (district.houses["use"] == "rented").mean() == pytest.approx(0.3, abs=0.04)


def test_numbers_have_right_check_digits_and_what_is_masked_is_a_part_of_them(district):
    numbered = district.persons.filter(pl.col("id_type") != "05")
    for number, masked, born, sex in numbered.select(
        "id_number", "id_masked", "birth_year", "sex"
    ).iter_rows():
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
        assert number[17] == _CHECKS[total % 11]
        assert number[6:10] == born
        assert int(number[16]) % 2 == (sex == "1")
        assert len(masked) == 18
        assert all(shown in ("*", digit) for shown, digit in zip(masked, number, strict=True))


def test_no_citizen_number_begins_with_a_division_that_exists(district):
    citizens = district.persons.filter(pl.col("id_type") == "01")["id_number"]
    assert set(citizens.str.slice(4, 2)) == {"98"}
    assert district.persons["phone"].drop_nulls().str.slice(3, 4).unique().to_list() == ["0000"]


def test_every_household_has_one_head_and_couples_are_of_two_sexes(district):
    kin = district.persons.group_by("house_code").agg(
        heads=(pl.col("relation_to_head") == "02").sum(),
        head=pl.col("sex").filter(pl.col("relation_to_head") == "02").first(),
        spouse=pl.col("sex").filter(pl.col("relation_to_head").is_in(["11", "12"])).first(),
    )
    assert (kin["heads"] == 1).all()
    assert (
        kin.filter(pl.col("spouse").is_not_null())
        .select(pl.col("head") != pl.col("spouse"))
        .to_series()
        .all()
    )


def test_two_hundred_names_have_characters_that_old_systems_cannot_write(district):
    rare = district.persons["name"].str.contains("[" + "".join(words("rare")) + "]")
    assert rare.sum() == pytest.approx(200, abs=8)  # a foreign name may have taken one's place


def test_nobody_lives_in_a_spared_house_and_nothing_is_at_a_bare_address(district):
    spared = district.houses.filter("spared")["house_code"]
    bare = district.addresses.filter("bare")["address_code"]
    hazards = district.incidents["hazard"]
    assert not set(spared) & (set(district.persons["house_code"]) | set(hazards["house_code"]))
    named = [district.houses, district.organisations, *district.incidents.values()]
    assert not set(bare) & {code for frame in named for code in frame["address_code"]}


def test_what_is_let_has_a_landlord_who_is_somebody(district):
    rented = district.houses.filter(pl.col("use") == "rented")
    assert rented["landlord_masked"].null_count() == 0
    assert set(rented["landlord_token"]) <= set(district.persons["person_token"])
    others = district.houses.filter(pl.col("use") != "rented")
    assert others["landlord_token"].null_count() == others.height


def test_firms_are_told_apart_and_most_have_a_code(district):
    assert district.organisations["name"].is_unique().all()
    assert district.organisations["uscc"].drop_nulls().is_unique().all()
    assert 0.02 < district.organisations["uscc"].is_null().mean() < 0.09
    assert (
        district.organisations.select(pl.col("uscc").is_null() == pl.col("org_no").is_not_null())
        .to_series()
        .all()
    )
