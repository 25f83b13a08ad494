"""The store: one unit of work, encrypted on the disk, created whole, opened at its own schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text, update

from core.model import exchange, extraction, ledger, registry, security, stewardship, working
from core.model.ledger import setting
from core.model.metadata import metadata
from core.security.workspace import Workspace
from core.store import lifecycle
from core.store.bulk import insert_rows
from core.store.engine import StoreMissing, StoreUnreadable, connect
from core.store.lifecycle import (
    SchemaNewer,
    StoreExists,
    create_store,
    open_store,
    read_setting,
    write_setting,
)

KEY = "ab" * 32


def test_leaving_a_unit_of_work_by_an_error_keeps_nothing(workspace: Workspace):
    with pytest.raises(ZeroDivisionError), workspace.store.write() as connection:
        write_setting(connection, "half", "done")
        raise ZeroDivisionError
    with workspace.store.read() as connection:
        assert read_setting(connection, "half", "absent") == "absent"


def test_leaving_a_unit_of_work_well_keeps_it(workspace: Workspace):
    with workspace.store.write() as connection:
        write_setting(connection, "whole", "done")
    with workspace.store.read() as connection:
        assert read_setting(connection, "whole") == "done"


def test_bulk_rows_are_kept_even_if_they_are_all_that_a_unit_of_work_writes(workspace: Workspace):
    with workspace.store.write() as connection:
        insert_rows(connection, setting, ("name", "value"), [("only", "rows")])
    with workspace.store.read() as connection:
        assert read_setting(connection, "only") == "rows"


def test_reading_never_changes_the_store(workspace: Workspace):
    with workspace.store.read() as connection:
        connection.execute(update(setting).values(value="spoiled"))
    with workspace.store.read() as connection:
        assert "spoiled" not in connection.execute(select(setting.c.value)).scalars().all()


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """FTS5 keeps its own tables beside ours; the index they make is tested by its answers."""
    return not (kind == "table" and (name or "").startswith("search_"))


ALL_TABLES = (
    exchange.delivery, extraction.extraction_run, ledger.package, registry.TABLES, security.account,
    stewardship.decision, working.draft,
)  # fmt: skip


def test_the_migrations_make_exactly_the_tables_that_the_model_declares(workspace: Workspace):
    with workspace.store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "include_name": _is_ours}
        )
        assert compare_metadata(context, metadata) == []


def test_nothing_readable_lies_in_the_store_file(tmp_path: Path):
    path = tmp_path / "s.db"
    store = create_store(str(path), KEY, settings={"station": "320508", "canary": "寒山寺-plain-text"})
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    store.close()
    assert not any(b"plain-text" in content or b"SQLite format" in content for content in files)


def test_a_wrong_key_is_told_apart_from_a_missing_store(tmp_path: Path):
    create_store(str(tmp_path / "s.db"), KEY, settings={}).close()
    with pytest.raises(StoreUnreadable):
        connect(str(tmp_path / "s.db"), "cd" * 32)
    with pytest.raises(StoreMissing):
        connect(str(tmp_path / "other.db"), KEY)


def test_a_store_is_never_made_over_another(location: str):
    create_store(location, KEY, settings={}).close()
    with pytest.raises(StoreExists):
        create_store(location, KEY, settings={})


def test_a_creation_that_fails_leaves_no_store(tmp_path: Path):
    def fail(connection: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create_store(str(tmp_path / "s.db"), KEY, settings={}, prepare=fail)
    assert not (tmp_path / "s.db").exists()


def test_a_store_of_a_newer_schema_is_refused_unchanged(location: str):
    store = create_store(location, KEY, settings={})
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(SchemaNewer, match="9999"):
        open_store(location, KEY)


def test_an_older_schema_is_upgraded_after_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "s.db"
    create_store(str(path), KEY, settings={}).close()
    store = connect(str(path), KEY)
    lifecycle._upgrade_with_backup(store, "0001")
    store.close()
    assert connect(str(tmp_path / "s.db.before-0001"), KEY).encrypted


def test_two_stores_on_one_machine_never_mix(tmp_path: Path):
    ids = set()
    for name in ("a", "b"):
        store = create_store(str(tmp_path / name), KEY, settings={})
        with store.read() as connection:
            ids.add(read_setting(connection, "store_id"))
        store.close()
    assert len(ids) == 2


def test_paths_with_blanks_percent_signs_and_chinese_characters_work(tmp_path: Path):
    path = tmp_path / "网格 100% 联动" / "库.db"
    create_store(str(path), KEY, settings={"station": "1"}).close()
    with open_store(str(path), KEY).read() as connection:
        assert read_setting(connection, "station") == "1"


def test_the_first_migration_goes_back_to_nothing(workspace: Workspace):
    config = lifecycle._alembic()
    with workspace.store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with workspace.store.read() as connection:
        left = set(inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}
    assert left == set()
