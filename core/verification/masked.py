"""The forms that a masked name, number or phone may have: a state of its own, not an invalid value."""

from __future__ import annotations

from typing import Final

import polars as pl

from core.security.masking import COMPOUND_SURNAMES

_STAR = "*"

NAME: Final = (
    r"^(?:\p{Han}{1,2}\*+"  # 张*, 欧阳*
    r"|\p{Han}\**(?:[·•]\p{Han}?\*+)+"  # 阿**·买**
    r"|\p{Latin}\*+(?:[ .'-]+\p{Latin}\*+)*)$"  # A*** M****
)
_COMPOUND: Final = f"^(?:{'|'.join(sorted(COMPOUND_SURNAMES))})"
_DOT: Final = "[·•]"
_OPEN_IN_PART: Final = r"\p{Han}{2}"  # 阿依古丽·买*
_TWO_WORDS_OPEN: Final = r"\p{Latin}{2,}.*[^\p{Latin}]\p{Latin}{2,}"  # Anna Mari*
MOBILE: Final = r"^1[3-9][0-9]\*{4}[0-9]{4}$"
_FIXED_OR_ABROAD = r"^(?:0[0-9*]{2,3}-?[0-9*]{7,8}|\+[0-9]{1,4}[ -]?[0-9]*\*{4,}[0-9]{0,4})$"

# id_type and number as one text, so that one pass over the column serves all types
_BORN = r"(?:[0-9]{4})?\*{4,}[0-9]{0,3}[0-9X]?"
_NUMBER = (
    rf"^(?:01[1-7][0-9]{{5}}{_BORN}"
    rf"|029[0-9]{{5}}{_BORN}|02[A-Z]{{1,3}}[0-9]{{0,3}}\*{{4,}}[0-9]{{0,4}}"
    rf"|038[12]0000{_BORN}|04830000{_BORN}"
    r"|05[0-9A-Z]{0,4}\*{3,}[0-9A-Z]{0,4})$"
)


def name_open(text: pl.Expr) -> pl.Expr:
    """Whether a name shows more than a surname: 张三, 张三丰*, 张三* (欧阳* does not), 阿依古丽·买*, Anna Mari*.

    A double surname that is not on the list is kept to its first character by the sender, so nobody is shut out.
    """
    given = text.str.contains(r"^\p{Han}{3}") | (text.str.contains(r"^\p{Han}{2}") & ~text.str.contains(_COMPOUND))
    whole = pl.when(text.str.contains(_DOT)).then(text.str.contains(_OPEN_IN_PART)).otherwise(given)
    return ~text.str.contains("[*＊]") | whole | text.str.contains(_TWO_WORDS_OPEN)


def stars(text: pl.Expr) -> pl.Expr:
    """How many characters are hidden."""
    return text.str.count_matches(_STAR, literal=True)


def fits_type(number: pl.Expr, id_type: pl.Expr) -> pl.Expr:
    """Whether a masked number has the masked form and the length of its type."""
    both = pl.concat_str(id_type, number)
    length = number.str.len_bytes()
    long_enough = (
        ((length == 18) & (id_type != "05"))
        | ((length == 15) & id_type.is_in(["01", "02"]))
        | ((id_type == "05") & length.is_between(5, 15))
    )
    return long_enough & both.str.contains(_NUMBER)


def visible_birth_year(number: pl.Expr) -> pl.Expr:
    """The birth year that an 18-character masked number shows; null if it is hidden."""
    return pl.when(number.str.len_bytes() == 18).then(number.str.slice(6, 4)).cast(pl.Int64, strict=False)


def visible_order_digit(number: pl.Expr) -> pl.Expr:
    """The 17th character of an 18-character masked number (odd = male); null if it is hidden."""
    return pl.when(number.str.len_bytes() == 18).then(number.str.slice(16, 1)).cast(pl.Int64, strict=False)


def is_phone(text: pl.Expr) -> pl.Expr:
    """Whether the text is a masked mobile, fixed or foreign phone."""
    return text.str.contains(MOBILE) | (text.str.contains(_FIXED_OR_ABROAD) & (stars(text) >= 4))
