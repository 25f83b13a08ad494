"""A dry run row by row: which rows of a file would be new, changed, the same, missing or quarantined, and why.

Of each row only its line and what becomes of it are kept; the rows themselves are read from the file again when
somebody wants to see them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.packages.reader import PackageFile, open_package
from core.packages.trust import trust_of
from core.registry import words
from core.registry.browse import SHOWN
from core.registry.difference import Difference
from core.registry.record import title_of
from core.registry.staging import Staged
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import write_list
from core.store import bulk
from core.verification.catalogue import describe
from core.verification.freetext import mask_free_text
from core.verification.keys import key_id, key_text
from core.verification.storage import typed

KINDS: Final = ("new", "changed", "unchanged", "retired", "missing", "quarantined")
"""What may become of a row, in the order in which it is shown; ``missing`` are not in the file."""
_CHANGES: Final = N_("what changes")
_WORDS: Final = 300
"""Columns with at most so many different values are written in words where a list leaves the store."""


@dataclass
class Trial:
    """What a dry run found; give ``watch`` to the dry run. ``keep`` keeps the rows of a small file in memory."""

    path: Path
    keep: bool = False
    _lines: dict[str, pl.DataFrame] = field(default_factory=dict)
    _missing: dict[str, Sequence[int]] = field(default_factory=dict)
    _reasons: dict[str, pl.DataFrame] = field(default_factory=dict)
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)
    _opened: PackageFile | None = None

    def watch(self, staged: Staged, plan: Difference) -> None:
        """Notes what would become of a resource's rows."""
        name = staged.resource.name
        gone = pl.Series(plan.withdrawn, dtype=pl.Int64)
        parts = {
            "new": plan.new, "changed": pl.concat([plan.changed, plan.heard]), "quarantined": staged.quarantined,
            "retired": pl.concat([plan.retired.select("line"),
                                  staged.accepted.filter(pl.col("id").is_in(gone.implode())).select("line")]).unique(),
        }  # fmt: skip
        told = [part.select("line", kind=pl.lit(kind)) for kind, part in parts.items()]
        known = pl.concat(told)
        same = staged.accepted.select("line").join(known, on="line", how="anti").with_columns(kind=pl.lit("unchanged"))
        self._lines[name] = pl.concat([known, same]).with_columns(pl.col("kind").cast(pl.Enum(KINDS)))
        self._missing[name] = plan.missing
        self._reasons[name] = staged.findings.filter(pl.col("severity") == "error")
        if self.keep:
            both = pl.concat([staged.accepted, staged.quarantined], how="diagonal_relaxed")
            self._rows[name] = both.select(pl.col("line"), pl.exclude("line").cast(pl.String))

    def lines(self, resource: str, kind: str) -> pl.Series:
        """The lines of a resource of which this would become."""
        return self._lines[resource].filter(pl.col("kind") == kind)["line"].sort()

    def count(self, resource: str, kind: str) -> int:
        """How many rows that are."""
        return len(self._missing[resource]) if kind == "missing" else self.lines(resource, kind).len()

    def rows(self, workspace: Workspace, resource: str) -> pl.DataFrame:
        """The file's rows of a resource as text, read from it again."""
        if resource in self._rows:
            return self._rows[resource]
        self._opened = self._opened or open_package(self.path, trust_of(workspace))
        return self._opened.frame(resource)


@dataclass(frozen=True)
class TrialRows:
    """Rows of one kind: ``total`` counts all, ``rows`` are the first of them below ``columns`` (titles)."""

    resource: str
    kind: str
    total: int
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


@permits("package.check")
def trial_rows(workspace: Workspace, trial: Trial, resource: str, kind: str, *, limit: int = 1_000) -> TrialRows:
    """The first rows of a resource that would become this; showing persons is audited."""
    frame = _frame(workspace, trial, resource, kind, limit=limit)
    _audited(workspace, trial, resource, {"kind": kind, "shown": frame.height})
    titles = [field_title(name) for name in frame.columns]
    rows = [tuple(shown_value(n, v) for n, v in zip(frame.columns, row, strict=True)) for row in frame.iter_rows()]
    return TrialRows(resource, kind, trial.count(resource, kind), titles, rows)


@permits("package.check")
def export_trial_rows(workspace: Workspace, trial: Trial, resource: str, kind: str, out: Path) -> int:
    """Writes all rows of a resource that would become this; returns how many. Audited."""
    frame = _frame(workspace, trial, resource, kind, limit=None)
    told = frame.with_columns(_in_words(frame[name]) for name in frame.columns)
    named = told.rename({name: field_title(name) for name in frame.columns})
    about = [(_("file"), trial.path.name), (_("user"), workspace.actor.name), (_("at"), workspace.now())]
    write_list(out, named, title=_("Trial"), about=about)
    _audited(workspace, trial, resource, {"kind": kind, "exported": frame.height}, always=True)
    return frame.height


