"""Corrections: what the station decided otherwise than a source says, and what the source is to be told of it.

Derived, never remembered: the row as it stands, whether a decision stands in each field group, the source's own
word in ``source_record``, and the corrections that the source accepted. A correction is due where a decided value
is not what the source has by all that we know: its word, and over it what it accepted from us since it spoke. Where
the source accepted something that no longer stands here (the decision was undone), the correction of the correction
is due. What it accepted and goes on saying otherwise is not sent again by itself; it is shown, and somebody decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, and_, select, union, update

from core.model.exchange import delivery
from core.model.ledger import source_record
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.stewardship import decision
from core.registry import words
from core.registry.composing import weighed
from core.store import bulk
from core.verification.keys import hashed, key_text

OP: Final = "correct"
_QUEUED: Final = (
    "target", "resource", "entity", "key", "op", "version", "change_set", "state", "attempts", "due_at", "queued_at",
    "change",
)  # fmt: skip
_OPEN: Final = ("waiting", "sent", "held")
_DUE: Final = {
    "entity": pl.Int64,
    "key": pl.String,
    "version": pl.Int64,
    "change_set": pl.Int64,
    "change": pl.String,
}


@dataclass(frozen=True)
class Returned:
    """What one source is told back: decisions about ``columns`` of records that its ``sender`` spoke of."""

    target: str
    resource: str
    sender: str
    columns: tuple[str, ...]

    def of(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Its corrections among the deliveries."""
        mine = (delivery.c.target == self.target, delivery.c.resource == self.resource, delivery.c.op == OP)
        return and_(*mine, *conditions)


def enqueue(connection: Connection, returned: Returned, change_set: int, now: str) -> int:
    """Queues what a change set made due, by rows or by words that it wrote; waiting ones are replaced: how many."""
    if not _has_any(connection, returned):
        return 0
    table = TABLES[returned.resource]
    told = and_(source_record.c.resource == returned.resource, source_record.c.kept_in == change_set)
    touched = union(
        select(table.c.id).where(table.c.changed_in == change_set), select(source_record.c.entity).where(told)
    ).subquery()
    known = _candidates(returned).subquery()
    ids = select(touched.c[0]).where(touched.c[0].in_(select(known.c[0])))
    return refresh(connection, returned, connection.execute(ids).scalars().all(), now, change_set=change_set)


def refresh(
    connection: Connection, returned: Returned, ids: Sequence[int], now: str, *, change_set: int | None = None
) -> int:
    """Brings the waiting corrections of ``ids`` to what is due now: how many were queued."""
    if not ids:
        return 0
    due, queued = due_of(connection, returned, ids), _queued(connection, returned, ids)
    waiting = queued.filter(pl.col("state") == "waiting")
    stale = waiting.join(due, on=["entity", "version"], how="anti")
    reason = f"superseded:{change_set}" if change_set is not None else "superseded"
    for some in bulk.chunks(stale["id"].to_list()):
        gone = update(delivery).where(delivery.c.id.in_(some), delivery.c.state == "waiting")
        connection.execute(gone.values(state="superseded", settled_at=now, reason=reason))
    standing = queued.filter(pl.col("state").is_in(_OPEN)).join(stale, on="id", how="anti")
    newest = (
        queued.filter(pl.col("state").is_in(["accepted", "rejected"]))
        .sort("id")
        .unique("entity", keep="last")
    )
    refused = newest.filter(pl.col("state") == "rejected")  # the same words again would be rejected again
    fresh = due.join(standing, on="entity", how="anti").join(refused, on=["entity", "version"], how="anti")
    rows = fresh.sort("entity").select(
        pl.lit(returned.target).alias("target"), pl.lit(returned.resource).alias("resource"), "entity", "key",
        pl.lit(OP).alias("op"), "version", "change_set", pl.lit("waiting").alias("state"), pl.lit(0).alias("attempts"),
        pl.lit(now).alias("due_at"), pl.lit(now).alias("queued_at"), "change",
    )  # fmt: skip
    return bulk.insert_rows(connection, delivery, _QUEUED, rows.iter_rows())


def begin(connection: Connection, returned: Returned, now: str) -> int:
    """Queues every correction that is due now: how many."""
    return refresh(connection, returned, connection.execute(_candidates(returned)).scalars().all(), now)


def touched_by(returned: Returned, mine: ColumnElement[bool]) -> Select[Any]:
    """The entities of corrections that fulfil a condition."""
    return select(delivery.c.entity).where(returned.of(mine)).distinct()


def due_of(connection: Connection, returned: Returned, ids: Sequence[int]) -> pl.DataFrame:
    """What the source is to be told of ``ids``: ``entity, key, version, change_set, change``."""
    resource = RESOURCES[returned.resource]
    rows = _present(connection, returned, ids)
    known = _said(connection, returned, rows)
    if known.is_empty():
        return pl.DataFrame(schema=_DUE)
    for accepted in _accepted(connection, returned, known["entity"].to_list()):
        known = _told(known, accepted, returned.columns)
    undecided = (pl.lit(value=False).alias(f"decided_{group}") for group in resource.groups)
    present = rows.join(known, on="entity").with_columns(undecided)
    for group, frame in weighed(connection, resource, known["entity"].to_list()).items():
        stands = frame.select("entity", (~pl.col("pure")).alias(f"decided_{group}"))
        present = present.update(stands, on="entity")
    parts = [_part(c, resource.by_name[c].group) for c in returned.columns]
    changed = present.with_columns(pl.concat_str(parts, separator=",", ignore_nulls=True).alias("change"))
    due = changed.filter((pl.col("change") != "") & pl.col("retired_in").is_null())
    whole = due.with_columns(pl.concat_str(pl.lit("{"), "change", pl.lit("}")).alias("change"), pl.lit(0).alias("line"))
    return whole.select(
        "entity", key_text(resource).alias("key"), hashed(pl.col("change")).alias("version"),
        pl.col("changed_in").alias("change_set"), "change",
    )  # fmt: skip


