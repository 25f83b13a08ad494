"""The declared indicators in the order of the declaration, and how each is judged from the figures.

A judgement never claims more than the figures show: without evidence ``met`` is None, whatever the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.i18n import N_, _
from core.model.names import label
from core.reports.value import Indicator
from core.statistics.definition import Cell, Figure, percentage
from core.statistics.registry_figures import ON_THE_MAP

Figures = Mapping[str, Figure]


class Judgement(NamedTuple):
    """What the figures say about an indicator."""

    value: Cell
    met: bool | None
    note: str
    evidence: Sequence[Figure] = ()


Judge = Callable[[Figures], Judgement]
ROWS_SHOWN = 40
"""Rows of one evidence table; the total is always stated."""


@dataclass(frozen=True)
class Declared:
    """One line of the declaration (``mission.md``, "Indicators of the acceptance report")."""

    id: str
    number: str
    group: str
    title: str
    unit: str
    target: str
    population: str
    needs: str
    judge: Judge


def indicators(figures: Figures) -> tuple[Indicator, ...]:
    """Every declared indicator, judged, in the language in force."""
    return tuple(_judged(each, figures) for each in DECLARATION)


def _judged(declared: Declared, figures: Figures) -> Indicator:
    found = declared.judge(figures)
    return Indicator(
        id=declared.id, number=declared.number, group=_(declared.group), title=_(declared.title),
        value=found.value, unit=_(declared.unit), target=_(declared.target), met=found.met,
        population=_(declared.population), note=found.note, needs=_(declared.needs),
        evidence=tuple(figure.first(ROWS_SHOWN) for figure in found.evidence),
    )  # fmt: skip


def _unsupported(note: str) -> Judge:
    return lambda figures: Judgement(None, None, _(note))


def _extraction(resource: str) -> Judge:
    def judge(figures: Figures) -> Judgement:
        sums = figures["import.reconciliation"].only("resource", resource)
        extracted = figures["exchange.extractions"].only("resource", resource).only("in_force", True)
        entities = figures["registry.entities"].only("resource", resource)
        if not sums.rows:
            return Judgement(None, None, _("No import of this kind is on record."))
        row = sums.dicts()[0]
        held = sum(int(n or 0) for n in entities.column("current"))
        evidence = (sums, entities, figures["import.runs"].only("resource", resource))
        if extracted.rows:
            return Judgement(held, *_extracted_verdict(extracted, row), (extracted, *evidence))
        return Judgement(held, *_extraction_verdict(row), evidence)

    return judge


def _extracted_verdict(extracted: Figure, sums: Mapping[str, Cell]) -> tuple[bool | None, str]:
    """Met by a full extraction that agreed with the source in every community, and by what followed on it."""
    runs = extracted.dicts()
    if not sums["reconciles"]:
        return False, _("The counts do not reconcile; the evidence shows where.")
    if not any(run["mode"] == "full" for run in runs):
        return None, _("Only what changed was extracted; no full extraction is on record.")
    if not all(run["agrees"] for run in runs):
        return False, _("An extraction does not agree with its source; the evidence shows which.")
    return True, _(
        "Extracted in full and kept up by {n} runs; counts and digests agree with the source."
    ).format(n=len(runs))


def _extraction_verdict(row: Mapping[str, Cell]) -> tuple[bool | None, str]:
    if not row["reconciles"]:
        return False, _("The counts do not reconcile; the evidence shows where.")
    if not row["bureau"]:
        return None, _(
            "Every row read is accounted for, but none came from the city bureau, whose extraction is declared."
        )
    if not row["snapshots"]:
        return None, _("Every row read is accounted for, but no full extraction (snapshot) is on record.")
    return True, _(
        "Every row read is accounted for: read = accepted + quarantined, and all that was brought is held."
    )


DOCKING = (("police_platform", "database"), ("police_platform", "files"), ("bureau_collection", "rest"))
"""Every kind of endpoint that data is exchanged over with the sources, in both directions."""


def _docking(figures: Figures) -> Judgement:
    """Met only by runs in both directions over every kind of endpoint; each way's runs are the evidence."""
    runs, back = figures["exchange.extractions"].only("in_force", True), figures["exchange.write_back"]
    came = {(run["system"], run["transport"]) for run in runs.dicts() if run["agrees"]}
    went = {(run["system"], run["transport"]) for run in back.dicts() if run["accepted"]}
    both = [way for way in DOCKING if way in came and way in went]
    told = [_docked(way, came=way in came, went=way in went) for way in DOCKING]
    evidence = [figure for figure in (runs, back) if figure.rows]
    if not evidence:
        other = [figures[name] for name in ("exchange.deliveries", "exchange.receipts") if figures[name].rows]
        note = _("No exchange with the police working platform is on record.")
        if other:
            note += _(" Exchanges with other systems are shown as evidence of the mechanism only.")
        return Judgement(None, None, note, other)
    if any(not run["agrees"] for run in runs.dicts()):
        return Judgement(len(both), False, _("An extraction does not agree with its source; the evidence shows which."),
                         evidence)  # fmt: skip
    return Judgement(len(both), True if len(both) == len(DOCKING) else None, _("; ").join(told), evidence)


