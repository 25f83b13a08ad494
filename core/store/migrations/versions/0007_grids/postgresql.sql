ALTER TABLE entry_permit ADD COLUMN resource VARCHAR DEFAULT '' NOT NULL

ALTER TABLE entry_permit ADD COLUMN entity BIGINT

ALTER TABLE assignment ADD COLUMN change_set BIGINT

ALTER TABLE assignment ADD COLUMN ended_in BIGINT

CREATE INDEX ix_assignment_grid ON assignment (grid_code)

ALTER TABLE audit_round ADD COLUMN purpose VARCHAR DEFAULT 'audit' NOT NULL

ALTER TABLE audit_round ADD COLUMN assignee VARCHAR

ALTER TABLE audit_round ADD COLUMN due_on VARCHAR

ALTER TABLE audit_round ADD COLUMN reason VARCHAR

ALTER TABLE audit_round ADD COLUMN withdrawn_at VARCHAR

ALTER TABLE audit_round ADD COLUMN withdrawn_by VARCHAR