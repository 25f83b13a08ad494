CREATE TABLE extraction_page (
	run BIGINT NOT NULL,
	page BIGINT NOT NULL,
	rows BIGINT NOT NULL,
	body BYTEA NOT NULL,
	CONSTRAINT pk_extraction_page PRIMARY KEY (run, page)
)

CREATE TABLE extraction_run (
	id BIGSERIAL NOT NULL,
	system VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	mode VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	transport VARCHAR NOT NULL,
	endpoint VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	started_at VARCHAR NOT NULL,
	ended_at VARCHAR,
	seconds FLOAT,
	snapshot VARCHAR,
	since VARCHAR,
	until VARCHAR,
	cursor VARCHAR,
	pages BIGINT DEFAULT '0' NOT NULL,
	read BIGINT DEFAULT '0' NOT NULL,
	counts JSON,
	reconciliation JSON,
	agrees BIGINT,
	resumed BIGINT,
	trouble VARCHAR,
	change_set BIGINT,
	CONSTRAINT pk_extraction_run PRIMARY KEY (id)
)

CREATE INDEX ix_extraction_run_last ON extraction_run (system, resource, state)

CREATE TABLE gone_at_source (
	id BIGSERIAL NOT NULL,
	run BIGINT NOT NULL,
	system VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	entity BIGINT NOT NULL,
	key VARCHAR NOT NULL,
	told VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	decided_at VARCHAR,
	decided_by VARCHAR,
	reason VARCHAR,
	change_set BIGINT,
	CONSTRAINT pk_gone_at_source PRIMARY KEY (id),
	CONSTRAINT uq_gone_at_source UNIQUE (system, resource, entity, run)
)

CREATE INDEX ix_gone_at_source_open ON gone_at_source (state, resource)

CREATE INDEX ix_gone_at_source_run ON gone_at_source (run)

ALTER TABLE connector_setting ADD COLUMN certificate VARCHAR
