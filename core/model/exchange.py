"""What is due to upstream systems: one delivery per record and destination, and the receipts."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, String, Table, UniqueConstraint, text as sql

from core.model.metadata import BigId, metadata, number, serial, text

_OPEN = "state IN ('waiting', 'sent', 'held')"
_ANSWERED = "receipt_no IS NOT NULL"

delivery = Table(
    "delivery", metadata, serial(),
    text("target"), text("resource"), number("entity"), text("key"),
    text("op"),  # upsert | retire | correct (a station's decision, to the source) | propose (a missing address)
    number("version"),  # the row_hash that was due when queued; of a correction or proposal, the hash of its content
    number("change_set", index=True),
    text("state"),  # waiting | sent (receipt awaited) | accepted | rejected | held | superseded | withdrawn
    number("attempts", server_default="0"),
    text("due_at"), Column("lease_until", String), Column("batch", String),
    text("queued_at"), Column("settled_at", String),
    Column("receipt_no", String), Column("reason", String),
    Column("state_at", String),  # since when it is in an open state; a settled one has settled_at
    Column("digest", String),  # of what was sent, as the receiver was given it
    Column("change", String),  # of a correction: JSON, registry column → what the source had and what it is to have
    Index("ix_delivery_work", "target", "state", "due_at"),
    Index("ix_delivery_entity", "entity", "target"),
    Index(
        "ix_delivery_receipt_no", "receipt_no", "target",  # “did the receiver get this record?”
        sqlite_where=sql(_ANSWERED), postgresql_where=sql(_ANSWERED),
    ),
    Index(
        "uq_delivery_open", "target", "resource", "entity", unique=True,
        sqlite_where=sql(_OPEN), postgresql_where=sql(_OPEN),
    ),
)  # fmt: skip

receipt = Table(
    "receipt", metadata, serial(),
    text("target"), text("batch"), text("received_at"), text("body"), text("signature"),
    Index("ix_receipt_batch", "target", "batch"),
)  # fmt: skip
"""The receiver's signed answer, kept to the letter as evidence."""

connector_setting = Table(
    "connector_setting", metadata, Column("target", String, primary_key=True),
    text("base_url"), text("ca_pem"), text("receipt_public_pem"), text("token"), text("changed_at"),
    Column("certificate", String),  # our own for mutual TLS; its key lies in the keyring
)  # fmt: skip


message = Table(
    "message", metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    text("at"), text("target"),
    text("direction"),  # sent | void (made ready, did not leave) | receipt | zero | reconciliation | received | states
    text("batch"), number("records"),
    text("digest"),  # SHA-256 of what crossed, to the letter
    text("previous"), text("hash"),
    Index("ix_message_batch", "target", "batch"),
)  # fmt: skip
"""The log of what crossed the boundary, each entry chained to the one before it; it only grows."""

message_head = Table(
    "message_head", metadata, Column("id", BigId, primary_key=True, autoincrement=False),
    number("entries"), text("hash"),
)  # fmt: skip

channel = Table(
    "channel", metadata, Column("target", String, primary_key=True),
    Column("paused_at", String), Column("paused_by", String), Column("paused_reason", String),
    number("failures", server_default="0"),  # runs in a row that ended in trouble without one receipt
    Column("retry_at", String),  # the circuit breaker is open until then
    Column("trouble", String), Column("trouble_at", String),
    Column("zero_at", String),  # when the receiver last confirmed that there was nothing to send
)  # fmt: skip
"""How the way to one target is: paused by somebody, or broken off after too much trouble."""

reconciliation = Table(
    "reconciliation", metadata, serial(),
    text("target"), text("at"), text("actor"), text("resource"),
    number("ours"), number("theirs"), text("our_digest"), text("their_digest"), number("differences"),
    Index("ix_reconciliation_target", "target", "at"),
)  # fmt: skip

reconciliation_difference = Table(
    "reconciliation_difference", metadata, serial(),
    number("reconciliation", index=True), text("kind"),  # missing | surplus | different
    text("key"), Column("entity", BigId),
)  # fmt: skip
"""What one side holds and the other does not, or otherwise, to the record."""

exchange_duty = Table(
    "exchange_duty", metadata,
    Column("target", String, primary_key=True), Column("act", String, primary_key=True),  # ferry | extract | push | …
    Column("tried_at", String), Column("done_at", String),
    number("failures", server_default="0"),  # in a row
    Column("trouble", String), Column("message", String),
)  # fmt: skip
"""When what runs by itself was last tried for a target, and how that ended."""

exchange_round = Table(
    "exchange_round", metadata, Column("id", BigId, primary_key=True, autoincrement=False),
    Column("owner", String), Column("lease_until", String),  # who is at it now
    text("began_at"), Column("ended_at", String), text("actor"),
)  # fmt: skip
"""The one round of a store: the client that is at it, or was last."""

connector_declaration = Table(
    "connector_declaration", metadata, serial(),
    text("target", index=True), text("text"),  # the whole file; "" goes back to the shipped one
    text("shipped"),  # SHA-256 of the shipped file that it was made from
    text("at"), text("actor"), text("reason"),
)  # fmt: skip
"""What the administrator has made of shipped declarations; a target's newest is in force, the others are history."""

upstream_state = Table(
    "upstream_state", metadata, serial(),
    text("target"), text("resource"), number("entity"), text("key"),
    text("state"),  # the receiver's own code; what it means is declared in the connector's file
    Column("at", String),  # the receiver's clock, where it tells
    Column("code", String), Column("note", String),  # what it says beside: a number that it gave, a reason
    text("heard_at"), text("batch"),
    Index("ix_upstream_state_record", "target", "resource", "entity"),
)  # fmt: skip
"""What a receiver says has become of a record that we sent: one row a change, the newest is the state today."""

address_proposal = Table(
    "address_proposal", metadata, serial(),
    text("number"),  # ours, and the bureau's key for it
    text("full_text"), text("community_code"), text("subdistrict_code"),
    Column("lon", Float), Column("lat", Float), Column("crs", String),
    text("origin"),  # typed | sheet | qr | reference
    Column("origin_ref", String),  # what it came from: a record's key, a row of a list
    text("reason"), text("proposed_by"), text("proposed_at"),
    Column("withdrawn_at", String), Column("withdrawn_by", String),
    UniqueConstraint("number", name="uq_address_proposal_number"),
)  # fmt: skip
"""A standard address that the district misses and the bureau is asked for; what became of it is derived."""
