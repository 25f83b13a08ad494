"""What is to do in each grid: figures as the lists have them, own grids only where some are assigned."""

from __future__ import annotations

from core.atlas.grid_work import grid_work
from core.model.registry import entity_id
from core.security import accounts, assigning
from core.security.own_grids import home
from core.security.workspace import Workspace, utc_now
from core.stewardship.upkeep import Filters, overdue
from tests.core.atlas.test_atlas import COMMUNITY, grid, placed
from tests.core.conftest import PASSWORD
from tests.core.departments import address

SECOND = f"{COMMUNITY}002"


def test_every_grid_carries_its_outline_and_what_the_lists_count(workspace: Workspace, sender):
    sender("bureau").send(
        grid=[grid(), grid(SECOND, name="富强二格")], address=[placed(n) for n in range(1, 4)]
    )
    work = grid_work(workspace)
    assert (
        not work.own
        and not work.others
        and {one.grid_code for one in work.grids} == {f"{COMMUNITY}001", SECOND}
    )
    assert {one.grid_code: one.overdue for one in work.grids} == {
        g.grid_code: g.total for g in overdue(workspace)
    }
    first = next(one for one in work.grids if one.grid_code == SECOND)
    assert first.entity == entity_id(SECOND) and len(first.rings[0]) == 5


def test_who_has_grids_of_his_own_sees_those(workspace: Workspace, sender):
    sender("bureau").send(grid=[grid(), grid(SECOND, name="富强二格")], address=[address(1)])
    accounts.create_account(workspace, "wang", PASSWORD, ["officer"])
    assigning.assign(workspace, "wang", [SECOND])
    wang = Workspace(workspace.store, accounts.authenticate(workspace.store, "wang", PASSWORD, clock=utc_now))
    work = grid_work(wang)
    assert work.own and [one.grid_code for one in work.grids] == [SECOND]
    assert work.grids[0].findings is None and len(work.others) == 1
    assert [one.grid_code for one in overdue(wang, Filters(grids=home(wang)))] == [SECOND]


def test_an_outline_that_cannot_be_read_leaves_the_figures(workspace: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[address(1)])
    with workspace.store.write() as connection:
        connection.exec_driver_sql("UPDATE grid SET geometry = 'no outline'")
    assert [tuple(one.rings) for one in grid_work(workspace).grids] == [()]


def test_an_empty_registry_has_nothing_to_do(workspace: Workspace):
    assert not grid_work(workspace).grids
