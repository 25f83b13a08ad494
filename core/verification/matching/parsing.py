"""Parsing: what a free text names, level by level, and what is left over that nobody understood.

Names are found with the index's own lexicon, so that numerals in a name never pass for a number; what is
left is read for door plate, building, unit and room in their variants (``standards.md``, "Addresses").
"""

from __future__ import annotations

from typing import Final

import polars as pl

from core.verification.matching.index import Index, communities
from core.verification.matching.normal import BREAK, normal

_ROAD, _ESTATE, _END = "\ue000", "\ue001", "\ue002"
"""Marks around the number of a name that was found (characters that no text has)."""

_OUTER: Final = ("中国", "江苏省", "江苏", "苏州市", "苏州", "姑苏区", "姑苏", "沧浪区", "平江区", "金阊区")
_REMARK: Final = (
    r"(?:租户|房东|业主|住户|家中|本人|收|现住|户籍|地址|住址|居住地|门牌|附楼|靠门|左手边|右手边|楼上|楼下)[:|]?"
    r"|1[3-9][0-9]{9}|\p{Han}{1,2}(?:先生|女士|小姐|师傅)"
)
NEARBY: Final = r"对面|旁边|隔壁|附近|后面|前面|旁|交叉口|路口|之间"
"""Words by which a text means a place beside the one it names."""

_UNIT = r"(?:单元|门栋|梯|门)"
_STEPS: Final = (
    (r"号楼|号幢|号栋|栋楼|幢楼", "幢"), (r"([0-9A-Z])[栋座#]", "${1}幢"), (r"幢\-", "幢"), (r"单元\-", "单元"),
    (r"号(?:室|房|户)", "室"), (r"(幢|单元|层|楼)([0-9]{3,4})号", "${1}${2}室"), (r"([0-9])(?:房间|[户房])", "${1}室"),
    (r"室室", "室"), (r"(弄)\-", "${1}"), (r"门牌", ""),
)  # fmt: skip
_NUMBER = r"[甲乙丙丁]?[0-9]+(?:\-[0-9]+)?"
_DOOR: Final = rf"({_NUMBER}(?:弄(?:{_NUMBER})?)?号(?:之[0-9]+|附[0-9]+|\-[0-9]+)?|[甲乙丙丁]?[0-9]+弄[0-9]+)"
_RUN: Final = r"(?:[0-9]{0,2}\p{Han}+)+"
_WHOLE_DETAIL: Final = r"(?:^|\|)([0-9A-Z]{1,3})\-([0-9]{1,2})\-([0-9]{3,4})(?:室)?(?:$|\|)"
_TWO_OF_DETAIL: Final = r"(?:^|\|)([0-9A-Z]{1,3})\-([0-9]{3,4})(?:室)?(?:$|\|)"
_FLOOR: Final = r"[0-9]+(?:层|楼|F)"


def parse(texts: pl.Series, index: Index) -> pl.DataFrame:
    """One row a text: ``town, road, estate`` (found names), ``door, b, u, r`` (null where not named), ``rest``.

    ``runs`` are the words left over (names with a slip, or noise), ``stray`` that a number is left over too,
    ``near`` that the text means a neighbour, ``many`` that it names several roads or estates.
    """
    rows = _with_areas(normal(texts).alias("text").to_frame(), index)
    return _with_numbers(_with_names(rows, index))


def _with_areas(rows: pl.DataFrame, index: Index) -> pl.DataFrame:
    text = pl.col("text").str.replace_all(_REMARK, BREAK)
    towns = [
        pl.when(text.str.contains(name, literal=True)).then(pl.lit(code))
        for name, code in index.towns.items()
    ]
    return rows.with_columns(near=text.str.contains(NEARBY), town=pl.coalesce(towns), text=text)


