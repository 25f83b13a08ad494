"""Who lives in the households: kinship, sex, age, residence, documents. Every person is synthetic.

Citizen numbers begin with divisions that do not exist (``names.toml``, ``homes``) and passports with the
letters of no country: none of them can be somebody's. Permits of Hong Kong, Macao, Taiwan and foreigners have
no such room; theirs are drawn at random, as is the end of each phone, which has 0000 in the middle.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from core.security.masking import mask_name
from core.training.codes import with_citizen_check
from core.training.words import Numbers, digits, draw, picked, tokens, words

HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD, NO_KIN = range(6)
_CODES: Final = {  # GB/T 4761 by kinship: men, women
    HEAD: ("02", "02"), SPOUSE: ("11", "12"), CHILD: ("20", "30"), PARENT: ("51", "52"), GRANDCHILD: ("41", "42"),
    NO_KIN: ("99", "99"),
}  # fmt: skip
_RARE_NAMES: Final = 200
_THIS_YEAR: Final = 2026
_CITIZEN_MASKS: Final = (0.7, 0.2, 0.1)
"""How numbers are masked: 6 + 4 shown, 6 + year of birth + 2 shown, 6 + 2 shown."""


def people(rng: np.random.Generator, homes: pl.DataFrame) -> pl.DataFrame:
    """The persons of ``housing.households`` with the columns of ``person`` and, in the open, of ``identity``."""
    kin = _kinship(rng, homes)
    born = _birth_years(rng, homes, kin)
    sex = _sexes(rng, homes, kin)
    residence = _residences(rng, homes)
    codes = np.asarray([_CODES[k] for k in range(6)], dtype=object)
    base = pl.DataFrame({
        "person_token": tokens(rng, homes.height), "house_code": homes["house_code"],
        "sex": picked(["1", "2"], sex), "birth_year": pl.Series(born).cast(pl.String), "residence": residence,
        "relation_to_head": pl.Series(codes[kin, sex].tolist(), dtype=pl.String),
        "move_in": _moved_in(rng, born, residence),
    }).with_columns(pl.lit(None, dtype=pl.String).alias("move_out"))  # fmt: skip
    documented = _documents(rng, base, born, sex)
    surname = surnames(rng, homes.height)
    of_head = surname.gather(homes.select(pl.int_range(pl.len()).first().over("household")).to_series())
    shared = pl.Series(np.isin(kin, [CHILD, GRANDCHILD]))
    named = _names(rng, documented, pl.select(pl.when(shared).then(of_head).otherwise(surname)).to_series())
    return _permits(rng, _phones(rng, named, born))


def _kinship(rng: np.random.Generator, homes: pl.DataFrame) -> Numbers:
    """By the place in the household; one tenant household in three is no family."""
    member, household = homes["member"].to_numpy(), homes["household"].to_numpy()
    roll = rng.random(member.size)
    strangers = (rng.random(int(household.max()) + 1) < 0.33)[household] & (
        homes["use"] == "rented"
    ).to_numpy()
    family = np.select(
        [member == 0, (member == 1) & (roll < 0.8), member == 1, member == 2, member == 3, member == 4],
        [HEAD, SPOUSE, PARENT, CHILD, np.where(roll < 0.6, CHILD, PARENT), PARENT],
        GRANDCHILD,
    )
    no_kin = (strangers | (homes["use"] == "dormitory").to_numpy()) & (member > 0)
    kin: Numbers = np.where(no_kin, NO_KIN, family)
    return kin


def _birth_years(rng: np.random.Generator, homes: pl.DataFrame, kin: Numbers) -> Numbers:
    household = homes["household"].to_numpy()
    head = rng.integers(1952, 2002, int(household.max()) + 1)[household]
    gap = rng.integers(22, 34, head.size)
    born = np.select(
        [kin == HEAD, kin == SPOUSE, kin == CHILD, kin == PARENT, kin == GRANDCHILD],
        [head, head + rng.integers(-5, 6, head.size), head + gap, head - gap, head + 2 * gap],
        rng.integers(1966, 2007, head.size),
    )
    years: Numbers = np.where(born >= _THIS_YEAR, rng.integers(2012, _THIS_YEAR, head.size), born)
    return years


def _sexes(rng: np.random.Generator, homes: pl.DataFrame, kin: Numbers) -> Numbers:
    """0 men, 1 women; husband and wife differ."""
    household = homes["household"].to_numpy()
    head = rng.integers(0, 2, int(household.max()) + 1)[household]
    return np.select([kin == HEAD, kin == SPOUSE], [head, 1 - head], rng.integers(0, 2, head.size))


def _residences(rng: np.random.Generator, homes: pl.DataFrame) -> pl.Series:
    """Of a household as a whole: owners are mostly registered here, tenants mostly not."""
    household = homes["household"].to_numpy()
    kinds = ["registered", "floating", "lodging", "overseas"]
    count = int(household.max()) + 1
    owner, tenant = draw(rng, kinds, count, [92, 5, 2, 1]), draw(rng, kinds, count, [6, 86, 7, 1])
    own = homes["use"] == "self"
    return pl.select(
        pl.when(own).then(owner.gather(household)).otherwise(tenant.gather(household))
    ).to_series()


def _moved_in(rng: np.random.Generator, born: Numbers, residence: pl.Series) -> pl.Series:
    """Registered people mostly long ago, the others in the last years; never before the year of birth."""
    settled = (residence == "registered").to_numpy()
    ago = np.where(settled, rng.integers(0, 40, born.size), np.minimum(rng.geometric(0.3, born.size) - 1, 15))
    year = np.maximum(_THIS_YEAR - ago, born)
    month, day = rng.integers(1, 10, born.size), rng.integers(1, 29, born.size)
    return digits(year * 10_000 + month * 100 + day, 8).str.replace(r"(\d{4})(\d\d)(\d\d)", "$1-$2-$3")


def _documents(rng: np.random.Generator, base: pl.DataFrame, born: Numbers, sex: Numbers) -> pl.DataFrame:
    count = base.height
    abroad, here = (
        draw(rng, ["05", "02", "03", "04"], count, [4, 1, 3, 2]),
        pl.col("residence") == "registered",
    )
    id_type = (
        pl.when(pl.col("residence") == "overseas").then(abroad)
        .when(~here & pl.Series(rng.random(count) < 0.004)).then(draw(rng, ["03", "04"], count)).otherwise(pl.lit("01"))
    )  # fmt: skip
    home = pl.when(here).then(draw(rng, words("homes"), count, [85, *[1] * 15])).otherwise(
        draw(rng, words("homes"), count, [5, *[6] * 15]))  # fmt: skip
    region = (
        pl.when(pl.col("id_type") == "02").then(draw(rng, ["932840", "932276", "932392", "932410", "932250"], count))
        .when(pl.col("id_type") == "03").then(draw(rng, ["810000", "820000"], count, [3, 1]))
        .when(pl.col("id_type") == "04").then(pl.lit("830000")).otherwise(home)
    )  # fmt: skip
    day = rng.integers(1, 13, count) * 100 + rng.integers(1, 29, count)
    order = rng.integers(0, 499, count) * 2 + np.where(sex == 0, 1, 2)  # odd for men, never 000
    typed = base.with_columns(id_type=id_type).with_columns(region=region)
    number = with_citizen_check(
        typed["region"] + digits(born.astype(np.int64) * 10_000 + day, 8) + digits(order, 3)
    )
    passport = "ZZ" + digits(rng.integers(0, 10**7, count), 7)
    numbered = typed.drop("region").with_columns(
        id_number=pl.when(pl.col("id_type") == "05").then(passport).otherwise(number)
    )
    return numbered.with_columns(id_masked=_masked(draw(rng, ["4", "year", "2"], count, _CITIZEN_MASKS)))


def _masked(form: pl.Series) -> pl.Expr:
    number = pl.col("id_number")
    head, tail = number.str.head(6), number.str.tail(2)
    return (
        pl.when(pl.col("id_type") == "05").then(pl.concat_str(number.str.head(2), pl.lit("*****"), tail))
        .when(form == "4").then(pl.concat_str(head, pl.lit("*" * 8), number.str.tail(4)))
        .when(form == "year").then(pl.concat_str(number.str.head(10), pl.lit("*" * 6), tail))
        .otherwise(pl.concat_str(head, pl.lit("*" * 10), tail))
    )  # fmt: skip


def _names(rng: np.random.Generator, documented: pl.DataFrame, surname: pl.Series) -> pl.DataFrame:
    """Given names, 200 of them with a very rare character; foreign and dotted names have other forms."""
    count = documented.height
    first, second = draw(rng, words("given"), count), draw(rng, words("given"), count)
    rare = np.zeros(count, bool)
    rare[rng.permutation(count)[: min(_RARE_NAMES, count // 10)]] = True
    last = pl.when(pl.Series(rare)).then(draw(rng, words("rare"), count)).otherwise(second)
    short = pl.Series(rng.random(count) < 0.25)
    whole = documented.with_columns(
        name=surname + pl.when(short).then(last).otherwise(pl.concat_str(first.alias("first"), last)),
        name_masked=surname + pl.when(short).then(pl.lit("*")).otherwise(pl.lit("**")),
    )
    foreign = pl.col("id_type").is_in(["02", "05"])
    dotted = pl.Series(rng.random(count) < 0.001) & ~foreign
    for chosen, names in ((foreign, words("foreign")), (dotted, words("dotted"))):
        which = rng.integers(0, len(names), count)
        whole = whole.with_columns(
            name=pl.when(chosen).then(picked(names, which)).otherwise("name"),
            name_masked=pl.when(chosen)
            .then(picked([mask_name(n) for n in names], which))
            .otherwise("name_masked"),
        )
    return whole


def surnames(rng: np.random.Generator, count: int) -> pl.Series:
    """Surnames by their frequency."""
    common = words("surnames")
    return draw(rng, common, count, [1 / (place + 3) for place in range(len(common))])


def masked_names(rng: np.random.Generator, count: int) -> pl.Series:
    """Masked names by surname: ``张*``, ``李**``, ``欧阳*``."""
    return surnames(rng, count) + draw(rng, ["*", "**"], count, [1, 3])


def _phones(rng: np.random.Generator, named: pl.DataFrame, born: npt.NDArray[Any]) -> pl.DataFrame:
    has = pl.Series(rng.random(named.height) < np.where(born < _THIS_YEAR - 15, 0.88, 0.04))
    start = draw(rng, ["130", "135", "136", "138", "139", "151", "158", "177", "186", "199"], named.height)
    end = digits(rng.integers(0, 10_000, named.height), 4)
    return named.with_columns(
        phone=pl.when(has).then(start + "0000" + end), phone_masked=pl.when(has).then(start + "****" + end)
    )


def _permits(rng: np.random.Generator, persons: pl.DataFrame) -> pl.DataFrame:
    """Four in five floating people have a residence permit; a few have let it run out."""
    has = (pl.col("residence") == "floating") & pl.Series(rng.random(persons.height) < 0.8)
    until = draw(
        rng, ["2026-08-15", "2026-09-30", "2026-12-31", "2027-03-15", "2027-06-30", "2027-09-15"], persons.height,
        [2, 2, 24, 24, 24, 24],
    )  # fmt: skip
    number = pl.concat_str(
        pl.lit("320508********"), digits(rng.integers(0, 10_000, persons.height), 4).alias("end")
    )
    return persons.with_columns(
        permit_no_masked=pl.when(has).then(number), permit_until=pl.when(has).then(until)
    )
