CREATE TABLE message (
	number BIGINT NOT NULL,
	at VARCHAR NOT NULL,
	target VARCHAR NOT NULL,
	direction VARCHAR NOT NULL,
	batch VARCHAR NOT NULL,
	records BIGINT NOT NULL,
	digest VARCHAR NOT NULL,
	previous VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_message PRIMARY KEY (number)
)

CREATE INDEX ix_message_batch ON message (target, batch)

CREATE TABLE message_head (
	id BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_message_head PRIMARY KEY (id)
)

CREATE TABLE channel (
	target VARCHAR NOT NULL,
	paused_at VARCHAR,
	paused_by VARCHAR,
	paused_reason VARCHAR,
	failures BIGINT DEFAULT '0' NOT NULL,
	retry_at VARCHAR,
	trouble VARCHAR,
	trouble_at VARCHAR,
	zero_at VARCHAR,
	CONSTRAINT pk_channel PRIMARY KEY (target)
)

CREATE TABLE reconciliation (
	id BIGSERIAL NOT NULL,
	target VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	ours BIGINT NOT NULL,
	theirs BIGINT NOT NULL,
	our_digest VARCHAR NOT NULL,
	their_digest VARCHAR NOT NULL,
	differences BIGINT NOT NULL,
	CONSTRAINT pk_reconciliation PRIMARY KEY (id)
)

CREATE INDEX ix_reconciliation_target ON reconciliation (target, at)

CREATE TABLE reconciliation_difference (
	id BIGSERIAL NOT NULL,
	reconciliation BIGINT NOT NULL,
	kind VARCHAR NOT NULL,
	key VARCHAR NOT NULL,
	entity BIGINT,
	CONSTRAINT pk_reconciliation_difference PRIMARY KEY (id)
)

CREATE INDEX ix_reconciliation_difference_reconciliation ON reconciliation_difference (reconciliation)

ALTER TABLE delivery ADD COLUMN state_at VARCHAR

ALTER TABLE delivery ADD COLUMN digest VARCHAR

DROP INDEX uq_delivery_open

CREATE UNIQUE INDEX uq_delivery_open ON delivery (target, resource, entity) WHERE state IN ('waiting', 'sent', 'held')

CREATE INDEX ix_receipt_batch ON receipt (target, batch)

UPDATE delivery SET state = 'superseded' WHERE state = 'withdrawn' AND substr(reason, 1, 10) = 'superseded'

CREATE OR REPLACE FUNCTION message_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the message log only grows'; END $$

CREATE TRIGGER message_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON message FOR EACH STATEMENT EXECUTE FUNCTION message_refuse()

CREATE TRIGGER message_head_kept BEFORE DELETE OR TRUNCATE ON message_head FOR EACH STATEMENT EXECUTE FUNCTION message_refuse()

CREATE TRIGGER message_head_grows BEFORE UPDATE ON message_head FOR EACH ROW WHEN (NEW.entries <= OLD.entries) EXECUTE FUNCTION message_refuse()