ALTER TABLE extraction_run DROP COLUMN owner

ALTER TABLE extraction_run DROP COLUMN lease_until
