"""What the declaration of an upstream system may say: the schema of ``resources/connectors/*.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field as Rule

from core.exchange.retry import Retry

Direction = Literal["extract", "push", "packages", "carry", "correct", "propose"]
Kind = Literal["https", "rest", "sftp", "ferry", "database", "files"]
Format = Literal["text", "day8", "slash_day", "local_time", "upper"]
"""How a value is written there: ``day8`` 20261123, ``slash_day`` 2026/11/23, ``local_time`` 2026-11-23 08:00:00 in
China's time."""

Positive = Annotated[int, Rule(gt=0)]
Seconds = Annotated[float, Rule(gt=0)]
Name = Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_]*$")]
ClockTime = Annotated[str, Rule(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Declared(BaseModel):
    """A part of a declaration: frozen, and nothing in it that the schema does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Field(Declared):
    """One upstream field and the registry column that it fills or that fills it; the name is the upstream's.

    ``codes`` translates in the direction of travel; empty means as it is, and a value that is not listed
    does not pass. ``masked`` must be masked when it leaves.
    """

    name: str
    column: str
    key: bool = False
    required: bool = False
    masked: bool = False
    format: Format = "text"
    codes: Mapping[str, str] | None = None


class Mapped(Declared):
    """A resource's field mapping; in the file it is a table a field, headed by the upstream name."""

    fields: tuple[Field, ...]


class Outgoing(Mapped):
    """What is pushed of one resource: the rows whose columns have one of the values named in ``where``.

    ``parent`` names the resource whose receipt a record waits for before it leaves itself.
    """

    where: Mapping[str, tuple[str, ...]] = {}
    batch_size: Positive = 500
    order_key: str = "id"
    parent: str = ""


class Incoming(Mapped):
    """What is extracted of one resource.

    ``source`` is the route, view or file pattern it comes from; ``order_key`` the upstream field that pages
    are ordered by, ``watermark`` the one that grows with every change, ``community`` the one that counts are
    reconciled by, and ``deleted`` the one that marks a record as gone when it has one of ``deleted_values``.
    """

    source: str
    order_key: str
    watermark: str
    community: str
    deleted: str = ""
    deleted_values: tuple[str, ...] = ()
    page_size: Positive = 2000
    collector: str = ""


class Proposed(Mapped):
    """What goes back to a source: ``corrections`` of what was extracted, or addresses that are ``missing`` there.

    ``destination`` is the route, table or folder that takes it.
    """

    what: Literal["corrections", "missing"]
    destination: str
    batch_size: Positive = 200


class Transport(Declared):
    """How messages travel. ``routes`` are paths, views, folders or file patterns by their purpose.

    ``alternative`` is the other kind that the same declaration works with (exported files beside views).
    """

    kind: Kind
    alternative: Kind | None = None
    connect_seconds: Seconds = 10
    reply_seconds: Seconds = 60
    lease_seconds: Positive = 900
    routes: Mapping[str, str] = {}


class Authentication(Declared):
    """How we show who we are. ``secrets`` name entries of the keyring, never values."""

    kind: Literal["none", "bearer", "mutual_tls", "signed", "token_refresh", "password", "key"]
    secrets: tuple[Name, ...] = ()
    mutual_tls: bool = False


class Receipts(Declared):
    """How the receiver answers: in the reply by record, when asked later, or by files of its own.

    ``states`` names the route on which the state of earlier records can be read.
    """

    form: Literal["none", "synchronous", "fetched", "acknowledgement_files"] = "none"
    signed: bool = True
    after_seconds: int = 0
    zero_report: bool = False
    states: str = ""


class StateCode(Declared):
    """A state of a record there in our words; one that ``ends`` is not asked about any more.

    ``becomes`` says what a proposal is then: accepted, with the code that the receiver gave, or refused.
    """

    meaning: str
    ends: bool = False
    becomes: Literal["", "accepted", "refused"] = ""


class ErrorCode(Declared):
    """An upstream error code in our words."""

    meaning: str
    cure: str


class Limits(Declared):
    """What the operator asks of us: how fast (every way keeps it, ``transports.pace``), and when."""

    requests_per_second: Seconds | None = None
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    begin: ClockTime = "00:00"
    end: ClockTime = "23:59"


class Connector(Declared):
    """One upstream system's declaration, frozen; texts are English and translated where shown.

    ``queued`` says whether changes are queued for it from the start; ``carried_by`` the system whose transport
    carries its messages where no direct route is allowed.
    """

    target: Name
    title: str
    note: str
    direction: tuple[Direction, ...]
    receiver: str
    sender: str = "bureau"
    queued: bool = False
    carried_by: str = ""
    identity: Literal["masked", "full"] = "masked"
    transport: Transport
    authentication: Authentication
    retry: Retry = Retry(first_seconds=30, factor=2.0, longest_seconds=3600, attempts=12)
    limits: Limits = Limits()
    receipts: Receipts = Receipts()
    errors: Mapping[str, ErrorCode] = {}
    states: Mapping[str, StateCode] = {}
    push: Mapping[str, Outgoing] = {}
    extract: Mapping[str, Incoming] = {}
    propose: Mapping[str, Proposed] = {}

    @property
    def leaving(self) -> Mapping[str, Outgoing | Proposed]:
        """Everything that leaves for it, by resource: what is pushed and what goes back."""
        return {**self.push, **self.propose}

    def proposes(self, what: str) -> tuple[str, ...]:
        """The resources of which corrections, or what is missing, go back to it."""
        return tuple(resource for resource, mapped in self.propose.items() if mapped.what == what)

    @property
    def routes(self) -> Mapping[str, str]:
        """Where its messages go, by purpose."""
        return self.transport.routes

    @property
    def connect_seconds(self) -> float:
        """How long to wait for a connection."""
        return self.transport.connect_seconds

    @property
    def reply_seconds(self) -> float:
        """How long to wait for an answer."""
        return self.transport.reply_seconds

    @property
    def lease_seconds(self) -> int:
        """After how long unfinished work of another machine may be taken over."""
        return self.transport.lease_seconds
