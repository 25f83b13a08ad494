DROP INDEX ix_address_grid_code

DROP INDEX ix_house_address_code

CREATE INDEX ix_address_grid_code ON address (grid_code, address_code)

CREATE INDEX ix_house_address_code ON house (address_code, house_code)