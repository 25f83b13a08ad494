"""Slips of writing and how they are undone: full-width characters, blanks, dates and numbers in other notations.

Each function takes text and gives the text as it should have been written; what it does not recognise comes
back as it was. None of them guesses at a meaning: a day that could be two days stays as it is.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from core.model.resources import Column

IN_WORDS: Final = r"\p{Han}"
"""What tells words from a code."""
_FULL: Final = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "　"
_HALF: Final = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
_LETTERS_AND_DIGITS: Final = [
    (full, half) for full, half in zip(_FULL, _HALF, strict=True) if half.isalnum() or half in "-#－"
]
_UNIT: Final = r"(?i)\s*(?:㎡|m²|m2|平方米|平米|平|间|人|户|天|岁|年)$"
_DATE: Final = r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?$"
_COMPACT: Final = r"^((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})$"
_MOMENT: Final = (
    r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})日?(?:\s+|[Tt])"
    r"([0-9]{1,2})[:：]([0-9]{2})(?:[:：]([0-9]{2})(?:\.[0-9]+)?)?$"
)


def half_width(text: pl.Expr) -> pl.Expr:
    """Full-width forms of ASCII as ASCII, the ideographic blank as a blank."""
    return text.str.replace_many(list(_FULL), list(_HALF))


def half_width_letters(text: pl.Expr) -> pl.Expr:
    """Full-width letters, digits and dashes as ASCII; Chinese punctuation stays, it belongs to the text."""
    full, half = zip(*_LETTERS_AND_DIGITS, strict=True)
    return text.str.replace_many(list(full), list(half))


def trimmed(text: pl.Expr) -> pl.Expr:
    """Without blanks at the ends, and without blanks beside Chinese characters."""
    flat = text.str.replace_all(r"[\s\u00a0\u3000]+", " ").str.strip_chars()
    beside = flat.str.replace_all(r"(\p{Han}) ", "${1}").str.replace_all(r" (\p{Han})", "${1}")
    return pl.when(beside.str.len_chars() > 0).then(beside)


def code_text(text: pl.Expr) -> pl.Expr:
    """A code or number: ASCII, without any blank."""
    return half_width(text).str.replace_all(r"[\s\u00a0\u200b\ufeff]+", "")


def number(text: pl.Expr) -> pl.Expr:
    """A number without its unit and thousands separators; whole numbers of spreadsheets (3.0) as such."""
    bare = code_text(text).str.replace(_UNIT, "").str.replace_all(r"(?<digit>[0-9]),([0-9]{3})", "${digit}${2}")
    return bare.str.replace(r"^(-?[0-9]+)\.0+$", "${1}")


def day(text: pl.Expr) -> pl.Expr:
    """A calendar day as YYYY-MM-DD from 2024/5/1, 2024.5.1, 2024年5月1日, 20240501."""
    flat = half_width(text).str.strip_chars().str.replace(r"[ T]00:00(?::00)?(?:\.0+)?$", "")
    return _day_of(flat, _DATE).fill_null(_day_of(flat, _COMPACT)).fill_null(text)


def moment(text: pl.Expr) -> pl.Expr:
    """A moment as RFC 3339 from 2026-01-31 08:30 and the like, taken as the time of China."""
    flat = half_width(text).str.strip_chars()
    clock = pl.concat_str(
        flat.str.extract(_MOMENT, 4).str.zfill(2), flat.str.extract(_MOMENT, 5),
        flat.str.extract(_MOMENT, 6).fill_null("00"), separator=":",
    )  # fmt: skip
    made = pl.concat_str(_day_of(flat, _MOMENT), pl.lit("T"), clock, pl.lit("+08:00"))
    return made.fill_null(text)


def coded(text: pl.Expr, column: Column) -> pl.Expr:
    """The code whose name stands there instead (男 for 1, 出租 for rented); names that two codes share stay."""
    words: dict[str, str] = {}
    for code in column.codes:
        for word in (*_WORDS.get(column.name, {}).get(code, ()), code):
            words[word] = code if words.get(word, code) == code else ""
    known = {word: code for word, code in words.items() if code}
    bare = code_text(text)
    lower = bare.str.to_lowercase()
    return pl.coalesce(
        bare.replace_strict(known, default=None, return_dtype=pl.String),
        lower.replace_strict(known, default=None, return_dtype=pl.String),
        text,
    )


def _day_of(text: pl.Expr, pattern: str) -> pl.Expr:
    parts = [text.str.extract(pattern, n).str.zfill(w) for n, w in ((1, 4), (2, 2), (3, 2))]
    return pl.concat_str(parts, separator="-")


_WORDS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "sex": {"1": ("男", "男性", "M", "m"), "2": ("女", "女性", "F", "f"), "0": ("未知",), "9": ("未说明",)},
    "residence": {
        "registered": ("户籍", "户籍人口", "常住户籍"), "floating": ("流动", "流动人口", "暂住"),
        "lodging": ("寄住", "寄住人口"), "overseas": ("境外", "境外人员"),
    },
    "use": {
        "self": ("自住", "自用"), "rented": ("出租", "租赁", "出租房"), "vacant": ("空置", "闲置", "空关"),
        "commercial": ("商用", "经营", "商业"), "dormitory": ("集体宿舍", "宿舍"), "other": ("其他", "其它"),
    },
    "status": {
        "active": ("在用", "启用", "有效", "正常"), "retired": ("停用", "注销", "撤销"),
        "open": ("开业", "营业", "在营", "存续"), "closed": ("停业", "关闭", "歇业", "注销"),
    },
    "id_type": {
        "01": ("居民身份证", "身份证", "1"), "02": ("外国人永久居留身份证", "2"), "03": ("港澳居民居住证", "3"),
        "04": ("台湾居民居住证", "4"), "05": ("护照", "5"),
    },
    "crs": {"EPSG:4490": ("CGCS2000", "国家2000", "4490"), "EPSG:4326": ("WGS84", "WGS-84", "4326"),
            "GCJ-02": ("GCJ02", "火星坐标"), "BD-09": ("BD09", "百度坐标")},
    "alert": {"0": ("否",), "1": ("是",)}, "shared_due": {"0": ("否",), "1": ("是",)},
    "follow_up": {"0": ("否",), "1": ("是",)},
    "outcome": {
        "done": ("已完成", "完成"), "absent": ("不在", "无人"), "refused": ("拒绝",), "moved": ("已搬离", "搬离"),
    },
}  # fmt: skip
"""What senders write instead of a code: the words of the paper forms."""
