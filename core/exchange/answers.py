"""What a source made of our corrections: it confirms them, says nothing yet, or goes on saying something else.

A source's receipt says that a correction arrived; its answer is what the next extraction brings. Nothing of this is
kept: it is read from the correction, the source's own word and the runs of extraction since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, and_, func, select

from core.exchange import outbox, queue
from core.exchange.connectors import connector
from core.exchange.declaration import Connector
from core.exchange.outbox import Delivery
from core.model.exchange import delivery
from core.model.extraction import extraction_run
from core.model.ledger import change_set, source_record
from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks

Answer = Literal["", "awaited", "confirmed", "contradicted", "overruled"]
"""Nothing to say before the receipt; no extraction since; the source says the same; it says again what it said before,
and the decision stands here; it says something third, which counts here since a department's newer word does."""

ANSWERS: Final = ("awaited", "confirmed", "contradicted", "overruled")


@dataclass(frozen=True)
class Compared:
    """One field of a correction: what the source had, what it is to have, what it says by now."""

    column: str
    was: Any
    now: Any
    says: Any


@dataclass(frozen=True)
class Corrected:
    """One correction: its record's name and address, its fields, and the source's answer."""

    delivery: Delivery
    title: str
    place: str
    fields: Sequence[Compared]
    answer: Answer


@permits("exchange.read")
def corrections(
    workspace: Workspace, target: str, *, answer: str = "", limit: int = 500, after: int = 0
) -> list[Corrected]:
    """The newest correction of each record to a source, in order of their numbers from ``after`` on."""
    it = connector(target)
    mine = and_(delivery.c.target == it.target, delivery.c.op == "correct", delivery.c.id > after,
                delivery.c.state.not_in(("superseded", "withdrawn")))  # fmt: skip
    newest = select(func.max(delivery.c.id)).where(mine).group_by(delivery.c.resource, delivery.c.entity)
    with workspace.store.read() as connection:
        ids = list(connection.execute(newest).scalars())
        found = [one for some in chunks(sorted(ids)) for one in compared(connection, it, some)]
    return [one for one in found if answer in ("", one.answer)][:limit]


def compared(connection: Connection, it: Connector, ids: Sequence[int]) -> list[Corrected]:
    """Corrections by their numbers, held against what the source says by now."""
    shown = {one.id: one for one in outbox.by_id(connection, ids)}
    rows = connection.execute(select(delivery.c.id, delivery.c.change).where(delivery.c.id.in_(ids)))
    changes = {row[0]: orjson.loads(row[1] or b"{}") for row in rows}
    words = _words(connection, it, [one.entity for one in shown.values()])
    read_since = _last_full(connection, it)
    names = queue.names_in(connection, shown.values())
    made = []
    for number in sorted(shown):
        one = shown[number]
        said, at = words.get((one.resource, one.entity), ({}, ""))
        fields = [Compared(c, pair["was"], pair["now"], said.get(c)) for c, pair in changes[number].items()]
        since = (one.settled_at or "") < max(at, read_since.get(one.resource, ""))
        answer = _answer(fields, since=since) if one.state == "accepted" else ""
        made.append(Corrected(one, *names.get(one.entity, (one.key, "")), fields, answer))
    return made


def _answer(fields: Sequence[Compared], *, since: bool) -> Answer:
    if all(one.says == one.now for one in fields):
        return "confirmed"
    if not since:
        return "awaited"
    return "contradicted" if all(one.says in (one.was, one.now) for one in fields) else "overruled"


def _words(
    connection: Connection, it: Connector, entities: Sequence[int]
) -> dict[tuple[str, int], tuple[Mapping[str, Any], str]]:
    """What the source last said of each record, and when we heard it."""
    columns = (source_record.c.resource, source_record.c.entity, source_record.c.row, change_set.c.at)
    query = select(*columns).join(change_set, change_set.c.id == source_record.c.change_set)
    mine = and_(source_record.c.source == it.sender, source_record.c.entity.in_(list(entities)))
    found: dict[tuple[str, int], tuple[Mapping[str, Any], str]] = {
        (row[0], row[1]): (orjson.loads(row[2]), str(row[3])) for row in connection.execute(query.where(mine))
    }
    for resource in it.proposes(
        "corrections"
    ):  # where nobody else spoke and nobody decided, the row is its word
        table = TABLES[resource]
        alone = select(table, change_set.c.at).join(change_set, change_set.c.id == table.c.changed_in)
        alone = alone.where(table.c.id.in_(list(entities)), table.c.source == it.sender)
        for row in connection.execute(alone).mappings():
            found.setdefault((resource, row["id"]), (dict(row), str(row["at"])))
    return found


def _last_full(connection: Connection, it: Connector) -> dict[str, str]:
    """Resource → when the newest full extraction in force began."""
    query = (
        select(extraction_run.c.resource, func.max(extraction_run.c.started_at))
        .select_from(extraction_run.outerjoin(change_set, change_set.c.id == extraction_run.c.change_set))
        .where(extraction_run.c.system == it.target, extraction_run.c.state == "applied",
               extraction_run.c.mode == "full", change_set.c.undone_by.is_(None))
        .group_by(extraction_run.c.resource)
    )  # fmt: skip
    return {row[0]: row[1] for row in connection.execute(query)}
