"""When a system was last really exercised: something of it came over, a receipt or a package; never that we sent."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from core.exchange.declaration import Connector
from core.exchange.settings import scheme
from core.model.exchange import exchange_duty, message
from core.security.workspace import Workspace, permits

_CARRIED: Final = "carry"


def note_carried(connection: Connection, it: Connector, base_url: str, *, at: str) -> None:
    """Notes that a receipt came over the channel that carries a system's messages, if one does."""
    if not it.carried_by or scheme(base_url) != "file":
        return
    mine = (exchange_duty.c.target == it.carried_by, exchange_duty.c.act == _CARRIED)
    if connection.execute(update(exchange_duty).where(*mine).values(done_at=at)).rowcount == 0:
        connection.execute(insert(exchange_duty).values(target=it.carried_by, act=_CARRIED, done_at=at))


@permits("exchange.read")
def last_uses(workspace: Workspace) -> dict[str, str]:
    """Target → when something last came from it, or over it for others."""
    newest = select(func.max(message.c.number)).where(message.c.direction.in_(("received", "receipt")))
    came = select(message.c.target, message.c.at).where(
        message.c.number.in_(newest.group_by(message.c.target))
    )
    carried = select(exchange_duty.c.target, exchange_duty.c.done_at).where(exchange_duty.c.act == _CARRIED)
    with workspace.store.read() as connection:
        found = {str(row[0]): str(row[1]) for row in connection.execute(came)}
        return found | {str(row[0]): str(row[1]) for row in connection.execute(carried)}
