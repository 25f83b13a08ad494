"""Matching in a store: one text as a person asks it, or a column of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.model.registry import entity_id
from core.security import audit
from core.security.workspace import Workspace, permits
from core.verification.context import Matcher
from core.verification.csv_files import answer_file
from core.verification.matching.answering import match_frame
from core.verification.matching.index import index_of
from core.verification.matching.reasons import REASONS


@dataclass(frozen=True)
class Candidate:
    """A standard address that a text may mean."""

    address_code: str
    full_text: str

    @property
    def entity(self) -> int:
        """The id under which the registry holds the address."""
        return entity_id(self.address_code)


@dataclass(frozen=True)
class Match:
    """The answer about one text; ``address_code`` only where ``decision`` is match; reasons are sentences."""

    text: str
    decision: str
    address_code: str | None
    confidence: float
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]


def matcher_of(workspace: Workspace) -> Matcher:
    """The store's matcher for rules and intake: the code where it is sure, null elsewhere.

    The addresses are read when it is first asked.
    """
    return lambda texts: match_frame(texts, index_of(workspace))["address_code"]


@permits("registry.read")
def match_text(workspace: Workspace, text: str) -> Match:
    """The standard address that the text means: match, choose among few, or none."""
    index = index_of(workspace)
    row = match_frame(pl.Series([text]), index).row(0, named=True)
    texts = index.addresses.filter(pl.col("address_code").is_in(row["candidates"])).select(
        "address_code", "full_text"
    )
    named = dict(texts.iter_rows())
    candidates = tuple(Candidate(code, named[code]) for code in row["candidates"])
    reasons = tuple(_(REASONS[code]) for code in row["why"])
    return Match(text, row["decision"], row["address_code"], round(row["confidence"], 3), candidates, reasons)


@permits("registry.read")
def match_file(
    workspace: Workspace, path: Path, *, column: str, out: Path, progress: Progress
) -> dict[str, int]:
    """Writes a CSV file with ``address_code, confidence, decision`` added; returns how many of each decision."""
    progress.phase(_("Reading the standard addresses"))
    index = index_of(workspace)

    def answered(values: pl.Series) -> pl.DataFrame:
        return match_frame(values, index).select("address_code", pl.col("confidence").round(3), "decision")

    answers = answer_file(path, column=column, out=out, answer=answered, progress=progress)
    counts = dict.fromkeys(("match", "choose", "none"), 0) | dict(
        answers["decision"].value_counts().iter_rows()
    )
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="address.match_file", subject=path.name,
            details={"rows": answers.height, **counts},
        )  # fmt: skip
    return counts
