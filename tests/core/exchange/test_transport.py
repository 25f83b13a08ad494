"""Every way the network can fail becomes one of our four words."""

import httpx
import pytest

from core.exchange.transports.https import trouble_of, trouble_of_status
from core.exchange.troubles import Refused, Rejected, Unclear, Unreachable


def _all_errors(kind=httpx.HTTPError):
    for child in kind.__subclasses__():
        yield child
        yield from _all_errors(child)


NOT_SENT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol}


@pytest.mark.parametrize("error", sorted({e for e in _all_errors() if e is not httpx.HTTPStatusError}, key=str))
def test_only_what_failed_before_a_request_could_leave_is_unreachable(error):
    trouble = trouble_of(error("…"))
    assert isinstance(trouble, Unreachable if error in NOT_SENT else Unclear)
    assert trouble.message and trouble.cure
    if isinstance(trouble, Unclear):
        assert trouble.timed_out is issubclass(error, httpx.TimeoutException)


@pytest.mark.parametrize(("status", "kind"), [
    (201, Unclear), (204, Unclear), (301, Unclear), (400, Rejected), (401, Refused), (403, Refused), (404, Refused),
    (413, Rejected), (418, Unclear), (422, Rejected), (429, Refused), (500, Unclear), (502, Unclear), (503, Refused),
    (504, Unclear),
])  # fmt: skip
def test_a_status_is_believed_only_where_its_meaning_is_certain(status, kind):
    trouble = trouble_of_status(status)
    assert type(trouble) is kind
    assert trouble.short == f"{kind.__name__.lower()}:http_{status}"
