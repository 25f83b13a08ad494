"""What a full disk, another writer or a lost server do to a unit of work: told in our words, nothing kept, gone on."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from core.model.ledger import setting
from core.store.bulk import insert_rows
from core.store.engine import connect
from core.store.lifecycle import read_setting, write_setting
from core.store.trouble import StoreBusy, StoreFull, StoreLost, StoreTrouble, trouble_of
from tests.core.conftest import KEY

POSTGRES = pytest.mark.parametrize("location", ["postgresql"], indirect=True)


def limited(store, pages):
    """The file may not grow by more pages: the disk is full, as SQLite sees it."""
    store.engine.dispose()
    with store.engine.connect() as connection:
        now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {now + pages}")


@pytest.mark.parametrize("bulk", [True, False])
def test_a_full_disk_is_told_with_its_cure_and_nothing_of_the_step_is_kept(embedded, bulk):
    limited(embedded.store, 4)
    rows = [(f"much{n}", "x" * 500) for n in range(500)]
    with pytest.raises(StoreFull) as caught, embedded.store.write() as connection:
        if bulk:
            insert_rows(connection, setting, ("name", "value"), rows)
        else:
            connection.execute(insert(setting), [{"name": name, "value": value} for name, value in rows])
    assert caught.value.cure and caught.value.details == {"cause": "SQLITE_FULL"}
    with embedded.store.read() as connection:
        assert read_setting(connection, "much0", "absent") == "absent"
    limited(embedded.store, 100_000)
    with embedded.store.write() as connection:
        insert_rows(connection, setting, ("name", "value"), rows)
    with embedded.store.read() as connection:
        assert read_setting(connection, "much499") == "x" * 500


def test_a_second_client_of_the_same_file_waits_for_the_first_and_is_told_when_it_takes_too_long(embedded):
    other = connect(embedded.store.location, KEY)
    with other.engine.connect() as connection:  # the one that its pool keeps
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with embedded.store.write() as connection:
        write_setting(connection, "first", "at it")
        with pytest.raises(StoreBusy) as caught, other.write() as second:
            write_setting(second, "second", "too")
        with other.read() as reading:
            assert read_setting(reading, "first", "not yet") == "not yet", "who reads is not held up"
    assert "another client" in caught.value.message.lower() and caught.value.cure
    with other.write() as second:
        write_setting(second, "second", "too")
    with embedded.store.read() as connection:
        assert (read_setting(connection, "first"), read_setting(connection, "second")) == ("at it", "too")
    other.close()


@POSTGRES
def test_a_server_that_goes_away_is_told_and_the_next_step_goes_on_when_it_is_back(workspace):
    with pytest.raises(StoreLost) as caught, workspace.store.write() as connection:
        write_setting(connection, "half", "done")
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert caught.value.cure
    with workspace.store.write() as connection:
        assert read_setting(connection, "half", "absent") == "absent"
        write_setting(connection, "half", "whole")


@POSTGRES
def test_a_row_that_another_client_holds_for_too_long_is_told(workspace):
    lock = text("SELECT 1 FROM setting WHERE name = 'store_id' FOR UPDATE")
    with workspace.store.write() as first:
        first.execute(lock)
        with pytest.raises(StoreBusy), workspace.store.write() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            second.execute(lock)


def test_a_mistake_of_ours_stays_one(workspace):
    with pytest.raises(DBAPIError), workspace.store.read() as connection:
        connection.execute(text("SELECT * FROM nothing_of_this_name"))
    assert trouble_of(ValueError("no")) is None


@POSTGRES
def test_a_statement_that_is_too_long_is_no_trouble_of_the_server(workspace):
    with pytest.raises(DBAPIError), workspace.store.read() as connection:
        connection.execute(select(setting).where(setting.c.name.in_([str(n) for n in range(70_000)])))


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(StoreLost), connect("postgresql://nobody@127.0.0.1:9/none").read():
        pass


def test_every_trouble_has_a_code_of_its_own():
    assert len({kind.code for kind in (StoreTrouble, StoreFull, StoreBusy, StoreLost)}) == 4
