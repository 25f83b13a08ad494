"""The search box's index: derived from the registry, rebuildable, answers from two characters on.

On SQLite a question is asked in two steps: which entries of the index (``search_index``) have the rarest of its runs,
and which of their rows really hold its words. PostgreSQL answers with LIKE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, column, func, or_, select, table

from core.model.registry import TABLES, entity_id
from core.store.folding import normalise
from core.store.search_index import CODE_RUN, INDEXED, INSIDE, SHIFT, create, drop, forget, rebuild, update
from core.store.search_question import holding, question

__all__ = [
    "Hit", "containing", "create", "drop", "forget", "normalise", "of_kind", "rebuild", "search", "update",
]  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One answer: which entity, and two lines to show (masked as the registry holds them)."""

    resource: str
    id: int
    title: str
    subtitle: str


_PREFIXED: Final = {
    "address": "address_code",
    "house": "house_code",
    "organisation": "uscc",
    "person": "person_token",
}
"""Columns with an ordinary index, in which a code is found by how it begins."""

_EXTRA: Final = {"address": ("address_code",), "organisation": (), "house": ("address_code",)}
"""What is read of a row beside the columns that are searched."""

_CODE, _LONG_CODE = CODE_RUN, 8
"""Characters in a run; from how many on a code that begins some code is not looked for inside others too."""

_CANDIDATES = 60
"""How many matches are read and ranked before the best are shown; a common word has half a million."""


def search(connection: Connection, wanted: str, *, limit: int = 20, each: int = 0) -> list[Hit]:
    """Entities whose text holds every word of ``wanted`` (two characters or more each), best first.

    At most ``each`` are found by the text of one kind, if that is given. Codes are found by how they begin or by any
    four characters of them. Retired entities are left out.
    """
    words = [word for word in map(normalise, wanted.split()) if len(word) > 1]
    if not words:
        return []
    is_code = len(words) == 1 and len(words[0]) >= _CODE and words[0].isascii()
    groups = [_by_code(connection, words[0], limit)] if is_code else []
    if not (is_code and len(words[0]) >= _LONG_CODE and groups[0]):
        groups += [_by_text(connection, name, words, limit, each or limit) for name in INDEXED]
    return list(_shared_out(groups, limit))


def of_kind(connection: Connection, name: str, wanted: str, *, limit: int = 20) -> list[Hit]:
    """What ``search`` finds by text among one indexed kind."""
    words = [word for word in map(normalise, wanted.split()) if len(word) > 1]
    return _by_text(connection, name, words, limit, limit) if words else []


def containing(connection: Connection, name: str, field: str, wanted: str) -> ColumnElement[bool] | None:
    """The condition that ``field`` of a present row holds ``wanted``, where the index can answer it; else None."""
    word, indexed = normalise(wanted), INDEXED.get(name)
    if connection.dialect.name != "sqlite" or indexed is None or field not in indexed.texts or len(word) < 2:
        return None
    index, rows = table(f"search_{name}", column("rowid"), column(f"search_{name}")), TABLES[name].alias()
    first = index.c.rowid.op("<<")(SHIFT)
    holds = or_(func.instr(rows.c[field], word) > 0, func.instr(func.normalised(rows.c[field]), word) > 0)
    found = select(rows.c.id).join_from(index, rows, rows.c.id.between(first, first + INSIDE))
    asked = index.c[f"search_{name}"].op("MATCH")(question(connection, name, [word]))
    return TABLES[name].c.id.in_(found.where(asked, rows.c.retired_in.is_(None), holds))


def _by_code(connection: Connection, word: str, limit: int) -> list[Hit]:
    hits: list[Hit] = []
    for name in _PREFIXED:
        start = word.lower() if name == "person" else word
        beyond = start[:-1] + chr(ord(start[-1]) + 1)
        found = connection.execute(_beginning(name), {"start": start, "beyond": beyond, "most": limit})
        hits += [Hit(name, *row) for row in found]
    return hits


