"""What holds a package back although each of its rows may be right: a snapshot that loses too much, a wrong label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection

from core.errors import GridLinkError
from core.i18n import N_, _
from core.model.registry import TABLES
from core.model.resources import CRS, Resource
from core.packages.refusals import PackageRefused
from core.registry.words import frame_of
from core.settings import read_toml
from core.spatial.coordinates import to_wgs84
from core.verification.keys import hashed
from core.verification.storage import as_number
from core.verification.together import Shift, common_shift

_SAMPLE: Final = 2_000


class SnapshotHeld(GridLinkError):
    """A snapshot no longer names much of what its sender reported before; a steward has to say that this is right."""

    code = "snapshot_loss"


class CoordinatesShifted(PackageRefused):
    """All positions of a batch are shifted the same way: they are of another system than their label says."""

    code = "coordinates_shifted"
    sentence = N_(
        "{resource}: {count} positions labelled {crs} all lie {east_m} m east and {north_m} m north of where the "
        "registry has these addresses; they are probably {likely}."
    )
    remedy = N_(
        "Have the sender label them with their real coordinate system. If the registry's positions are the wrong ones, "
        "undo the import that brought them first."
    )


@dataclass(frozen=True)
class Loss:
    """What a snapshot would take away: ``missing`` of the ``of`` entities of a resource that its sender speaks for."""

    resource: str
    missing: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.missing / self.of if self.of else 0.0

    @property
    def too_much(self) -> bool:
        """Whether a steward has to confirm it (``thresholds.toml``, package.snapshot_loss)."""
        limits = _limits()
        return self.missing >= limits["least"] and self.share > limits["share"]


def require_confirmed(losses: list[Loss], confirmed: str) -> None:
    """Raises ``SnapshotHeld`` for losses that are too much, unless somebody gave a reason why they are right."""
    held = [loss for loss in losses if loss.too_much]
    if not held or confirmed.strip():
        return
    told = ", ".join(
        f"{loss.resource} {loss.missing:,} / {loss.of:,} ({loss.share:.1%})" for loss in held
    )
    raise SnapshotHeld(
        _("Held: the snapshot no longer names {told} of what its sender reported before. Nothing was imported.").format(
            told=told
        ),
        cure=_("Ask the sender whether something was forgotten; if it is right, import it with a reason."),
        losses=[asdict(loss) | {"share": round(loss.share, 4)} for loss in held],
    )


def refuse_shifted(connection: Connection, resource: Resource, rows: pl.DataFrame) -> None:
    """Raises ``CoordinatesShifted`` where the rows' positions are all shifted against the registry's addresses."""
    if "crs" not in resource.column_names or "address_code" not in rows.columns:
        return
    placed = rows.filter(
        pl.col("lon").is_not_null() & pl.col("lat").is_not_null() & pl.col("crs").is_in(CRS)
        & pl.col("address_code").is_not_null()
    )  # fmt: skip
    some = placed.gather_every(max(1, placed.height // _SAMPLE)).select(
        hashed(pl.col("address_code")).alias("id"), as_number("lon", "number"), as_number("lat", "number"), "crs"
    )
    shift = common_shift(some.join(_held(connection, some["id"].unique().to_list()), on="id").drop("id"))
    if shift is not None:
        raise CoordinatesShifted(resource=resource.name, **_told(shift))


def _told(shift: Shift) -> Mapping[str, Any]:
    likely = shift.likely or _("of a system that is not known here")
    return asdict(shift) | {"east_m": round(shift.east_m), "north_m": round(shift.north_m), "likely": likely}


def _held(connection: Connection, ids: list[int]) -> pl.DataFrame:
    """Where the registry has these addresses, in WGS-84."""
    table = TABLES["address"]
    types = {"id": pl.Int64, "lon": pl.Float64, "lat": pl.Float64, "crs": pl.String}
    found = frame_of(connection, [table.c[name] for name in types], ids, types, where=table.c.lon.is_not(None))
    parts = []
    for crs in CRS:
        here = found.filter(pl.col("crs") == crs)
        lon, lat = to_wgs84(here["lon"].to_numpy(), here["lat"].to_numpy(), crs)
        parts.append(pl.DataFrame({"id": here["id"], "held_lon": lon, "held_lat": lat}))
    return pl.concat(parts)


def _limits() -> Mapping[str, float]:
    limits: Mapping[str, float] = read_toml("thresholds.toml")["package"]["snapshot_loss"]
    return limits
