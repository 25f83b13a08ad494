DROP TABLE message

DROP TABLE message_head

DROP TABLE channel

DROP TABLE reconciliation

DROP TABLE reconciliation_difference

DROP INDEX ix_receipt_batch

UPDATE delivery SET state = 'withdrawn' WHERE state = 'superseded'

UPDATE delivery SET state = 'waiting' WHERE state = 'held'

DROP INDEX uq_delivery_open

CREATE UNIQUE INDEX uq_delivery_open ON delivery (target, resource, entity) WHERE state IN ('waiting', 'sent')

ALTER TABLE delivery DROP COLUMN state_at

ALTER TABLE delivery DROP COLUMN digest