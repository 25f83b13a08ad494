"""Duplicate candidates: records that may be one and the same, with what speaks for it field by field.

There is no score: a pair says which fields agree, which differ and where one is silent, and a person decides.
"Not the same" is remembered until one of the compared fields changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, not_, select

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.stewardship import apart, duplicate
from core.registry import changes
from core.registry.record import title_of
from core.security import audit
from core.security.workspace import Workspace, permits
from core.stewardship.surroundings import BATCH
from core.store import bulk
from core.verification.keys import hashed
from core.verification.matching.normal import BREAK, normal

COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("person_token", "house_code", "name_masked", "id_masked", "sex", "birth_year", "phone_masked"),
    "organisation": ("uscc", "org_no", "name", "address_code", "kind", "representative_masked", "phone_masked"),
    "address": ("full_text", "community_code", "road", "doorplate", "estate", "building", "unit", "room"),
}
"""The fields that are held against each other, by resource."""
_MANY: Final = 12
"""More records than these that look alike are each paired with the first only: nobody reads seventy pairs."""
_FORMS: Final = r"(?:股份有限公司|有限责任公司|有限公司|合伙企业|个体工商户|\(.*?\)|（.*?）|店|部|厂)$"
_PLACE: Final = r"^(?:江苏省?)?(?:苏州市?)?(?:姑苏区|沧浪区|平江区|金阊区)?(?:[^路街巷村]{2,4}街道)?"


class PairUnknown(GridLinkError):
    """The two are no candidates, or no reason was given."""

    code = "pair_unknown"


@dataclass(frozen=True)
class Pair:
    """Two records that may be the same: why they were put together, and each compared field of both.

    ``reasons`` by field: agrees, differs or silent; personal values are masked as the registry holds them.
    """

    resource: str
    left: int
    right: int
    titles: tuple[str, str]
    basis: str
    reasons: Mapping[str, str]
    values: Mapping[str, tuple[Any, Any]]
    found_at: str


@permits("finding.work")
def find(workspace: Workspace, resource: str, *, progress: Progress | None = None) -> int:
    """Looks through the whole registry anew and returns how many candidates there are that nobody set apart."""
    progress = progress or Progress()
    progress.phase(_("Looking for duplicates: {resource}").format(resource=resource))
    with workspace.store.read() as connection:
        rows = _rows(connection, resource, progress)
    pairs = _compared(resource, rows, _pairs(resource, rows), workspace.now())
    progress.checkpoint()
    with workspace.store.write() as connection:
        connection.execute(delete(duplicate).where(duplicate.c.resource == resource))
        columns = ("resource", "left_id", "right_id", "basis", "reasons", "fingerprint", "found_at")
        bulk.insert_rows(connection, duplicate, columns, pairs.select(columns).iter_rows())
        total = _total(connection, _open(resource))
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="duplicate.find", subject=resource,
            details={"looked_at": rows.height, "candidates": total},
        )  # fmt: skip
    return total


@permits("finding.read")
def candidates(workspace: Workspace, resource: str, *, offset: int = 0, limit: int = 100) -> tuple[int, Sequence[Pair]]:
    """How many candidates are open, and a stretch of them; showing persons is audited."""
    query = select(duplicate).where(_open(resource)).order_by(duplicate.c.id)
    with workspace.store.read() as connection:
        total = _total(connection, _open(resource))
        found = connection.execute(query.offset(offset).limit(limit)).all()
        held = _held(connection, resource, {n for row in found for n in (row.left_id, row.right_id)})
    if resource == "person" and found:
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.duplicates",
                subject=resource, details={"shown": len(found), "total": total},
            )  # fmt: skip
    return total, [_pair(row, held) for row in found]


@permits("conflict.settle")
def keep_apart(workspace: Workspace, resource: str, pairs: Sequence[tuple[int, int]], *, reason: str) -> int:
    """Remembers of candidates that they are not the same, as one undoable change set; returns its number."""
    with workspace.store.write() as connection:
        known = [row for left, right in pairs for row in connection.execute(
            select(duplicate).where(_open(resource), duplicate.c.left_id == min(left, right),
                                    duplicate.c.right_id == max(left, right)))]  # fmt: skip
        if not known or len(known) != len(pairs) or not reason.strip():
            raise PairUnknown(
                _("Not remembered: these are no open candidates, or the reason is missing."),
                cure=_("Look for duplicates again and choose from the list."),
            )
        number = changes.begin(connection, workspace, "apart", reason)
        entries = [
            {"change_set": number, "resource": resource, "left_id": row.left_id, "right_id": row.right_id,
             "fingerprint": row.fingerprint, "reason": reason, "at": workspace.now(), "actor": workspace.actor.name}
            for row in known
        ]  # fmt: skip
        connection.execute(insert(apart), entries)
        changes.finish(
            connection, workspace, number, action="duplicate.apart", subject=resource, counts={"apart": len(known)},
            details={"reason": reason},
        )  # fmt: skip
    return number


def _open(resource: str) -> ColumnElement[bool]:
    same = and_(
        apart.c.resource == duplicate.c.resource, apart.c.left_id == duplicate.c.left_id,
        apart.c.right_id == duplicate.c.right_id, apart.c.fingerprint == duplicate.c.fingerprint,
    )  # fmt: skip
    return and_(duplicate.c.resource == resource, not_(exists(select(apart.c.id).where(same))))


def _total(connection: Connection, where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(duplicate).where(where)).scalar_one()


def _rows(connection: Connection, resource: str, progress: Progress) -> pl.DataFrame:
    """The compared fields of every record in use, as text, with ``id``."""
    table, last, parts = TABLES[resource], None, []
    columns = ("id", *COMPARED[resource])
    types = {name: pl.Int64 if name in {"id", "birth_year"} else pl.String for name in columns}
    query = select(*(table.c[name] for name in columns)).where(table.c.retired_in.is_(None)).order_by(table.c.id)
    if resource == "person":
        query = query.where(table.c.move_out.is_(None))
    while True:
        found = connection.execute((query if last is None else query.where(table.c.id > last)).limit(BATCH)).all()
        parts.append(pl.DataFrame([tuple(row) for row in found], schema=types, orient="row"))
        progress.advance(len(found))
        progress.checkpoint()
        if len(found) < BATCH:
            return pl.concat(parts).with_columns(pl.col(name).cast(pl.String) for name in columns[1:])
        last = found[-1].id


def _pairs(resource: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Records of one block side by side: ``left, right, basis``; blocks are small by construction."""
    parts = [_blocked(rows, key).with_columns(pl.lit(basis).alias("basis")) for basis, key in _blocks(resource, rows)]
    return pl.concat(parts).unique(["left", "right"], keep="first", maintain_order=True)


