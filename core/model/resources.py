"""The resources of the data package, version 1, declared once.

The package's Table Schema, the store's tables, the checks of required columns and codes and the
provenance groups are all derived from these declarations (``package-format.md``, "Resources").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["string", "integer", "number", "date", "datetime", "year", "object", "geometry"]

CRS = ("EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09")
SENDERS = ("governance", "fire", "community", "police", "qr", "bureau")
SEXES = ("0", "1", "2", "9")
ID_TYPES = ("01", "02", "03", "04", "05")
HAZARD_KINDS = (
    "group_renting", "partition", "fire_exit", "fire_equipment", "wiring", "gas", "ev_charging",
    "structure", "other",
)  # fmt: skip
DISPUTE_KINDS = (
    "marriage_family", "neighbour", "inheritance", "property_management", "labour", "rental", "consumer",
    "medical", "traffic", "land_house", "debt", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its kind on the wire, whether a row must have it, and the facts others derive from.

    ``group`` is the provenance group (what one source is believed on together); ``personal`` columns are
    masked on screen even though packages carry them masked already; ``indexed`` columns can be sorted fast.
    An empty column says nothing unless ``empty_speaks`` (no move-out date means: still here).
    """

    name: str
    kind: Kind = "string"
    required: bool = False
    group: str = "core"
    codes: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    personal: bool = False
    indexed: bool = False
    empty_speaks: bool = False


@dataclass(frozen=True)
class Resource:
    """One resource: key columns (joined by ``:`` they are the entity's key text) and its own columns.

    ``alternative_key`` is the column that stands in when the first key column is empty (organisations
    without a social credit code).
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    alternative_key: str = ""
    sealed: bool = False
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in (*self.columns, *ENVELOPE)})

    @property
    def column_names(self) -> tuple[str, ...]:
        """The resource's own columns in order, without the envelope."""
        return tuple(c.name for c in self.columns)

    @property
    def groups(self) -> tuple[str, ...]:
        """The provenance groups in order of first use."""
        return tuple(dict.fromkeys(c.group for c in self.columns))

    def columns_of(self, group: str) -> tuple[Column, ...]:
        """The columns of a provenance group."""
        return tuple(c for c in self.columns if c.group == group)

    @property
    def path(self) -> str:
        """Where the resource lies inside a package."""
        if self.sealed:
            return f"data/{self.name}.csv.jwe"
        return "data/grid.geojson" if self.name == "grid" else f"data/{self.name}.csv"

    def header(self, mode: str) -> tuple[str, ...]:
        """Every column version 1 knows for this resource in a package of ``mode``, in order."""
        if self.sealed:
            return self.column_names
        envelope = tuple(c.name for c in ENVELOPE if c.name != "op" or mode == "delta")
        return self.column_names + envelope

    def required_columns(self, mode: str) -> tuple[str, ...]:
        """The columns whose absence refuses a package."""
        return tuple(c for c in self.header(mode) if self.by_name[c].required)


ENVELOPE: tuple[Column, ...] = (
    Column("source", required=True, codes=SENDERS),
    Column("collected_at", "datetime", required=True),
    Column("collector", required=True, pattern=r"[0-9A-Za-z-]{2,32}"),
    Column("op", required=True, codes=("upsert", "retire")),
)
"""Columns that every open resource carries; ``op`` in a delta only."""

_COORDINATES = (
    Column("lon", "number", group="location", minimum=-180, maximum=180),
    Column("lat", "number", group="location", minimum=-90, maximum=90),
    Column("crs", group="location", codes=CRS),
)

_DIVISION = r"\d{12}"

ADDRESS = Resource("address", ("address_code",), (
    Column("address_code", required=True, pattern=r"[0-9A-Z]{12,32}", indexed=True),
    Column("full_text", required=True, group="naming", indexed=True),
    Column("subdistrict_code", required=True, group="division", pattern=_DIVISION),
    Column("community_code", required=True, group="division", pattern=_DIVISION, indexed=True),
    Column("grid_code", group="division", pattern=r"[0-9A-Z]{1,32}", indexed=True),
    *(Column(n, group="naming") for n in ("road", "doorplate", "estate", "building", "unit", "floor", "room")),
    *_COORDINATES,
    Column("status", required=True, codes=("active", "retired")),
))  # fmt: skip

