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

_APPEND_ONLY = "the audit chain only grows"

AUDIT_TRIGGERS: dict[str, list[str]] = {
    "sqlite": [
        f"CREATE TRIGGER {name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
        for name, event in (
            ("audit_entry_no_update", "UPDATE ON audit_entry"),
            ("audit_entry_no_delete", "DELETE ON audit_entry"),
            # INSERT OR REPLACE deletes without asking the trigger above
            ("audit_entry_no_replace", "INSERT ON audit_entry "
             "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number)"),
            ("audit_head_no_delete", "DELETE ON audit_head"),
            ("audit_head_no_second", "INSERT ON audit_head WHEN EXISTS (SELECT 1 FROM audit_head)"),
            ("audit_head_grows", "UPDATE ON audit_head WHEN NEW.entries <> OLD.entries + 1"),
        )
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_APPEND_ONLY}'; END $$",
        "CREATE TRIGGER audit_entry_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_head_kept BEFORE DELETE OR TRUNCATE ON audit_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head FOR EACH ROW "
        "WHEN (NEW.entries <> OLD.entries + 1) EXECUTE FUNCTION audit_refuse()",
    ],
}
"""What keeps the chain from being edited through SQL, by dialect; the store's migration executes them."""
