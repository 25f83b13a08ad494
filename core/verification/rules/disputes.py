"""Disputes: who takes part is named by tokens only."""

from __future__ import annotations

from core.i18n import N_
from core.verification.declaration import PACKAGE_FORMAT, Dimension, Rule, Severity, at, example

_TOKEN = "0a" * 32

RULES = (
    Rule(
        id="dispute.party_tokens_form", applies=at("dispute", "party_tokens"),
        severity=Severity.ERROR, dimension=Dimension.CONFORMITY,
        message=N_("The parties are not given as tokens."),
        cure=N_("64 hexadecimal digits for each person, separated by semicolons; never a name."),
        source=PACKAGE_FORMAT,
        broken=lambda terms: ~terms.value.str.contains(r"^[0-9a-f]{64}(?:;[0-9a-f]{64})*$"),
        passes=example(party_tokens=f"{_TOKEN};{_TOKEN}"), fails=example(party_tokens="张三;李四"),
    ),
)  # fmt: skip
