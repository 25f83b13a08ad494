"""The search box: one text, answers by kind: addresses, houses, people, organisations, grids, cases, packages, places.

Texts are found by any part of them, names by their pinyin (pjl, pingjiang) too, an address in another spelling by
its meaning; people by their house, by masked form beside a place (张* 富强路1号), or by their full identity number
through its pseudonym, never by browsing. ``look_up`` is one audit entry, without the number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import CompoundSelect, Connection, Select, String, bindparam, literal, or_, select, union_all

from core.i18n import _
from core.model.labels import shown_value
from core.model.ledger import package
from core.model.registry import TABLES, entity_id
from core.registry.at_home import veiled
from core.registry.initials import SHORTEST, lexicon
from core.registry.pseudonyms import is_number, tokens_of
from core.security import audit
from core.security.masking import mask_text
from core.security.workspace import Workspace, permits
from core.store import reading, search
from core.store.search import Hit
from core.verification.matching.normal import BREAK, normal
from core.verification.matching.service import match_text

KINDS: Final = (
    "position", "person", "address", "house", "organisation", "grid", "community", "dispute", "hazard", "event",
    "qr_report", "visit_report", "place", "thing", "package",
)  # fmt: skip
"""What answers are of, in the order shown; ``position``, ``community`` and ``package`` are no records."""

_NUMBERED: Final = {
    "dispute": "dispute_no", "hazard": "hazard_no", "event": "event_no", "qr_report": "report_no",
    "visit_report": "task_no", "place": "place_no", "thing": "thing_no",
}  # fmt: skip
_POSITION: Final = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*[,，;；\s]\s*(\d{1,3}(?:\.\d+)?)$")
_LON, _LAT = (73.0, 136.0), (3.0, 54.0)
_WORDS, _NUMBER = re.compile(r"[一-鿿]{2}"), re.compile(r"[0-9〇零一二三四五六七八九十]")
_PINYIN: Final = re.compile(r"^([a-z]{2,})\s*([^a-z]*)$")
_QUERIES: Final[dict[str, CompoundSelect[Any]]] = {}
_CODE, _NAMES = 4, 3
"""Characters from which on a number is looked for; names of one pinyin whose addresses are looked for."""


@dataclass(frozen=True)
class Group:
    """The answers of one kind, the best first."""

    kind: str
    hits: Sequence[Hit]


@dataclass(frozen=True)
class Answer:
    """What a text finds, by kind; ``notes`` say what could not be looked for and why."""

    text: str
    groups: Sequence[Group]
    notes: Sequence[str] = ()
    position: tuple[float, float] | None = None

    @property
    def total(self) -> int:
        """How many answers there are."""
        return sum(len(group.hits) for group in self.groups)


@permits("registry.read")
def look_up(workspace: Workspace, text: str, *, kinds: Sequence[str] = (), limit: int = 20) -> Answer:
    """Everything that a text may mean, at most ``limit`` of each kind (only of ``kinds``, if any are named)."""
    wanted = unicodedata.normalize("NFKC", text).strip()
    place = position(wanted)
    notes: list[str] = []
    found = [] if place or len(wanted) < SHORTEST else _found(workspace, wanted, limit, notes)
    if place:
        found = [Hit("position", 0, f"{place[0]:.6f}, {place[1]:.6f}", "")]
    groups = _grouped(veiled(workspace, found), kinds, limit)
    answer = Answer(text, groups, tuple(notes), place)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.search",
            subject=mask_text(text), details={"hits": answer.total},
        )  # fmt: skip
    return answer


def position(text: str) -> tuple[float, float] | None:
    """Longitude and latitude that a text writes, in either order; None where it writes no place in China."""
    written = _POSITION.match(unicodedata.normalize("NFKC", text).strip())
    if written is None or "." not in text:
        return None
    first, second = float(written[1]), float(written[2])
    for lon, lat in ((first, second), (second, first)):
        if _LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]:
            return lon, lat
    return None


def _found(workspace: Workspace, wanted: str, limit: int, notes: list[str]) -> list[Hit]:
    if is_number(wanted):
        return _by_number(workspace, wanted, notes)
    with workspace.store.read() as connection:
        if "*" in wanted:
            return _masked(connection, wanted, limit, notes)
        hits = search.search(connection, wanted, limit=limit * 3, each=limit)
        if wanted.isascii() and any(c.isdigit() for c in wanted) and len(wanted) >= _CODE:
            hits += _by_code(connection, wanted, limit)
    hits += _by_name(workspace, wanted, limit)
    if not hits:
        hits = _spelt_otherwise(workspace, wanted, limit)
    return hits


def _by_number(workspace: Workspace, number: str, notes: list[str]) -> list[Hit]:
    person = TABLES["person"]
    tokens = tokens_of(workspace, number)
    if not tokens:
        notes.append(
            _("An identity number is found only by its pseudonym, and its key is not on this machine.")
        )
        return []
    query = select(person.c.id, person.c.name_masked, person.c.house_code)
    with workspace.store.read() as connection:
        rows = connection.execute(
            query.where(person.c.person_token.in_(tokens), person.c.retired_in.is_(None))
        )
        return [Hit("person", *row) for row in rows]


def _masked(connection: Connection, wanted: str, limit: int, notes: list[str]) -> list[Hit]:
    """People by masked name, number or phone beside the place where they live."""
    words = wanted.split()
    masks = [word for word in words if "*" in word]
    rest = " ".join(word for word in words if "*" not in word)
    if not rest:
        notes.append(_("A masked name alone means too many people: add the road and number, or the house."))
        return []
    person, house = TABLES["person"], TABLES["house"]
    places = search.search(connection, rest, limit=limit)
    codes = select(TABLES["address"].c.address_code).where(
        TABLES["address"].c.id.in_([hit.id for hit in places if hit.resource == "address"])
    )
    homes = select(house.c.house_code).where(
        or_(
            house.c.address_code.in_(codes),
            house.c.id.in_([hit.id for hit in places if hit.resource == "house"]),
        )
    )
    shown = (person.c.name_masked, person.c.id_masked, person.c.phone_masked)
    forms = [or_(*(column == mask for column in shown)) for mask in masks]
    query = select(person.c.id, person.c.name_masked, person.c.house_code)
    query = query.where(person.c.house_code.in_(homes), person.c.retired_in.is_(None), *forms)
    return [Hit("person", *row) for row in connection.execute(query.limit(limit))]


def _by_code(connection: Connection, wanted: str, limit: int) -> list[Hit]:
    """Cases by how their number begins, packages by a part of their name, people by the house they live in."""
    asked = {"start": wanted, "most": limit}
    rows = connection.execute(_numbered(connection), asked)
    hits = [Hit(r[0], r[1], r[2], shown_value("kind", r[3])) for r in rows]
    named = select(package.c.id, package.c.name, package.c.sender).where(
        package.c.name.contains(wanted, autoescape=True)
    )
    hits += [
        Hit("package", *row) for row in connection.execute(named.order_by(package.c.id.desc()).limit(limit))
    ]
    person = TABLES["person"]
    home = select(person.c.id, person.c.name_masked, person.c.house_code).where(
        person.c.house_code == wanted.upper(), person.c.retired_in.is_(None)
    )
    return hits + [Hit("person", *row) for row in connection.execute(home.limit(limit))]


def _numbered(connection: Connection) -> CompoundSelect[Any]:
    """The query for cases by how their number begins (``start``), ``most`` of each kind; made once for a database."""
    database = connection.dialect.name
    if database not in _QUERIES:
        _QUERIES[database] = union_all(
            *(_of_number(connection, kind, name) for kind, name in _NUMBERED.items())
        )
    return _QUERIES[database]


def _of_number(connection: Connection, kind: str, column: str) -> Select[Any]:
    table = TABLES[kind]
    begins = reading.begins(connection, table.c[column], bindparam("start", type_=String))
    about = table.c.kind if "kind" in table.c else table.c.outcome
    one = select(
        literal(kind).label("kind"), table.c.id, table.c[column].label("number"), about.label("about")
    )
    return select(one.where(begins, table.c.retired_in.is_(None)).limit(bindparam("most")).subquery())


def _by_name(workspace: Workspace, wanted: str, limit: int) -> list[Hit]:
    """Grids and communities by their name; by pinyin roads and estates (their addresses) and organisations too."""
    spelt = _PINYIN.match(wanted.lower())
    known = lexicon(workspace) if spelt else lexicon(workspace, ("grid", "community"))
    hits: list[Hit] = []
    if spelt is None:
        for kind in ("grid", "community"):
            named = [(one, name) for one, name in known[kind].held.items() if wanted in name]
            hits += _named(kind, named[:limit])
        return hits
    letters, rest = spelt[1], spelt[2].strip()
    with workspace.store.read() as connection:
        roads = known["road"].find(letters, _NAMES)
        for _id, name in (*roads, *known["estate"].find(letters, _NAMES - len(roads))):
            text = f"{name} {rest}" if len(rest) > 1 else name + rest
            hits += search.of_kind(connection, "address", text, limit=limit)
    if not rest:
        for kind in ("organisation", "grid", "community"):
            hits += _named(kind, known[kind].find(letters, limit))
    return hits


def _named(kind: str, found: Sequence[tuple[int, str]]) -> list[Hit]:
    return [Hit(kind, one, name, str(one) if kind == "community" else "") for one, name in found]


def _spelt_otherwise(workspace: Workspace, wanted: str, limit: int) -> list[Hit]:
    """The same address in the standard's spelling (5栋 → 5幢, 十二号 → 12号), else what the matcher takes it for."""
    plain = normal(pl.Series([wanted])).item().replace(BREAK, "")
    with workspace.store.read() as connection:
        buildings = (re.sub("号楼|号栋|栋|座", "幢", one) for one in (wanted, plain))
        for spelling in dict.fromkeys((plain, *buildings)):
            if spelling != wanted and (hits := search.search(connection, spelling, limit=limit)):
                return hits
    if not (_WORDS.search(wanted) and _NUMBER.search(wanted)):
        return []
    named = match_text(workspace, wanted).candidates
    return [Hit("address", entity_id(one.address_code), one.full_text, one.address_code) for one in named]


def _grouped(hits: Sequence[Hit], kinds: Sequence[str], limit: int) -> list[Group]:
    wanted = kinds or KINDS
    by_kind: dict[str, dict[Any, Hit]] = {kind: {} for kind in KINDS if kind in wanted}
    for hit in hits:
        if hit.resource in by_kind and len(by_kind[hit.resource]) < limit:
            by_kind[hit.resource].setdefault(hit.id, hit)
    return [Group(kind, tuple(found.values())) for kind, found in by_kind.items() if found]


def each(answer: Answer) -> Iterator[Hit]:
    """Every hit, group by group."""
    for group in answer.groups:
        yield from group.hits
