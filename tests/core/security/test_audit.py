import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.i18n import set_language
from core.jobs import Progress
from core.security import audit, audit_verify
from core.security.workspace import Actor, NotPermitted, Workspace


@pytest.fixture
def chain(workspace):
    """A chain of ten more entries, and a way to tamper with the table behind its triggers' back."""
    for number in range(10):
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor="张三", action="test.done", subject=f"对象{number}",
                details={"count": number},
            )  # fmt: skip
    return workspace


def tamper(workspace, *statements):
    with workspace.store.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        for name in list(names):
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def verify(workspace):
    return audit.verify_chain(workspace, Progress())


def test_an_untouched_chain_is_whole_and_counts_its_entries(chain):
    assert verify(chain) == (True, 12, None, "")


def test_numbers_follow_each_other_without_a_gap(chain):
    assert [e.number for e in audit.entries(chain)] == list(range(12, 0, -1))


def test_an_entry_is_lost_with_the_transaction_it_belongs_to(chain):
    def fail():
        with chain.store.write() as connection:
            audit.record(connection, at="", actor="a", action="b", subject="c", details={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert verify(chain).entries == 12


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = '李四' WHERE number = 5",
        "DELETE FROM audit_entry WHERE number = 12",
        "INSERT OR REPLACE INTO audit_entry SELECT number, at, '李四', action, subject, details, previous, hash"
        " FROM audit_entry WHERE number = 5",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET entries = 3",
        "INSERT OR REPLACE INTO audit_head VALUES (1, 3, '')",
    ],
)
def test_the_store_itself_refuses_to_change_the_chain(chain, statement):
    with chain.store.engine.connect() as connection, pytest.raises(DatabaseError, match="only grows"):
        connection.execute(text(statement))
    assert verify(chain).ok


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "details", "hash"])
def test_an_altered_entry_is_named(chain, column):
    tamper(chain, f"UPDATE audit_entry SET {column} = {column} || '0' WHERE number = 5")
    assert verify(chain) == (False, 4, 5, "altered")


def test_an_entry_rewritten_with_a_fitting_hash_no_longer_follows(chain):
    tamper(chain, "UPDATE audit_entry SET subject = 'x' WHERE number = 5")
    with chain.store.read() as connection:
        row = dict(connection.execute(text("SELECT * FROM audit_entry WHERE number = 5")).mappings().one())
    tamper(chain, f"UPDATE audit_entry SET hash = '{audit_verify._hash(row)}' WHERE number = 5")
    assert verify(chain) == (False, 5, 6, "unchained")


def test_a_dropped_entry_is_named(chain):
    tamper(chain, "DELETE FROM audit_entry WHERE number = 5")
    assert verify(chain) == (False, 4, 5, "missing")


def test_a_cut_off_tail_is_named(chain):
    tamper(chain, "DELETE FROM audit_entry WHERE number > 9")
    assert verify(chain) == (False, 9, 10, "truncated")


def test_an_emptied_chain_is_noticed(chain):
    tamper(chain, "DELETE FROM audit_entry")
    assert verify(chain) == (False, 0, 1, "truncated")


def test_two_entries_that_changed_places_are_noticed(chain):
    tamper(
        chain,
        "UPDATE audit_entry SET number = 99 WHERE number = 5",
        "UPDATE audit_entry SET number = 5 WHERE number = 6",
        "UPDATE audit_entry SET number = 6 WHERE number = 99",
    )
    assert verify(chain) == (False, 4, 5, "altered")  # the number is part of what is hashed


def test_a_head_set_back_shows_the_entries_beyond_it(chain):
    tamper(chain, "UPDATE audit_head SET entries = 9")
    assert verify(chain) == (False, 12, 10, "added")


def test_a_head_with_another_hash_is_noticed(chain):
    tamper(chain, "UPDATE audit_head SET hash = 'x'")
    assert verify(chain) == (False, 12, 12, "head")


def test_a_store_without_head_does_not_hide_its_entries(chain):
    tamper(chain, "DELETE FROM audit_head")
    assert verify(chain) == (False, 12, 1, "added")


@pytest.fixture
def exported(chain, tmp_path):
    path = tmp_path / "审计.jsonl"
    assert audit.export(chain, path, Progress()) == 13
    return path


