"""The field's own names of columns and codes, as people read them on screens and in sheets."""

from __future__ import annotations

from typing import Any, Final

from core.i18n import N_, _

TITLES = {
    "address_code": N_("address code"),
    "full_text": N_("standard address"),
    "subdistrict_code": N_("sub-district"),
    "community_code": N_("community"),
    "grid_code": N_("grid"),
    "road": N_("road"),
    "doorplate": N_("door plate"),
    "estate": N_("estate"),
    "building": N_("building"),
    "unit": N_("unit"),
    "floor": N_("floor"),
    "room": N_("room"),
    "lon": N_("longitude"),
    "lat": N_("latitude"),
    "crs": N_("coordinate system"),
    "status": N_("status"),
    "house_code": N_("house code"),
    "use": N_("use"),
    "area_m2": N_("area (m²)"),
    "rooms": N_("rooms"),
    "landlord_token": N_("landlord's pseudonym"),
    "landlord_masked": N_("landlord"),
    "tenants_max": N_("tenants at most"),
    "person_token": N_("pseudonym"),
    "name_masked": N_("full name"),
    "id_type": N_("document type"),
    "id_masked": N_("document number"),
    "sex": N_("sex"),
    "birth_year": N_("born"),
    "residence": N_("residence"),
    "relation_to_head": N_("relation to head"),
    "move_in": N_("moved in"),
    "move_out": N_("moved out"),
    "phone_masked": N_("phone"),
    "permit_no_masked": N_("permit number"),
    "permit_until": N_("permit until"),
    "uscc": N_("social credit code"),
    "org_no": N_("organisation number"),
    "name": N_("name"),
    "kind": N_("kind"),
    "representative_masked": N_("representative"),
    "employees": N_("employees"),
    "place_no": N_("number"),
    "thing_no": N_("number"),
    "state": N_("state"),
    "event_no": N_("number"),
    "alert": N_("alert"),
    "occurred_at": N_("when"),
    "summary": N_("summary"),
    "shared_due": N_("due to be shared"),
    "dispute_no": N_("number"),
    "party_tokens": N_("parties' pseudonyms"),
    "severity": N_("severity"),
    "hazard_no": N_("number"),
    "found_at": N_("found"),
    "description": N_("description"),
    "photo": N_("photo"),
    "task_no": N_("task"),
    "done_at": N_("done"),
    "outcome": N_("outcome"),
    "remarks": N_("remarks"),
    "follow_up": N_("follow-up"),
    "report_no": N_("number"),
    "submitted_at": N_("submitted"),
    "payload": N_("report"),
    "maintainer": N_("maintainer"),
    "cycle_days": N_("cycle (days)"),
    "households": N_("households"),
    "id_number": N_("document number"),
    "phone": N_("phone"),
    "source": N_("department"),
    "collected_at": N_("collected at"),
    "collector": N_("collector"),
    "op": N_("operation"),
}
CODES = {
    "sex": {"0": N_("unknown"), "1": N_("male"), "2": N_("female"), "9": N_("unstated")},
    "residence": {
        "registered": N_("registered"),
        "floating": N_("floating"),
        "lodging": N_("lodging"),
        "overseas": N_("overseas"),
    },
    "use": {
        "self": N_("owner's own"),
        "rented": N_("rented"),
        "vacant": N_("vacant"),
        "commercial": N_("commercial"),
        "dormitory": N_("dormitory"),
        "other": N_("other"),
    },
    "status": {"active": N_("active"), "retired": N_("retired"), "open": N_("open"), "closed": N_("closed")},
    "id_type": {
        "01": N_("citizen identity card"),
        "02": N_("foreign permanent resident"),
        "03": N_("HK/Macao residence permit"),
        "04": N_("Taiwan residence permit"),
        "05": N_("passport"),
    },
    "kind": {
        "enterprise": N_("enterprise"),
        "individual_business": N_("individual business"),
        "public_institution": N_("public institution"),
        "social": N_("social organisation"),
        "hotel": N_("hotel"),
        "school": N_("school"),
        "medical": N_("medical"),
        "other": N_("other"),
        "governance": N_("governance grid"),
        "police": N_("policing grid"),
        "hydrant": N_("hydrant"),
        "ev_charging": N_("e-bike charging"),
        "gas": N_("gas"),
        "lift": N_("lift"),
        "group_renting": N_("group renting"),
        "partition": N_("partition"),
        "fire_exit": N_("fire exit"),
        "fire_equipment": N_("fire equipment"),
        "wiring": N_("wiring"),
        "structure": N_("structure"),
        "neighbour": N_("neighbours"),
        "rental": N_("rental"),
        "property_management": N_("property management"),
        "labour": N_("labour"),
        "debt": N_("debt"),
        "address_check": N_("address check"),
        "information": N_("information"),
        "permit_appointment": N_("permit appointment"),
        "park": N_("park"),
        "market": N_("market"),
        "station": N_("stop"),
        "square": N_("square"),
        "noise": N_("noise"),
        "parking": N_("parking"),
        "lost_property": N_("lost property"),
        "streetlight": N_("street light"),
    },
    "state": {
        "in_use": N_("in use"),
        "out_of_order": N_("out of order"),
        "open": N_("open"),
        "mediating": N_("mediating"),
        "closed": N_("closed"),
    },
}


_OUTSIDE: Final = "江苏省苏州市姑苏区"
"""What every standard address of the district begins with."""


def field_title(name: str) -> str:
    """The name of a column in the language in force."""
    return _(TITLES.get(name, name))


def shown_value(name: str, value: Any) -> str:
    """A value as people read it: codes by their names, nothing for a missing one."""
    if value is None:
        return ""
    known = CODES.get(name, {}).get(str(value))
    if known is not None:
        return _(known)
    return f"{value:g}" if isinstance(value, float) else str(value)


def inside_district(address: str) -> str:
    """A standard address as it is read in a list, where what all share would hide what tells them apart."""
    return address.removeprefix(_OUTSIDE) or address
