"""What every source of records can do: open a view of its data, give pages of it, and say what it holds.

A ``Source`` raises nothing but the four troubles. Pages of one view belong together: what changes at the source
in between is either not seen or shows when counts and digests are compared. Columns are text under the source's
own field names, as bulk is columns everywhere.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from core.exchange.declaration import Incoming
from core.exchange.troubles import Rejected
from core.i18n import _

Columns = dict[str, list[str | None]]


@dataclass(frozen=True)
class View:
    """One view of a resource: its name at the source, and the watermarks that it lies between.

    ``since`` may be earlier than asked for, where the source cuts its data itself.
    """

    name: str
    since: str
    until: str


@dataclass(frozen=True)
class Page:
    """Rows as columns in the order of the order key, the key of the last one, and whether more follow."""

    columns: Columns
    rows: int
    last: str
    more: bool


@dataclass(frozen=True)
class Total:
    """What the source says that one community's part of a view holds; the digest is "" where it gives none."""

    community: str
    count: int
    digest: str


class Source(ABC):
    """An open way to one source; use it as a context manager. ``lasting``: its views outlive the connection."""

    lasting: bool = True
    kind: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def view(self, resource: str, what: Incoming, *, since: str, until: str = "") -> View:
        """Opens a view of what changed after ``since`` (of everything if empty), not beyond ``until``."""

    @abstractmethod
    def page(self, resource: str, what: Incoming, view: View, *, after: str) -> Page:
        """The rows of the view whose order key follows ``after``."""

    @abstractmethod
    def totals(self, resource: str, what: Incoming, view: View) -> tuple[Total, ...]:
        """What the source itself counts in the view by community, records marked as deleted left out."""

    @abstractmethod
    def check(self, resource: str, what: Incoming) -> None:
        """Asks for one row in the real way and throws it away."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of connections; never raises."""


def digest_of(lines: Iterable[str]) -> str:
    """The agreed digest of a community: SHA-256 over its sorted lines ``order key|watermark``."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def needed(what: Incoming) -> tuple[str, ...]:
    """The upstream fields that an extraction reads."""
    marks = (what.order_key, what.watermark, what.community, what.deleted)
    return tuple(dict.fromkeys([*(f.name for f in what.fields), *(m for m in marks if m)]))


def columns_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Rows as columns of text; raises ``Rejected`` where a row has not the key."""
    return {
        name: [None if (value := row.get(name)) is None else str(value) for row in rows] for name in names
    }


def garbled(cause: str) -> Rejected:
    """The trouble for an answer that is not what was agreed."""
    return Rejected(
        _("The source answered something else than was agreed ({cause}).").format(cause=cause),
        cure=_("Compare the connector's declaration with the operator's interface document."),
        cause=cause,
    )
