DROP TABLE connector_declaration

DROP TABLE exchange_round

DROP TABLE exchange_duty
