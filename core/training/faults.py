"""The ways in which a row can go wrong, one finding each: derived from the declared columns, and special ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from core.model.resources import Column, Resource, references
from core.training.codes import next_character, with_citizen_check, with_credit_check, with_organisation_check

EMPTY: Final = pl.lit(None, dtype=pl.String)
DUPLICATE: Final = "row.key_duplicate"
_NUMBER: Final = "11010519491231002X"  # the example of GB 11643 itself
_FUTURE: Final = pl.lit("2098-01-01T00:00:00+08:00")
_NOWHERE: Final = pl.lit("32050899900099999999")
_TEXTS: Final = {
    "text.identity_number": f"当事人身份证号{_NUMBER}", "text.phone": "联系电话13800138000",
    "text.bank_card": "转账至卡号4111111111111111",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One way to go wrong: ``changes`` by column, possible on rows where ``when`` holds.

    The fault ``row.key_duplicate`` changes nothing: a copy of the row is added.
    """

    rule: str
    changes: Mapping[str, pl.Expr]
    when: pl.Expr | None = None


def faults(resource: Resource, mode: str) -> list[Fault]:
    """Every fault of a resource: first one for each rule, the special ones leading, then the others."""
    found = [*_SPECIAL.get(resource.name, []), *_of_columns(resource, mode), *_of_rows(resource)]
    seen: Counter[str] = Counter()
    ranked = []
    for fault in found:
        ranked.append((seen[fault.rule], fault))
        seen[fault.rule] += 1
    return [fault for _rank, fault in sorted(ranked, key=lambda pair: pair[0])]


def _of_columns(resource: Resource, mode: str) -> Iterator[Fault]:
    for name in resource.header(mode):
        column = resource.by_name[name]
        if column.kind != "geometry":
            yield from _of_column(column)


def _of_column(column: Column) -> Iterator[Fault]:
    own, given = pl.col(column.name), pl.col(column.name).is_not_null()

    def wrong(rule: str, value: str | pl.Expr, when: pl.Expr | None = None) -> Fault:
        return Fault(rule, {column.name: pl.lit(value) if isinstance(value, str) else value}, when)

    if column.required:
        yield wrong("value.required_missing", EMPTY)
    if column.codes:
        yield wrong("value.code_unknown", "其它")
    if column.pattern:
        yield wrong("value.pattern_wrong", own + "？", given)
    if column.minimum is not None:
        yield wrong("value.out_of_range", f"{column.minimum - 1:g}")
    if column.maximum is not None:
        yield wrong("value.out_of_range", f"{column.maximum + 1:g}")
    if column.group == "text" and column.name != "photo":
        yield from (wrong(rule, _said(column, text)) for rule, text in _TEXTS.items())
    if column.name in {"name_masked", "landlord_masked", "representative_masked"}:
        yield wrong("masked.name_open", "张三丰*", given)
        yield wrong("masked.name_form", "张*丰", given)
    yield from _of_kind(column, wrong)


def _of_kind(column: Column, wrong: Callable[[str, str], Fault]) -> Iterator[Fault]:
    if column.kind in {"integer", "number", "year"}:
        yield wrong("value.number_wrong", "不详")
    elif column.kind == "date":
        yield wrong("value.date_impossible", "2025-02-30")
    elif column.kind == "object":
        yield wrong("value.object_wrong", "[1]")
    elif column.kind == "datetime":
        yield wrong("value.datetime_impossible", "2026-10-30 08:00")
        rule = "envelope.collected_in_future" if column.name == "collected_at" else "value.time_in_future"
        yield Fault(rule, {column.name: _FUTURE})


def _said(column: Column, text: str) -> str:
    return f'{{"说明": "{text}"}}' if column.kind == "object" else text


def _of_rows(resource: Resource) -> Iterator[Fault]:
    yield Fault(DUPLICATE, {})
    for name, target in references(resource).items():
        yield Fault("reference.unknown", {name: _NOWHERE}, pl.col(name).is_not_null())
        if target == "address":
            yield Fault("reference.address_words", {name: pl.lit("某某路旁")}, pl.col(name).is_not_null())
    if not resource.sealed:
        other = pl.when(pl.col("source") == "fire").then(pl.lit("qr")).otherwise(pl.lit("fire"))
        yield Fault("envelope.source_differs", {"source": other})
    if "crs" in resource.column_names:
        yield from _COORDINATES
    divisions = (("subdistrict_code", "320508999000"), ("community_code", "320508017999"))
    yield from (
        Fault("division.unknown", {n: pl.lit(code)}) for n, code in divisions if n in resource.column_names
    )