def _with_names(rows: pl.DataFrame, index: Index) -> pl.DataFrame:
    """Finds names, the longest first, and areas among them: 苏州大街 is a road, 白洋湾街道 is no 白洋湾街."""
    names = index.names.with_row_index("nr").with_columns(
        mark=pl.format("{}{}" + _END, pl.col("kind").replace_strict({"road": _ROAD, "estate": _ESTATE}), "nr")
    )
    areas = [*_OUTER, *index.towns, *communities()]
    known = pl.concat(
        [names.select("name", "mark"), pl.DataFrame({"name": areas, "mark": [BREAK] * len(areas)})]
    )
    known = known.unique("name", keep="first").sort(pl.col("name").str.len_chars(), descending=True)
    marked = rows.with_columns(
        pl.col("text").str.replace_many(known["name"].to_list(), known["mark"].to_list(), leftmost=True)
    )
    real = dict(names.select(pl.col("nr").cast(pl.String), "real").iter_rows())
    meant = pl.element().str.slice(1).replace_strict(real, default=None, return_dtype=pl.String)
    found = {
        name: pl.col("text")
        .str.extract_all(f"{mark}[0-9]+")
        .list.eval(meant)
        .list.unique(maintain_order=True)
        for name, mark in (("roads", _ROAD), ("estates", _ESTATE))
    }
    bare = pl.col("text").str.replace_all(f"[{_ROAD}{_ESTATE}][0-9]+{_END}", BREAK)
    return _with_estate_like_road(marked.with_columns(**found).with_columns(text=bare), index)


def _with_estate_like_road(rows: pl.DataFrame, index: Index) -> pl.DataFrame:
    """西善长巷10号东大街4幢: the second road stands for the estate 东大街新村, which is named after it."""
    stems = dict(index.stems.select("name", "real").iter_rows())
    second = (
        pl.col("roads")
        .list.get(1, null_on_oob=True)
        .replace_strict(stems, default=None, return_dtype=pl.String)
    )
    meant = (pl.col("estates").list.len() == 0) & (pl.col("roads").list.len() == 2) & second.is_not_null()
    return rows.with_columns(
        estates=pl.when(meant).then(pl.concat_list(second)).otherwise("estates"),
        roads=pl.when(meant).then(pl.col("roads").list.head(1)).otherwise("roads"),
    )


def _with_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text")
    for pattern, instead in _STEPS:
        text = text.str.replace_all(pattern, instead)
    rows = rows.with_columns(text=text.str.replace_all(r"\|+", BREAK))
    rows = rows.with_columns(door=pl.col("text").str.extract(_DOOR)).with_columns(
        text=pl.col("text").str.replace(_DOOR, BREAK)
        .str.replace_all(r"(\p{Han})([0-9]{1,3}\-)", "${1}|${2}")
        .str.replace_all(r"(\p{Han})([0-9]{3,4}$)", "${1}|${2}")
    )  # fmt: skip
    b, u, r = r"([0-9]+|[A-Z])幢", rf"([0-9]+){_UNIT}", r"([0-9]{1,4}[A-Z]?)室"
    rows = rows.with_columns(
        b=pl.col("text").str.extract(b), u=pl.col("text").str.extract(u), r=pl.col("text").str.extract(r)
    )
    rest = (
        pl.col("text")
        .str.replace(b, BREAK)
        .str.replace(u, BREAK)
        .str.replace(r, BREAK)
        .str.replace_all(_FLOOR, BREAK)
    )
    rows = rows.with_columns(rest=rest.str.replace_all(r"\|+", BREAK))
    rows = _with_bare_unit(_with_dashes(rows))
    plate = r"(?:^|\|)([0-9]{1,4})号(?:$|\|)"  # after the door plate, another 号 is the room's
    second = pl.col("r").is_null() & pl.col("door").is_not_null() & pl.col("rest").str.contains(plate)
    rows = rows.with_columns(
        r=pl.when(second).then(pl.col("rest").str.extract(plate)).otherwise("r"),
        rest=pl.when(second).then(pl.col("rest").str.replace(plate, BREAK)).otherwise("rest"),
    )
    rows = _with_bare_plate(rows)
    last = pl.col("rest").str.extract(r"(?:^|[|\-])([0-9]{3,4}[A-Z]?)(?:$|\|)")
    take = pl.col("r").is_null() & last.is_not_null()
    rows = rows.with_columns(
        r=pl.when(take).then(last).otherwise("r"),
        rest=pl.when(take)
        .then(pl.col("rest").str.replace(r"(?:^|[|\-])[0-9]{3,4}[A-Z]?(?:$|\|)", BREAK))
        .otherwise("rest"),
    )
    return rows.with_columns(
        door=pl.col("door").str.replace_all("号", ""),
        many=(pl.col("roads").list.len() > 1) | (pl.col("estates").list.len() > 1),
        road=pl.col("roads").list.first(), estate=pl.col("estates").list.first(),
        runs=pl.col("rest").str.extract_all(_RUN),
        stray=pl.col("rest").str.replace_all(_RUN, "").str.contains(r"[0-9A-Z]"),
    )  # fmt: skip