def _blocks(resource: str, rows: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    if resource == "person":
        shape = pl.concat_str("house_code", "name_masked", "birth_year", "sex", separator="\x1f")
        return [("same_person", rows["person_token"]), ("same_shape", rows.select(shape.alias("key"))["key"])]
    if resource == "organisation":
        name = normal(rows["name"].str.replace_all(_FORMS, ""))
        code = rows.select(pl.coalesce(pl.col("uscc").str.slice(8, 9), pl.col("org_no").str.replace("-", "")))
        return [
            ("same_code", code.to_series()),
            ("same_name", rows.select(pl.concat_str(name.alias("n"), "address_code", separator="\x1f")).to_series()),
        ]
    text = normal(rows["full_text"].str.replace(_PLACE, "")).str.replace_all(BREAK, "", literal=True)
    told = text.str.replace_all(r"(?:栋|号楼|座)", "幢").str.replace_all(r"(?:室|户)$", "")
    return [("same_text", rows.select(pl.concat_str(told.alias("t"), "community_code", separator="\x1f")).to_series())]


def _blocked(rows: pl.DataFrame, key: pl.Series) -> pl.DataFrame:
    keyed = rows.select("id").with_columns(key.alias("key")).drop_nulls().with_columns(size=pl.len().over("key"))
    alike = keyed.filter(pl.col("size") > 1).sort("id").with_columns(at=pl.int_range(pl.len()).over("key"))
    first = alike.filter((pl.col("size") <= _MANY) | (pl.col("at") == 0))
    both = first.join(alike, on="key").filter(pl.col("id") < pl.col("id_right"))
    return both.select(left="id", right="id_right")


def _compared(resource: str, rows: pl.DataFrame, pairs: pl.DataFrame, now: str) -> pl.DataFrame:
    fields = COMPARED[resource]
    both = pairs.join(rows, left_on="left", right_on="id").join(rows, left_on="right", right_on="id", suffix="_other")
    said = [
        pl.when(pl.col(f).is_null() | pl.col(f"{f}_other").is_null()).then(pl.lit("silent"))
        .when(pl.col(f) == pl.col(f"{f}_other")).then(pl.lit("agrees")).otherwise(pl.lit("differs")).alias(f)
        for f in fields
    ]  # fmt: skip
    content = pl.concat_str([pl.col(n).fill_null("") for f in fields for n in (f, f"{f}_other")], separator="\x1f")
    return both.select(
        pl.lit(resource).alias("resource"), pl.col("left").alias("left_id"), pl.col("right").alias("right_id"), "basis",
        pl.struct(said).struct.json_encode().alias("reasons"), hashed(content).alias("fingerprint"),
        pl.lit(now).alias("found_at"),
    ).sort("left_id", "right_id")  # fmt: skip


def _held(connection: Connection, resource: str, ids: set[int]) -> dict[int, dict[str, Any]]:
    table = TABLES[resource]
    return {row.id: dict(row._mapping) for row in connection.execute(select(table).where(table.c.id.in_(ids)))}


def _pair(row: Any, held: Mapping[int, Mapping[str, Any]]) -> Pair:
    left, right = held.get(row.left_id, {}), held.get(row.right_id, {})
    names = RESOURCES[row.resource].column_names
    titles = tuple(title_of(row.resource, one) if one else "–" for one in (left, right))
    values = {f: (left.get(f), right.get(f)) for f in COMPARED[row.resource] if f in names}
    return Pair(
        row.resource, row.left_id, row.right_id, (titles[0], titles[1]), row.basis, row.reasons, values, row.found_at
    )
