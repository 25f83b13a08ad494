DROP TABLE "visit_report_history"

DROP TABLE "visit_report"

DROP TABLE "trusted_key"

DROP TABLE "thing_history"

DROP TABLE "thing"

DROP TABLE "station_key"

DROP TABLE "source_record_history"

DROP TABLE "source_record"

DROP TABLE "setting"

DROP TABLE "refusal"

DROP TABLE "receipt"

DROP TABLE "quarantine"

DROP TABLE "qr_report_history"

DROP TABLE "qr_report"

DROP TABLE "place_history"

DROP TABLE "place"

DROP TABLE "person_history"

DROP TABLE "person"

DROP TABLE "package"

DROP TABLE "organisation_history"

DROP TABLE "organisation"

DROP TABLE "missing"

DROP TABLE "identity_history"

DROP TABLE "identity"

DROP TABLE "house_history"

DROP TABLE "house"

DROP TABLE "hazard_history"

DROP TABLE "hazard"

DROP TABLE "grid_history"

DROP TABLE "grid"

DROP TABLE "finding"

DROP TABLE "event_history"

DROP TABLE "event"

DROP TABLE "dispute_history"

DROP TABLE "dispute"

DROP TABLE "delivery"

DROP TABLE "connector_setting"

DROP TABLE "change_set"

DROP TABLE "audit_head"

DROP TABLE "audit_entry"

DROP TABLE "address_history"

DROP TABLE "address"

DROP TABLE "account"