def _said(connection: Connection, returned: Returned, rows: pl.DataFrame) -> pl.DataFrame:
    """What the source itself said of those that it spoke of; where nobody else did, the row is its word."""
    said = words.said(connection, RESOURCES[returned.resource], rows["entity"].to_list())
    alone = rows.filter(pl.col("source") == returned.sender).join(said, on="entity", how="anti")
    names = ["entity", *returned.columns]
    both = pl.concat([said.filter(pl.col("source") == returned.sender).select(names), alone.select(names)])
    has = (pl.col(c).alias(f"has_{c}") for c in returned.columns)
    return both.select("entity", *has, *(pl.lit(value=False).alias(f"ours_{c}") for c in returned.columns))


def _part(column: str, group: str) -> pl.Expr:
    """``"column":{"was":…,"now":…}`` where it is due, else null."""
    has, now = pl.col(f"has_{column}"), pl.col(column)
    due = has.ne_missing(now) & (pl.col(f"decided_{group}") | pl.col(f"ours_{column}"))
    pair = pl.struct(has.alias("was"), now.alias("now")).struct.json_encode()
    return pl.when(due).then(pl.concat_str(pl.lit(f'"{column}":'), pair))


def _told(known: pl.DataFrame, accepted: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """What the source has after it accepted one correction of each entity, where it was about what it had."""
    joined = known.join(accepted, on="entity", how="left")
    takes = {
        c: (pl.col(f"is_{c}") & pl.col(f"was_{c}").eq_missing(pl.col(f"has_{c}"))).fill_null(value=False)
        for c in columns
    }
    return joined.select(
        "entity",
        *(pl.when(takes[c]).then(f"now_{c}").otherwise(f"has_{c}").alias(f"has_{c}") for c in columns),
        *((takes[c] | pl.col(f"ours_{c}")).alias(f"ours_{c}") for c in columns),
    )


def _accepted(connection: Connection, returned: Returned, ids: Sequence[int]) -> Iterator[pl.DataFrame]:
    """The accepted corrections of ``ids`` in order: first the first of each entity, then the second, and so on."""
    types = {"entity": pl.Int64, "id": pl.Int64, "change": pl.String}
    columns = [delivery.c.entity, delivery.c.id, delivery.c.change]
    found = words.frame_of(connection, columns, ids, types, where=returned.of(delivery.c.state == "accepted"))
    kinds = words.schema(RESOURCES[returned.resource])
    shape = pl.Struct({c: pl.Struct({"was": kinds[c], "now": kinds[c]}) for c in returned.columns})
    told = found.sort("id").with_columns(
        pl.col("change").str.json_decode(shape).alias("told"), pl.int_range(pl.len()).over("entity").alias("depth"),
    )  # fmt: skip
    each = [
        pl.col("change").str.contains(f'"{c}":{{', literal=True).alias(f"is_{c}") for c in returned.columns
    ]
    was_now = [pl.col("told").struct.field(c).struct.field(side).alias(f"{side}_{c}")
               for c in returned.columns for side in ("was", "now")]  # fmt: skip
    for depth in sorted(told["depth"].unique()):
        yield told.filter(pl.col("depth") == depth).select("entity", *each, *was_now)


def _present(connection: Connection, returned: Returned, ids: Sequence[int]) -> pl.DataFrame:
    table, resource = TABLES[returned.resource], RESOURCES[returned.resource]
    kinds = words.schema(resource)
    keys = [*resource.key, *([resource.alternative_key] if resource.alternative_key else [])]
    names = list(dict.fromkeys([*keys, *returned.columns]))
    book = {"changed_in": pl.Int64, "retired_in": pl.Int64, "source": pl.String}
    types = {"entity": pl.Int64, **book, **{n: kinds[n] for n in names}}
    columns = [table.c.id, *(table.c[n] for n in (*book, *names))]
    return words.frame_of(connection, columns, ids, types)


def _queued(connection: Connection, returned: Returned, ids: Sequence[int]) -> pl.DataFrame:
    """The corrections of ``ids`` that count: open or settled."""
    types = {"entity": pl.Int64, "id": pl.Int64, "state": pl.String, "version": pl.Int64}
    columns = [delivery.c.entity, delivery.c.id, delivery.c.state, delivery.c.version]
    counting = returned.of(delivery.c.state.in_((*_OPEN, "accepted", "rejected")))
    return words.frame_of(connection, columns, ids, types, where=counting)


def _candidates(returned: Returned) -> Any:
    """Whatever was decided about, or was once corrected there."""
    decided = select(decision.c.entity).where(decision.c.resource == returned.resource)
    return union(decided, select(delivery.c.entity).where(returned.of()))


def _has_any(connection: Connection, returned: Returned) -> bool:
    decided = select(decision.c.id).where(decision.c.resource == returned.resource).limit(1)
    sent = select(delivery.c.id).where(returned.of()).limit(1)
    return any(connection.execute(query).first() is not None for query in (decided, sent))
