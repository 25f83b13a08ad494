"""Reports from door plates: does what residents write fit the plate that they scanned."""

from __future__ import annotations

import polars as pl

from core.i18n import N_
from core.verification.declaration import CHECK_ON_SITE, REGISTRY, Dimension, Rule, Severity, at, example

_HERE, _THERE = "320508017003000001", "320508017003000002"

RULES = (
    Rule(
        id="qr_report.address_differs", standing=True,
        applies=at("qr_report", "address_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The report speaks of the address {value}, not of the one whose door plate was scanned."),
        cure=CHECK_ON_SITE, source=REGISTRY,
        broken=lambda terms: pl.col("_address_meant") != terms.value, shown=pl.col("_address_meant"),
        passes=example(address_code=_HERE, _address_meant=_HERE),
        fails=example(address_code=_HERE, _address_meant=_THERE),
    ),
)  # fmt: skip
