"""Declarations with ten rows a page and no limit on speed, so that a few rows make several pages."""

from core.exchange.connectors import connector


def paged(system):
    it = connector(system)
    small = {name: one.model_copy(update={"page_size": 10}) for name, one in it.extract.items()}
    free = it.limits.model_copy(update={"requests_per_second": None})
    return it.model_copy(update={"extract": small, "limits": free})


def paged_in_force(_store, system):
    """The same in the place of ``declared.in_force``."""
    return paged(system)
