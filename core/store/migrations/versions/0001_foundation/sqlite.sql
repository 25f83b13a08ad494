CREATE TABLE account (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	password_hash VARCHAR NOT NULL,
	roles JSON NOT NULL,
	state VARCHAR NOT NULL,
	failures INTEGER DEFAULT '0' NOT NULL,
	locked_until VARCHAR,
	password_changed_at VARCHAR NOT NULL,
	created_at VARCHAR NOT NULL,
	created_by VARCHAR NOT NULL,
	CONSTRAINT pk_account PRIMARY KEY (id),
	UNIQUE (name)
)

CREATE TABLE address (
	id INTEGER NOT NULL,
	address_code VARCHAR,
	full_text VARCHAR,
	subdistrict_code VARCHAR,
	community_code VARCHAR,
	grid_code VARCHAR,
	road VARCHAR,
	doorplate VARCHAR,
	estate VARCHAR,
	building VARCHAR,
	unit VARCHAR,
	floor VARCHAR,
	room VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	status VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_naming INTEGER NOT NULL,
	prov_division INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_address PRIMARY KEY (id)
)

CREATE INDEX ix_address_address_code ON address (address_code)

CREATE INDEX ix_address_changed_in ON address (changed_in)

CREATE INDEX ix_address_community_code ON address (community_code)

CREATE INDEX ix_address_full_text ON address (full_text)

CREATE INDEX ix_address_grid_code ON address (grid_code)

