"""A store's life: created whole or not at all, opened at this version's schema, upgraded with a backup."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import setting
from core.store import engine
from core.store.engine import Store

Prepare = Callable[[Connection], None]


class StoreExists(GridLinkError):
    """A store is already there; creating one would hide it."""

    code = "store_exists"


class SchemaNewer(GridLinkError):
    """The store was made by a later version of GridLink."""

    code = "schema_newer"


def create_store(
    location: str, key_hex: str, *, settings: Mapping[str, str], prepare: Prepare = lambda connection: None
) -> Store:
    """Creates the store at a path or ``postgresql://`` URL with its schema, settings and first rows.

    ``prepare`` runs in the same transaction (the first administrator). A file is built beside its
    place and renamed, so that a crash leaves no half-made store. Raises ``StoreExists``.
    """
    if engine.is_server(location):
        store = engine.connect(location)
        _fill(store, settings, prepare)
        return store
    path = Path(location)
    if path.exists():
        raise _exists(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(path.name + ".new")
    for leftover in (making, *_sidecars(making)):
        leftover.unlink(missing_ok=True)
    making.touch(mode=0o600)
    half = engine.connect(str(making), key_hex)
    _fill(half, settings, prepare)
    with half.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    half.close()
    making.replace(path)
    return engine.connect(str(path), key_hex)


def open_store(location: str, key_hex: str = "") -> Store:
    """Opens an existing store, upgrading an older schema after a backup copy of the file.

    Raises ``StoreMissing``, ``StoreUnreadable`` or ``SchemaNewer``.
    """
    store = engine.connect(location, key_hex)
    version = schema_version(store)
    if version is None:
        store.close()
        raise engine.StoreMissing(
            _("{path} holds no GridLink store.").format(path=location),
            cure=_("Create it with “gridlink store init”, or name another place with --store."),
        )
    known = [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()]
    if version not in known:
        store.close()
        raise SchemaNewer(
            _("The store at {path} was made by a newer GridLink (schema {version}).").format(
                path=location, version=version
            ),
            cure=_("Install that version; this one changed nothing."),
            version=version,
        )
    if version != known[0]:
        _upgrade_with_backup(store, version)
    return store


def schema_version(store: Store) -> str | None:
    """The schema revision of the store, None when it has none yet."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def read_setting(connection: Connection, name: str, default: str = "") -> str:
    """A setting that binds this store."""
    value = connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()
    return default if value is None else str(value)


def write_setting(connection: Connection, name: str, value: str) -> None:
    """Sets a setting that binds this store."""
    connection.execute(delete(setting).where(setting.c.name == name))
    connection.execute(insert(setting).values(name=name, value=value))


def _fill(store: Store, settings: Mapping[str, str], prepare: Prepare) -> None:
    try:
        if schema_version(store) is not None:
            raise _exists(store.location)
        with store.write() as connection:
            _migrate(connection)
            for name, value in {"store_id": uuid.uuid4().hex, **settings}.items():
                write_setting(connection, name, value)
            prepare(connection)
    except BaseException:
        store.close()
        raise


def _exists(location: str) -> StoreExists:
    return StoreExists(
        _("There is already a store at {path}.").format(path=location),
        cure=_("Open it, or name another place with --store."),
        path=location,
    )


def _migrate(connection: Connection) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade_with_backup(store: Store, version: str) -> None:
    if store.backend == "sqlcipher":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy2(store.location, f"{store.location}.before-{version}")
    with store.write() as connection:
        _migrate(connection)


def _sidecars(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
