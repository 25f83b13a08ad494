"""Address matching: spellings of real life, made from the training district, against its own standard addresses.

``python -m tests.benchmarks.bench_matching [addresses] [asked]`` prints a line for each kind of spelling: the shares
answered right, wrong, with a choice and with none, and the speed. Targets: right >= 98 %, wrong <= 0.2 %, 5,000/s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from core.training.days import RATIO_ADDRESS, invent
from core.verification.matching.answering import match_frame
from core.verification.matching.index import COLUMNS, build

Row = dict[str, Any]
_HAN = "零一二三四五六七八九"


def _han(number: str) -> str:
    """12 → 十二, 201 → 二百零一 is hardly ever written: doors above 99 digit by digit."""
    value = int(number)
    if value < 10:
        return _HAN[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return ("" if tens == 1 else _HAN[tens]) + "十" + (_HAN[ones] if ones else "")
    return "".join(_HAN[int(c)] for c in number)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _detail(r: Row, building: str = "{}幢", unit: str = "{}单元", room: str = "{}室") -> str:
    parts = ((building, r["building"]), (unit, r["unit"]), (room, r["room"]))
    return "".join(form.format(_digits(value)) for form, value in parts if value)


def _tail(r: Row, **forms: str) -> str:
    return f"{r['road']}{r['doorplate']}{r['estate'] or ''}{_detail(r, **forms)}"


def _head(r: Row) -> str:
    return str(r["full_text"]).split(r["road"], 1)[0]


def _swap(text: str, at: int) -> str:
    return text[:at] + "某" + text[at + 1 :]


def _slip(r: Row, rng: np.random.Generator) -> str:
    """One wrong character in the longer of road and estate."""
    name = max(r["road"], r["estate"] or "", key=len)
    if len(name) < 4:
        return str(r["full_text"])
    return _head(r) + _tail(r).replace(name, _swap(name, int(rng.integers(0, len(name) - 1))))


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() or c == "-" else c for c in text)


KINDS: dict[str, Callable[[Row, np.random.Generator], str]] = {
    "as it stands": lambda r, g: r["full_text"],
    "no province": lambda r, g: r["full_text"].replace("江苏省苏州市", "苏州"),
    "road on only": lambda r, g: _tail(r),
    "no sub-district": lambda r, g: "苏州市姑苏区" + _tail(r),
    "old district": lambda r, g: "苏州市" + g.choice(["沧浪区", "平江区", "金阊区"]) + _tail(r),
    "levels repeated": lambda r, g: "江苏省苏州市" + r["full_text"],
    "栋 and 号": lambda r, g: _head(r) + _tail(r, building="{}栋", room="{}号"),
    "号楼, room bare": lambda r, g: _head(r) + _tail(r, building="{}号楼", room="{}"),
    "座, 户": lambda r, g: _head(r) + _tail(r, building="{}座", room="{}户"),
    "# and dashes": lambda r, g: _head(r) + _tail(r, building="{}#", unit="{}-", room="{}"),
    "dashes": lambda r, g: _head(r) + (
        _tail(r) if not r["building"]
        else f"{r['road']}{r['doorplate']}{r['estate']}" + _detail(r, building="{}-", unit="{}-", room="{}")),
    "numerals": lambda r, g: _head(r) + r["road"] + r["doorplate"] + (r["estate"] or "") + "".join(
        _han(_digits(r[level])) + suffix
        for level, suffix in (("building", "幢"), ("unit", "单元"), ("room", "室")) if r[level]),
    "names in digits": lambda r, g: r["full_text"].translate(str.maketrans("一二三四五六七八九", "123456789")),
    "full width": lambda r, g: _full_width(r["full_text"]),
    "blanks and commas": lambda r, g: f"{_head(r)} {r['road']} {r['doorplate']}，{r['estate'] or ''} {_detail(r)}",
    "brackets": lambda r, g: (
        f"{r['road']}{r['doorplate']}（{r['estate']}）{_detail(r)}" if r["estate"] else r["full_text"]),
    "estate only": lambda r, g: f"{r['estate']}{_detail(r)}" if r["estate"] else _tail(r),
    "estate cut short": lambda r, g: (
        _head(r) + r["road"] + r["doorplate"] + (r["estate"] or "").removesuffix("新村") + _detail(r)),
    "no door plate": lambda r, g: f"{_head(r)}{r['road']}{r['estate']}{_detail(r)}" if r["estate"] else _tail(r),
    "floor said too": lambda r, g: _head(r) + _tail(r, room=f"{r['floor']}楼{{}}室"),
    "a remark": lambda r, g: r["full_text"] + g.choice(["（租户）", " 房东", "收", "（现住）"]),
    "a wrong town": lambda r, g: "姑苏区" + g.choice(["平江街道", "虎丘街道", "双塔街道"]) + _tail(r),
    "one slip": _slip,
    "numerals, no town": lambda r, g: "姑苏区" + r["road"] + r["doorplate"] + (r["estate"] or "") + "".join(
        _han(_digits(r[level])) + suffix
        for level, suffix in (("building", "栋"), ("unit", "单元"), ("room", "")) if r[level]),
    "slip, dashes": lambda r, g: _slip(r, g).replace("幢", "-").replace("单元", "-").replace("室", ""),
}  # fmt: skip


def main(count: int = 500_000, asked: int = 20_000) -> None:
    """Prints the table and the total."""
    rng = np.random.default_rng(7)
    district = invent(rng, round(count / RATIO_ADDRESS)).addresses
    started = time.perf_counter()
    index = build(district.select(COLUMNS))
    print(f"{district.height:,} addresses indexed in {time.perf_counter() - started:.1f} s")
    rows = district.sample(asked, seed=3).to_dicts()
    totals = np.zeros(4)
    seconds = 0.0
    for name, spell in KINDS.items():
        texts = pl.Series([spell(row, rng) for row in rows])
        codes = pl.Series([row["address_code"] for row in rows])
        started = time.perf_counter()
        answers = match_frame(texts, index)
        took = time.perf_counter() - started
        match = answers["decision"] == "match"
        right = int((match & (answers["address_code"] == codes)).sum())
        shares = (
            right,
            int(match.sum()) - right,
            *(int((answers["decision"] == d).sum()) for d in ("choose", "none")),
        )
        totals += shares
        seconds += took
        told = "  ".join(f"{word} {share / asked:8.3%}" for word, share in zip(_WORDS, shares, strict=True))
        print(f"{name:20s} {told}  {asked / took:9,.0f}/s", flush=True)
    told = "  ".join(
        f"{word} {share / totals.sum():8.3%}" for word, share in zip(_WORDS, totals, strict=True)
    )
    print(f"{'all':20s} {told}  {totals.sum() / seconds:9,.0f}/s")


_WORDS = ("right", "wrong", "choose", "none")

if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
