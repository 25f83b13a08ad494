import pytest

from core.model.resources import RESOURCES
from core.packages import refusals
from core.packages.never import is_forbidden
from core.packages.reader import check_package, open_package
from tests.core.packages.workshop import (
    ADDRESS,
    ADDRESS_HEADER,
    ENVELOPE,
    addresses,
    build,
    forge,
    refused,
    table,
    trust,
)  # fmt: skip


def with_column(tmp_path, name, value="x"):
    content = {"address": table(f"{ADDRESS},{value}", header=f"{ADDRESS_HEADER},{name}")}
    return build(tmp_path / "p.zip", content).path


FORBIDDEN = [
    "ethnicity", "Ethnic Group", "ETHNIC_GROUP", "nation_code", "race", "minzu", "MZDM", "民族", "民族代码", "族别",
    "民 族", "religion", "Religious_Belief", "宗教信仰", "zjxy", "political_status", "PoliticalStatus", "party",
    "party_member", "政治面貌", "ZZMM_DM", "党员", "biometric_id", "face", "faceId", "FACE-IMAGE", "fingerprint",
    "人脸", "人脸照片", "指纹", "虹膜", "声纹", "DNA", "血型", "步态", "imei", "IMEI2", "imsi", "mac", "MAC地址",
    "mac_address", "device_id", "deviceID", "设备号", "手机串号", "gps_track", "trajectory", "轨迹", "行动轨迹", "行踪",
    "location_history", "call_log", "通话记录", "通讯记录", "sms", "wechat_id", "微信号", "QQ", "聊天记录",
    "ｉｍｅｉ", "ＭＡＣ＿ＡＤＤＲＥＳＳ",
    "民\u200b族", "réligion", "種族", "指紋", "person.face", "last_known_movement", "基站信令",
]  # fmt: skip
ALLOWED = [
    "国籍", "nationality", "party_name", "通信地址", "消防设备", "设备数量", "fire_device_count", "国家", "remark",
    "surface_m2", "macro_area", "trackless", "interface", "racetrack", "联系人", "职业", "文化程度", "category",
    "通讯地址", "定位方式",
    "imported_at", "facility", "national_code", "internal_no", "召集人", "热点问题", "",
]  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_must_never_be_kept_is_recognised_however_it_is_spelt(name):
    assert is_forbidden(name)


@pytest.mark.parametrize("name", ALLOWED)
def test_other_columns_are_not_taken_for_forbidden_ones(name):
    assert not is_forbidden(name)


def test_no_column_of_version_one_is_forbidden():
    own = {name for resource in RESOURCES.values() for name in resource.by_name}
    assert not {name for name in own if is_forbidden(name)}


@pytest.mark.parametrize("name", ["religion", "政治面貌", "IMEI", "ｆａｃｅ＿ｉｄ"])
def test_a_forbidden_column_refuses_the_whole_package_by_name(tmp_path, name):
    refusal = refused(with_column(tmp_path, name), refusals.ForbiddenColumn, resource="address", column=name)
    assert name in refusal.message


def test_a_forbidden_column_that_only_the_schema_declares_refuses_too(tmp_path):
    path = build(tmp_path / "p.zip").path

    def declare(described):
        described["resources"][0]["schema"]["fields"].append({"name": "民族"})

    report = check_package(forge(path, change=declare), trust())
    assert [e["code"] for e in report.errors] == ["forbidden_column", "header_differs"]


def test_a_forbidden_property_of_a_grid_refuses(tmp_path):
    from tests.core.packages.test_grids import collection, grid

    path = build(tmp_path / "p.zip", {"grid": collection(grid(religion="x"))}).path
    refused(path, refusals.ForbiddenColumn, resource="grid", column="religion")


def test_an_unknown_column_is_ignored_with_a_warning(tmp_path):
    opened = open_package(with_column(tmp_path, "备注"), trust())
    (warning,) = opened.warnings
    assert warning["code"] == "column_unknown" and "备注" in warning["message"]
    assert warning["details"] == {"resource": "address", "column": "备注"}
    assert "备注" not in opened.frame("address").columns