def _with_bare_plate(rows: pl.DataFrame) -> pl.DataFrame:
    """平江路10: after a road, a number that ends the text is its door plate."""
    plate = r"^\|?([0-9]{1,4}(?:\-[0-9]{1,2})?)$"
    bare = (
        pl.all_horizontal(pl.col(name).is_null() for name in ("door", "b", "u", "r"))
        & (pl.col("roads").list.len() == 1) & (pl.col("estates").list.len() == 0)
        & pl.col("rest").str.contains(plate)
    )  # fmt: skip
    return rows.with_columns(
        door=pl.when(bare).then(pl.col("rest").str.extract(plate)).otherwise("door"),
        rest=pl.when(bare).then(pl.lit(BREAK)).otherwise("rest"),
    )


def _with_dashes(rows: pl.DataFrame) -> pl.DataFrame:
    """12-3-1001 and 12-1001: building, unit and room by their places."""
    none = pl.all_horizontal(pl.col(name).is_null() for name in ("b", "u", "r"))
    whole = [pl.col("rest").str.extract(_WHOLE_DETAIL, n) for n in (1, 2, 3)]
    two = [pl.col("rest").str.extract(_TWO_OF_DETAIL, n) for n in (1, 2)]
    is_whole, is_two = none & whole[0].is_not_null(), none & two[0].is_not_null()
    return rows.with_columns(
        b=pl.when(is_whole).then(whole[0]).when(is_two).then(two[0]).otherwise("b"),
        u=pl.when(is_whole).then(whole[1]).otherwise("u"),
        r=pl.when(is_whole).then(whole[2]).when(is_two).then(two[1]).otherwise("r"),
        rest=pl.when(is_whole).then(pl.col("rest").str.replace(_WHOLE_DETAIL, BREAK))
        .when(is_two).then(pl.col("rest").str.replace(_TWO_OF_DETAIL, BREAK)).otherwise("rest"),
    )  # fmt: skip


def _with_bare_unit(rows: pl.DataFrame) -> pl.DataFrame:
    """12幢3-1001 and 12-3单元1001: what stands before a known level with a dash."""
    unit_room = r"(?:^|\|)([0-9]{1,2})\-(?:$|\|)"
    unit = pl.when(pl.col("u").is_null() & pl.col("b").is_not_null()).then(
        pl.col("rest").str.extract(unit_room)
    )
    both = r"(?:^|\|)([0-9]{1,2})\-([0-9]{3,4})(?:$|\|)"
    paired = pl.col("u").is_null() & pl.col("r").is_null() & pl.col("rest").str.contains(both)
    return rows.with_columns(
        u=pl.when(paired).then(pl.col("rest").str.extract(both, 1)).otherwise(pl.coalesce("u", unit)),
        r=pl.when(paired).then(pl.col("rest").str.extract(both, 2)).otherwise("r"),
        rest=pl.when(paired).then(pl.col("rest").str.replace(both, BREAK))
        .when(unit.is_not_null()).then(pl.col("rest").str.replace(unit_room, BREAK)).otherwise("rest"),
    )  # fmt: skip
