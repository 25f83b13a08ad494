"""What users keep for themselves while they work: saved views, drafts, and where they are at home."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint

from core.model.metadata import BigId, metadata, number, serial, text

saved_view = Table(
    "saved_view", metadata, serial(),
    text("owner"), text("resource"), text("name"),
    Column("selection", JSON, nullable=False),
    text("order_by"), number("descending"),
    Column("columns", JSON, nullable=False),
    text("at"),
    UniqueConstraint("owner", "resource", "name", name="uq_saved_view_name"),
)  # fmt: skip
"""A filter that somebody wants again, with its order and the columns to show."""

draft = Table(
    "draft", metadata,
    Column("owner", String, primary_key=True), Column("resource", String, primary_key=True),
    number("entity", primary_key=True, autoincrement=False),
    number("version"),  # of the record when the editing began
    Column("fields", JSON, nullable=False),
    text("reason"), text("at"),
)  # fmt: skip
"""What somebody typed into a record and has not saved yet; it goes when it is saved or thrown away."""

assignment = Table(
    "assignment", metadata,
    Column("account", String, primary_key=True), Column("grid_code", String, primary_key=True),
    text("at"), text("actor"),
    Column("change_set", BigId),  # that parted or joined grids and brought this one; null: somebody assigned it
    Column("ended_in", BigId),  # the change set that retired the grid by joining it to another
    Index("ix_assignment_grid", "grid_code"),
)  # fmt: skip
"""The grids an account works in, those not ended. An account without any works in the whole district."""

entry_permit = Table(
    "entry_permit", metadata, serial(),
    text("account"), text("grid_code"), text("reason"), text("at"), text("until"),
    text("resource", server_default=""), Column("entity", BigId),  # null: the list of the kind
    Index("ix_entry_permit_account", "account", "until"),
)  # fmt: skip
"""A look outside one's own grids at one record or the list of a kind, with its reason and its end."""