def _placed(rule: str, **changes: str | None) -> Fault:
    new = {name: EMPTY if value is None else pl.lit(value) for name, value in changes.items()}
    return Fault(rule, new, pl.col("lon").is_not_null())


_COORDINATES: Final = (
    _placed("coordinates.incomplete", lat=None), _placed("coordinates.incomplete", lon=None),
    _placed("coordinates.crs_missing", crs=None), _placed("coordinates.zero", lon="0", lat="0"),
    _placed("coordinates.swapped", lon="31.3012", lat="120.6123"), _placed("coordinates.outside_district", lon="120.9"),
)  # fmt: skip


def _is(column: str, *values: str) -> pl.Expr:
    return pl.col(column).is_in(values)


def _has(column: str) -> pl.Expr:
    return pl.col(column).is_not_null()


def _one(rule: str, column: str, value: str | pl.Expr | None, when: pl.Expr | None = None) -> Fault:
    new = EMPTY if value is None else pl.lit(value) if isinstance(value, str) else value
    return Fault(rule, {column: new}, when)


def _again(column: str, begin: pl.Expr, check: Callable[[pl.Series], pl.Series]) -> Mapping[str, pl.Expr]:
    """The column begun anew and given its right check character."""
    return {column: begin.map_batches(check, return_dtype=pl.String)}


_CITIZEN, _ORDER_SHOWN = _is("id_type", "01", "03", "04"), pl.col("id_masked").str.contains(r"\*\d{3}[\dX]$")
_BORN, _YEAR_SHOWN = (
    pl.col("birth_year").cast(pl.Int64, strict=False),
    pl.col("id_masked").str.contains(r"^\d{10}\*"),
)
_MAN = pl.col("sex") == "1"

