"""From a full identity number to the pseudonym under which the registry has the person, if the key is here."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from core.security.keys import NoSecret, secret
from core.security.workspace import Workspace

_NUMBER: Final = re.compile(r"^[1-9][0-9]{16}[0-9X]$")
_ALGORITHMS: Final = ("sha256", "sm3")
SYSTEM, NAME = "pseudonym", "key"
"""Under which the keyring (or GRIDLINK_SECRET_PSEUDONYM_KEY) holds the key that the departments share."""


def is_number(text: str) -> bool:
    """Whether a text is a whole identity number."""
    return bool(_NUMBER.match(text.upper()))


def tokens_of(workspace: Workspace, number: str) -> tuple[str, ...]:
    """The pseudonyms that a number has by each algorithm of the package format; none without the key."""
    try:
        key = secret(workspace.store.location, SYSTEM, NAME).encode()
    except NoSecret:
        return ()
    usable = (name for name in _ALGORITHMS if name in hashlib.algorithms_available)
    return tuple(hmac.new(key, number.upper().encode(), name).hexdigest() for name in usable)
