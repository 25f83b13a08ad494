"""What is due to upstream systems: one delivery per record and destination, and the receipts."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, text as sql

from core.model.metadata import metadata, number, serial, text

delivery = Table(
    "delivery", metadata, serial(),
    text("target"), text("resource"), number("entity"), text("key"),
    text("op"),  # upsert | retire
    number("version"),  # the row_hash that was due when queued
    number("change_set", index=True),
    text("state"),  # waiting | sent (receipt awaited) | accepted | rejected | withdrawn
    number("attempts", server_default="0"),
    text("due_at"), Column("lease_until", String), Column("batch", String),
    text("queued_at"), Column("settled_at", String),
    Column("receipt_no", String), Column("reason", String),
    Index("ix_delivery_work", "target", "state", "due_at"),
    Index("ix_delivery_entity", "entity", "target"),
    Index(
        "uq_delivery_open", "target", "resource", "entity", unique=True,
        sqlite_where=sql("state IN ('waiting', 'sent')"), postgresql_where=sql("state IN ('waiting', 'sent')"),
    ),
)  # fmt: skip

receipt = Table(
    "receipt", metadata, serial(),
    text("target"), text("batch"), text("received_at"), text("body"), text("signature"),
)  # fmt: skip
"""The receiver's signed answer, kept to the letter as evidence."""

connector_setting = Table(
    "connector_setting", metadata, Column("target", String, primary_key=True),
    text("base_url"), text("ca_pem"), text("receipt_public_pem"), text("token"), text("changed_at"),
)  # fmt: skip