_PERSON = (
    _one("person.id_form", "id_masked", "32****12", _CITIZEN),
    _one("person.birth_year_impossible", "birth_year", "1850"),
    _one("person.birth_year_unlikely", "birth_year", "1909", ~_YEAR_SHOWN),
    _one("person.birth_year_differs", "birth_year", (_BORN - 2).cast(pl.String), _CITIZEN & _YEAR_SHOWN),
    _one("person.sex_differs", "sex", pl.when(_MAN).then(pl.lit("2")).otherwise(pl.lit("1")), _CITIZEN & _ORDER_SHOWN),
    _one("person.relation_unknown", "relation_to_head", "05"),
    _one("person.relation_sex_differs", "relation_to_head",
         pl.when(_MAN).then(pl.lit("12")).otherwise(pl.lit("11"))),
    _one("person.move_in_future", "move_in", "2098-01-01"),
    _one("person.move_out_before_move_in", "move_out", "1915-01-01"),
    _one("person.move_in_before_birth", "move_in", (_BORN - 1).cast(pl.String) + "-06-01"),
    _one("person.permit_until_impossible", "permit_until", "1999-01-01", _has("permit_no_masked")),
    _one("person.permit_number_missing", "permit_no_masked", None, _has("permit_until")),
    _one("person.permit_not_needed", "permit_no_masked", "320508********0001",
         _is("residence", "registered") & _is("id_type", "01")),
    _one("person.residence_id_type_differs", "residence", "overseas", _is("id_type", "01")),
    _one("masked.number_open", "id_masked", _NUMBER, _is("id_type", "01")),
    _one("masked.number_open", "permit_no_masked", "320508199901010001", _has("permit_no_masked")),
    _one("masked.phone_open", "phone_masked", "13800138000"),
    _one("masked.phone_form", "phone_masked", "138**"),
)  # fmt: skip
_ELSEWHERE = pl.col("full_text").str.replace("姑苏区", "吴中区", literal=True)
_ADDRESS = (
    _one("address.community_elsewhere", "subdistrict_code", "320508017000", ~_is("subdistrict_code", "320508017000")),
    _one("address.grid_elsewhere", "grid_code", "320508017003001", ~_is("community_code", "320508017003")),
    _one("address.text_incomplete", "full_text", "江苏省苏州市姑苏区某路无号"),
    _one("address.text_elsewhere", "full_text", _ELSEWHERE),
    _one("address.text_short", "full_text", "某路"),
    _one("spelling.full_width", "full_text", pl.col("full_text") + "Ａ"),
    _one("spelling.blanks", "full_text", pl.col("full_text").str.replace("姑苏区", " 姑苏区", literal=True)),
    _one("spelling.building", "building", pl.col("building").str.replace("幢", "栋", literal=True),
         pl.col("building").str.contains(r"^[0-9]+幢$")),
)  # fmt: skip
_RENTED = _is("use", "rented")
_TOO_MANY = (pl.col("rooms").cast(pl.Int64, strict=False) * 2 + 3).cast(pl.String)
_HOUSE = (
    _one("house.area_implausible", "area_m2", "2.5"),
    Fault("house.landlord_missing", {"landlord_masked": EMPTY, "landlord_token": EMPTY}, _RENTED),
    _one("house.tenants_exceed_rooms", "tenants_max", _TOO_MANY, _RENTED),
    Fault("tenancy.small_divided",
          {"area_m2": pl.lit("10"), "rooms": pl.lit("3"), "tenants_max": pl.lit("2")}, _RENTED),
)
_CODE, _CODED = pl.col("uscc"), _has("uscc")
_ANOTHER_INNER = _CODE.str.slice(8, 8).map_batches(with_organisation_check, return_dtype=pl.String)
_ORGANISATION = (
    _one("organisation.code_missing", "uscc", None, _CODED & ~_has("org_no")),
    _one("organisation.uscc_characters", "uscc", _CODE.str.head(17) + "I", _CODED),
    _one("organisation.uscc_check", "uscc", next_character(_CODE, "0123456789ABCDEFGHJKLMNPQRTUWXY"), _CODED),
    Fault("organisation.uscc_inner", _again(
        "uscc", _CODE.str.head(8) + next_character(_ANOTHER_INNER, "0123456789X"), with_credit_check), _CODED),
    Fault("organisation.uscc_category", _again("uscc", "96" + _CODE.str.slice(2, 15), with_credit_check), _CODED),
    _one("organisation.kind_differs", "kind", "public_institution", _CODE.str.starts_with("92")),
    _one("organisation.org_no_check", "org_no", next_character(pl.col("org_no"), "0123456789X"),
         ~_CODED & pl.col("org_no").str.contains("-", literal=True)),
    _one("organisation.name_short", "name", "店"),
    _one("organisation.branch_code", "org_no", "D2143569-X", _CODED),
    _one("spelling.blanks", "name", pl.col("name") + " "),
    _one("spelling.full_width", "name", pl.col("name") + "Ａ"),
    _one("organisation.employees_implausible", "employees", "90000"),
    _one("masked.phone_open", "phone_masked", "13800138000"),
    _one("masked.phone_form", "phone_masked", "无"),
)  # fmt: skip
_ID, _IS_CITIZEN = pl.col("id_number"), _is("id_type", "01")
_BEGUN_IN_1900S = _ID.str.slice(6, 2) == "19"
_IDENTITY = (
    _one("identity.number_shape", "id_number", "3205081990", _IS_CITIZEN),
    _one("identity.birth_impossible", "id_number",
         pl.concat_str(_ID.str.head(10), pl.lit("13"), _ID.str.slice(12)), _IS_CITIZEN),
    _one("identity.number_check", "id_number", next_character(_ID, "0123456789X"), _IS_CITIZEN),
    Fault("identity.birth_early", _again("id_number",
          pl.concat_str(_ID.str.head(6), pl.lit("1899"), _ID.str.slice(10, 7)), with_citizen_check), _IS_CITIZEN),
    Fault("identity.division_unknown", _again(
        "id_number", "38" + _ID.str.slice(2, 15), with_citizen_check), _IS_CITIZEN),
    Fault("identity.order_zero", _again("id_number", _ID.str.head(14) + "000", with_citizen_check), _IS_CITIZEN),
    _one("identity.number_old", "id_number",
         pl.concat_str(_ID.str.head(6), _ID.str.slice(8, 9)), _IS_CITIZEN & _BEGUN_IN_1900S),
    _one("identity.name_form", "name", "张3"),
    _one("identity.phone_form", "phone", "12345"),
)  # fmt: skip
_SPECIAL: Final[Mapping[str, tuple[Fault, ...]]] = {
    "person": _PERSON, "address": _ADDRESS, "house": _HOUSE, "organisation": _ORGANISATION, "identity": _IDENTITY,
    "grid": (_one("grid.cycle_implausible", "cycle_days", "900"),),
    "dispute": (_one("dispute.party_tokens_form", "party_tokens", "张三;李四"),),
}  # fmt: skip
