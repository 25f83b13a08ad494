"""The truth beside the packages is exactly what verification finds in them: nothing more, nothing less."""

import csv
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.training.generator import build_training
from core.verification.catalogue import catalogue
from tests.core.training.verifying import found_in, planted_in


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    return build_training(
        tmp_path_factory.mktemp("district"), people=3000, seed=1, error_rate=0.01, more_snapshots=1
    )


def test_every_planted_error_is_found_and_nothing_else(district):
    planted, found = planted_in(district), found_in(district)
    assert found - planted == Counter()
    assert planted - found == Counter()
    assert planted.total() == district.planted > 60


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_truth_holds_for_other_seeds_and_for_many_errors(tmp_path, seed):
    district = build_training(tmp_path, people=900, seed=seed, error_rate=0.25)
    assert planted_in(district) == found_in(district)


def test_every_rule_about_open_data_is_broken_at_least_once(district):
    in_rows = (rule for rule in catalogue() if not rule.standing and rule.id not in {"grid.gap", "grid.overlap"})
    rules = {rule.id for rule in in_rows if not rule.id.startswith("identity.")}
    assert {rule for _package, _resource, _key, rule in planted_in(district)} == rules


def test_sealed_identities_carry_errors_of_their_own_and_break_every_rule_about_them(tmp_path):
    private = X25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    district = build_training(tmp_path, people=600, seed=5, error_rate=0.02, seal_to_pem=public)
    planted = planted_in(district)
    assert planted == found_in(district, pem)
    rules = {rule.id for rule in catalogue() if rule.id.startswith("identity.") and not rule.standing}
    assert rules <= {rule for _package, resource, _key, rule in planted if resource == "identity"}


def test_a_district_without_errors_has_not_one_finding_of_any_severity(tmp_path):
    district = build_training(tmp_path, people=1500, seed=6, error_rate=0, more_snapshots=1)
    assert planted_in(district) == found_in(district) == Counter()
    assert district.planted == 0


def test_the_rate_of_errors_is_kept_where_rows_are_many(tmp_path):
    district = build_training(tmp_path, people=12_000, seed=7, error_rate=0.03)
    planted = Counter(resource for _package, resource, _key, _rule in planted_in(district))
    for resource in ("person", "address", "house", "organisation"):
        assert planted[resource] / district.counts[resource] == pytest.approx(0.03, rel=0.1)


def test_no_row_carries_two_errors(district):
    by_row = Counter(
        (package, resource, key) for package, resource, key, _rule in planted_in(district).elements()
    )
    assert set(by_row.values()) == {1}


def test_the_truth_has_exactly_its_four_columns(district):
    with district.truth.open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["package", "resource", "key", "rule"]
