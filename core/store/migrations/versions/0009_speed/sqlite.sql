CREATE INDEX ix_delivery_receipt_no ON delivery (receipt_no, target) WHERE receipt_no IS NOT NULL
