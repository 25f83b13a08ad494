"""An open way with a message under way: while the receiver works on one, the caller can work on the next."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.exchange.declaration import Connector
from core.exchange.transports.carrier import Carrier, Reply
from core.exchange.transports.https import Https, Pending
from core.exchange.troubles import Trouble
from core.exchange.ways import carrier
from core.security.workspace import Workspace


@dataclass
class UnderWay:
    """A message that was given to the transport: its pending request, or what already came of it."""

    pending: Pending | None = None
    reply: Reply | None = None
    trouble: Trouble | None = None


def open_wire(workspace: Workspace, it: Connector) -> Wire:
    """The wire to a target as it is declared and configured; raises as ``ways.carrier``."""
    return Wire(carrier(workspace, it.target), send_route=it.routes.get("send", ""))


class Wire:
    """One carrier kept open for a whole push; the carrier keeps the pace that the operator asks for."""

    def __init__(self, carrier: Carrier, *, send_route: str) -> None:
        self.carrier, self._route = carrier, send_route

    def __enter__(self) -> Self:
        self.carrier.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.carrier.__exit__(kind, error, trace)

    @property
    def answers_at_once(self) -> bool:
        """Whether the receiver can be asked about messages; otherwise its files come when they come."""
        return self.carrier.answers

    def begin(self, name: str, body: bytes) -> UnderWay:
        """Gives a message to the transport; never raises."""
        if isinstance(self.carrier, Https):
            return UnderWay(pending=self.carrier.begin(self._route, body))
        try:
            return UnderWay(reply=self.carrier.send(name, body))
        except Trouble as trouble:
            return UnderWay(trouble=trouble)

    def finish(self, under_way: UnderWay) -> Reply | None:
        """The reply, or None where it comes later; raises one of the four troubles."""
        if under_way.trouble is not None:
            raise under_way.trouble
        if under_way.pending is not None and isinstance(self.carrier, Https):
            return self.carrier.finish(under_way.pending)
        return under_way.reply

    def ask(self, question: bytes) -> tuple[Reply, ...]:
        """What the receiver says about earlier messages."""
        return self.carrier.ask(question)

    def states(self, question: bytes) -> tuple[Reply, ...]:
        """What the receiver says has become of records."""
        return self.carrier.states(question)

    def taken(self, reply: Reply) -> None:
        """Puts away a reply that is on record now."""
        self.carrier.taken(reply)
