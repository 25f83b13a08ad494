ALTER TABLE extraction_run ADD COLUMN owner VARCHAR

ALTER TABLE extraction_run ADD COLUMN lease_until VARCHAR
