CREATE TABLE exchange_duty (
	target VARCHAR NOT NULL,
	act VARCHAR NOT NULL,
	tried_at VARCHAR,
	done_at VARCHAR,
	failures BIGINT DEFAULT '0' NOT NULL,
	trouble VARCHAR,
	message VARCHAR,
	CONSTRAINT pk_exchange_duty PRIMARY KEY (target, act)
)

CREATE TABLE exchange_round (
	id BIGINT NOT NULL,
	owner VARCHAR,
	lease_until VARCHAR,
	began_at VARCHAR NOT NULL,
	ended_at VARCHAR,
	actor VARCHAR NOT NULL,
	CONSTRAINT pk_exchange_round PRIMARY KEY (id)
)

CREATE TABLE connector_declaration (
	id BIGSERIAL NOT NULL,
	target VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	shipped VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	CONSTRAINT pk_connector_declaration PRIMARY KEY (id)
)

CREATE INDEX ix_connector_declaration_target ON connector_declaration (target)
