"""Hazard proposals: what the ordinance's rules say about a house, for a person to look at and to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, delete, func, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.model.stewardship import hazard_proposal
from core.registry.words import frame_of
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store import bulk
from core.verification.catalogue import catalogue

_COLUMNS = ("rule", "kind", "house_code", "address_code", "reason", "at", "run", "state")


class ProposalDecided(GridLinkError):
    """There is no such open proposal, or no reason was given."""

    code = "proposal_decided"


def propose(
    connection: Connection, workspace: Workspace, run: int, findings: pl.DataFrame | None, checked: Sequence[int]
) -> int:
    """Brings the proposals about the ``checked`` houses to what ``findings`` (rule, key, entity) say: how many are new.

    Open ones that no longer hold go; decided ones stay decided, the same rule does not ask about a house twice.
    """
    if findings is None or not checked:
        return 0
    kinds = {rule.id: rule.proposes for rule in catalogue() if rule.proposes}
    wanted = findings.filter(pl.col("rule").is_in(list(kinds)))
    house = TABLES["house"]
    types = {"entity": pl.Int64, "house_code": pl.String, "address_code": pl.String}
    codes = frame_of(connection, [house.c.id, house.c.house_code, house.c.address_code], list(checked), types)
    held = _held(connection)
    open_here = held.filter(pl.col("state") == "open").join(codes, on="house_code", how="semi")
    gone = open_here.join(wanted, left_on=["rule", "house_code"], right_on=["rule", "key"], how="anti")
    for some in bulk.chunks(gone["id"].to_list()):
        connection.execute(delete(hazard_proposal).where(hazard_proposal.c.id.in_(some)))
    placed = wanted.join(codes, on="entity").unique(["rule", "house_code"])
    ready = placed.join(held, on=["rule", "house_code"], how="anti").sort("house_code", "rule").select(
        "rule", pl.col("rule").replace_strict(kinds).alias("kind"), "house_code", "address_code",
        pl.lit("").alias("reason"), pl.lit(workspace.now()).alias("at"), pl.lit(run).alias("run"),
        pl.lit("open").alias("state"),
    )  # fmt: skip
    return bulk.insert_rows(connection, hazard_proposal, _COLUMNS, ready.iter_rows())


@permits("finding.read")
def proposals(
    workspace: Workspace, *, state: str = "open", offset: int = 0, limit: int = 100
) -> tuple[int, Sequence[Row[Any]]]:
    """The proposals in one state by house, and how many there are in all."""
    mine = hazard_proposal.c.state == state
    with workspace.store.read() as connection:
        total = connection.execute(select(func.count()).select_from(hazard_proposal).where(mine)).scalar_one()
        rows = select(hazard_proposal).where(mine).order_by(hazard_proposal.c.house_code, hazard_proposal.c.rule)
        return total, connection.execute(rows.offset(offset).limit(limit)).all()


@permits("finding.work")
def decide_proposal(workspace: Workspace, number: int, *, accept: bool, reason: str) -> None:
    """Accepts (to be visited) or dismisses an open proposal, with a reason; raises ``ProposalDecided``."""
    with workspace.store.write() as connection:
        is_open = (hazard_proposal.c.id == number) & (hazard_proposal.c.state == "open")
        if not reason.strip() or connection.execute(select(hazard_proposal.c.id).where(is_open)).first() is None:
            raise ProposalDecided(
                _("There is no open proposal {number}, or no reason was given.").format(number=number),
                cure=_("Choose one from the list and say in a few words what was seen."),
            )
        state = "accepted" if accept else "dismissed"
        connection.execute(
            update(hazard_proposal).where(is_open).values(
                state=state, decided_at=workspace.now(), decided_by=workspace.actor.name, decided_reason=reason
            )
        )
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="hazard.proposal",
            subject=str(number), details={"state": state, "reason": reason},
        )  # fmt: skip


def _held(connection: Connection) -> pl.DataFrame:
    types = {"id": pl.Int64, "rule": pl.String, "house_code": pl.String, "state": pl.String}
    rows = connection.execute(select(*(hazard_proposal.c[name] for name in types))).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")