def _docked(way: tuple[str, str], *, came: bool, went: bool) -> str:
    """One way in words: which directions are on record."""
    kinds = {"database": _("database views"), "files": _("exported files"), "rest": _("paged REST")}
    said = {
        (True, True): _("{system} over {kind}: both directions"),
        (True, False): _("{system} over {kind}: extraction only, nothing went back"),
        (False, True): _("{system} over {kind}: only what went back, no extraction"),
        (False, False): _("{system} over {kind}: not on record"),
    }
    return said[came, went].format(system=label("target", way[0]), kind=kinds[way[1]])


def _on_the_map(figures: Figures) -> Judgement:
    rows = [row for row in figures["map.placed"].dicts() if row["resource"] in ON_THE_MAP]
    total, placed = (sum(int(row[name] or 0) for row in rows) for name in ("total", "placed"))
    if total == 0:
        return Judgement(None, None, _("The registry holds no entity to place."))
    shares = _("; ").join(
        f"{label('resource', str(row['resource']))} {row['share']:.2f}\N{NO-BREAK SPACE}%"
        for row in rows
        if row["share"] is not None
    )
    complete = all(row["total"] and row["placed"] == row["total"] for row in rows)
    return Judgement(percentage(placed, total), complete, shares, (figures["map.placed"],))


def _collection(figures: Figures) -> Judgement:
    note = _("There is no baseline from before use; today's holdings are shown, an increase cannot be.")
    return Judgement(None, None, note, (figures["registry.entities"],))


def _sharing(figures: Figures) -> Judgement:
    shared = figures["sharing.events"]
    row = {name: int(value or 0) for name, value in shared.dicts()[0].items()}
    if not row["due"]:
        return Judgement(None, None, _("No item is marked as due for sharing."), (shared,))
    if not any(figures["exchange.deliveries"].only("resource", "event").rows):
        note = _("{due} items are due; no sharing with the linkage centre is on record.").format(
            due=f"{row['due']:,}"
        )
        return Judgement(None, None, note, (shared,))
    missing = _("{missing} of {due} items due have no receipt.").format(
        **{k: f"{v:,}" for k, v in row.items()}
    )
    return Judgement(percentage(row["shared"], row["due"]), row["missing"] == 0, missing, (shared,))


_INPUT, _OUTPUT = N_("Input"), N_("Output")
_RESULT, _INFLUENCE = N_("Result"), N_("Influence")
_PROJECT = N_("The project as declared")
_VOUCHERS, _DOCUMENTS = N_("Vouchers entered by the administrator"), N_("Documents attached")
_NO_VOUCHER = _unsupported(N_("No voucher is entered."))
_NO_DOCUMENT = _unsupported(N_("No document is attached."))
_AS_DECLARED, _SOUND, _COMPLIANT = N_("As declared"), N_("Sound"), N_("Compliant")
_RUNS, _RECORDS = N_("Runs, counts, reconciliation"), N_("records")
_COMPLETE = N_("Complete; counts reconcile")
_CURRENT = N_("Entities in the registry now")


