"""Masking of single values for screen and export; the columnar twin for whole packages is in verification.

What stays visible follows ``standards.md``: the surname, the first six and last four of a number,
138****5678, the address down to the building.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

Kind = Literal["identity", "phone", "bank_card"]

COMPOUND_SURNAMES = frozenset(re.findall("..", (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文"
    "司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘"
    "左丘东门西门第五淳于单于子桑纳兰"
)))  # fmt: skip

_DIGITS = str.maketrans("０１２３４５６７８９Ｘｘ－　", "0123456789Xx- ")
_GAP = r"[ \-]?"
_DATE = rf"(?:18|19|20)\d\d{_GAP}(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
_SHORT_DATE = r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("identity", re.compile(rf"(?<!\d)[1-9]\d{{5}}{_GAP}{_DATE}{_GAP}\d{{3}}[\dXx](?!\d)")),
    ("identity", re.compile(rf"(?<!\d)[1-9]\d{{5}}{_SHORT_DATE}\d{{3}}(?!\d)")),
    ("bank_card", re.compile(rf"(?<!\d)[3-6]\d{{3}}(?:{_GAP}\d{{4}}){{2,3}}{_GAP}\d{{1,4}}(?!\d)")),
    ("phone", re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)0\d{2,3}[ \-][2-9]\d{6,7}(?!\d)")),
)
_CARD_STARTS = re.compile(r"62|4|5[1-5]|3[47]|35[2-8]")


class Sensitive(NamedTuple):
    """A stretch of a text (``start`` to ``end``) that shows a number of a person."""

    kind: Kind
    start: int
    end: int


def mask_name(name: str) -> str:
    """张三丰 → 张**, 欧阳修 → 欧阳*, Anna Maria → A*** M****; dots and blanks between parts stay."""
    if not name.strip():
        return name
    if name.isascii():
        return re.sub(r"\b(\w)(\w*)", lambda m: m[1] + "*" * max(len(m[2]), 1), name)
    kept = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:kept] + "".join(c if c in " ·" else "*" for c in name[kept:]) + ("*" if len(name) == kept else "")


def mask_number(number: str) -> str:
    """An identity, permit, passport or card number: first six and last four of a long one, two and two else."""
    head, tail = (6, 4) if len(number) >= 15 else (2, 2) if len(number) >= 7 else (0, 0)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678, 0512-65123456 → 0512-****3456; masked ones stay."""
    if "***" in phone:  # masked already
        return phone
    spots = [i for i, c in enumerate(phone) if c.isdigit()]
    hidden = spots[-8:-4] if len(spots) >= 8 else spots
    return "".join("*" if i in hidden else c for i, c in enumerate(phone))


_BUILDING = re.compile(r"^.*?\d.*?(?:幢|栋|号楼|座|#)|^.*?[一二三四五六七八九十百甲乙丙丁A-Za-z]+(?:幢|栋|号楼|座)")
_HYPHENATED = re.compile(r"^(.*?\d+)[-—–－]\d+[-—–－]\d+")
_DOOR = re.compile(r"^.*?\d[^室户房单元层楼]*?号(?:之[\d一二三四五六七八九十]+|附\d+)?(?!楼|室|房)")
_INSIDE = re.compile(r"[\d一二三四五六七八九十〇零甲乙丙丁A-Za-z-]+(?:单元|层|楼|室|户|房).*$")


def mask_address(address: str) -> str:
    """The address down to the building (or the door plate where none is named); unit and room are cut off."""
    plain = address.translate(_DIGITS)
    found = _BUILDING.search(plain) or _HYPHENATED.search(plain) or _DOOR.search(plain)
    if found:
        end = found.end(found.lastindex or 0)
    else:
        inside = _INSIDE.search(plain)
        end = inside.start() if inside else len(address)
    return address[:end] + ("***" if end < len(address) else "")


def find(text: str) -> list[Sensitive]:
    """Identity numbers, phones and bank cards in free text, in order, full-width digits and gaps included.

    An identity number counts by its shape and date even when its check digit is wrong: a slip of the
    pen does not make it public.
    """
    plain = text.translate(_DIGITS)
    found: list[Sensitive] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            taken = any(match.start() < other.end and other.start < match.end() for other in found)
            if not taken and (kind != "bank_card" or _is_card(match[0])):
                found.append(Sensitive(kind, *match.span()))
    return sorted(found, key=lambda one: one.start)


def mask_text(text: str) -> str:
    """The text with every number that ``find`` finds masked; nothing else changes."""
    parts, last = [], 0
    for one in find(text):
        parts += [text[last : one.start], _MASKS[one.kind](text[one.start : one.end])]
        last = one.end
    return "".join(parts) + text[last:]


_MASKS: dict[Kind, Callable[[str], str]] = {
    "identity": mask_number,
    "bank_card": mask_number,
    "phone": mask_phone,
}


def _is_card(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 14 <= len(digits) <= 19 or not _CARD_STARTS.match("".join(map(str, digits))):
        return False
    doubled = [d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
