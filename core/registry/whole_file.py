"""The whole file of a record as a screen shows it: the record, who lives there, what lies there, what is to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from core.model.registry import TABLES
from core.registry.address_file import Household, Residence, Todo, address_file, household, residences
from core.registry.record import Record, Related, record
from core.security.workspace import Workspace, permits


@dataclass(frozen=True)
class WholeFile:
    """``related`` and ``counts`` are what hangs on the record besides houses and people; ``todo`` of addresses only."""

    record: Record
    households: Sequence[Household] = ()
    residences: Sequence[Residence] = ()
    related: Sequence[Related] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    todo: Todo | None = None

    @property
    def people(self) -> int:
        """How many people live there now."""
        return sum(len(home.residents) for home in self.households)


@permits("registry.read")
def whole_file(workspace: Workspace, resource: str, entity: int) -> WholeFile:
    """Everything about one record; looking at people is audited. Raises ``RecordGone``."""
    if resource == "address":
        address = TABLES["address"]
        with workspace.store.read() as connection:
            code = connection.execute(select(address.c.address_code).where(address.c.id == entity)).scalar()
        if code is not None:
            found = address_file(workspace, code)
            shown = [one for one in found.around if one.resource not in {"house", "person"}]
            return WholeFile(found.record, found.households, (), shown, found.counts, found.todo)
    own = record(workspace, resource, entity)
    held = {value.name: value.value for value in own.values}
    lived = residences(workspace, entity) if resource == "person" else ()
    home = household(workspace, str(held["house_code"])) if resource == "house" else None
    counts = {kind: count for kind, count in own.counts.items() if home is None or kind != "person"}
    related = [one for one in own.related if one.resource in counts]
    return WholeFile(own, (home,) if home is not None else (), lived, related, counts)
