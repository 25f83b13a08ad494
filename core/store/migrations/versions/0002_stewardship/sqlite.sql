CREATE TABLE apart (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	left_id INTEGER NOT NULL,
	right_id INTEGER NOT NULL,
	fingerprint INTEGER NOT NULL,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	CONSTRAINT pk_apart PRIMARY KEY (id)
)

CREATE INDEX ix_apart_change_set ON apart (change_set)

CREATE INDEX ix_apart_pair ON apart (resource, left_id, right_id)

CREATE TABLE audit_item (
	id INTEGER NOT NULL,
	round INTEGER NOT NULL,
	community_code VARCHAR NOT NULL,
	position INTEGER NOT NULL,
	entity INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	results JSON,
	found VARCHAR,
	remark VARCHAR,
	checked_at VARCHAR,
	checked_by VARCHAR,
	CONSTRAINT pk_audit_item PRIMARY KEY (id),
	CONSTRAINT uq_audit_item UNIQUE (round, community_code, position)
)

CREATE INDEX ix_audit_item_round ON audit_item (round)

CREATE TABLE audit_round (
	id INTEGER NOT NULL,
	title VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	seed VARCHAR NOT NULL,
	per_community INTEGER NOT NULL,
	fields JSON NOT NULL,
	strata JSON NOT NULL,
	frame_digest VARCHAR NOT NULL,
	unplaced INTEGER NOT NULL,
	drawn_in INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	closed_at VARCHAR,
	closed_by VARCHAR,
	CONSTRAINT pk_audit_round PRIMARY KEY (id)
)

CREATE TABLE comparison (
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	group_name VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	sources VARCHAR NOT NULL,
	fingerprint INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_comparison PRIMARY KEY (resource, entity, group_name)
)

CREATE INDEX ix_comparison_state ON comparison (resource, state, entity)

CREATE TABLE decision (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	group_name VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	source VARCHAR,
	"row" VARCHAR NOT NULL,
	evidence VARCHAR NOT NULL,
	fingerprint INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	CONSTRAINT pk_decision PRIMARY KEY (id)
)

CREATE INDEX ix_decision_change_set ON decision (change_set)

CREATE INDEX ix_decision_entity ON decision (resource, entity)

CREATE TABLE duplicate (
	id INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	left_id INTEGER NOT NULL,
	right_id INTEGER NOT NULL,
	basis VARCHAR NOT NULL,
	reasons JSON NOT NULL,
	fingerprint INTEGER NOT NULL,
	found_at VARCHAR NOT NULL,
	CONSTRAINT pk_duplicate PRIMARY KEY (id),
	CONSTRAINT uq_duplicate_pair UNIQUE (resource, left_id, right_id)
)

ALTER TABLE finding ADD COLUMN entity INTEGER

ALTER TABLE finding ADD COLUMN sender VARCHAR

ALTER TABLE finding ADD COLUMN collector VARCHAR

ALTER TABLE finding ADD COLUMN grid_code VARCHAR

ALTER TABLE finding ADD COLUMN run INTEGER

ALTER TABLE finding ADD COLUMN fixed_in INTEGER

CREATE INDEX ix_finding_entity ON finding (entity)

CREATE INDEX ix_finding_run ON finding (run)

CREATE TABLE hand_over (
	id INTEGER NOT NULL,
	grid_code VARCHAR NOT NULL,
	from_maintainer VARCHAR NOT NULL,
	to_maintainer VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	undone_at VARCHAR,
	undone_by VARCHAR,
	CONSTRAINT pk_hand_over PRIMARY KEY (id)
)

CREATE INDEX ix_hand_over_grid_code ON hand_over (grid_code)

CREATE TABLE hazard_proposal (
	id INTEGER NOT NULL,
	rule VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	house_code VARCHAR NOT NULL,
	address_code VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	run INTEGER,
	change_set INTEGER,
	state VARCHAR NOT NULL,
	decided_at VARCHAR,
	decided_by VARCHAR,
	decided_reason VARCHAR,
	CONSTRAINT pk_hazard_proposal PRIMARY KEY (id),
	CONSTRAINT uq_hazard_proposal UNIQUE (rule, house_code)
)

CREATE TABLE ignoring (
	id INTEGER NOT NULL,
	rule VARCHAR NOT NULL,
	resource VARCHAR,
	"key" VARCHAR,
	field VARCHAR,
	sender VARCHAR,
	grid_code VARCHAR,
	community_code VARCHAR,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	until VARCHAR NOT NULL,
	withdrawn_at VARCHAR,
	withdrawn_by VARCHAR,
	CONSTRAINT pk_ignoring PRIMARY KEY (id)
)

CREATE INDEX ix_ignoring_rule ON ignoring (rule)

ALTER TABLE quarantine ADD COLUMN entity INTEGER

ALTER TABLE quarantine ADD COLUMN sender VARCHAR

ALTER TABLE quarantine ADD COLUMN released_in INTEGER

CREATE TABLE recollected (
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	CONSTRAINT pk_recollected PRIMARY KEY (change_set, resource, entity)
)

CREATE INDEX ix_recollected_entity ON recollected (entity)

CREATE TABLE return_file (
	id INTEGER NOT NULL,
	sender VARCHAR NOT NULL,
	file_name VARCHAR NOT NULL,
	file_hash VARCHAR NOT NULL,
	form VARCHAR NOT NULL,
	descriptor_hash VARCHAR,
	findings INTEGER NOT NULL,
	rows INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	CONSTRAINT pk_return_file PRIMARY KEY (id)
)

CREATE TABLE return_item (
	id INTEGER NOT NULL,
	return_file INTEGER NOT NULL,
	finding INTEGER NOT NULL,
	cleared_in INTEGER,
	CONSTRAINT pk_return_item PRIMARY KEY (id)
)

CREATE INDEX ix_return_item_finding ON return_item (finding)

CREATE INDEX ix_return_item_return_file ON return_item (return_file)

CREATE TABLE rule_setting (
	rule VARCHAR NOT NULL,
	severity VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_rule_setting PRIMARY KEY (rule)
)

CREATE TABLE sheet (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	file_name VARCHAR NOT NULL,
	file_hash VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	sender VARCHAR NOT NULL,
	rows INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	return_file INTEGER,
	CONSTRAINT pk_sheet PRIMARY KEY (id)
)

CREATE INDEX ix_sheet_change_set ON sheet (change_set)

CREATE INDEX ix_sheet_file_hash ON sheet (file_hash)

ALTER TABLE source_record ADD COLUMN kept_in INTEGER

CREATE INDEX ix_source_record_kept_in ON source_record (kept_in)

ALTER TABLE source_record_history ADD COLUMN kept_in INTEGER

CREATE TABLE verification_run (
	id INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	scope JSON NOT NULL,
	checked JSON NOT NULL,
	counts JSON NOT NULL,
	superseded_by INTEGER,
	CONSTRAINT pk_verification_run PRIMARY KEY (id)
)