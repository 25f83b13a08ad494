DROP INDEX ix_source_record_kept_in

DROP INDEX ix_finding_run

DROP INDEX ix_finding_entity

DROP TABLE apart

DROP TABLE audit_item

DROP TABLE audit_round

DROP TABLE comparison

DROP TABLE decision

DROP TABLE duplicate

ALTER TABLE finding DROP COLUMN entity

ALTER TABLE finding DROP COLUMN sender

ALTER TABLE finding DROP COLUMN collector

ALTER TABLE finding DROP COLUMN grid_code

ALTER TABLE finding DROP COLUMN run

ALTER TABLE finding DROP COLUMN fixed_in

DROP TABLE hand_over

DROP TABLE hazard_proposal

DROP TABLE ignoring

ALTER TABLE quarantine DROP COLUMN entity

ALTER TABLE quarantine DROP COLUMN sender

ALTER TABLE quarantine DROP COLUMN released_in

DROP TABLE recollected

DROP TABLE return_file

DROP TABLE return_item

DROP TABLE rule_setting

DROP TABLE sheet

ALTER TABLE source_record DROP COLUMN kept_in

ALTER TABLE source_record_history DROP COLUMN kept_in

DROP TABLE verification_run