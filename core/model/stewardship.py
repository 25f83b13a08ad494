"""What stewards decide about an imported registry: settled values, ignored findings, rule settings, audits.

``decision`` and what people entered are truth; ``comparison`` and ``duplicate`` are derived from the words of the
departments and can be rebuilt at any time.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint

from core.model.metadata import BigId, metadata, number, serial, text

decision = Table(
    "decision", metadata, serial(),
    number("change_set", index=True), text("resource"), number("entity"), text("group_name"),
    text("kind"),  # settle | fix | edit
    Column("source", String),  # whose word was chosen; null where somebody wrote another value
    text("row"),  # JSON: the group's columns as decided
    text("evidence"),  # JSON: every word that was shown, with its source and date
    number("fingerprint"),  # of the words compared: the decision stands until one of them changes
    text("at"), text("actor"), text("reason"),
    Index("ix_decision_entity", "resource", "entity"),
)  # fmt: skip
"""What a person decided a field group of an entity to be. The words that lost stay in ``source_record``."""

comparison = Table(
    "comparison", metadata,
    Column("resource", String, primary_key=True),
    Column("entity", BigId, primary_key=True, autoincrement=False),
    Column("group_name", String, primary_key=True),
    text("state"),  # agreed | conflict | settled
    text("sources"),  # who was compared, by authority, separated by blanks
    number("fingerprint"),
    text("at"),  # when the last of them collected it
    Index("ix_comparison_state", "resource", "state", "entity"),
)  # fmt: skip
"""Where several departments speak of the same field group: derived from their words and the decisions."""

apart = Table(
    "apart", metadata, serial(),
    number("change_set", index=True), text("resource"), number("left_id"), number("right_id"),
    number("fingerprint"), text("reason"), text("at"), text("actor"),
    Index("ix_apart_pair", "resource", "left_id", "right_id"),
)  # fmt: skip
"""Two records that somebody found not to be the same; it holds until the compared fields change."""

duplicate = Table(
    "duplicate", metadata, serial(),
    text("resource"), number("left_id"), number("right_id"),
    text("basis"),  # which comparison found it
    Column("reasons", JSON, nullable=False),  # per field: agrees | differs | silent
    number("fingerprint"), text("found_at"),
    UniqueConstraint("resource", "left_id", "right_id", name="uq_duplicate_pair"),
)  # fmt: skip
"""Pairs that may be one and the same, left id below right id: derived, found anew by each search."""

rule_setting = Table(
    "rule_setting", metadata, Column("rule", String, primary_key=True),
    text("severity"),  # error | warning | notice | off
    text("reason"), text("actor"), text("at"),
)  # fmt: skip

verification_run = Table(
    "verification_run", metadata, serial(),
    text("at"), text("actor"), Column("scope", JSON, nullable=False),
    Column("checked", JSON, nullable=False),  # rows looked at, by resource
    Column("counts", JSON, nullable=False),  # findings by rule
    Column("superseded_by", BigId),
)  # fmt: skip
"""A verification of what the store holds; its findings bear the run's number and change set 0."""

ignoring = Table(
    "ignoring", metadata, serial(),
    text("rule"),
    Column("resource", String), Column("key", String), Column("field", String),
    Column("sender", String), Column("grid_code", String), Column("community_code", String),  # null: any
    text("reason"), text("at"), text("actor"), text("until"),
    Column("withdrawn_at", String), Column("withdrawn_by", String),
    Index("ix_ignoring_rule", "rule"),
)  # fmt: skip
"""Findings that somebody does not want to be shown, for a scope, with a reason and an end."""

hazard_proposal = Table(
    "hazard_proposal", metadata, serial(),
    text("rule"), text("kind"), text("house_code"), text("address_code"), text("reason"), text("at"),
    Column("run", BigId), Column("change_set", BigId),
    text("state"),  # open | accepted | dismissed
    Column("decided_at", String), Column("decided_by", String), Column("decided_reason", String),
    UniqueConstraint("rule", "house_code", name="uq_hazard_proposal"),
)  # fmt: skip
"""What the ordinance's rules say about a house, for a person to look at; never about a person."""

hand_over = Table(
    "hand_over", metadata, serial(),
    text("grid_code", index=True), text("from_maintainer"), text("to_maintainer"),
    text("reason"), text("at"), text("actor"), Column("undone_at", String), Column("undone_by", String),
)  # fmt: skip
"""Who took over a grid from whom; the last that was not undone names the maintainer."""

audit_round = Table(
    "audit_round", metadata, serial(),
    text("title"), text("resource"), text("seed"), number("per_community"),
    Column("fields", JSON, nullable=False),
    Column("strata", JSON, nullable=False),  # community: entities it was drawn from
    text("frame_digest"),  # of the drawn-from list: the same list and seed draw the same sample
    number("unplaced"),  # records that no community holds, and that could therefore not be drawn
    number("drawn_in"),  # the newest change set then: what is checked is what the registry said then
    text("at"), text("actor"), Column("closed_at", String), Column("closed_by", String),
    text("purpose", server_default="audit"),  # audit: drawn by chance | visit: picked and handed to somebody
    Column("assignee", String), Column("due_on", String), Column("reason", String),  # of a visit
    Column("withdrawn_at", String), Column("withdrawn_by", String),
)  # fmt: skip

audit_item = Table(
    "audit_item", metadata, serial(),
    number("round", index=True), text("community_code"), number("position"), number("entity"), text("key"),
    Column("results", JSON),  # field: right | wrong | missing; null until somebody looked
    Column("found", String),  # found | not_found
    Column("remark", String), Column("checked_at", String), Column("checked_by", String),
    UniqueConstraint("round", "community_code", "position", name="uq_audit_item"),
)  # fmt: skip

return_file = Table(
    "return_file", metadata, serial(),
    text("sender"), text("file_name"), text("file_hash"), text("form"),
    Column("descriptor_hash", String),  # of its package: the station's own chain
    number("findings"), number("rows"), text("at"), text("actor"),
)  # fmt: skip
"""What went back to a sender, please correct at the source."""

return_item = Table(
    "return_item", metadata, serial(),
    number("return_file", index=True), number("finding", index=True), Column("cleared_in", BigId),
)  # fmt: skip
"""One finding in a return file, and the change set whose correction cleared it."""

sheet = Table(
    "sheet", metadata, serial(),
    number("change_set", index=True), text("file_name"), text("file_hash", index=True), text("resource"),
    text("sender"), number("rows"), text("at"), text("actor"),
    Column("return_file", BigId),
)  # fmt: skip
"""A spreadsheet that was imported: a filled template, or a corrected return file."""