def _money(
    name: str, number: str, title: str, unit: str = N_("10,000 yuan"), target: str = _AS_DECLARED
) -> Declared:
    return Declared(f"input.{name}", number, _INPUT, title, unit, target, _PROJECT, _VOUCHERS, _NO_VOUCHER)


def _paper(name: str, number: str, title: str, target: str) -> Declared:
    return Declared(f"input.{name}", number, _INPUT, title, "", target, _PROJECT, _DOCUMENTS, _NO_DOCUMENT)


def _module(number: str, name: str, resource: str, title: str) -> Declared:
    return Declared(
        f"output.{name}", number, _OUTPUT, title, _RECORDS, _COMPLETE, _CURRENT, _RUNS, _extraction(resource)
    )


DECLARATION: tuple[Declared, ...] = (
    _money("budget", "1.1", N_("Budget arranged"), target=N_("As declared (175.00 in one sub-project)")),
    _money("spent", "1.2", N_("Budget spent")),
    _money("execution", "1.3", N_("Budget execution rate"), "%"),
    _money("saving", "1.4", N_("Saving rate"), "%"),
    _money("dedicated", "1.5", N_("Dedicated use of funds"), "", _COMPLIANT),
    _money("funds", "1.6", N_("Funds in place"), "%"),
    _paper("feasibility", "1.7", N_("Feasibility study"), _SOUND),
    _paper("procurement", "1.8", N_("Procurement compliance"), _COMPLIANT),
    _paper("changes", "1.9", N_("Compliance of changes"), _COMPLIANT),
    _paper("deviation", "1.10", N_("Checks for deviation from plan"), _SOUND),
    _paper("operation", "1.11", N_("Operation system"), _SOUND),
    _paper("property", "1.12", N_("Property rights"), _SOUND),
    _paper("risk", "1.13", N_("Risk control"), _SOUND),
    _paper("facilities", "1.14", N_("Facilities in place"), _SOUND),
    _module("2.1", "address", "address", N_("Extraction of standard addresses (M1)")),
    _module("2.2", "person", "person", N_("Extraction of actual population (M2)")),
    _module("2.3", "house", "house", N_("Extraction of actual houses (M3)")),
    _module("2.4", "organisation", "organisation", N_("Extraction of actual organisations (M4)")),
    Declared("output.docking", "2.5", _OUTPUT, N_("Docking with the police working platform (M5)"),
             N_("ways"), N_("Both directions over views, files and REST"),
             N_("Exchanges with the sources"), N_("Runs, endpoint, counts"),
             _docking),
    Declared("output.map", "2.6", _OUTPUT, N_("Addresses, people, houses, organisations on the map (M6)"), "%",
             N_("100 % of each kind"), _CURRENT, N_("Placed ÷ total per kind"), _on_the_map),
    Declared("result.satisfaction", "3.1", _RESULT, N_("Satisfaction of station users"), "%", "> 80 %",
             N_("Users of the stations"), N_("Questionnaire in the client"),
             _unsupported(N_("No questionnaire is answered."))),
    Declared("result.acceptance", "3.2", _RESULT, N_("Overall acceptance pass rate"), "%", "= 100 %",
             N_("The acceptance test list"), N_("The acceptance test list with results"),
             _unsupported(N_("No acceptance test list with results is entered."))),
    Declared("influence.collection", "4.1", _INFLUENCE, N_("Base-information collection rate over the baseline"), "%",
             "> +10 %", _CURRENT, N_("Baseline snapshot and today"), _collection),
    Declared("influence.sharing", "4.2", _INFLUENCE, N_("Resource-sharing integration (M20)"), "%", "= 100 %",
             N_("Non-alert items that are due for sharing"), N_("Shared ÷ due, and the list of what is missing"),
             _sharing),
)  # fmt: skip
