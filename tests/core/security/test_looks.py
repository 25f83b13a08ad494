"""Who looked at personal data, as the auditor reads it."""

import pytest

from core.registry import browse, tables
from core.registry.exporting import export
from core.registry.printed import note_printed
from core.registry.where import select_where
from core.security.looks import looks
from core.security.reveal import IdentityUnknown, reveal_identity
from core.security.workspace import Actor, NotPermitted, Workspace


@pytest.fixture
def looked(workspace):
    with pytest.raises(IdentityUnknown):
        reveal_identity(workspace, "0f" * 32, "核实居住登记")
    browse.search(workspace, "平江路")
    note_printed(workspace, "address", 7, where="pdf")
    return workspace


def test_the_auditor_reads_reveals_with_their_reason_the_latest_first(looked):
    (one,) = looks(looked)
    assert (one.action, one.actor, one.reason, one.subject) == (
        "identity.unknown", looked.actor.name, "核实居住登记", "0f" * 32,
    )  # fmt: skip


def test_all_reading_adds_searches_with_their_hits_and_prints(looked):
    found = looks(looked, "all")
    assert [one.action for one in found] == ["record.printed", "registry.search", "identity.unknown"]
    assert found[1].subject == "平江路" and found[1].shown == 0


def test_filtered_and_exported_tables_are_listed_with_kind_filter_and_rows(looked, tmp_path):
    rented = select_where("house", ("use=rented",))
    tables.matches(looked, rented, tables.Order("house_code"))
    export(looked, rented, tmp_path / "rented.csv")
    exported, filtered = looks(looked, "all")[:2]
    assert (exported.action, exported.shown) == ("registry.export", 0)
    assert exported.subject == "rented.csv · Houses · use is rented"
    assert (filtered.action, filtered.shown) == ("registry.filter", 0)
    assert filtered.subject == exported.subject.removeprefix("rented.csv · ")


def test_the_list_can_be_narrowed_to_one_account_and_read_on(looked):
    assert looks(looked, "all", actor="nobody") == []
    first = looks(looked, "all", limit=1)
    rest = looks(looked, "all", before=first[0].number)
    assert [one.action for one in rest] == ["registry.search", "identity.unknown"]


def test_only_the_auditor_reads_it(looked):
    with pytest.raises(NotPermitted):
        looks(Workspace(looked.store, Actor("officer1", frozenset({"officer"}))))
