"""The gate: just before sending, each record is read again and checked as it would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select, text as sql

from core.exchange.connectors import pushed
from core.exchange.declaration import Connector
from core.exchange.leasing import Leased, newest_change_set
from core.model.ledger import finding, package
from core.model.registry import TABLES
from core.model.resources import RESOURCES

Record = dict[str, Any]
Row = Sequence[Any]

_BOOKKEEPING: Final = ("id", "row_hash", "changed_in", "retired_in", "source")
_STARS = 4
"""The least that a masked number hides, as verification has it (``masked.number_open``, ``masked.phone_open``)."""


@dataclass
class Inspected:
    """A batch after the gate: what may leave, what may not and why, and what is no longer so.

    ``horizon`` is the newest change set that was seen.
    """

    horizon: int
    ready: list[tuple[Leased, Record]] = field(default_factory=list)
    failing: dict[int, str] = field(default_factory=dict)
    outdated: list[Leased] = field(default_factory=list)


class Gate:
    """One connector's gate; it knows where each column stands in the rows that it reads."""

    def __init__(self, connector: Connector) -> None:
        self._selection, outgoing = pushed(connector)
        self._fields = outgoing.fields
        columns = (f.column for f in self._fields)
        names = tuple(dict.fromkeys((*_BOOKKEEPING, *self._selection.where, *columns)))
        place = {name: at for at, name in enumerate(names)}
        table = TABLES[self._selection.resource]
        self._query = select(*(table.c[name] for name in names))
        self._id = table.c.id
        self._where = [(place[column], frozenset(values)) for column, values in self._selection.where.items()]
        self._places = [(f, place[f.column]) for f in self._fields]

    def inspect(self, connection: Connection, items: Sequence[Leased]) -> Inspected:
        """Reads the items' records and sorts them; nothing is written."""
        found = connection.execute(self._query.where(self._id.in_([i.entity for i in items]))).all()
        rows: dict[int, Row] = {row[0]: row for row in found}
        faults = self._open_errors(connection, rows, items)
        result = Inspected(newest_change_set(connection))
        for item in items:
            row = rows.get(item.entity)
            belongs = row is not None and self._belongs(row)
            if item.op == "retire":
                self._inspect_retirement(item, belongs=belongs, result=result)
            elif row is None or not belongs or row[1] != item.version:
                result.outdated.append(item)
            else:
                record = self._record(row)
                reason = faults.get(item.key) or (record if isinstance(record, str) else "")
                if reason:
                    result.failing[item.id] = f"gate:{reason}"
                elif not isinstance(record, str):
                    result.ready.append((item, record))
        return result

    def _inspect_retirement(self, item: Leased, *, belongs: bool, result: Inspected) -> None:
        """A retirement carries the record's key and nothing else."""
        if belongs:
            result.outdated.append(item)
            return
        key = RESOURCES[self._selection.resource].key
        values = dict(zip(key, item.key.split(":", len(key) - 1), strict=True))
        result.ready.append((item, {f.name: values[f.column] for f in self._fields if f.key}))

    def _belongs(self, row: Row) -> bool:
        return row[3] is None and all(row[place] in values for place, values in self._where)

    def _open_errors(
        self, connection: Connection, rows: Mapping[int, Row], items: Sequence[Leased]
    ) -> dict[str, str]:
        """Key → the rule that the record's own department last broke with it, if it has not sent it anew since."""
        query = (
            select(finding.c.key, finding.c.change_set, finding.c.rule, package.c.sender)
            .select_from(finding.outerjoin(package, package.c.change_set == finding.c.change_set))
            # The severity as text: SQLite only uses a partial index whose condition it can read.
            .where(sql("finding.severity = 'error'"), finding.c.key.in_([i.key for i in items]),
                   finding.c.resource == self._selection.resource)
        )  # fmt: skip
        errors: dict[str, str] = {}
        entities: dict[str, int] = {}
        for key, number, rule, sender in connection.execute(query):
            entities = entities or {item.key: item.entity for item in items}
            row = rows.get(entities[key])
            if row is not None and number >= row[2] and sender in (None, row[4]):
                errors[key] = f"open_finding:{rule}"
        return errors

    def _record(self, row: Row) -> Record | str:
        """What leaves: the declared fields under their upstream names, empty ones left out; or why not."""
        record: Record = {}
        for declared, place in self._places:
            value = row[place]
            if value is None or value == "":
                if declared.required or declared.key:
                    return f"required_missing:{declared.column}"
                continue
            if declared.masked and not _is_masked(value):
                return f"not_masked:{declared.column}"
            if declared.codes:
                if value not in declared.codes:
                    return f"code_unknown:{declared.column}"
                value = declared.codes[value]
            record[declared.name] = value
        return record


def _is_masked(value: str) -> bool:
    hidden = value.count("*")
    return hidden >= _STARS if any(character.isdigit() for character in value) else hidden > 0