CREATE INDEX ix_address_retired ON address (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE address_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	address_code VARCHAR,
	full_text VARCHAR,
	subdistrict_code VARCHAR,
	community_code VARCHAR,
	grid_code VARCHAR,
	road VARCHAR,
	doorplate VARCHAR,
	estate VARCHAR,
	building VARCHAR,
	unit VARCHAR,
	floor VARCHAR,
	room VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	status VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_naming INTEGER NOT NULL,
	prov_division INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_address_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE audit_entry (
	number INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	details VARCHAR NOT NULL,
	previous VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_audit_entry PRIMARY KEY (number)
)

CREATE TABLE audit_head (
	id INTEGER NOT NULL,
	entries INTEGER NOT NULL,
	hash VARCHAR NOT NULL,
	CONSTRAINT pk_audit_head PRIMARY KEY (id)
)

CREATE TABLE change_set (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	package_id INTEGER,
	undoes INTEGER,
	undone_by INTEGER,
	counts JSON NOT NULL,
	CONSTRAINT pk_change_set PRIMARY KEY (id)
)

CREATE TABLE connector_setting (
	target VARCHAR NOT NULL,
	base_url VARCHAR NOT NULL,
	ca_pem VARCHAR NOT NULL,
	receipt_public_pem VARCHAR NOT NULL,
	token VARCHAR NOT NULL,
	changed_at VARCHAR NOT NULL,
	CONSTRAINT pk_connector_setting PRIMARY KEY (target)
)

CREATE TABLE delivery (
	id INTEGER NOT NULL,
	target VARCHAR NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	op VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	due_at VARCHAR NOT NULL,
	lease_until VARCHAR,
	batch VARCHAR,
	queued_at VARCHAR NOT NULL,
	settled_at VARCHAR,
	receipt_no VARCHAR,
	reason VARCHAR,
	CONSTRAINT pk_delivery PRIMARY KEY (id)
)

CREATE INDEX ix_delivery_change_set ON delivery (change_set)

CREATE INDEX ix_delivery_entity ON delivery (entity, target)

CREATE INDEX ix_delivery_work ON delivery (target, state, due_at)

CREATE UNIQUE INDEX uq_delivery_open ON delivery (target, resource, entity) WHERE state IN ('waiting', 'sent')

CREATE TABLE dispute (
	id INTEGER NOT NULL,
	dispute_no VARCHAR,
	kind VARCHAR,
	occurred_at VARCHAR,
	address_code VARCHAR,
	summary VARCHAR,
	party_tokens VARCHAR,
	severity VARCHAR,
	state VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	prov_parties INTEGER NOT NULL,
	CONSTRAINT pk_dispute PRIMARY KEY (id)
)

CREATE INDEX ix_dispute_address_code ON dispute (address_code)

CREATE INDEX ix_dispute_changed_in ON dispute (changed_in)

CREATE INDEX ix_dispute_dispute_no ON dispute (dispute_no)

CREATE INDEX ix_dispute_occurred_at ON dispute (occurred_at)

CREATE INDEX ix_dispute_retired ON dispute (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE dispute_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	dispute_no VARCHAR,
	kind VARCHAR,
	occurred_at VARCHAR,
	address_code VARCHAR,
	summary VARCHAR,
	party_tokens VARCHAR,
	severity VARCHAR,
	state VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	prov_parties INTEGER NOT NULL,
	CONSTRAINT pk_dispute_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE event (
	id INTEGER NOT NULL,
	event_no VARCHAR,
	kind VARCHAR,
	alert VARCHAR,
	occurred_at VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	summary VARCHAR,
	shared_due VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_event PRIMARY KEY (id)
)

CREATE INDEX ix_event_address_code ON event (address_code)

CREATE INDEX ix_event_changed_in ON event (changed_in)

CREATE INDEX ix_event_event_no ON event (event_no)

CREATE INDEX ix_event_occurred_at ON event (occurred_at)

CREATE INDEX ix_event_retired ON event (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE event_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	event_no VARCHAR,
	kind VARCHAR,
	alert VARCHAR,
	occurred_at VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	summary VARCHAR,
	shared_due VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_event_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE finding (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	line INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	rule VARCHAR NOT NULL,
	severity VARCHAR NOT NULL,
	field VARCHAR NOT NULL,
	value VARCHAR,
	CONSTRAINT pk_finding PRIMARY KEY (id)
)

CREATE INDEX ix_finding_change_set ON finding (change_set)

CREATE INDEX ix_finding_error ON finding ("key") WHERE severity = 'error'

CREATE INDEX ix_finding_rule ON finding (rule)

CREATE TABLE grid (
	id INTEGER NOT NULL,
	grid_code VARCHAR,
	name VARCHAR,
	kind VARCHAR,
	community_code VARCHAR,
	maintainer VARCHAR,
	cycle_days INTEGER,
	households INTEGER,
	geometry VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_grid PRIMARY KEY (id)
)

CREATE INDEX ix_grid_changed_in ON grid (changed_in)

CREATE INDEX ix_grid_community_code ON grid (community_code)

CREATE INDEX ix_grid_grid_code ON grid (grid_code)

CREATE INDEX ix_grid_name ON grid (name)

CREATE INDEX ix_grid_retired ON grid (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE grid_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	grid_code VARCHAR,
	name VARCHAR,
	kind VARCHAR,
	community_code VARCHAR,
	maintainer VARCHAR,
	cycle_days INTEGER,
	households INTEGER,
	geometry VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_grid_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE hazard (
	id INTEGER NOT NULL,
	hazard_no VARCHAR,
	kind VARCHAR,
	house_code VARCHAR,
	address_code VARCHAR,
	found_at VARCHAR,
	severity VARCHAR,
	description VARCHAR,
	photo VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_hazard PRIMARY KEY (id)
)

CREATE INDEX ix_hazard_address_code ON hazard (address_code)

CREATE INDEX ix_hazard_changed_in ON hazard (changed_in)

CREATE INDEX ix_hazard_found_at ON hazard (found_at)

CREATE INDEX ix_hazard_hazard_no ON hazard (hazard_no)

CREATE INDEX ix_hazard_house_code ON hazard (house_code)

CREATE INDEX ix_hazard_retired ON hazard (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE hazard_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	hazard_no VARCHAR,
	kind VARCHAR,
	house_code VARCHAR,
	address_code VARCHAR,
	found_at VARCHAR,
	severity VARCHAR,
	description VARCHAR,
	photo VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_hazard_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE house (
	id INTEGER NOT NULL,
	house_code VARCHAR,
	address_code VARCHAR,
	use VARCHAR,
	area_m2 FLOAT,
	rooms INTEGER,
	landlord_token VARCHAR,
	landlord_masked VARCHAR,
	tenants_max INTEGER,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_use INTEGER NOT NULL,
	prov_landlord INTEGER NOT NULL,
	CONSTRAINT pk_house PRIMARY KEY (id)
)

CREATE INDEX ix_house_address_code ON house (address_code)

CREATE INDEX ix_house_changed_in ON house (changed_in)

CREATE INDEX ix_house_house_code ON house (house_code)

CREATE INDEX ix_house_retired ON house (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE house_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	house_code VARCHAR,
	address_code VARCHAR,
	use VARCHAR,
	area_m2 FLOAT,
	rooms INTEGER,
	landlord_token VARCHAR,
	landlord_masked VARCHAR,
	tenants_max INTEGER,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_use INTEGER NOT NULL,
	prov_landlord INTEGER NOT NULL,
	CONSTRAINT pk_house_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE identity (
	id INTEGER NOT NULL,
	person_token VARCHAR,
	name VARCHAR,
	id_type VARCHAR,
	id_number VARCHAR,
	phone VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	CONSTRAINT pk_identity PRIMARY KEY (id)
)

CREATE INDEX ix_identity_changed_in ON identity (changed_in)

CREATE INDEX ix_identity_person_token ON identity (person_token)

CREATE INDEX ix_identity_retired ON identity (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE identity_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	person_token VARCHAR,
	name VARCHAR,
	id_type VARCHAR,
	id_number VARCHAR,
	phone VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	CONSTRAINT pk_identity_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE missing (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	CONSTRAINT pk_missing PRIMARY KEY (id)
)

CREATE INDEX ix_missing_change_set ON missing (change_set)

CREATE TABLE organisation (
	id INTEGER NOT NULL,
	uscc VARCHAR,
	org_no VARCHAR,
	name VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	representative_masked VARCHAR,
	phone_masked VARCHAR,
	employees INTEGER,
	status VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_naming INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	prov_operation INTEGER NOT NULL,
	CONSTRAINT pk_organisation PRIMARY KEY (id)
)

CREATE INDEX ix_organisation_address_code ON organisation (address_code)

CREATE INDEX ix_organisation_changed_in ON organisation (changed_in)

CREATE INDEX ix_organisation_name ON organisation (name)

CREATE INDEX ix_organisation_retired ON organisation (retired_in) WHERE retired_in IS NOT NULL

CREATE INDEX ix_organisation_uscc ON organisation (uscc)

CREATE TABLE organisation_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	uscc VARCHAR,
	org_no VARCHAR,
	name VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	representative_masked VARCHAR,
	phone_masked VARCHAR,
	employees INTEGER,
	status VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_naming INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	prov_operation INTEGER NOT NULL,
	CONSTRAINT pk_organisation_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE package (
	id INTEGER NOT NULL,
	uuid VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	sender VARCHAR NOT NULL,
	receiver VARCHAR NOT NULL,
	sequence INTEGER NOT NULL,
	mode VARCHAR NOT NULL,
	scope JSON NOT NULL,
	created VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	legal_basis VARCHAR NOT NULL,
	descriptor_hash VARCHAR NOT NULL,
	file_hash VARCHAR NOT NULL,
	file_name VARCHAR NOT NULL,
	bytes INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	imported_at VARCHAR NOT NULL,
	resources JSON NOT NULL,
	warnings JSON NOT NULL,
	change_set INTEGER,
	CONSTRAINT pk_package PRIMARY KEY (id)
)

CREATE INDEX ix_package_chain ON package (sender, sequence)

CREATE TABLE person (
	id INTEGER NOT NULL,
	person_token VARCHAR,
	house_code VARCHAR,
	name_masked VARCHAR,
	id_type VARCHAR,
	id_masked VARCHAR,
	sex VARCHAR,
	birth_year INTEGER,
	residence VARCHAR,
	relation_to_head VARCHAR,
	move_in VARCHAR,
	move_out VARCHAR,
	phone_masked VARCHAR,
	permit_no_masked VARCHAR,
	permit_until VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_identity INTEGER NOT NULL,
	prov_residence INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	prov_permit INTEGER NOT NULL,
	CONSTRAINT pk_person PRIMARY KEY (id)
)

CREATE INDEX ix_person_changed_in ON person (changed_in)

CREATE INDEX ix_person_house_code ON person (house_code)

CREATE INDEX ix_person_person_token ON person (person_token)

CREATE INDEX ix_person_retired ON person (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE person_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	person_token VARCHAR,
	house_code VARCHAR,
	name_masked VARCHAR,
	id_type VARCHAR,
	id_masked VARCHAR,
	sex VARCHAR,
	birth_year INTEGER,
	residence VARCHAR,
	relation_to_head VARCHAR,
	move_in VARCHAR,
	move_out VARCHAR,
	phone_masked VARCHAR,
	permit_no_masked VARCHAR,
	permit_until VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_identity INTEGER NOT NULL,
	prov_residence INTEGER NOT NULL,
	prov_contact INTEGER NOT NULL,
	prov_permit INTEGER NOT NULL,
	CONSTRAINT pk_person_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE place (
	id INTEGER NOT NULL,
	place_no VARCHAR,
	kind VARCHAR,
	name VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_place PRIMARY KEY (id)
)

CREATE INDEX ix_place_address_code ON place (address_code)

CREATE INDEX ix_place_changed_in ON place (changed_in)

CREATE INDEX ix_place_name ON place (name)

CREATE INDEX ix_place_place_no ON place (place_no)

CREATE INDEX ix_place_retired ON place (retired_in) WHERE retired_in IS NOT NULL

CREATE TABLE place_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	place_no VARCHAR,
	kind VARCHAR,
	name VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_place_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE qr_report (
	id INTEGER NOT NULL,
	report_no VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	submitted_at VARCHAR,
	payload VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_qr_report PRIMARY KEY (id)
)

CREATE INDEX ix_qr_report_address_code ON qr_report (address_code)

CREATE INDEX ix_qr_report_changed_in ON qr_report (changed_in)

CREATE INDEX ix_qr_report_report_no ON qr_report (report_no)

CREATE INDEX ix_qr_report_retired ON qr_report (retired_in) WHERE retired_in IS NOT NULL

CREATE INDEX ix_qr_report_submitted_at ON qr_report (submitted_at)

CREATE TABLE qr_report_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	report_no VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	submitted_at VARCHAR,
	payload VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_qr_report_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE quarantine (
	id INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	line INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	"row" VARCHAR NOT NULL,
	CONSTRAINT pk_quarantine PRIMARY KEY (id)
)

CREATE INDEX ix_quarantine_change_set ON quarantine (change_set)

CREATE TABLE receipt (
	id INTEGER NOT NULL,
	target VARCHAR NOT NULL,
	batch VARCHAR NOT NULL,
	received_at VARCHAR NOT NULL,
	body VARCHAR NOT NULL,
	signature VARCHAR NOT NULL,
	CONSTRAINT pk_receipt PRIMARY KEY (id)
)

CREATE TABLE refusal (
	id INTEGER NOT NULL,
	at VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	file_name VARCHAR NOT NULL,
	file_hash VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	message VARCHAR NOT NULL,
	details JSON NOT NULL,
	CONSTRAINT pk_refusal PRIMARY KEY (id)
)

CREATE TABLE setting (
	name VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	CONSTRAINT pk_setting PRIMARY KEY (name)
)

CREATE TABLE source_record (
	id INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	"row" VARCHAR NOT NULL,
	CONSTRAINT pk_source_record PRIMARY KEY (id),
	UNIQUE (resource, entity, source)
)

CREATE INDEX ix_source_record_change_set ON source_record (change_set)

CREATE TABLE source_record_history (
	id INTEGER NOT NULL,
	resource VARCHAR NOT NULL,
	entity INTEGER NOT NULL,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	change_set INTEGER NOT NULL,
	"row" VARCHAR NOT NULL,
	superseded_in INTEGER NOT NULL,
	CONSTRAINT pk_source_record_history PRIMARY KEY (id)
)

CREATE INDEX ix_source_record_history_superseded_in ON source_record_history (superseded_in)

CREATE TABLE station_key (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	private_pem VARCHAR NOT NULL,
	public_pem VARCHAR NOT NULL,
	since VARCHAR NOT NULL,
	CONSTRAINT pk_station_key PRIMARY KEY (id)
)

CREATE TABLE thing (
	id INTEGER NOT NULL,
	thing_no VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	state VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_thing PRIMARY KEY (id)
)

CREATE INDEX ix_thing_address_code ON thing (address_code)

CREATE INDEX ix_thing_changed_in ON thing (changed_in)

CREATE INDEX ix_thing_retired ON thing (retired_in) WHERE retired_in IS NOT NULL

CREATE INDEX ix_thing_thing_no ON thing (thing_no)

CREATE TABLE thing_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	thing_no VARCHAR,
	kind VARCHAR,
	address_code VARCHAR,
	lon FLOAT,
	lat FLOAT,
	crs VARCHAR,
	state VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_location INTEGER NOT NULL,
	CONSTRAINT pk_thing_history PRIMARY KEY (id, superseded_in)
)

CREATE TABLE trusted_key (
	id INTEGER NOT NULL,
	sender VARCHAR NOT NULL,
	public_pem VARCHAR NOT NULL,
	fingerprint VARCHAR NOT NULL,
	since VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	revoked_at VARCHAR,
	CONSTRAINT pk_trusted_key PRIMARY KEY (id)
)

CREATE TABLE visit_report (
	id INTEGER NOT NULL,
	task_no VARCHAR,
	done_at VARCHAR,
	outcome VARCHAR,
	remarks VARCHAR,
	follow_up VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_visit_report PRIMARY KEY (id)
)

CREATE INDEX ix_visit_report_changed_in ON visit_report (changed_in)

CREATE INDEX ix_visit_report_done_at ON visit_report (done_at)

CREATE INDEX ix_visit_report_retired ON visit_report (retired_in) WHERE retired_in IS NOT NULL

CREATE INDEX ix_visit_report_task_no ON visit_report (task_no)

CREATE TABLE visit_report_history (
	id INTEGER NOT NULL,
	superseded_in INTEGER NOT NULL,
	task_no VARCHAR,
	done_at VARCHAR,
	outcome VARCHAR,
	remarks VARCHAR,
	follow_up VARCHAR,
	source VARCHAR NOT NULL,
	collected_at VARCHAR NOT NULL,
	collector VARCHAR NOT NULL,
	row_hash INTEGER NOT NULL,
	created_in INTEGER NOT NULL,
	changed_in INTEGER NOT NULL,
	retired_in INTEGER,
	prov_core INTEGER NOT NULL,
	prov_text INTEGER NOT NULL,
	CONSTRAINT pk_visit_report_history PRIMARY KEY (id, superseded_in)
)

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END

CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END

CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END

CREATE TRIGGER audit_head_no_second BEFORE INSERT ON audit_head WHEN EXISTS (SELECT 1 FROM audit_head) BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END

CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head WHEN NEW.entries <> OLD.entries + 1 BEGIN SELECT RAISE(ABORT, 'the audit chain only grows'); END
