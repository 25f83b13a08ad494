"""Founding a store: its key, schema, station keys and first administrator, whole or not at all."""

from __future__ import annotations

from sqlalchemy import Connection

from core.security import accounts, keys, passwords
from core.security.workspace import Workspace, utc_now
from core.store.engine import is_server
from core.store.lifecycle import create_store


def found(location: str, *, admin: str, password: str, station: str) -> Workspace:
    """Creates the store and returns it with its first administrator at work.

    Raises ``StoreExists`` or the password policy's error; then nothing was made.
    """
    passwords.check(password, name=admin)
    at = utc_now().isoformat(timespec="milliseconds")
    key_hex = "" if is_server(location) else keys.new_store_key(location)

    def prepare(connection: Connection) -> None:
        accounts.found_store_account(connection, admin, password, at)
        keys.ensure_station_keys(connection, at)

    made = create_store(location, key_hex, settings={"station": station}, prepare=prepare)
    return Workspace(made, accounts.authenticate(made, admin, password, clock=utc_now))