HOUSE = Resource("house", ("house_code",), (
    Column("house_code", required=True, pattern=r"[0-9A-Z-]{4,40}", indexed=True),
    Column("address_code", required=True, pattern=r"[0-9A-Z]{12,32}", indexed=True),
    Column("use", required=True, group="use", codes=(
        "self", "rented", "vacant", "commercial", "dormitory", "other")),
    Column("area_m2", "number", group="use", minimum=0),
    Column("rooms", "integer", group="use", minimum=0),
    Column("landlord_token", group="landlord", pattern=r"[0-9a-f]{64}", personal=True),
    Column("landlord_masked", group="landlord", personal=True),
    Column("tenants_max", "integer", group="use", minimum=0),
))  # fmt: skip

PERSON = Resource("person", ("person_token", "house_code"), (
    Column("person_token", required=True, group="identity", pattern=r"[0-9a-f]{64}", indexed=True),
    Column("house_code", required=True, group="residence", pattern=r"[0-9A-Z-]{4,40}", indexed=True),
    Column("name_masked", required=True, group="identity", personal=True),
    Column("id_type", required=True, group="identity", codes=ID_TYPES),
    Column("id_masked", required=True, group="identity", personal=True),
    Column("sex", required=True, group="identity", codes=SEXES),
    Column("birth_year", "year", required=True, group="identity"),
    Column("residence", required=True, group="residence", codes=(
        "registered", "floating", "lodging", "overseas")),
    Column("relation_to_head", group="residence", pattern=r"\d{2}"),
    Column("move_in", "date", required=True, group="residence"),
    Column("move_out", "date", group="residence", empty_speaks=True),
    Column("phone_masked", group="contact", personal=True),
    Column("permit_no_masked", group="permit", personal=True),
    Column("permit_until", "date", group="permit"),
))  # fmt: skip

ORGANISATION = Resource("organisation", ("uscc",), (
    Column("uscc", indexed=True, pattern=r"[0-9A-Z]{18}"),
    Column("org_no", pattern=r"[0-9A-Za-z-]{1,32}"),
    Column("name", required=True, group="naming", indexed=True),
    Column("kind", required=True, group="naming", codes=(
        "enterprise", "individual_business", "public_institution", "social", "hotel", "school", "medical",
        "other")),
    Column("address_code", required=True, group="location", pattern=r"[0-9A-Z]{12,32}", indexed=True),
    Column("representative_masked", group="contact", personal=True),
    Column("phone_masked", group="contact", personal=True),
    Column("employees", "integer", group="operation", minimum=0),
    Column("status", required=True, group="operation", codes=("open", "closed")),
), alternative_key="org_no")  # fmt: skip

PLACE = Resource("place", ("place_no",), (
    Column("place_no", required=True, indexed=True),
    Column("kind", required=True),
    Column("name", required=True, indexed=True),
    Column("address_code", group="location", indexed=True),
    *_COORDINATES,
))  # fmt: skip

THING = Resource("thing", ("thing_no",), (
    Column("thing_no", required=True, indexed=True),
    Column("kind", required=True, codes=("hydrant", "ev_charging", "gas", "lift", "other")),
    Column("address_code", group="location", indexed=True),
    *_COORDINATES,
    Column("state", required=True),
))  # fmt: skip

EVENT = Resource("event", ("event_no",), (
    Column("event_no", required=True, indexed=True),
    Column("kind", required=True),
    Column("alert", required=True, codes=("0", "1")),
    Column("occurred_at", "datetime", required=True, indexed=True),
    Column("address_code", group="location", indexed=True),
    *_COORDINATES,
    Column("summary", required=True, group="text"),
    Column("shared_due", codes=("0", "1")),
))  # fmt: skip

DISPUTE = Resource("dispute", ("dispute_no",), (
    Column("dispute_no", required=True, indexed=True),
    Column("kind", required=True, codes=DISPUTE_KINDS),
    Column("occurred_at", "datetime", required=True, indexed=True),
    Column("address_code", required=True, group="location", indexed=True),
    Column("summary", required=True, group="text"),
    Column("party_tokens", group="parties", personal=True),
    Column("severity", required=True, codes=("1", "2", "3")),
    Column("state", required=True),
))  # fmt: skip

