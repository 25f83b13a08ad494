DROP TABLE extraction_page

DROP TABLE extraction_run

DROP TABLE gone_at_source

ALTER TABLE connector_setting DROP COLUMN certificate
