DROP TABLE address_proposal

DROP TABLE upstream_state

ALTER TABLE delivery DROP COLUMN change