def run_offline(path):
    command = [sys.executable, "-m", "core.security.audit_verify", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_an_exported_chain_verifies_offline_and_the_export_is_in_it(exported):
    assert run_offline(exported) == (0, {"ok": True, "entries": 13, "first_bad": None, "reason": ""})
    assert "audit.exported" in exported.read_text("utf-8")


def test_exported_lines_that_changed_places_are_named_as_moved(exported):
    lines = exported.read_text("utf-8").splitlines()
    lines[5], lines[8] = lines[8], lines[5]
    exported.write_text("\n".join(lines), "utf-8")
    assert run_offline(exported) == (1, {"ok": False, "entries": 4, "first_bad": 5, "reason": "moved"})


def test_an_exported_line_that_is_no_entry_is_named(exported):
    lines = exported.read_text("utf-8").splitlines()
    lines[5] = lines[5][:40]
    exported.write_text("\n".join(lines), "utf-8")
    assert run_offline(exported)[1] == {"ok": False, "entries": 4, "first_bad": 5, "reason": "malformed"}


def test_a_file_without_a_head_is_not_called_whole(tmp_path):
    (tmp_path / "empty").touch()
    assert run_offline(tmp_path / "empty") == (1, {"ok": False, "entries": 0, "first_bad": None, "reason": "head"})


def made_chain(length):
    entries, last = [], "0" * 64
    for number in range(1, length + 1):
        entry = {"number": number, "at": "", "actor": "a", "action": "b", "subject": "", "details": "{}"}
        entry["previous"] = last
        last = entry["hash"] = audit_verify._hash(entry)
        entries.append(entry)
    return entries, {"entries": length, "hash": last}


@settings(max_examples=200)
@given(st.data())
def test_any_single_change_to_any_chain_is_found_at_its_place(data):
    entries, head = made_chain(data.draw(st.integers(2, 12)))
    place = data.draw(st.integers(0, len(entries) - 1))
    deed = data.draw(st.sampled_from(["alter", "drop", "swap", "cut"]))
    if deed == "alter":
        column = data.draw(st.sampled_from(["at", "actor", "action", "subject", "details", "previous", "hash"]))
        entries[place][column] += "x"
    elif deed == "drop":
        del entries[place]
    elif deed == "swap":
        place = min(place, len(entries) - 2)
        entries[place], entries[place + 1] = entries[place + 1], entries[place]
    else:
        del entries[place:]
    found = audit_verify.verify(entries, head)
    assert not found.ok
    assert found.first_bad == place + 1


def test_the_verifier_uses_nothing_but_the_standard_library():
    code = "import sys, core.security.audit_verify; print([m for m in sys.modules if 'sqlalchemy' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_entries_can_be_narrowed_to_a_family_of_acts(chain):
    assert {e.action for e in audit.entries(chain, action="login.")} == {"login.succeeded"}
    assert len(audit.entries(chain, action="test.done", limit=3)) == 3
    assert [e.number for e in audit.entries(chain, actor="张三", before=5)] == [4, 3]


def test_only_the_audit_administration_reads_the_chain(chain):
    officer = Workspace(chain.store, Actor("民警", frozenset({"officer"})), chain.clock)
    with pytest.raises(NotPermitted):
        audit.entries(officer)
    with pytest.raises(NotPermitted):
        verify(officer)


def test_a_broken_chain_is_explained_in_chinese(chain):
    tamper(chain, "DELETE FROM audit_entry WHERE number = 5")
    set_language("zh")
    try:
        assert audit.explain(verify(chain)) == "审计链第 5 条记录缺失。"
    finally:
        set_language("en")


@pytest.fixture
def on_server(postgres_url):
    from core.security.founding import found

    made = found(postgres_url, admin="founder", password="a long enough one", station="320508")
    yield made
    made.store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = '李四' WHERE number = 1",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "UPDATE audit_head SET entries = 1, hash = ''",
    ],
)
def test_a_server_refuses_to_change_the_chain_too(on_server, statement):
    with on_server.store.engine.connect() as connection, pytest.raises(DatabaseError, match="only grows"):
        connection.execute(text(statement))
    assert verify(on_server).ok


def test_two_writers_at_once_leave_no_gap(on_server):
    def write(name):
        for _ in range(20):
            with on_server.store.write() as connection:
                audit.record(connection, at="", actor=name, action="test.done", subject="", details={})

    writers = [threading.Thread(target=write, args=(name,)) for name in ("一", "二")]
    before = verify(on_server).entries
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert verify(on_server) == (True, before + 40, None, "")
