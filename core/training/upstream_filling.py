"""A training district as the upstream sources would hold it: their field names, codes and forms."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import polars as pl

from core.exchange.declaration import Field, Incoming


def records_of(district: Path, resource: str, what: Incoming) -> list[dict[str, Any]]:
    """The district's records of a resource, as the first package that carries it has them."""
    rows = _first(district, resource)
    if rows.is_empty():
        return []
    placed = _placed(district, resource, rows)
    theirs = placed.select(
        *(_theirs(f, placed.columns).alias(f.name) for f in what.fields if f.name != what.order_key),
    )
    named = {f.name: f for f in what.fields}
    key = (
        _theirs(named[what.order_key], placed.columns)
        if what.order_key in named
        else pl.lit("R") + pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
    )
    keyed = theirs.with_columns(placed.select(key.alias(what.order_key)))
    if what.community not in keyed.columns:
        keyed = keyed.with_columns(placed["_community"].alias(what.community))
    keyed = keyed.drop_nulls(
        what.order_key
    )  # the district plants rows without a key, which no database would hold
    return keyed.unique(what.order_key, keep="first", maintain_order=True).to_dicts()


def _first(district: Path, resource: str) -> pl.DataFrame:
    for path in sorted((district / "packages").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            if f"data/{resource}.csv" in archive.namelist():
                return pl.read_csv(io.BytesIO(archive.read(f"data/{resource}.csv")), infer_schema=False)
    return pl.DataFrame()


def _placed(district: Path, resource: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the community that their address lies in."""
    if resource == "address":
        return rows.with_columns(pl.col("community_code").alias("_community"))
    homes = _first(district, "address").select("address_code", pl.col("community_code").alias("_community"))
    homes = homes.unique("address_code")
    if "address_code" in rows.columns:
        return rows.join(homes, on="address_code", how="left", maintain_order="left")
    houses = _first(district, "house").select("house_code", "address_code").unique("house_code")
    joined = rows.join(houses, on="house_code", how="left", maintain_order="left")
    return joined.join(homes, on="address_code", how="left", maintain_order="left").drop("address_code")


def _theirs(field: Field, columns: list[str]) -> pl.Expr:
    """A column as the source writes it; one that the district does not have is empty."""
    if field.column not in columns:
        return pl.lit(None, pl.String)
    value = pl.col(field.column)
    if field.codes:
        back = {ours: theirs for theirs, ours in field.codes.items()}
        value = value.replace(list(back), list(back.values()))
    if field.format == "day8":
        value = value.str.replace_all("-", "")
    elif field.format == "slash_day":
        value = value.str.replace_all("-", "/")
    elif field.format == "local_time":
        value = value.str.slice(0, 19).str.replace("T", " ")
    return value
