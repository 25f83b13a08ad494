"""What a database can do to us through no fault of ours, in words that somebody can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError

from core.errors import GridLinkError
from core.i18n import _


class StoreTrouble(GridLinkError):
    """The store could not do a unit of work; nothing of it was kept."""

    code = "store_failing"


class StoreFull(StoreTrouble):
    """There is no room on the disk that the store lies on."""

    code = "store_full"


class StoreBusy(StoreTrouble):
    """Somebody else is writing at length, or two units of work stood in each other's way."""

    code = "store_busy"


class StoreLost(StoreTrouble):
    """The file or the server cannot be reached any more, or not be written."""

    code = "store_lost"


_SQLITE: Final[dict[str, type[StoreTrouble]]] = {
    "SQLITE_FULL": StoreFull, "SQLITE_BUSY": StoreBusy, "SQLITE_LOCKED": StoreBusy, "SQLITE_IOERR": StoreLost,
    "SQLITE_READONLY": StoreLost, "SQLITE_CANTOPEN": StoreLost, "SQLITE_PROTOCOL": StoreBusy,
}  # fmt: skip
_STATES: Final[dict[str, type[StoreTrouble]]] = {
    "53100": StoreFull, "55P03": StoreBusy, "40P01": StoreBusy, "40001": StoreBusy, "53300": StoreBusy,
    "25006": StoreLost, "58030": StoreLost,
}  # fmt: skip
_GONE: Final = ("08", "57P")
"""How the states of a server begin that went away."""


def trouble_of(error: Exception) -> StoreTrouble | None:
    """Our word for what the database or its driver says; None where it is a mistake of ours."""
    told = error.orig if isinstance(error, DBAPIError) else error
    kind = _kind_on_file(told) if hasattr(told, "sqlite_errorname") else _kind_on_server(error, told)
    if kind is None:
        return None
    message, cure = _TOLD[kind]()
    return kind(message, cure=cure, cause=str(getattr(told, "sqlite_errorname", type(told).__name__)))


def _kind_on_file(told: object) -> type[StoreTrouble] | None:
    name = str(getattr(told, "sqlite_errorname", ""))
    return next((kind for begins, kind in _SQLITE.items() if name.startswith(begins)), None)


def _kind_on_server(error: Exception, told: object) -> type[StoreTrouble] | None:
    """An error without a state is a connection that broke, unless it is about the statement itself."""
    state = getattr(told, "sqlstate", None)
    if state is None:
        ours = (
            isinstance(error, DBAPIError) and error.statement is not None and not error.connection_invalidated
        )
        return StoreLost if type(told).__name__ == "OperationalError" and not ours else None
    return StoreLost if str(state).startswith(_GONE) else _STATES.get(str(state))


_TOLD: Final[dict[type[StoreTrouble], Callable[[], tuple[str, str]]]] = {
    StoreFull: lambda: (
        _("There is no room left on the disk that the store lies on; nothing of this step was kept."),
        _("Make room there, then do it again: it goes on where it stood."),
    ),
    StoreBusy: lambda: (
        _("Another client is writing to the store at this moment; nothing of this step was kept."),
        _("Do it again when the other has finished: it goes on where it stood."),
    ),
    StoreLost: lambda: (
        _("The store cannot be written or read any more; nothing of this step was kept."),
        _("See that its disk or server is there and has room, then do it again: it goes on where it stood."),
    ),
}
