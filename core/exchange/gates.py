"""The gates of one target by resource: of what is pushed, of corrections, and of addresses that are proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, select

from core.exchange.declaration import Connector, Mapped
from core.exchange.formats import written
from core.exchange.gate import Gate, Inspected, Record, Row, Way, said, withheld
from core.exchange.leasing import Leased, newest_change_set
from core.model.exchange import address_proposal, delivery
from core.registry.publication import Selection

WAS: Final = "was"
"""Under this name a correction says what the source itself last said of the fields."""


def gates_of(it: Connector) -> dict[str, Gate]:
    """Resource → the gate that its records pass on their way to a target."""
    made: dict[str, Gate] = {resource: Gate(it, resource) for resource in it.push}
    made |= {resource: CorrectionGate(it, resource) for resource in it.proposes("corrections")}
    return made | {resource: ProposalGate(it, resource) for resource in it.proposes("missing")}


class CorrectionGate(Gate):
    """Lets a correction pass that still says what the registry holds: the key, what changes, and what it was."""

    def _declared(self, connector: Connector, resource: str | None) -> tuple[Selection, Mapped]:
        assert resource is not None
        return Selection(connector.target, resource, {}), connector.propose[resource]

    def inspect(self, connection: Connection, items: Sequence[Leased]) -> Inspected:
        """Reads records and changes and sorts them; nothing is written."""
        found = connection.execute(self._query.where(self._id.in_([i.entity for i in items]))).all()
        rows: dict[int, Row] = {row[0]: row for row in found}
        told = select(delivery.c.id, delivery.c.change).where(delivery.c.id.in_([i.id for i in items]))
        changes = {row[0]: orjson.loads(row[1] or b"{}") for row in connection.execute(told)}
        faults = self._open_errors(connection, rows, items)
        result = Inspected(newest_change_set(connection))
        for item in items:
            row, change = rows.get(item.entity), changes[item.id]
            if row is None or row[3] is not None or not self._still_says(row, change):
                result.outdated.append(item)
                continue
            result.judge(item, self._correction(row, change), faults.get(item.key, ""))
        return result

    def rebuilt(self, row: Mapping[str, Any], change: Mapping[str, Any]) -> Record | str:
        """What left, from the record as it stands and the change that was queued."""
        then = dict(row) | {column: pair["now"] for column, pair in change.items()}
        return self._correction([then[name] for name in self._names], change)

    def _still_says(self, row: Row, change: Mapping[str, Any]) -> bool:
        places = {way.column: way.place for way in self._ways}
        return bool(change) and all(row[places[column]] == pair["now"] for column, pair in change.items())

    def _correction(self, row: Row, change: Mapping[str, Any]) -> Record | str:
        """What leaves, or why not. A field that is emptied is there and null: to leave it out would say nothing."""
        record: Record = {}
        was: Record = {}
        for way in self._ways:
            value = row[way.place]
            names_it = way.column in {*self._resource.key, self._resource.alternative_key}
            if way.column not in change and not (names_it and value not in (None, "")):
                continue
            if value in (None, ""):
                record[way.name] = None
            elif reason := withheld(way, value):
                return f"{reason}:{way.column}"
            else:
                record[way.name] = said(way, value)
            if way.column in change:
                was[way.name] = _before(way, change[way.column][WAS])
        return record | {WAS: was}


class ProposalGate(Gate):
    """Lets a proposed address pass that nobody has withdrawn."""

    def _declared(self, connector: Connector, resource: str | None) -> tuple[Selection, Mapped]:
        assert resource is not None
        return Selection(connector.target, resource, {}), connector.propose[resource]

    def inspect(self, connection: Connection, items: Sequence[Leased]) -> Inspected:
        """Reads the proposals and sorts them; nothing is written."""
        query = select(address_proposal).where(address_proposal.c.number.in_([i.key for i in items]))
        found = {row["number"]: row for row in connection.execute(query).mappings()}
        result = Inspected(newest_change_set(connection))
        for item in items:
            row = found.get(item.key)
            if row is None or row["withdrawn_at"] is not None:
                result.outdated.append(item)
            else:
                result.ready.append((item, self.proposed(row)))
        return result

    def proposed(self, row: RowMapping) -> Record:
        """A proposal as it leaves; our number stands where the bureau's code will."""
        given = ((w, row["number"] if w.column == "address_code" else row[w.column]) for w in self._ways)
        return {way.name: said(way, value) for way, value in given if value not in (None, "")}


def _before(way: Way, value: Any) -> Any:
    """What the source said, in its own codes where we know them; personal words only as far as they are masked."""
    if value in (None, ""):
        return None
    if way.token is not None or way.masked or way.is_open:
        return value if not withheld(way, value) else None
    coded = (way.codes or {}).get(str(value), value)
    return coded if way.form == "text" else written(coded, way.form)
