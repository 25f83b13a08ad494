"""Which training systems there are, and what each asks of what it is sent; derived from the declarations."""

from __future__ import annotations

from typing import Final

from core.exchange.connectors import connector, connectors
from core.training.upstream_store import RESIDENTS, Rules

PREFIXES: Final = {"residence_permit": "JZZ", "zhenyan": "ZY", "rental": "ZL", "linkage": "LD"}


def systems() -> tuple[str, ...]:
    """Every upstream system that can be stood in for."""
    return tuple(c.target for c in connectors())


def rules_of(system: str) -> dict[str, Rules]:
    """The rules of a receiver by resource: what the declaration requires, and the codes that it translates to."""
    if system == "residence_permit":
        return {"person": RESIDENTS}
    return {
        resource: Rules(
            tuple(f.name for f in mapped.fields if f.required or (f.key and resource != "organisation")),
            {f.name: frozenset(f.codes.values()) for f in mapped.fields if f.codes},
            tuple(f.name for f in mapped.fields if f.key),
        )
        for resource, mapped in connector(system).push.items()
    }


def carried(system: str) -> tuple[str, ...]:
    """The systems whose messages a channel carries."""
    return tuple(c.target for c in connectors() if c.carried_by == system)
