"""The gate: just before sending, each record is read again and checked as it would leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, text as sql

from core.exchange.connectors import Connector, Field
from core.exchange.leasing import Leased, newest_change_set
from core.model.ledger import finding, package
from core.model.registry import TABLES
from core.model.resources import RESOURCES

Record = dict[str, Any]

_BOOKKEEPING: Final = ("id", "row_hash", "changed_in", "retired_in", "source")
_UNMASKED_RUN = re.compile(r"\d{7}")
"""A masked number shows at most its first six digits in one piece (``standards.md``)."""


@dataclass
class Inspected:
    """A batch after the gate: what may leave, what may not and why, and what is no longer so.

    ``horizon`` is the newest change set that was seen.
    """

    horizon: int
    ready: list[tuple[Leased, Record]] = field(default_factory=list)
    failing: dict[int, str] = field(default_factory=dict)
    outdated: list[Leased] = field(default_factory=list)


def inspect(connection: Connection, connector: Connector, items: Sequence[Leased]) -> Inspected:
    """Reads the items' records and sorts them; nothing is written."""
    rows = _rows(connection, connector, items)
    faults = _open_errors(connection, connector, rows, items)
    result = Inspected(newest_change_set(connection))
    for item in items:
        row = rows.get(item.entity)
        belongs = row is not None and _belongs(connector, row)
        if item.op == "retire":
            _inspect_retirement(connector, item, belongs=belongs, result=result)
        elif row is None or not belongs or row["row_hash"] != item.version:
            result.outdated.append(item)
        elif reason := faults.get(item.key) or next(_faults(connector, row), None):
            result.failing[item.id] = f"gate:{reason}"
        else:
            result.ready.append((item, _record(connector, row)))
    return result


def _inspect_retirement(connector: Connector, item: Leased, *, belongs: bool, result: Inspected) -> None:
    """A retirement carries the record's key and nothing else."""
    if belongs:
        result.outdated.append(item)
        return
    key = RESOURCES[connector.selection.resource].key
    values = dict(zip(key, item.key.split(":", len(key) - 1), strict=True))
    result.ready.append((item, {f.name: values[f.column] for f in connector.fields if f.key}))


def _rows(connection: Connection, connector: Connector, items: Sequence[Leased]) -> dict[int, RowMapping]:
    table = TABLES[connector.selection.resource]
    names = dict.fromkeys((*_BOOKKEEPING, *connector.selection.where, *(f.column for f in connector.fields)))
    query = select(*(table.c[name] for name in names)).where(table.c.id.in_([i.entity for i in items]))
    return {row["id"]: row for row in connection.execute(query).mappings()}


def _belongs(connector: Connector, row: RowMapping) -> bool:
    where = connector.selection.where
    return row["retired_in"] is None and all(row[column] in values for column, values in where.items())


def _open_errors(
    connection: Connection, connector: Connector, rows: Mapping[int, RowMapping], items: Sequence[Leased]
) -> dict[str, str]:
    """Key → the rule that the record's own department last broke with it, if it has not sent it anew since."""
    query = (
        select(finding.c.key, finding.c.change_set, finding.c.rule, package.c.sender)
        .select_from(finding.outerjoin(package, package.c.change_set == finding.c.change_set))
        # The severity as text: SQLite only uses a partial index whose condition it can read.
        .where(sql("finding.severity = 'error'"), finding.c.key.in_([i.key for i in items]),
               finding.c.resource == connector.selection.resource)
    )  # fmt: skip
    entities = {item.key: item.entity for item in items}
    errors: dict[str, str] = {}
    for key, number, rule, sender in connection.execute(query):
        row = rows.get(entities[key])
        if row is not None and number >= row["changed_in"] and sender in {None, row["source"]}:
            errors[key] = f"open_finding:{rule}"
    return errors


def _faults(connector: Connector, row: RowMapping) -> Iterator[str]:
    for declared in connector.fields:
        value = row[declared.column]
        if value in {None, ""}:
            if declared.required or declared.key:
                yield f"required_missing:{declared.column}"
        elif declared.masked and not _is_masked(str(value)):
            yield f"not_masked:{declared.column}"
        elif declared.codes and str(value) not in declared.codes:
            yield f"code_unknown:{declared.column}"


def _is_masked(value: str) -> bool:
    return "*" in value and not _UNMASKED_RUN.search(value)


def _record(connector: Connector, row: RowMapping) -> Record:
    """What leaves: the declared fields under their upstream names, empty ones left out."""
    return {f.name: _word(f, row[f.column]) for f in connector.fields if row[f.column] not in {None, ""}}


def _word(declared: Field, value: Any) -> Any:
    return declared.codes[str(value)] if declared.codes else value
