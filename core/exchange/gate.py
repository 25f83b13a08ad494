"""The gate: just before sending, each record is read again and checked as it would leave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, text as sql

from core.exchange.connectors import pushed
from core.exchange.declaration import Connector, Field, Mapped
from core.exchange.formats import written
from core.exchange.leasing import Leased, newest_change_set
from core.model.ledger import finding, package
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.registry.publication import Selection
from core.security import keys, masking
from core.store.reading import among

SEALED: Final = {"name_masked": "name", "id_masked": "id_number", "phone_masked": "phone"}
"""What stands for a masked column where the target is entitled to full identity."""

Record = dict[str, Any]
Row = Sequence[Any]

_BOOKKEEPING: Final = ("id", "row_hash", "changed_in", "retired_in", "source")
_STARS = 4
"""The least that a masked number hides, as verification has it (``masked.number_open``, ``masked.phone_open``)."""


@dataclass
class Inspected:
    """A batch after the gate: what may leave, what may not and why, and what is no longer so.

    ``horizon`` is the newest change set that was seen; ``identities`` counts the sealed identities that were read.
    """

    horizon: int
    identities: int = 0
    ready: list[tuple[Leased, Record]] = field(default_factory=list)
    failing: dict[int, str] = field(default_factory=dict)
    outdated: list[Leased] = field(default_factory=list)

    def judge(self, item: Leased, record: Record | str, fault: str) -> None:
        """Lets a record through, or says why not: what was found wrong with it goes before what it says itself."""
        reason = fault or (record if isinstance(record, str) else "")
        if reason:
            self.failing[item.id] = f"gate:{reason}"
        elif not isinstance(record, str):
            self.ready.append((item, record))


class Gate:
    """A connector's gate for one resource; it knows where each column stands in the rows that it reads."""

    def __init__(self, connector: Connector, resource: str | None = None) -> None:
        self._selection, outgoing = self._declared(connector, resource)
        self._full = connector.identity == "full" and self._selection.resource == "person"
        self._fields = outgoing.fields
        columns = (f.column for f in self._fields)
        names = tuple(dict.fromkeys((*_BOOKKEEPING, *self._selection.where, *columns)))
        self._names = names
        place = {name: at for at, name in enumerate(names)}
        table = TABLES[self._selection.resource]
        self._query = select(*(table.c[name] for name in names))
        self._id = table.c.id
        self._where = [(place[column], frozenset(values)) for column, values in self._selection.where.items()]
        self._resource = RESOURCES[self._selection.resource]
        self._ways = [_way(f, place[f.column], self._resource) for f in self._fields]

    def _declared(self, connector: Connector, resource: str | None) -> tuple[Selection, Mapped]:
        """Which rows pass, and under which names."""
        return pushed(connector, resource)

    def inspect(self, connection: Connection, items: Sequence[Leased]) -> Inspected:
        """Reads the items' records and sorts them; nothing is written."""
        found = connection.execute(self._query.where(among(connection, self._id, [i.entity for i in items]))).all()
        rows: dict[int, Row] = {row[0]: row for row in found}
        faults = self._open_errors(connection, rows, items)
        known = self._identities(connection, items)
        result = Inspected(newest_change_set(connection), len(known or ()))
        for item in items:
            row = rows.get(item.entity)
            belongs = row is not None and self._belongs(row)
            if item.op == "retire":
                self._inspect_retirement(item, belongs=belongs, result=result)
            elif row is None or not belongs or row[1] != item.version:
                result.outdated.append(item)
            else:
                record = self._record(
                    row, known.get(item.key.split(":")[0], {}) if known is not None else None
                )
                result.judge(item, record, faults.get(item.key, ""))
        return result

    def _identities(self, connection: Connection, items: Sequence[Leased]) -> dict[str, Mapping[str, Any]] | None:
        """The sealed identities for an entitled target; a retirement needs none. None where masked is the level."""
        if not self._full:
            return None
        return identities(connection, [i.key.split(":")[0] for i in items if i.op != "retire"])

    def _inspect_retirement(self, item: Leased, *, belongs: bool, result: Inspected) -> None:
        """A retirement carries the record's key and nothing else."""
        if belongs:
            result.outdated.append(item)
            return
        result.ready.append((item, self._key_of(item.key)))

    def _key_of(self, text: str) -> Record:
        """The key's fields from its text; a key of the alternative column goes under that one's name."""
        key = self._resource.key
        if self._resource.alternative_key and not re.fullmatch(self._resource.by_name[key[0]].pattern, text):
            key = (self._resource.alternative_key,)
        values = dict(zip(key, text.split(":", len(key) - 1), strict=True))
        return {f.name: values[f.column] for f in self._fields if f.column in values}

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

    def _record(self, row: Row, identity: Mapping[str, Any] | None) -> Record | str:
        """What leaves: the declared fields under their upstream names, empty ones left out; or why not."""
        record: Record = {}
        for way in self._ways:
            value = row[way.place]
            sealed = identity is not None and way.column in SEALED
            if sealed and identity is not None:
                value = identity.get(SEALED[way.column])
            if value is None or value == "":
                if way.required:
                    return f"{'identity_missing' if sealed else 'required_missing'}:{way.column}"
                continue
            if reason := withheld(way, value, sealed=sealed):
                return f"{reason}:{way.column}"
            record[way.name] = said(way, value)
        return record


class Way(NamedTuple):
    """How one field leaves: where its value stands, and what is asked of it. Plain values: it is read a lot."""

    name: str
    column: str
    place: int
    required: bool
    masked: bool
    token: re.Pattern[str] | None  # a personal value that is no word but a pseudonym
    is_open: bool  # people write what they like there: it is searched for numbers of persons
    codes: Mapping[str, str] | None
    form: str


def _way(declared: Field, place: int, resource: Resource) -> Way:
    column = resource.by_name[declared.column]
    token = re.compile(column.pattern) if column.personal and column.pattern else None
    closed = declared.key or declared.masked or declared.codes or column.codes or column.pattern
    return Way(
        declared.name, declared.column, place, declared.required or (declared.key and not resource.alternative_key),
        declared.masked and token is None, token, column.kind == "string" and not closed, declared.codes or None,
        declared.format,
    )  # fmt: skip


def withheld(way: Way, value: Any, *, sealed: bool = False) -> str:
    """Why a value must not leave; empty if it may."""
    if way.token is not None and not way.token.fullmatch(value):
        return "not_masked"
    if way.masked and not sealed and not is_masked(value):
        return "not_masked"
    if way.is_open and masking.find(value):
        return "open_number"
    return "code_unknown" if way.codes is not None and value not in way.codes else ""


def said(way: Way, value: Any) -> Any:
    """A value under the receiver's codes and in its form."""
    coded = value if way.codes is None else way.codes[value]
    return coded if way.form == "text" else written(coded, way.form)


def identities(connection: Connection, tokens: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Token → what the sealed resource says of the person; nothing where the sealing key is not here."""
    if keys.seal_private_pem(connection) is None:
        return {}
    table = TABLES["identity"]
    query = select(*(table.c[name] for name in ("person_token", *SEALED.values())))
    rows = connection.execute(query.where(table.c.person_token.in_(tokens), table.c.retired_in.is_(None)))
    return {row["person_token"]: dict(row) for row in rows.mappings()}


def is_masked(value: str) -> bool:
    """Whether enough of a value is hidden."""
    hidden = value.count("*")
    return hidden >= _STARS if any(character.isdigit() for character in value) else hidden > 0
