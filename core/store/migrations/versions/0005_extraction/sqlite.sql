CREATE TABLE extraction_page (
	run INTEGER NOT NULL,
	page INTEGER NOT NULL,
	rows INTEGER NOT NULL,
	body BLOB NOT NULL,
	CONSTRAINT pk_extraction_page PRIMARY KEY (run, page)
)

CREATE TABLE extraction_run (
	id INTEGER NOT NULL,
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
	pages INTEGER DEFAULT '0' NOT NULL,
	read INTEGER DEFAULT '0' NOT NULL,
	counts JSON,
	reconciliation JSON,
	agrees INTEGER,
	resumed INTEGER,
	trouble VARCHAR,
	change_set INTEGER,
	CONSTRAINT pk_extraction_run PRIMARY KEY (id)
)

CREATE INDEX ix_extraction_run_last ON extraction_run (system, resource, state)

CREATE TABLE gone_at_source (
	id INTEGER NOT NULL,
	run INTEGER NOT NULL,
	system VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	told VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	decided_at VARCHAR,
	decided_by VARCHAR,
	reason VARCHAR,
	change_set INTEGER,
	CONSTRAINT pk_gone_at_source PRIMARY KEY (id),
	CONSTRAINT uq_gone_at_source UNIQUE (system, resource, entity, run)
)

CREATE INDEX ix_gone_at_source_open ON gone_at_source (state, resource)

CREATE INDEX ix_gone_at_source_run ON gone_at_source (run)

ALTER TABLE connector_setting ADD COLUMN certificate VARCHAR
