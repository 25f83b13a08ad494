"""What every way of carrying messages can do: send one, ask for what came back, and be tried without sending.

A ``Carrier`` raises nothing but the four troubles (``core.exchange.troubles``). A message's name is its
identity: sent twice under one name it has one effect, because the receiver de-duplicates by it. Where the
receipt comes later, ``send`` returns None and ``ask`` brings whatever has come since; a reply is brought again
until ``taken`` says that it is on record, so that a crash between the two loses nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self


@dataclass(frozen=True)
class Reply:
    """What came back: the body to the letter, the signature beside it, and the file that it came in, by which route."""

    body: bytes
    signature: str
    name: str = ""
    route: str = "receipts"


class Carrier(ABC):
    """An open way to one upstream system; use it as a context manager.

    One that ``answers`` can be asked about single messages; the others bring what has come, whenever it comes.
    """

    answers: ClassVar[bool] = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def send(self, name: str, body: bytes) -> Reply | None:
        """Carries one message there, whole or not at all; its reply, or None where receipts come later."""

    @abstractmethod
    def ask(self, question: bytes) -> tuple[Reply, ...]:
        """What the receiver says about earlier messages. ``question`` (``{"keys": […]}``) travels where it can."""

    def states(self, question: bytes) -> tuple[Reply, ...]:
        """What has become of records there. ``question`` (``{"entities": […]}``) travels where it can."""
        return ()

    def taken(self, reply: Reply) -> None:  # noqa: B027 - nothing to put away where replies are no files
        """Puts away a reply that is on record now."""

    @abstractmethod
    def check(self) -> None:
        """Tries everything that sending needs, without sending anything."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of connections; never raises."""
