CREATE TABLE message (
	number INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	target VARCHAR NOT NULL,
	direction VARCHAR NOT NULL,
	batch VARCHAR NOT NULL,
	records INTEGER NOT NULL,
	digest VARCHAR NOT NULL,
	previous VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_message PRIMARY KEY (number)
)

CREATE INDEX ix_message_batch ON message (target, batch)

CREATE TABLE message_head (
	id INTEGER NOT NULL,
	entries INTEGER NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_message_head PRIMARY KEY (id)
)

CREATE TABLE channel (
	target VARCHAR NOT NULL,
	paused_at VARCHAR,
	paused_by VARCHAR,
	paused_reason VARCHAR,
	failures INTEGER DEFAULT '0' NOT NULL,
	retry_at VARCHAR,
	trouble VARCHAR,
	trouble_at VARCHAR,
	zero_at VARCHAR,
	CONSTRAINT pk_channel PRIMARY KEY (target)
)

CREATE TABLE reconciliation (
	id INTEGER NOT NULL,
	target VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	ours INTEGER NOT NULL,
	theirs INTEGER NOT NULL,
	our_digest VARCHAR NOT NULL,
	their_digest VARCHAR NOT NULL,
	differences INTEGER NOT NULL,
	CONSTRAINT pk_reconciliation PRIMARY KEY (id)
)

CREATE INDEX ix_reconciliation_target ON reconciliation (target, at)

CREATE TABLE reconciliation_difference (
	id INTEGER NOT NULL,
	reconciliation INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	entity INTEGER,
	CONSTRAINT pk_reconciliation_difference PRIMARY KEY (id)
)

CREATE INDEX ix_reconciliation_difference_reconciliation ON reconciliation_difference (reconciliation)

ALTER TABLE delivery ADD COLUMN state_at VARCHAR

ALTER TABLE delivery ADD COLUMN digest VARCHAR

DROP INDEX uq_delivery_open

CREATE UNIQUE INDEX uq_delivery_open ON delivery (target, resource, entity) WHERE state IN ('waiting', 'sent', 'held')

CREATE INDEX ix_receipt_batch ON receipt (target, batch)

UPDATE delivery SET state = 'superseded' WHERE state = 'withdrawn' AND substr(reason, 1, 10) = 'superseded'

CREATE TRIGGER message_no_update BEFORE UPDATE ON message BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END

CREATE TRIGGER message_no_delete BEFORE DELETE ON message BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END

CREATE TRIGGER message_no_replace BEFORE INSERT ON message WHEN EXISTS (SELECT 1 FROM message WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END

CREATE TRIGGER message_head_no_delete BEFORE DELETE ON message_head BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END

CREATE TRIGGER message_head_no_second BEFORE INSERT ON message_head WHEN EXISTS (SELECT 1 FROM message_head) BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END

CREATE TRIGGER message_head_grows BEFORE UPDATE ON message_head WHEN NEW.entries <= OLD.entries BEGIN SELECT RAISE(ABORT, 'the message log only grows'); END