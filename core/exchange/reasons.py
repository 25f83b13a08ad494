"""Why a delivery did not end as accepted: reasons are kept as codes and put into words when shown."""

from __future__ import annotations

from collections.abc import Mapping

from core.exchange.declaration import ErrorCode
from core.i18n import N_, _

_GATE = {
    "required_missing": (
        N_("Not sent: “{field}” is empty, and the receiver needs it."),
        N_("Have the sender complete it; the next import queues the record again."),
    ),
    "not_masked": (
        N_("Not sent: “{field}” is not masked."),
        N_("Have the sender mask it; an unmasked value must not leave."),
    ),
    "code_unknown": (
        N_("Not sent: the receiver has no code for what stands in “{field}”."),
        N_("Have the code corrected at the source, or add it to the connector's declaration."),
    ),
    "open_number": (
        N_("Not sent: “{field}” shows a number of a person."),
        N_("Have the sender mask it in the text; the next import queues the record again."),
    ),
    "identity_missing": (
        N_("Not sent: the receiver is due the full “{field}”, and the sealed identity is not here."),
        N_("Ask the sender for a package with the sealed identities; then send it again."),
    ),
    "open_finding": (
        N_("Not sent: the rule “{field}” found an error in this record that is still open."),
        N_("Settle the finding under Inbox; then send it again."),
    ),
}


def explain(reason: str | None, errors: Mapping[str, ErrorCode] | None = None) -> tuple[str, str]:
    """The sentence and the cure for a delivery's reason, in the language in force.

    ``errors`` are the receiver's codes as its declaration explains them.
    """
    if not reason:
        return "", ""
    kind, _colon, rest = reason.partition(":")
    code, _colon, text = rest.partition(":")
    if kind == "gate":
        sentence, cure = _GATE[code]
        return _(sentence).format(field=text), _(cure)
    if kind == "receiver" and errors and code in errors:
        said = _("Rejected by the receiver: {message} ({code})").format(
            message=_(errors[code].meaning), code=code
        )
        return (f"{said} {text}".strip() if text and text != errors[code].meaning else said), _(errors[code].cure)
    if kind == "receiver":
        return (
            _("Rejected by the receiver: {message} ({code})").format(message=text, code=code),
            _("Have the record corrected at the source; the next import queues it again."),
        )
    if kind == "gave_up":
        return (
            _("Tried in vain as often as the connector allows; last trouble: {trouble}.").format(trouble=rest),
            _("Ask the operator what is wrong with this record, then send it again."),
        )
    return _of_ours(kind, rest)


def _of_ours(kind: str, rest: str) -> tuple[str, str]:
    """What we did ourselves, and why."""
    if kind == "held":
        return _("Held: {reason}").format(reason=rest), _("Let it go under Exchange when the reason is settled.")
    if kind == "undone":
        return _("Withdrawn: change set {number} was undone.").format(number=rest), ""
    if kind == "taken_back":
        return _("Taken back before it left."), ""
    return _("Superseded: a newer version of the record took its place."), ""
