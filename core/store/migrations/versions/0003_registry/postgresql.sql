CREATE TABLE assignment (
	account VARCHAR NOT NULL,
	grid_code VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	CONSTRAINT pk_assignment PRIMARY KEY (account, grid_code)
)

CREATE TABLE draft (
	owner VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	entity BIGINT NOT NULL,
	version BIGINT NOT NULL,
	fields JSON NOT NULL,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_draft PRIMARY KEY (owner, resource, entity)
)

CREATE TABLE entry_permit (
	id BIGSERIAL NOT NULL,
	account VARCHAR NOT NULL,
	grid_code VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	until VARCHAR NOT NULL,
	CONSTRAINT pk_entry_permit PRIMARY KEY (id)
)

CREATE INDEX ix_entry_permit_account ON entry_permit (account, until)

CREATE TABLE saved_view (
	id BIGSERIAL NOT NULL,
	owner VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	selection JSON NOT NULL,
	order_by VARCHAR NOT NULL,
	descending BIGINT NOT NULL,
	columns JSON NOT NULL,
	at VARCHAR NOT NULL,
	CONSTRAINT pk_saved_view PRIMARY KEY (id),
	CONSTRAINT uq_saved_view_name UNIQUE (owner, resource, name)
)
