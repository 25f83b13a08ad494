"""Addresses: divisions that belong together, a full text that says what its parts say."""

from __future__ import annotations

from functools import reduce
from operator import or_

import polars as pl

from core.i18n import N_
from core.verification.declaration import (
    CHECK_ON_SITE,
    CORRECT_AT_SOURCE,
    Dimension,
    Rule,
    Severity,
    Terms,
    at,
    example,
)

_TEXT = pl.col("full_text")
_STANDARD = N_("GA/T 2000.32-2014, standard address")
_NEIGHBOURS = "虎丘区|吴中区|相城区|吴江区|吴江市|吴县市|工业园区|苏州工业园区|高新区|昆山市|常熟市|太仓市|张家港市"
_CITIES = "南京|无锡|徐州|常州|南通|连云港|淮安|盐城|扬州|镇江|泰州|宿迁"
_ELSEWHERE = (
    rf"^(?:江苏省?)?(?:苏州市?)?(?:{_NEIGHBOURS})"
    rf"|^(?:江苏省?)?(?:{_CITIES})市"
    r"|^(?:北京|天津|上海|重庆)市"
    r"|^(?:河北|山西|辽宁|吉林|黑龙江|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾)省"
    r"|^(?:内蒙古|广西|西藏|宁夏|新疆)[^路街]{0,4}自治区"
)
_PARTS = {"road": "平江路", "doorplate": "58号", "full_text": "江苏省苏州市姑苏区平江路58号"}


def _known(name: str, divisions: frozenset[str]) -> pl.Expr:
    return pl.col(name).is_in(list(divisions))


def _community_elsewhere(terms: Terms) -> pl.Expr | None:
    divisions = terms.context.divisions
    if not divisions:
        return None
    both = _known("community_code", divisions) & _known("subdistrict_code", divisions)
    return both & (pl.col("community_code").str.head(9) != pl.col("subdistrict_code").str.head(9))


def _grid_elsewhere(terms: Terms) -> pl.Expr | None:
    divisions = terms.context.divisions
    if not divisions:
        return None
    named = pl.col("grid_code").str.head(12)
    communities = [code for code in divisions if not code.endswith("000")]
    both = named.is_in(communities) & _known("community_code", divisions)
    return both & (named != pl.col("community_code"))


def _too_short(terms: Terms) -> pl.Expr:
    return _TEXT.str.strip_chars().str.len_chars() < terms.number("characters")


def _incomplete(terms: Terms) -> pl.Expr:
    """A missing part is silent; of building and room only the number counts (3幢 is also written 3号楼)."""
    literal = [pl.col(name) for name in ("road", "estate", "doorplate")]
    numbers = [pl.col(name).str.extract(r"([0-9A-Za-z]+)") for name in ("building", "room")]
    absent = [~_TEXT.str.contains(part, literal=True) for part in (*literal, *numbers)]
    lacking = reduce(or_, (one.fill_null(value=False) for one in absent))
    return lacking & ~_too_short(terms)


RULES = (
    Rule(
        id="address.community_elsewhere",
        applies=at("address", "community_code"),
        severity=Severity.ERROR, dimension=Dimension.CONSISTENCY,
        message=N_("The community {value} does not belong to the sub-district of the address."),
        cure=N_("Correct the community or the sub-district; the first nine digits of both must agree."),
        source=N_("national statistical division codes, edition of 2023-06-30"),
        broken=_community_elsewhere,
        passes=example(subdistrict_code="320508017000", community_code="320508017003"),
        fails=example(subdistrict_code="320508018000", community_code="320508017003"),
    ),
    Rule(
        id="address.grid_elsewhere",
        applies=at("address", "grid_code"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The grid {value} belongs to another community than the address."),
        cure=CHECK_ON_SITE,
        source=N_("GB/T 34300-2017, grids within a community"),
        broken=_grid_elsewhere,
        passes=example(grid_code="320508017003001", community_code="320508017003"),
        fails=example(grid_code="320508017004001", community_code="320508017003"),
    ),
    Rule(
        id="address.text_incomplete",
        applies=at("address", "full_text"),
        severity=Severity.WARNING, dimension=Dimension.CONSISTENCY,
        message=N_("The full text “{value}” lacks a road, estate, door plate, building or room that the row names."),
        cure=CHECK_ON_SITE, source=_STANDARD,
        parameters={"characters": 5},
        broken=_incomplete,
        passes=example(**_PARTS), fails=example(**_PARTS | {"doorplate": "60号"}),
    ),
    Rule(
        id="address.text_elsewhere",
        applies=at("address", "full_text"),
        severity=Severity.WARNING, dimension=Dimension.ACCURACY,
        message=N_("The full text names a place outside the district: {value}."),
        cure=CHECK_ON_SITE, source=_STANDARD,
        broken=lambda _terms: _TEXT.str.contains(_ELSEWHERE),
        passes=example(full_text="江苏省苏州市姑苏区虎丘街道昆山路3号"),
        fails=example(full_text="江苏省苏州市吴中区东吴北路3号"),
    ),
    Rule(
        id="address.text_short",
        applies=at("address", "full_text"),
        severity=Severity.WARNING, dimension=Dimension.COMPLETENESS,
        message=N_("The full text has fewer than {characters} characters: {value}."),
        cure=CORRECT_AT_SOURCE, source=_STANDARD,
        parameters={"characters": 5},
        broken=_too_short,
        passes=example(full_text="平江路58号"), fails=example(full_text="58号"),
    ),
)  # fmt: skip