def test_an_op_in_a_snapshot_is_unknown_and_said_so(tmp_path):
    """Rows marked to be retired would otherwise be upserted without a word."""
    opened = open_package(with_column(tmp_path, "op", "retire"), trust())
    assert opened.warnings[0]["details"]["column"] == "op"


def test_a_delta_needs_its_op(tmp_path):
    refused(build(tmp_path / "p.zip", mode="delta").path, refusals.ColumnMissing, column="op")


def test_a_delta_brings_its_op(tmp_path):
    content = {"address": table(f"{ADDRESS},upsert", header=f"{ADDRESS_HEADER},op")}
    opened = open_package(build(tmp_path / "p.zip", content, mode="delta").path, trust())
    assert opened.frame("address")["op"].to_list() == ["upsert"]


def test_every_missing_required_column_is_named_at_once(tmp_path):
    report = check_package(
        build(tmp_path / "p.zip", {"place": table(header="place_no,name,lon")}).path, trust()
    )
    assert {e["code"] for e in report.errors} == {"column_missing"}
    assert [e["details"]["column"] for e in report.errors] == ["kind", "source", "collected_at", "collector"]


def test_errors_of_several_resources_are_reported_together(tmp_path):
    content = {"place": table(header="place_no"), "thing": table(header="thing_no,face")}
    report = check_package(build(tmp_path / "p.zip", content).path, trust())
    assert {e["details"]["resource"] for e in report.errors} == {"place", "thing"}


def test_optional_columns_may_be_left_out(tmp_path):
    header = "place_no,kind,name,source,collected_at,collector"
    opened = open_package(
        build(tmp_path / "p.zip", {"place": table(f"P1,shop,茶馆,{ENVELOPE}", header=header)}).path, trust()
    )
    frame = opened.frame("place")
    assert frame.columns == ["line", *RESOURCES["place"].header("snapshot")]
    assert frame["lon"].to_list() == [None]


def test_columns_may_come_in_any_order(tmp_path):
    header = ",".join(reversed(ADDRESS_HEADER.split(",")))
    row = ",".join(reversed(ADDRESS.split(",")))
    opened = open_package(build(tmp_path / "p.zip", {"address": table(row, header=header)}).path, trust())
    assert opened.frame("address")["road"].to_list() == ["𠮷祥路"]


def test_a_column_twice_is_refused(tmp_path):
    content = {"address": table(f"{ADDRESS},x", header=f"{ADDRESS_HEADER},road")}
    refused(build(tmp_path / "p.zip", content).path, refusals.HeaderDiffers, path="data/address.csv")


def test_a_header_other_than_the_declared_schema_is_refused(tmp_path):
    path = build(tmp_path / "p.zip").path

    def swap(described):
        fields = described["resources"][0]["schema"]["fields"]
        fields[0], fields[1] = fields[1], fields[0]

    refusal = refused(forge(path, change=swap), refusals.HeaderDiffers)
    assert refusal.details["found"] == ADDRESS_HEADER.replace(",", ", ")
    assert refusal.details["expected"].startswith("full_text, address_code")


def test_a_type_declared_otherwise_than_version_one_is_a_warning(tmp_path):
    path = build(tmp_path / "p.zip").path

    def declare(described):
        described["resources"][0]["schema"]["fields"][0]["type"] = "integer"

    (warning,) = open_package(forge(path, change=declare), trust()).warnings
    assert warning["code"] == "type_differs"
    assert warning["details"] == {
        "resource": "address", "column": "address_code", "found": "integer", "expected": "string",
    }  # fmt: skip


def test_a_table_without_rows_is_a_valid_message(tmp_path):
    opened = open_package(build(tmp_path / "p.zip", {"address": table()}).path, trust())
    assert opened.rows == {"address": 0}
    assert opened.frame("address").height == 0


def test_resources_come_in_the_order_in_which_references_find_their_targets(tmp_path):
    content = {"place": table(header="place_no,kind,name,source,collected_at,collector")} | addresses()
    opened = open_package(build(tmp_path / "p.zip", content).path, trust())
    assert opened.resource_names == ["address", "place"]
