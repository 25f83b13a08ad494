"""Errors put in on purpose: each row gets at most one, and each is written into the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from core.model.resources import RESOURCES
from core.verification.keys import key_text

_NUMBER = "11010519491231002X"  # the standard's own example (GB 11643)


@dataclass(frozen=True)
class Plant:
    """One way to go wrong: ``column`` becomes ``value`` where ``when`` holds (None empties it)."""

    rule: str
    resource: str
    column: str
    value: str | pl.Expr | None
    when: pl.Expr | None = None
    also: tuple[tuple[str, str | None], ...] = ()


def _has(column: str) -> pl.Expr:
    return pl.col(column).is_not_null()


def _is(column: str, *values: str) -> pl.Expr:
    return pl.col(column).is_in(values)


_PERSON = (
    Plant("value.required_missing", "person", "name_masked", None),
    Plant("value.code_unknown", "person", "sex", "3", ~_is("relation_to_head", "11", "12", "20", "30")),
    Plant(
        "value.code_unknown", "person", "residence", "居住", ~_has("permit_no_masked") & _is("id_type", "01")
    ),
    Plant("value.pattern_wrong", "person", "person_token", pl.col("person_token").str.to_uppercase() + "G"),
    Plant("value.number_wrong", "person", "birth_year", "八五"),
    Plant("value.date_impossible", "person", "move_in", "2025-02-30"),
    Plant("value.datetime_impossible", "person", "collected_at", "2026-10-30 08:00"),
    Plant("row.key_duplicate", "person", "", None),
    Plant("reference.unknown", "person", "house_code", "32050899900099999999-01"),
    Plant("envelope.source_differs", "person", "source", "fire"),
    Plant("envelope.collected_in_future", "person", "collected_at", "2098-01-01T00:00:00+08:00"),
    Plant("masked.name_open", "person", "name_masked", "张三"),
    Plant("masked.number_open", "person", "id_masked", _NUMBER, _is("id_type", "01")),
    Plant("masked.phone_open", "person", "phone_masked", "13800138000"),
    Plant("masked.phone_form", "person", "phone_masked", "138**"),
    Plant("masked.name_form", "person", "name_masked", "张三丰*"),
    Plant("person.id_form", "person", "id_masked", "32****12", _is("id_type", "01")),
    Plant("person.birth_year_impossible", "person", "birth_year", "1850"),
    Plant("person.birth_year_unlikely", "person", "birth_year", "1909"),
    Plant("person.relation_unknown", "person", "relation_to_head", "05"),
    Plant("person.move_in_future", "person", "move_in", "2098-01-01"),
    Plant("person.move_out_before_move_in", "person", "move_out", "1990-01-01"),
    Plant("person.permit_until_impossible", "person", "permit_until", "1999-01-01", _has("permit_no_masked")),
    Plant("person.permit_number_missing", "person", "permit_no_masked", None, _has("permit_until")),
    Plant(
        "person.permit_not_needed",
        "person",
        "permit_no_masked",
        "320508********0001",
        _is("residence", "registered"),
    ),
)
_ADDRESS = (
    Plant("value.pattern_wrong", "address", "address_code", "32-05"),
    Plant("value.code_unknown", "address", "status", "old"),
    Plant("value.out_of_range", "address", "lat", "131.3"),
    Plant("value.number_wrong", "address", "lon", "东经120度"),
    Plant("division.unknown", "address", "community_code", "320508017999"),
    Plant("coordinates.incomplete", "address", "lat", None),
    Plant("coordinates.crs_missing", "address", "crs", None),
    Plant("coordinates.zero", "address", "lon", "0", None, (("lat", "0"),)),
    Plant("coordinates.swapped", "address", "lon", "31.3", None, (("lat", "120.6"),)),
    Plant("coordinates.outside_district", "address", "lon", "120.9"),
    Plant(
        "address.community_elsewhere",
        "address",
        "subdistrict_code",
        "320508017000",
        pl.col("subdistrict_code") != "320508017000",
    ),
    Plant(
        "address.grid_elsewhere",
        "address",
        "grid_code",
        "320508017003001",
        pl.col("community_code") != "320508017003",
    ),
    Plant("address.text_incomplete", "address", "full_text", "江苏省苏州市姑苏区某路无号"),
    Plant(
        "address.text_elsewhere",
        "address",
        "full_text",
        pl.col("full_text").str.replace("姑苏区", "吴中区", literal=True),
    ),
    Plant("row.key_duplicate", "address", "", None),
)
_HOUSE = (
    Plant("value.required_missing", "house", "use", None),
    Plant("value.code_unknown", "house", "use", "empty"),
    Plant("reference.unknown", "house", "address_code", "32050899900099999999"),
    Plant("value.number_wrong", "house", "rooms", "两间"),
    Plant("value.out_of_range", "house", "area_m2", "-5"),
    Plant("house.area_implausible", "house", "area_m2", "2.5"),
)
_ORGANISATION = (
    Plant("organisation.code_missing", "organisation", "uscc", None, _has("uscc") & ~_has("org_no")),
    Plant(
        "organisation.uscc_characters",
        "organisation",
        "uscc",
        pl.col("uscc").str.slice(0, 17) + "I",
        _has("uscc"),
    ),
    Plant("organisation.uscc_check", "organisation", "uscc", None, _has("uscc")),
    Plant(
        "value.pattern_wrong", "organisation", "uscc", pl.col("uscc").str.to_lowercase() + "x", _has("uscc")
    ),
    Plant("value.code_unknown", "organisation", "kind", "shop"),
    Plant("value.required_missing", "organisation", "name", None),
    Plant("reference.unknown", "organisation", "address_code", "32050899900099999999"),
    Plant("value.out_of_range", "organisation", "employees", "-3"),
    Plant(
        "organisation.kind_differs",
        "organisation",
        "kind",
        "public_institution",
        pl.col("uscc").str.starts_with("92"),
    ),
    Plant("organisation.name_short", "organisation", "name", "店"),
    Plant("organisation.employees_implausible", "organisation", "employees", "90000"),
    Plant("masked.name_open", "organisation", "representative_masked", "李四"),
    Plant("masked.phone_open", "organisation", "phone_masked", "13912345678"),
    Plant("row.key_duplicate", "organisation", "", None),
)
_TEXTS = tuple(
    Plant(rule, resource, column, text)
    for resource, column in (("event", "summary"), ("dispute", "summary"), ("hazard", "description"))
    for rule, text in (
        ("text.identity_number", f"当事人身份证{_NUMBER}"),
        ("text.phone", "联系电话13800138000"),
        ("text.bank_card", "转账至卡号4111111111111111"),
    )
)
_EVENT = (
    Plant("value.time_in_future", "event", "occurred_at", "2098-01-01T00:00:00+08:00"),
    Plant("value.code_unknown", "event", "alert", "2"),
    Plant("reference.unknown", "dispute", "address_code", "32050899900099999999"),
    Plant("value.object_wrong", "qr_report", "payload", "不是对象"),
    Plant("dispute.party_tokens_form", "dispute", "party_tokens", "abc;def"),
)
_IDENTITY = (
    Plant("identity.number_check", "identity", "id_number", None, _is("id_type", "01")),
    Plant("identity.number_shape", "identity", "id_number", "3205081990", _is("id_type", "01")),
    Plant("identity.name_form", "identity", "name", "张3"),
    Plant("identity.phone_form", "identity", "phone", "12345"),
)
PLANTS: tuple[Plant, ...] = (*_PERSON, *_ADDRESS, *_HOUSE, *_ORGANISATION, *_TEXTS, *_EVENT, *_IDENTITY)
_NEXT = {
    "organisation.uscc_check": ("uscc", "0123456789ABCDEFGHJKLMNPQRTUWXY"),
    "identity.number_check": ("id_number", "0123456789X"),
}


def plant(
    rng: np.random.Generator,
    frame: pl.DataFrame,
    resource: str,
    *,
    rate: float,
    spare: pl.Series | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with about ``rate`` of its rows spoilt, and the truth: ``key, rule`` of each.

    ``spare`` marks the rows that may be spoilt (nothing points to them); retired rows are left alone.
    Every plant of the resource is used in turn, so that each appears where the numbers allow.
    """
    plants = [one for one in PLANTS if one.resource == resource]
    wanted = min(frame.height, round(rate * frame.height) + (len(plants) if rate > 0 else 0))
    allowed = np.ones(frame.height, bool) if spare is None else spare.to_numpy()
    if "op" in frame.columns:
        allowed = allowed & (frame["op"] == "upsert").to_numpy()
    rows = rng.permutation(np.flatnonzero(allowed))[:wanted]
    if not plants or rate <= 0 or rows.size == 0:
        return frame, pl.DataFrame(schema={"key": pl.String, "rule": pl.String})
    turn = np.full(frame.height, -1)
    turn[rows] = np.arange(rows.size) % len(plants)
    marked = frame.with_columns(turn=pl.Series(turn), rule=pl.lit(None, dtype=pl.String))
    for number, one in enumerate(plants):
        marked = _spoil(marked, number, one)
    copies = marked.filter(pl.col("turn") == -2)
    marked = pl.concat([marked.with_columns(rule=pl.when(pl.col("turn") != -2).then("rule")), copies])
    numbered = marked.with_row_index("line", offset=2)
    truth = numbered.filter(_has("rule")).select(key_text(RESOURCES[resource]).alias("key"), "rule")
    return marked.drop("turn", "rule"), truth