def _frame(workspace: Workspace, trial: Trial, name: str, kind: str, *, limit: int | None) -> pl.DataFrame:
    resource = RESOURCES[name]
    if kind == "missing":
        return _missing(workspace, resource, list(trial._missing[name])[:limit])
    lines = trial.lines(name, kind)
    lines = lines if limit is None else lines.head(limit)
    raw = trial.rows(workspace, name).filter(pl.col("line").is_in(lines.implode())).sort("line")
    rows = mask_free_text(raw, name).with_columns(key_text(resource).alias("key"), key_id(resource).alias("id"))
    if kind == "quarantined":
        return _rejected(rows, trial._reasons[name])
    if kind == "changed":
        return _changed(workspace, resource, rows)
    shown = [n for n in SHOWN.get(name, ()) if n in rows.columns]
    return rows.select(pl.col("line").cast(pl.String), "key", *(n for n in shown if n not in resource.key))


def _rejected(rows: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """One line a finding, since a row may be wrong in several places."""
    told = [
        (line, field_title(name), value, *describe(rule, field=name, value=value))
        for line, rule, name, value in reasons.join(rows.select("line"), on="line", how="semi")
        .select("line", "rule", "field", "value").iter_rows()
    ]  # fmt: skip
    schema = {"line": pl.UInt32, **dict.fromkeys(("field", "value", "what is wrong", "cure"), pl.String)}
    why = pl.DataFrame(told, schema=schema, orient="row")
    return rows.select("line", "key").join(why, on="line", how="left").with_columns(pl.col("line").cast(pl.String))


def _changed(workspace: Workspace, resource: Resource, rows: pl.DataFrame) -> pl.DataFrame:
    """What the registry has and the file says instead; where nothing differs, the word is kept beside others'."""
    table, types = TABLES[resource.name], words.schema(resource)
    names = [c.name for c in resource.columns if c.kind != "geometry" and c.name in rows.columns]
    with workspace.store.read() as connection:
        columns = [table.c.id, *(table.c[name] for name in names)]
        held = words.frame_of(
            connection, columns, rows["id"].to_list(), {"id": pl.Int64, **{n: types[n] for n in names}}
        )
    both = typed(rows, resource.name).join(held, on="id", how="left", suffix="_now")
    differs = [
        pl.when(pl.col(n).ne_missing(pl.col(f"{n}_now"))).then(
            pl.format("{}: {} → {}", pl.lit(field_title(n)), _in_words(both[f"{n}_now"], n), _in_words(both[n], n)))
        for n in names
    ]  # fmt: skip
    told = pl.concat_list(differs).list.drop_nulls().list.join("; ")
    beside = pl.lit(_("kept beside another department's word"))
    changes = pl.when(told == "").then(beside).otherwise(told)
    titled = next((n for n in ("full_text", "name", "name_masked") if n in rows.columns), "key")
    return both.select(pl.col("line").cast(pl.String), "key", titled, changes.alias(_CHANGES))


def _missing(workspace: Workspace, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    table, made = TABLES[resource.name], []
    with workspace.store.read() as connection:
        for some in bulk.chunks(ids):
            for row in connection.execute(table.select().where(table.c.id.in_(some)).order_by(table.c.id)):
                held = dict(row._mapping)
                key = ":".join(str(held[name]) for name in resource.key)
                made.append((key, title_of(resource.name, held), held["collected_at"][:10], held["collector"]))
    names = ("key", "record", "collected_at", "collector")
    return pl.DataFrame(made, schema=dict.fromkeys(names, pl.String), orient="row")


def _in_words(values: pl.Series, name: str = "") -> pl.Series:
    """A column as people read it; columns of many different values stay as they are."""
    name = name or values.name
    text = values.cast(pl.String)
    distinct = text.drop_nulls().unique()
    if distinct.len() <= _WORDS:
        text = text.replace({value: shown_value(name, value) for value in distinct})
    return text.fill_null("")


def _audited(
    workspace: Workspace, trial: Trial, resource: str, details: Mapping[str, Any], *, always: bool = False
) -> None:
    if resource == "person" or always:
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="package.rows",
                subject=trial.path.name, details={"resource": resource, **details},
            )  # fmt: skip
