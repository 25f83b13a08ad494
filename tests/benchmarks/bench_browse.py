"""Looking around in the whole district: the search box, and the table of a million rows.

Run: ``python tests/benchmarks/bench_browse.py [--people 1000000] [--folder DIR] [--store FILE]``.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import select

from core.model.registry import TABLES
from core.registry import browse, lookup, tables
from core.registry.filters import Selection
from core.registry.initials import lexicon, spell
from core.registry.tables import Order
from core.registry.where import select_where
from core.security.workspace import Workspace
from core.store import search
from tests.benchmarks.district import options, workspace

PAGE = 200


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def spread(values: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:6.1f}  p95 {values[int(len(values) * 0.95)]:6.1f}  max {values[-1]:6.1f} ms"


def questions(desk: Workspace) -> dict[str, list[str]]:
    """Pieces from anywhere in real texts, as somebody types them."""
    draw = random.Random(7)
    address, house = TABLES["address"], TABLES["house"]
    with desk.store.read() as connection:
        ids = draw.sample(list(connection.execute(select(address.c.id).limit(200_000)).scalars()), 400)
        texts = list(connection.execute(select(address.c.full_text).where(address.c.id.in_(ids))).scalars())
        codes = list(connection.execute(select(house.c.house_code).limit(100)).scalars())

    def piece(text: str, shortest: int, longest: int) -> str:
        length = draw.randint(shortest, longest)
        at = draw.randrange(max(1, len(text) - length))
        return text[at : at + length]

    return {
        "two characters": [piece(text, 2, 2) for text in texts],
        "three to six": [piece(text, 3, 6) for text in texts],
        "two words": [f"{piece(text, 2, 4)} {text[-5:]}" for text in texts],
        "a whole code": codes,
        "six of a code": [piece(code, 6, 6) for code in codes],
    }


def positions(total: int) -> Iterator[tuple[str, int]]:
    """Where a table is looked at: its first page, its last, and somewhere in the middle."""
    yield from (("open", 0), ("end", max(0, total - PAGE)), ("middle", total // 2))


FILTERED = (
    ("house", ("use=rented", "area_m2<20")), ("person", ("sex=1", "birth_year>=1990")),
    ("person", ("phone_masked is blank",)), ("address", ("full_text~平江路",)), ("house", ("full_text~平江路",)),
)  # fmt: skip


def box(desk: Workspace) -> None:
    """The search box as a whole (without its audit entry's write): processor time, which other work does not blur."""
    reading = timed(lambda: lexicon(desk)["organisation"].find("pj", 1))
    print(f"names and their pinyin, read once: {reading:.0f} ms")
    draw, known = random.Random(3), lexicon(desk)
    roads = [name for kind in ("road", "estate") for name in known[kind].held.values()]
    asked = questions(desk) | {
        "initials": [spell(name)[0] for name in draw.sample(roads, min(200, len(roads)))],
        "syllables": [spell(name)[1] for name in draw.sample(roads, min(200, len(roads)))],
    }
    for name, texts in asked.items():
        taken = []
        for text in texts:
            started = time.thread_time()
            lookup._found(desk, text, 20, [])
            taken.append((time.thread_time() - started) * 1000)
        print(f"box, {name:19} {spread(taken)}   (target p95 < 5 ms)")


def filters(desk: Workspace) -> None:
    """Whole kinds with every position known, and filters: all that match in order, any place of them."""
    for resource, written in FILTERED:
        selection, order = select_where(resource, written), Order(tables.sortable(resource)[0])
        taken = timed(lambda s=selection, o=order: tables.matches(desk, s, o))
        found = tables.matches(desk, selection, order)
        place = timed(lambda f=found: tables.rows_at(desk, f, f.total // 2))
        print(
            f"{resource} {' and '.join(written)}: {found.total:,} in {taken:.0f} ms, its middle in {place:.1f} ms"
        )
    whole = tables.matches(desk, Selection("person"), Order("person_token"))
    taken = timed(lambda: tables.with_positions(desk, whole))
    print(f"every position of {whole.total:,} persons: {taken:.0f} ms, in a job after the first page")


def main() -> None:
    """Prints the search box and the table, kind by kind."""
    desk = workspace(options(__doc__))
    with desk.store.read() as connection:
        for name, asked in questions(desk).items():
            taken = [timed(lambda one=one: search.search(connection, one)) for one in asked]
            print(f"search, {name:16} {spread(taken)}   (target p95 < 5 ms)")
    box(desk)
    filters(desk)
    for resource in ("person", "address", "house", "organisation"):
        counting = timed(lambda resource=resource: browse.total(desk, resource))
        total = browse.total(desk, resource)
        print(f"{resource}: {total:,} rows, counted in {counting:.0f} ms, then from memory")
        for order_by in browse.sortable(desk, resource):
            for place, start in positions(total):
                taken = [
                    timed(lambda d=d, s=start, o=order_by, r=resource, t=total: browse.listing(
                        desk, r, order_by=o, descending=d, start=s, count=PAGE, of=t))
                    for d in (False, True)
                ]  # fmt: skip
                print(f"  by {order_by:15} {place:7} {max(taken):6.1f} ms   (target < 100 ms)")


if __name__ == "__main__":
    main()
