"""What came in and what it did: packages, change sets, findings, quarantined rows, missing rows."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint, text as sql

from core.model.metadata import BigId, metadata, number, serial, text

change_set = Table(
    "change_set", metadata, serial(),
    text("kind"),  # import | sheet | settle | fix | edit | undo
    text("at"), text("actor"), text("reason"),
    Column("package_id", BigId), Column("undoes", BigId), Column("undone_by", BigId),
    Column("counts", JSON, nullable=False),
)  # fmt: skip

package = Table(
    "package", metadata, serial(),
    text("uuid"), text("name"), text("sender"), text("receiver"), number("sequence"), text("mode"),
    Column("scope", JSON, nullable=False),
    text("created"), text("purpose"), text("legal_basis"),
    text("descriptor_hash"), text("file_hash"), text("file_name"), number("bytes"),
    text("state"),  # imported | undone
    text("imported_at"),
    Column("resources", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("change_set", BigId),
    Index("ix_package_chain", "sender", "sequence"),
)  # fmt: skip

refusal = Table(
    "refusal", metadata, serial(),
    text("at"), text("actor"), text("file_name"), text("file_hash"), text("code"), text("message"),
    Column("details", JSON, nullable=False),
)  # fmt: skip

finding = Table(
    "finding", metadata, serial(),
    number("change_set", index=True), text("resource"), number("line"), text("key"),
    text("rule"), text("severity"), text("field"),
    Column("value", String),  # as it came, masked where the field is personal
    Column("entity", BigId), Column("sender", String), Column("collector", String), Column("grid_code", String),
    Column("run", BigId),  # the verification run that found it in the store; then the change set is 0
    Column("fixed_in", BigId),  # the change set that corrected it
    Index("ix_finding_rule", "rule"),
    Index("ix_finding_run", "run"),
    Index("ix_finding_entity", "entity"),
    Index(
        "ix_finding_error", "key",  # the gate before a push asks whether a record has one
        sqlite_where=sql("severity = 'error'"), postgresql_where=sql("severity = 'error'"),
    ),
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata, serial(),
    number("change_set", index=True), text("resource"), number("line"), text("key"), text("row"),
    Column("entity", BigId), Column("sender", String),
    Column("released_in", BigId),  # the change set that let the corrected row in
)  # fmt: skip

missing = Table(
    "missing", metadata, serial(),
    number("change_set", index=True), text("resource"), number("entity"),
)  # fmt: skip

source_record = Table(
    "source_record", metadata, serial(),
    text("resource"), number("entity"), text("source"), text("collected_at"), text("collector"),
    number("row_hash"), number("change_set", index=True), text("row"),
    Column("kept_in", BigId),  # the change set that wrote it here; ``change_set`` is the one that brought the word
    Index("ix_source_record_kept_in", "kept_in"),
    UniqueConstraint("resource", "entity", "source"),
)  # fmt: skip
"""What each department last said of an entity that several speak of, or about which somebody decided.

An entity that has no word here is held as its one source said it.
"""

source_record_history = Table(
    "source_record_history", metadata, serial(),
    text("resource"), number("entity"), text("source"), text("collected_at"), text("collector"),
    number("row_hash"), number("change_set"), text("row"), number("superseded_in", index=True),
    Column("kept_in", BigId),
)  # fmt: skip

recollected = Table(
    "recollected", metadata,
    Column("change_set", BigId, primary_key=True, autoincrement=False),
    Column("resource", String, primary_key=True),
    Column("entity", BigId, primary_key=True, autoincrement=False),
    text("collected_at"), text("collector"),  # as they were before
    Index("ix_recollected_entity", "entity"),
)  # fmt: skip
"""Rows that a change set found unchanged but collected anew: their date moved on and nothing else."""

setting = Table("setting", metadata, Column("name", String, primary_key=True), text("value"))

trusted_key = Table(
    "trusted_key", metadata, serial(),
    text("sender"), text("public_pem"), text("fingerprint"), text("since"), text("actor"), text("reason"),
    Column("revoked_at", String),
)  # fmt: skip

station_key = Table(
    "station_key", metadata, serial(), text("kind"), text("private_pem"), text("public_pem"), text("since"),
)  # fmt: skip
"""The station's own keys: ``seal`` (X25519, opens sealed resources) and ``sign`` (Ed25519)."""

