DELETE FROM audit_item WHERE round IN (SELECT id FROM audit_round WHERE purpose <> 'audit')

DELETE FROM audit_round WHERE purpose <> 'audit'

DELETE FROM assignment WHERE ended_in IS NOT NULL

ALTER TABLE audit_round DROP COLUMN withdrawn_by

ALTER TABLE audit_round DROP COLUMN withdrawn_at

ALTER TABLE audit_round DROP COLUMN reason

ALTER TABLE audit_round DROP COLUMN due_on

ALTER TABLE audit_round DROP COLUMN assignee

ALTER TABLE audit_round DROP COLUMN purpose

DROP INDEX ix_assignment_grid

ALTER TABLE assignment DROP COLUMN ended_in

ALTER TABLE assignment DROP COLUMN change_set

ALTER TABLE entry_permit DROP COLUMN entity

ALTER TABLE entry_permit DROP COLUMN resource