HAZARD = Resource("hazard", ("hazard_no",), (
    Column("hazard_no", required=True, indexed=True),
    Column("kind", required=True, codes=HAZARD_KINDS),
    Column("house_code", group="location", indexed=True),
    Column("address_code", required=True, group="location", indexed=True),
    Column("found_at", "datetime", required=True, indexed=True),
    Column("severity", required=True, codes=("1", "2", "3")),
    Column("description", required=True, group="text"),
    Column("photo", group="text"),
))  # fmt: skip

VISIT_REPORT = Resource("visit_report", ("task_no",), (
    Column("task_no", required=True, indexed=True),
    Column("done_at", "datetime", required=True, indexed=True),
    Column("outcome", required=True, codes=("done", "absent", "refused", "moved")),
    Column("remarks", group="text"),
    Column("follow_up", codes=("0", "1")),
))  # fmt: skip

QR_REPORT = Resource("qr_report", ("report_no",), (
    Column("report_no", required=True, indexed=True),
    Column("kind", required=True, codes=("address_check", "information", "permit_appointment")),
    Column("address_code", required=True, group="location", indexed=True),
    Column("submitted_at", "datetime", required=True, indexed=True),
    Column("payload", "object", required=True, group="text"),
))  # fmt: skip

GRID = Resource("grid", ("grid_code",), (
    Column("grid_code", required=True, pattern=r"[0-9A-Z]{1,32}", indexed=True),
    Column("name", required=True, indexed=True),
    Column("kind", required=True, codes=("governance", "police")),
    Column("community_code", required=True, pattern=_DIVISION, indexed=True),
    Column("maintainer", required=True),
    Column("cycle_days", "integer", required=True, minimum=1),
    Column("households", "integer", minimum=0),
    Column("geometry", "geometry", required=True, group="location"),
))  # fmt: skip

IDENTITY = Resource("identity", ("person_token",), (
    Column("person_token", required=True, pattern=r"[0-9a-f]{64}", indexed=True),
    Column("name", required=True, personal=True),
    Column("id_type", required=True, codes=ID_TYPES),
    Column("id_number", required=True, personal=True),
    Column("phone", group="contact", personal=True),
), sealed=True)  # fmt: skip

RESOURCES: Mapping[str, Resource] = {
    r.name: r
    for r in (ADDRESS, GRID, HOUSE, PERSON, ORGANISATION, PLACE, THING, EVENT, DISPUTE, HAZARD,
              VISIT_REPORT, QR_REPORT, IDENTITY)
}  # fmt: skip
"""By name, in the order in which they must be imported so that references find their targets."""

REFERENCES: Mapping[str, str] = {"address_code": "address", "house_code": "house"}
"""Which resource a column of this name points to, wherever it stands (in its own resource it is the key)."""


def references(resource: Resource) -> dict[str, str]:
    """The resource's columns that point to another resource, with the one they point to."""
    pointing = (c.name for c in resource.columns if c.name in REFERENCES)
    return {name: REFERENCES[name] for name in pointing if REFERENCES[name] != resource.name}


_SCHEMA_TYPES = {"geometry": "geojson"}


def table_schema(resource: Resource, mode: str) -> dict[str, Any]:
    """The resource's full Table Schema (Data Package v2) for a package of ``mode``."""
    fields = [_schema_field(resource.by_name[name]) for name in resource.header(mode)]
    key = resource.key if not resource.alternative_key else ()
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    return schema | ({"primaryKey": list(key)} if key else {})


def _schema_field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.codes:
        constraints["enum"] = list(column.codes)
    if column.pattern:
        constraints["pattern"] = column.pattern
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.maximum is not None:
        constraints["maximum"] = column.maximum
    declared: dict[str, Any] = {"name": column.name, "type": _SCHEMA_TYPES.get(column.kind, column.kind)}
    return declared | ({"constraints": constraints} if constraints else {})
