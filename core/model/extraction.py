"""What was extracted from where: runs with their evidence, pages on the way, and questions about what is gone."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, LargeBinary, String, Table, UniqueConstraint

from core.model.metadata import BigId, metadata, number, serial, text

extraction_run = Table(
    "extraction_run", metadata, serial(),
    text("system"), text("resource"),
    text("mode"),  # full | incremental
    text("state"),  # running | applied | failed | given_up
    text("transport"), text("endpoint"), text("actor"), text("started_at"),
    Column("ended_at", String), Column("seconds", Float),  # of work, pauses between a kill and its resumption left out
    Column("snapshot", String),  # the source's own name for the view that pages belong to
    Column("since", String),  # the watermark that an incremental run starts from
    Column("until", String),  # the watermark that the view reaches, and the next run starts from
    Column("cursor", String),  # the order key of the last row of the last page that is kept
    number("pages", server_default="0"), number("read", server_default="0"),
    Column("counts", JSON),  # what became of the rows
    Column("reconciliation", JSON),  # by community: ours, theirs, digests; and whether they agree
    Column("agrees", BigId),  # 1 counts and digests agree, 0 they differ; null while not compared
    Column("resumed", BigId),  # how often the run was taken up again
    Column("trouble", String), Column("change_set", BigId),
    Column("owner", String), Column("lease_until", String),  # who is at it now, and until when others leave it to them
    Index("ix_extraction_run_last", "system", "resource", "state"),
)  # fmt: skip
"""One extraction of one resource: what, when, how many, how long, from where, by whom, and whether it reconciles."""

extraction_page = Table(
    "extraction_page", metadata,
    Column("run", BigId, primary_key=True, autoincrement=False),
    Column("page", BigId, primary_key=True, autoincrement=False),
    number("rows"), Column("body", LargeBinary, nullable=False),
)  # fmt: skip
"""A page as it came, kept with the cursor behind it, until the run is applied."""

gone_at_source = Table(
    "gone_at_source", metadata, serial(),
    number("run", index=True), text("system"), text("resource"), number("entity"), text("key"),
    text("told"),  # marked | unnamed: the source says that it is gone, or a full extraction no longer names it
    text("state"),  # open | retired | kept | returned
    text("at"), Column("decided_at", String), Column("decided_by", String), Column("reason", String),
    Column("change_set", BigId),
    UniqueConstraint("system", "resource", "entity", "run", name="uq_gone_at_source"),
    Index("ix_gone_at_source_open", "state", "resource"),
)  # fmt: skip
"""A record that the source no longer has: nothing is retired before a steward says so."""
