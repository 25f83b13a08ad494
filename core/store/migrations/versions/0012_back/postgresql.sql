CREATE TABLE address_proposal (
	id BIGSERIAL NOT NULL,
	number VARCHAR NOT NULL,
	full_text VARCHAR NOT NULL,
	community_code VARCHAR NOT NULL,
	subdistrict_code VARCHAR NOT NULL,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	origin VARCHAR NOT NULL,
	origin_ref VARCHAR,
	reason VARCHAR NOT NULL,
	proposed_by VARCHAR NOT NULL,
	proposed_at VARCHAR NOT NULL,
	withdrawn_at VARCHAR,
	withdrawn_by VARCHAR,
	CONSTRAINT pk_address_proposal PRIMARY KEY (id),
	CONSTRAINT uq_address_proposal_number UNIQUE (number)
)

CREATE TABLE upstream_state (
	id BIGSERIAL NOT NULL,
	target VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	entity BIGINT NOT NULL,
	key VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	at VARCHAR,
	code VARCHAR,
	note VARCHAR,
	heard_at VARCHAR NOT NULL,
	batch VARCHAR NOT NULL,
	CONSTRAINT pk_upstream_state PRIMARY KEY (id)
)

CREATE INDEX ix_upstream_state_record ON upstream_state (target, resource, entity)

ALTER TABLE delivery ADD COLUMN change VARCHAR
