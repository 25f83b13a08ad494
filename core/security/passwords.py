"""What a password must be, said in one sentence with the cure."""

from __future__ import annotations

from core.errors import GridLinkError
from core.i18n import _

SHORTEST, LONG, LONGEST = 8, 12, 256
"""Characters: the least; from where one kind of character is enough; the most (hashing costs time)."""

NOTORIOUS = frozenset({
    "password", "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword", "12345678",
    "123456789", "1234567890", "87654321", "987654321", "123123123", "11111111", "00000000", "66666666",
    "88888888", "12341234", "11223344", "abcd1234", "abc12345", "abc123456", "a1234567", "a12345678",
    "aa123456", "aa12345678", "1q2w3e4r", "1qaz2wsx", "1qaz@wsx", "qwer1234", "qwerty123", "qwertyui",
    "qwertyuiop", "asdfghjkl", "admin123", "admin1234", "admin123456", "admin888", "admin@123", "root1234",
    "gridlink", "gridlink123", "iloveyou", "woaini1314", "woaini520", "5201314520", "police110", "110110110",
})  # fmt: skip


class PasswordWeak(GridLinkError):
    """The password would be guessed."""

    code = "password_weak"


def check(password: str, *, name: str) -> None:
    """Raises ``PasswordWeak`` unless the password may protect the account ``name``."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise _weak(_("The password must have between {least} and {most} characters."))
    if password.casefold() == name.casefold():
        raise _weak(_("The password must not be the account's name."))
    if password.casefold() in NOTORIOUS or len(set(password)) < 3:
        raise _weak(_("This password is among the first that anybody would try."))
    if len(password) < LONG and _kinds(password) < 2:
        raise _weak(_("A password below {long} characters needs two kinds of characters."))


def _weak(sentence: str) -> PasswordWeak:
    numbers = {"least": SHORTEST, "most": LONGEST, "long": LONG}
    cure = _(
        "Choose at least {long} characters, or at least {least} that mix letters, digits or signs. "
        "A short sentence is easy to remember."
    )
    return PasswordWeak(sentence.format(**numbers), cure=cure.format(**numbers))


def _kinds(password: str) -> int:
    kinds = (str.isdigit, str.islower, str.isupper)
    return len({next((i for i, kind in enumerate(kinds) if kind(c)), len(kinds)) for c in password})