@cache
def _beginning(name: str) -> Select[Any]:
    """The query for ``most`` rows of a kind by their code, from ``start`` on and before ``beyond``; made once."""
    rows = TABLES[name]
    code: ColumnElement[str] = rows.c[_PREFIXED[name]]
    held = and_(code >= bindparam("start"), code < bindparam("beyond"), rows.c.retired_in.is_(None))
    return _shown(name).where(held).order_by(code).limit(bindparam("most"))


def _by_text(connection: Connection, name: str, words: Sequence[str], limit: int, each: int) -> list[Hit]:
    """The best ``each`` of the first matches by id, at least ``limit`` of which are weighed against one another."""
    most = max(limit, _CANDIDATES)
    if connection.dialect.name == "sqlite":
        hits = [_hit(name, row) for row in holding(connection, name, words, _EXTRA[name], most)]
    else:
        query = _shown(name).where(_like(name, words)).limit(most)
        hits = [Hit(name, *row) for row in connection.execute(query)]
    best = sorted(hits, key=lambda hit: _rank(hit, words[-1]))[:each]
    return _placed(connection, best) if name == "house" and connection.dialect.name == "sqlite" else best


def _rank(hit: Hit, word: str) -> tuple[int, int, str]:
    """Whole codes and ends of addresses first (what is typed is mostly the door), then short, then by text."""
    folded = normalise(hit.title)
    return (0 if folded.endswith(word) else 1, len(folded), hit.title)


def _hit(name: str, row: Sequence[Any]) -> Hit:
    """A row of the columns searched and ``_EXTRA``; a house says where it lies only once it is among the best."""
    if name == "organisation":
        uscc, org_no = row[2:4]
        return Hit(name, row[0], row[1], org_no or "" if uscc is None else uscc)
    return Hit(name, row[0], row[1], row[2])


def _placed(connection: Connection, houses: Sequence[Hit]) -> list[Hit]:
    """Houses (whose second line is the code of their address) with the text of their addresses."""
    address = TABLES["address"]
    of = {entity_id(hit.subtitle): "" for hit in houses}
    found = connection.execute(select(address.c.id, address.c.full_text).where(address.c.id.in_(of)))
    of |= {int(row[0]): str(row[1]) for row in found}
    return [replace(hit, subtitle=of[entity_id(hit.subtitle)]) for hit in houses]


def _like(name: str, words: Sequence[str]) -> ColumnElement[bool]:
    """The words in the columns as they stand: how PostgreSQL finds them."""
    rows = TABLES[name]
    fields = [rows.c[one] for one in INDEXED[name].columns]
    held = (or_(*(one.icontains(word, autoescape=True) for one in fields)) for word in words)
    return and_(rows.c.retired_in.is_(None), *held)


def _shown(name: str) -> Select[Any]:
    rows, address = TABLES[name], TABLES["address"]
    if name == "address":
        return select(rows.c.id, rows.c.full_text, rows.c.address_code)
    if name == "organisation":
        return select(rows.c.id, rows.c.name, func.coalesce(rows.c.uscc, rows.c.org_no, ""))
    if name == "person":
        return select(rows.c.id, rows.c.name_masked, rows.c.house_code)
    place = select(address.c.full_text).where(address.c.address_code == rows.c.address_code).limit(1)
    return select(rows.c.id, rows.c.house_code, func.coalesce(place.scalar_subquery(), ""))


def _shared_out(groups: Sequence[Sequence[Hit]], limit: int) -> Iterator[Hit]:
    """At most ``limit`` hits, kinds side by side where all of them have some, each entity once."""
    taken: set[tuple[str, int]] = set()
    for row in zip_longest(*groups):
        for hit in row:
            if hit is not None and len(taken) < limit and (hit.resource, hit.id) not in taken:
                taken.add((hit.resource, hit.id))
                yield hit
