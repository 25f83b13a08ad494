"""The search index: derived from the registry, rebuildable, answers from two characters on.

On SQLite each indexed resource has a contentless FTS5 table whose rowid is the entity's id. Texts are
stored as bigrams (a phrase of bigrams is an exact substring search, which the trigram tokenizer cannot
do for two Chinese characters), codes as runs of four. PostgreSQL answers with LIKE.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, column, func, or_, select, table, text

from core.model.registry import HISTORY, TABLES


@dataclass(frozen=True)
class Hit:
    """One answer: which entity, and two lines to show (masked as the registry holds them)."""

    resource: str
    id: int
    title: str
    subtitle: str


@dataclass(frozen=True)
class _Indexed:
    texts: tuple[str, ...]
    codes: tuple[str, ...]


_INDEXED: Final = {
    "address": _Indexed(("full_text",), ()),
    "organisation": _Indexed(("name",), ("uscc", "org_no")),
    "house": _Indexed((), ("house_code",)),
}
_PREFIXED: Final = {
    "address": "address_code",
    "house": "house_code",
    "organisation": "uscc",
    "person": "person_token",
}
"""Columns with an ordinary index, in which a code is found by how it begins."""

_PUNCTUATION = "-#()./"
_DROPPED = str.maketrans(
    {chr(n): None for n in range(128) if not chr(n).isalnum() and chr(n) not in _PUNCTUATION}
)
_CODE, _LONG_CODE = 4, 8
"""Characters in a run; from how many on a code that begins some code is not looked for inside others too."""

_PENDING = 64 << 20
"""Bytes of postings FTS5 gathers before it writes a segment: 1 MB (its default) makes a build 2.3x slower."""

_BATCH = 5_000
_BLANK, _END = ord(" "), ord("\n")

_CANDIDATES = 60
"""How many matches are read and ranked before the best are shown; a common word has half a million."""


def create(connection: Connection) -> None:
    """Makes the empty index where the database has one; called by the store's migration."""
    if connection.dialect.name != "sqlite":
        return
    for name in _INDEXED:
        connection.execute(text(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS search_{name} USING fts5(body, content='', "
            f"contentless_delete=1, tokenize=\"ascii tokenchars '{_PUNCTUATION}'\")"
        ))  # fmt: skip
        connection.execute(
            text(f"INSERT INTO search_{name}(search_{name}, rank) VALUES ('hashsize', {_PENDING})")
        )


def drop(connection: Connection) -> None:
    """Removes the index."""
    if connection.dialect.name == "sqlite":
        for name in _INDEXED:
            connection.execute(text(f"DROP TABLE IF EXISTS search_{name}"))


def rebuild(connection: Connection) -> None:
    """Makes the index anew from the registry as it stands."""
    if connection.dialect.name != "sqlite":
        return
    for name in _INDEXED:
        _clear(connection, name)
        _fill(connection, name, TABLES[name], TABLES[name].c.retired_in.is_(None))


def update(connection: Connection, change_set: int) -> None:
    """Brings the index to what ``change_set`` wrote; called inside its transaction, after it wrote."""
    if connection.dialect.name != "sqlite":
        return
    for name in _INDEXED:
        rows = TABLES[name]
        wrote = rows.c.changed_in == change_set
        if not _is_empty(connection, name):
            _remove(connection, name, select(rows.c.id).where(wrote, rows.c.created_in != change_set))
        _fill(connection, name, rows, and_(wrote, rows.c.retired_in.is_(None)))


def forget(connection: Connection, change_set: int) -> None:
    """Takes ``change_set`` out of the index, back to the versions it replaced; called before its undo."""
    if connection.dialect.name != "sqlite":
        return
    for name in _INDEXED:
        rows, history = TABLES[name], HISTORY[name]
        if connection.execute(select(rows.c.id).where(rows.c.changed_in != change_set).limit(1)).first():
            _remove(connection, name, select(rows.c.id).where(rows.c.changed_in == change_set))
        else:
            _clear(connection, name)
        _fill(
            connection,
            name,
            history,
            and_(history.c.superseded_in == change_set, history.c.retired_in.is_(None)),
        )


def search(connection: Connection, wanted: str, *, limit: int = 20) -> list[Hit]:
    """Entities whose text holds every word of ``wanted`` (two characters or more each), best first.

    Codes are found by how they begin or by any four characters of them. Retired entities are left out.
    """
    words = [word for word in map(normalise, wanted.split()) if len(word) > 1]
    if not words:
        return []
    is_code = len(words) == 1 and len(words[0]) >= _CODE and words[0].isascii()
    groups = [_by_code(connection, words[0], limit)] if is_code else []
    if not (is_code and len(words[0]) >= _LONG_CODE and groups[0]):
        groups += [_by_text(connection, name, words, limit) for name in _INDEXED]
    return list(_shared_out(groups, limit))


def of_kind(connection: Connection, name: str, wanted: str, *, limit: int = 20) -> list[Hit]:
    """What ``search`` finds by text among one indexed kind."""
    words = [word for word in map(normalise, wanted.split()) if len(word) > 1]
    return _by_text(connection, name, words, limit) if words else []


def containing(connection: Connection, name: str, field: str, wanted: str) -> ColumnElement[bool] | None:
    """The condition that ``field`` of a present row holds ``wanted``, where the index can answer it; else None."""
    word = normalise(wanted)
    indexed = _INDEXED.get(name)
    if connection.dialect.name != "sqlite" or indexed is None or field not in indexed.texts or len(word) < 2:
        return None
    index = table(f"search_{name}", column("rowid"), column(f"search_{name}"))
    holds = index.c[f"search_{name}"].op("MATCH")(f'"{_grams(word)}"')
    return TABLES[name].c.id.in_(select(index.c.rowid).where(holds))


def normalise(value: str) -> str:
    """The one form that texts and questions meet in: full width folded, upper case, no blanks."""
    folded = value.upper() if value.isascii() else unicodedata.normalize("NFKC", value).upper()
    return folded if folded.isalnum() else folded.translate(_DROPPED)  # most texts have nothing to drop


def _grams(value: str | None) -> str:
    folded = normalise(value or "")
    return " ".join(map(str.__add__, folded, folded[1:]))


def _code_grams(value: str | None) -> str:
    folded = normalise(value or "")
    return " ".join(folded[at : at + _CODE] for at in range(len(folded) - _CODE + 1))


def _fill(connection: Connection, name: str, rows: Table, where: ColumnElement[bool]) -> None:
    indexed = _INDEXED[name]
    columns = (*indexed.texts, *indexed.codes)
    # FTS5 writes a segment whenever a rowid is smaller than the one before, hence the order.
    chosen = select(rows.c.id, *(rows.c[one] for one in columns)).where(where).order_by(rows.c.id)
    read: Any = connection.execute(chosen).cursor
    write: Any = connection.connection.cursor()
    statement = f"INSERT INTO search_{name}(rowid, body) VALUES (?, ?)"
    while some := read.fetchmany(_BATCH):
        ids, *values = zip(*some, strict=True)
        said = dict(zip(columns, values, strict=True))
        bodies = [_grams_of(said[one], 2) for one in indexed.texts]
        bodies += [_grams_of(said[one], _CODE) for one in indexed.codes]
        # a token between fields, so that no phrase spans two
        write.executemany(statement, zip(ids, map(" // ".join, zip(*bodies, strict=True)), strict=True))
    read.close()


def _grams_of(values: Sequence[str | None], size: int) -> list[str]:
    """The runs of ``size`` characters of each text, parted by blanks: over all texts at once, as arrays."""
    folded = [normalise(value) if value else "" for value in values]
    points = np.frombuffer(("\n".join(folded) + "\n" * size).encode("utf-32-le"), dtype=np.uint32)
    count = len(points) - size + 1
    runs = np.stack([*(points[at : at + count] for at in range(size)), np.full(count, _BLANK, np.uint32)], axis=1)
    ends = runs[:, :size] == _END
    shown = np.empty(runs.shape, bool)
    shown[:] = ~ends.any(axis=1)[:, None]  # a run that reaches into the next text is none
    shown[:, 0] |= ends[:, 0]  # but the end of a text stays
    text_of_all = runs[shown].tobytes().decode("utf-32-le")
    return [one.rstrip(" ") for one in text_of_all.split("\n", len(folded))[: len(folded)]]


def _remove(connection: Connection, name: str, ids: Select[Any]) -> None:
    gone = connection.execute(ids.order_by(TABLES[name].c.id)).scalars().all()
    cursor: Any = connection.connection.cursor()
    cursor.executemany(f"DELETE FROM search_{name} WHERE rowid = ?", ((one,) for one in gone))


def _is_empty(connection: Connection, name: str) -> bool:
    return connection.execute(select(table(f"search_{name}_docsize", column("id")).c.id).limit(1)).first() is None


def _clear(connection: Connection, name: str) -> None:
    connection.execute(text(f"INSERT INTO search_{name}(search_{name}) VALUES ('delete-all')"))


def _by_code(connection: Connection, word: str, limit: int) -> list[Hit]:
    hits: list[Hit] = []
    for name, code in _PREFIXED.items():
        rows, start = TABLES[name], word.lower() if name == "person" else word
        beyond = start[:-1] + chr(ord(start[-1]) + 1)
        held = and_(rows.c[code] >= start, rows.c[code] < beyond, rows.c.retired_in.is_(None))
        found = connection.execute(_shown(name).where(held).order_by(rows.c[code]).limit(limit))
        hits += [Hit(name, *row) for row in found]
    return hits


def _by_text(connection: Connection, name: str, words: Sequence[str], limit: int) -> list[Hit]:
    most = max(limit, _CANDIDATES)
    condition = _matches(connection, name, words, most)
    if condition is None:
        return []
    found = connection.execute(_shown(name).where(condition).limit(most))
    hits = [Hit(name, *row) for row in found]
    return sorted(hits, key=lambda hit: _rank(hit, words[-1]))[:limit]


def _rank(hit: Hit, word: str) -> tuple[int, int, str]:
    """Whole codes and ends of addresses first (what is typed is mostly the door), then short, then by text."""
    folded = normalise(hit.title)
    return (0 if folded.endswith(word) else 1, len(folded), hit.title)


def _matches(
    connection: Connection, name: str, words: Sequence[str], most: int
) -> ColumnElement[bool] | None:
    indexed, rows = _INDEXED[name], TABLES[name]
    if connection.dialect.name != "sqlite":
        present = rows.c.retired_in.is_(None)
        fields = [rows.c[c] for c in (*indexed.texts, *indexed.codes)]
        return and_(present, *(or_(*(c.icontains(word, autoescape=True) for c in fields)) for word in words))
    phrases = [_phrases(indexed, word) for word in words]
    if not all(phrases):
        return None
    question = " AND ".join("(" + " OR ".join(each) + ")" for each in phrases)
    index = table(f"search_{name}", column("rowid"))
    answer = select(index.c.rowid).where(text(f"search_{name} MATCH :question").bindparams(question=question))
    return rows.c.id.in_(answer.limit(most))  # inside: a common word has half a million matches


def _phrases(indexed: _Indexed, word: str) -> list[str]:
    ways = [_grams(word)] if indexed.texts else []
    if indexed.codes and word.isascii() and len(word) >= _CODE:
        ways.append(_code_grams(word))
    return [f'"{way}"' for way in ways]


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
