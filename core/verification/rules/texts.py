"""Numbers of persons in free text: found, and masked before the text is stored."""

from __future__ import annotations

from core.i18n import N_
from core.security.masking import Kind
from core.verification import freetext
from core.verification.declaration import Dimension, Rule, Severity, example

_CURE = N_("It is stored masked; remind the sender that free text must not identify anybody.")
_SOURCE = N_("GB/T 37964-2019 and data package format 1, “Resources”")


def _rule(kind: Kind, *, name: str, message: str, fails: str) -> Rule:
    return Rule(
        id=f"text.{name}",
        applies=freetext.free_text_columns,
        severity=Severity.WARNING, dimension=Dimension.CONFORMITY,
        message=message, cure=_CURE, source=_SOURCE,
        broken=lambda terms: freetext.shows(terms.value, kind),
        passes=example("event", summary="邻里纠纷，工单20260131000123，已劝解"),
        fails=example("event", summary=fails),
    )  # fmt: skip


RULES = (
    _rule("identity", name="identity_number", message=N_("An identity number stands in {field}."),
          fails="当事人身份证11010519491231002X"),
    _rule("phone", name="phone", message=N_("A phone number stands in {field}."), fails="请联系13800138000"),
    _rule("bank_card", name="bank_card", message=N_("A bank card number stands in {field}."),
          fails="转账至4111 1111 1111 1111"),
)  # fmt: skip
