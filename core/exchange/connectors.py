"""Connectors as they are declared: what goes to an upstream system, how, and what its words are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.errors import GridLinkError
from core.exchange.retry import Retry
from core.i18n import N_, _
from core.model.resources import RESOURCES
from core.registry.publication import Selection, selection, selections
from core.settings import read_toml

TITLES = (
    N_("Provincial residence-permit system"),
    N_("To be confirmed with the operator: field names, codes and routes are GridLink's profile after GA/T 1223-2020."),
)
"""The texts of ``resources/connectors/*.toml``, marked here for the catalogue."""


class ConnectorUnknown(GridLinkError):
    """No connector of that name is declared."""

    code = "connector_unknown"


@dataclass(frozen=True)
class Field:
    """One upstream field and the registry column that fills it; ``codes`` empty means as it is."""

    name: str
    column: str
    key: bool = False
    required: bool = False
    masked: bool = False
    codes: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Connector:
    """One upstream system's declaration, frozen; texts are English and translated where shown."""

    target: str
    title: str
    note: str
    receiver: str
    selection: Selection
    batch_size: int
    connect_seconds: float
    reply_seconds: float
    lease_seconds: int
    routes: Mapping[str, str]
    retry: Retry
    fields: tuple[Field, ...]


def connectors() -> tuple[Connector, ...]:
    """Every declared connector."""
    return tuple(connector(s.target) for s in selections())


@cache
def connector(target: str) -> Connector:
    """The connector of a target id; raises ``ConnectorUnknown``."""
    known = [s.target for s in selections()]
    if target not in known:
        raise ConnectorUnknown(
            _("There is no upstream system “{target}”.").format(target=target),
            cure=_("Use one of: {known}.").format(known=", ".join(known)),
            target=target,
            known=known,
        )
    return declared(target, read_toml("connectors", f"{target}.toml"))


def declared(target: str, text: Mapping[str, Any]) -> Connector:
    """The frozen value of a declaration; raises ``ValueError`` where it contradicts the registry."""
    chosen, sending = selection(target, text), text["sending"]
    fields = tuple(Field(name=name, **given) for name, given in text["fields"].items())
    columns = RESOURCES[chosen.resource].by_name
    unknown = [f.column for f in fields if f.column not in columns] + [c for c in chosen.where if c not in columns]
    if text["target"] != target or unknown:
        raise ValueError(f"connector {target}: its name differs from its file's, or unknown columns {unknown}")
    return Connector(
        target=target, title=text["title"], note=text["note"], receiver=text["receiver"], selection=chosen,
        batch_size=sending["batch_size"], connect_seconds=sending["connect_seconds"],
        reply_seconds=sending["reply_seconds"], lease_seconds=sending["lease_seconds"],
        routes=text["routes"], retry=Retry(**text["retry"]), fields=fields,
    )  # fmt: skip