def _spoil(frame: pl.DataFrame, number: int, one: Plant) -> pl.DataFrame:
    mine = pl.col("turn") == number
    if one.when is not None:
        mine = mine & one.when.fill_null(value=False)
    if one.rule == "row.key_duplicate":
        return frame.with_columns(
            turn=pl.when(mine).then(-2).otherwise("turn"),
            rule=pl.when(mine).then(pl.lit(one.rule)).otherwise("rule"),
        )
    value = _next_character(*_NEXT[one.rule]) if one.rule in _NEXT else one.value
    changed = value if isinstance(value, pl.Expr) else pl.lit(value, dtype=pl.String)
    others = [pl.when(mine).then(pl.lit(text)).otherwise(name).alias(name) for name, text in one.also]
    return frame.with_columns(
        pl.when(mine).then(changed).otherwise(one.column).alias(one.column),
        *others,
        rule=pl.when(mine).then(pl.lit(one.rule)).otherwise("rule"),
    )


def _next_character(column: str, alphabet: str) -> pl.Expr:
    """The last character replaced by its successor in the alphabet: the check digit is then wrong."""
    last = pl.col(column).str.slice(-1)
    successor = last.replace_strict(list(alphabet), [*alphabet[1:], alphabet[0]], default=None)
    return pl.col(column).str.head(-1) + successor
