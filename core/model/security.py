"""Who may do what, and the record of who did it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table

from core.model.metadata import metadata, number, serial, text

account = Table(
    "account", metadata, serial(),
    text("name", unique=True), text("password_hash"),
    Column("roles", JSON, nullable=False),
    text("state"),  # active | disabled
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", String), text("password_changed_at"), text("created_at"), text("created_by"),
)  # fmt: skip

audit_entry = Table(
    "audit_entry", metadata,
    number("number", primary_key=True, autoincrement=False),  # 1, 2, 3 … without a gap
    text("at"), text("actor"), text("action"), text("subject"), text("details"),
    text("previous"), text("hash"),
)  # fmt: skip

audit_head = Table(
    "audit_head", metadata, Column("id", Integer, primary_key=True), number("entries"), text("hash"),
)  # fmt: skip
"""One row: how long the chain is and its last hash, so that a cut-off tail is noticed."""
