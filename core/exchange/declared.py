"""Connectors as they are in force in a store: as they were shipped, or as the administrator has changed them since."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from core.exchange.connectors import DeclarationInvalid, connector, connectors, parse
from core.exchange.declaration import Connector
from core.model.exchange import connector_declaration
from core.store.engine import Store


def in_force(store: Store, target: str) -> Connector:
    """The declaration that counts in a store; raises ``ConnectorUnknown`` or ``DeclarationInvalid``."""
    with store.read() as connection:
        return current(connection, target)


def current(connection: Connection, target: str) -> Connector:
    """As ``in_force``, on a connection that is open already."""
    shipped, text = connector(target), changed_text(connection, target)
    return parse(text, name=shipped.target) if text else shipped


def as_of(connection: Connection, target: str, moment: str) -> Connector:
    """The declaration that counted at a moment: what left then is rebuilt by it."""
    mine = select(connector_declaration.c.text).where(
        connector_declaration.c.target == target, connector_declaration.c.at <= moment
    )
    text = connection.execute(mine.order_by(connector_declaration.c.id.desc()).limit(1)).scalar()
    return _readable(connector(target), text or "")


def all_in_force(store: Store) -> tuple[Connector, ...]:
    """Every connector for a look at all of them; a change that this version cannot read leaves the shipped one."""
    with store.read() as connection:
        return every(connection)


def every(connection: Connection) -> tuple[Connector, ...]:
    """As ``all_in_force``, on a connection that is open already."""
    newest = select(func.max(connector_declaration.c.id)).group_by(connector_declaration.c.target)
    query = select(connector_declaration.c.target, connector_declaration.c.text)
    texts = {
        row[0]: row[1] for row in connection.execute(query.where(connector_declaration.c.id.in_(newest)))
    }
    return tuple(_readable(it, texts.get(it.target, "")) for it in connectors())


def changed_text(connection: Connection, target: str) -> str:
    """The text that the administrator put in the shipped one's place; "" where that one counts."""
    mine = select(connector_declaration.c.text).where(connector_declaration.c.target == target)
    return connection.execute(mine.order_by(connector_declaration.c.id.desc()).limit(1)).scalar() or ""


def _readable(shipped: Connector, text: str) -> Connector:
    try:
        return parse(text, name=shipped.target) if text else shipped
    except DeclarationInvalid:
        return shipped
