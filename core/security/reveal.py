"""Showing one person's sealed identity to one user for one stated reason, recorded before it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.security import audit
from core.security.own_grids import require_person_inside
from core.security.reasons import stated
from core.security.workspace import Workspace, permits


class IdentityUnknown(GridLinkError):
    """No package brought this person's identity."""

    code = "identity_unknown"


@dataclass(frozen=True)
class Identity:
    """What the sealed resource says of a person; never kept longer than it is shown, never in a log."""

    person_token: str
    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    phone: str | None = field(repr=False)


@permits("personal.reveal")
def reveal_identity(workspace: Workspace, person_token: str, reason: str) -> Identity:
    """One person's identity; who asked, for whom and why is in the audit chain before it is returned.

    Raises ``ReasonMissing``, ``OutsideGrids`` or ``IdentityUnknown``; an unknown token is recorded too.
    """
    said = stated(reason, _("A person's identity is shown only for a stated reason."))
    require_person_inside(workspace, person_token)
    table = TABLES["identity"]
    query = select(*(table.c[name] for name in ("person_token", "name", "id_type", "id_number", "phone")))
    query = query.where(table.c.person_token == person_token, table.c.retired_in.is_(None))
    with workspace.store.write() as connection:
        row = connection.execute(query).mappings().first()
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name,
            action="identity.revealed" if row else "identity.unknown",
            subject=person_token, details={"reason": said},
        )  # fmt: skip
    if row is None:
        raise IdentityUnknown(
            _("The store holds no sealed identity of this person."),
            cure=_("Ask the sender for a package with the sealed identities."),
        )
    return Identity(**row)
