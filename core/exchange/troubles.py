"""The four things that can go wrong with an upstream system; every library error becomes one of them."""

from __future__ import annotations

from core.errors import GridLinkError
from core.exchange.formats import written
from core.i18n import _
from core.store.trouble import StoreBusy, StoreTrouble


class Trouble(GridLinkError):
    """An exchange with an upstream system that did not end with a receipt; ``short`` is kept with records."""

    code = "upstream_trouble"

    @property
    def short(self) -> str:
        """A stable code for the record's history: never words of the other side, never personal data."""
        return f"{self.code.removeprefix('upstream_')}:{self.details.get('cause', '')}"


class Unreachable(Trouble):
    """No connection came about: nothing of ours arrived."""

    code = "upstream_unreachable"


class Refused(Trouble):
    """The receiver will not talk to us now (key, quota, maintenance): it took nothing."""

    code = "upstream_refused"


class Rejected(Trouble):
    """The receiver took the request apart and would not have it as it is: it took nothing."""

    code = "upstream_rejected"


class Unclear(Trouble):
    """Nobody knows whether it arrived: ask for the receipts before sending again.

    ``timed_out`` in the details says that the receiver may be at it still.
    """

    code = "upstream_unclear"

    @property
    def timed_out(self) -> bool:
        """Whether the receiver may still be working on it."""
        return bool(self.details.get("timed_out"))


class EvidenceUnwritable(Trouble):
    """What crosses could not be put on record: nothing more is sent until it can."""

    code = "evidence_unwritable"

    @property
    def short(self) -> str:
        """The code alone: the cause is ours, not the other side's."""
        return self.code


def evidence_unwritable(error: StoreTrouble) -> EvidenceUnwritable:
    """Our word for a store that cannot be written while something is to be sent."""
    if isinstance(error, StoreBusy):
        return EvidenceUnwritable(
            _(
                "Sending was stopped: another client is writing to the store, and nothing leaves without evidence."
            ),
            cure=_("Push again when the other has finished; nothing is lost."),
            cause=error.details["cause"],
        )
    return EvidenceUnwritable(
        _("Sending was stopped: the message log cannot be written, and nothing leaves without evidence."),
        cure=_("Make room on the disk or bring the database back; then push again, nothing is lost."),
        cause=error.details["cause"],
    )


class EvidenceOverdue(EvidenceUnwritable):
    """Earlier messages have had no receipt for so long that sending on would only add to them."""

    code = "evidence_overdue"


def evidence_overdue(since: str, hours: int) -> EvidenceOverdue:
    """Our word for receipts that have not come within ``hours``."""
    return EvidenceOverdue(
        _(
            "Nothing more is sent: messages of {since} have had no receipt for more than {hours} hours."
        ).format(since=written(since, "local_time")[:16], hours=hours),
        cure=_(
            "Ask the operator for the receipts, or send those records again; sending goes on by itself then."
        ),
        cause="overdue",
        since=since,
    )
