"""What surrounds a row in the registry: the columns that standing rules read besides the row's own.

They are made from the store when its rows are verified (``core.stewardship.verifying``), so a package alone has
none of them and standing rules are not asked there. Null where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

SURROUNDINGS: Final[Mapping[str, Any]] = {
    "_cycle_days": pl.Int64,  # the update cycle of the grid in which the row lies
    "_address_status": pl.String,  # of the address that the row, or its house, points to
    "_use": pl.String,  # of the house in which a person lives
    "_operators": pl.String,  # organisations at the address of a house: all "closed", some "open"
    "_people": pl.Int64,  # who live in the house now
    "_tenants": pl.Int64,  # of these, those who are not registered there
    "_households": pl.Int64,  # of the tenants, those who are kin of no other tenant's head: heads and single persons
    "_heads": pl.Int64,  # heads of household among those registered there
    "_houses": pl.Int64,  # houses in which one source says that the person lives now
    "_phone_people": pl.Int64,  # persons with this phone
    "_number_people": pl.Int64,  # pseudonyms with this identity number
    "_born": pl.Int64,  # year of birth of the person whose identity this is; null: no such person
    "_known": pl.Int64,  # 1 where the registry has the person whose identity this is
    "_grids": pl.Int64,  # grids of the governance kind in which the position lies; null: not placed
    "_grid_here": pl.String,  # the one grid in which it lies
    "_address_meant": pl.String,  # the address of which the words of a report speak
    "_same_text": pl.Int64,  # addresses in use with this full text
    "_code_users": pl.Int64,  # organisations that use the same organisation code
    "_addresses": pl.Int64,  # addresses that name the grid
    "_dwellings": pl.Int64,  # houses in the grid that are not commercial
    "_overlap_m2": pl.Float64,  # area of the grid that another one of its kind covers too
    "_gap_m2": pl.Float64,  # area beside the grid that no grid of its kind covers
}
