"""Settling: choosing field by field, or for a whole filter at once, what the registry shall hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.model.stewardship import comparison
from core.registry import changes, words
from core.registry.authority import order
from core.registry.deciding import decide
from core.registry.record import Remark, title_of
from core.security.workspace import Workspace, permits
from core.stewardship.conflicts import Filters, chosen
from core.verification.catalogue import describe
from core.verification.context import district_context
from core.verification.declaration import Severity
from core.verification.engine import verify

AUTHORITY, NEWEST = "authority", "newest"
_SHOWN = 200


class SettlingIncomplete(GridLinkError):
    """A field that differs has no choice, or the choice is not one that can be made."""

    code = "settling_incomplete"


@dataclass(frozen=True)
class SettleResult:
    """What settling did: ``settled`` records were decided about, ``changed`` of them have another row now.

    ``remarks`` is what verification still says of a single settled record: warnings, and errors that were there before.
    """

    change_set: int
    settled: int
    changed: int
    due: Mapping[str, int] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()


@dataclass(frozen=True)
class Change:
    """One field that a bulk settling would change."""

    resource: str
    entity: int
    title: str
    field: str
    before: Any
    after: Any
    source: str


@dataclass(frozen=True)
class BulkPreview:
    """What settling a filter would do: ``total`` records, ``changing`` of them would change; the first changes."""

    total: int
    changing: int
    changes: Sequence[Change]


@permits("conflict.settle")
def settle(
    workspace: Workspace, resource: str, entity: int, *, choices: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None, reason: str,
) -> SettleResult:  # fmt: skip
    """Settles one record: ``choices`` names a department by field, ``values`` gives other values.

    Every field that differs and is not settled needs one; raises ``SettlingIncomplete`` and changes nothing.
    """
    _require_reason(reason)
    declared, choices, values = RESOURCES[resource], dict(choices or {}), dict(values or {})
    with workspace.store.write() as connection:
        said = words.said(connection, declared, [entity])
        row = {"entity": entity, **_chosen_values(declared, said, choices), **values}
        _require_every_group(connection, declared, entity, said, set(row) - {"entity"})
        remarks = _require_sound(connection, workspace, declared, row=row, values=values)
        sources = {*choices.values()} | ({""} if values else set())
        source = sources.pop() if len(sources) == 1 else ""
        number = changes.begin(connection, workspace, "settle", reason)
        frame = pl.DataFrame(
            [row | {"chosen": source or None}],
            schema={"entity": pl.Int64, **_types(declared, row), "chosen": pl.String},
        )
        changed = decide(
            connection, workspace, number, resource, frame, kind="settle", reason=reason, confirm=True
        )
        due = changes.finish(
            connection, workspace, number, action="conflict.settle", subject=f"{resource}:{entity}",
            counts={"settled": 1, "changed": changed},
            details={"fields": sorted(set(row) - {"entity"}), "reason": reason},
        )  # fmt: skip
    return SettleResult(number, 1, changed, due, remarks)


@permits("conflict.settle")
def preview_all(workspace: Workspace, filters: Filters, by: str = AUTHORITY) -> BulkPreview:
    """What ``settle_all`` would do with the same filter; the totals are complete, the changes are the first."""
    total = changing = 0
    shown: list[Change] = []
    with workspace.store.read() as connection:
        for resource, frame in _decided(connection, filters, by):
            total += frame["entity"].n_unique()
            ids = frame["entity"].unique().to_list()
            now = _registry(connection, resource, ids)
            names = [c.name for c in resource.columns if c.name in frame.columns]
            both = frame.join(now, on="entity", suffix="_now")
            differs = both.filter(pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_now")) for n in names))
            changing += differs.height
            shown += _changes(connection, resource, differs.head(_SHOWN - len(shown)), names)
    return BulkPreview(total, changing, shown[:_SHOWN])


@permits("conflict.settle")
def settle_all(
    workspace: Workspace,
    filters: Filters,
    by: str = AUTHORITY,
    *,
    reason: str,
    progress: Progress | None = None,
) -> SettleResult:
    """Settles every conflict of the filter for the word of highest authority, the newest, or one department's.

    One change set, undoable as one. Groups of which the named department says nothing stay conflicts.
    """
    _require_reason(reason)
    progress = progress or Progress()
    settled = changed = 0
    with workspace.store.write() as connection:
        number = changes.begin(connection, workspace, "settle", reason)
        parts = _decided(connection, filters, by)
        progress.phase(_("Settling"), sum(frame.height for _resource, frame in parts))
        for resource, frame in parts:
            settled += frame.height
            changed += decide(
                connection,
                workspace,
                number,
                resource.name,
                frame,
                kind="settle",
                reason=reason,
                confirm=True,
            )
            progress.advance(frame.height)
            progress.checkpoint()
        progress.phase(_("Indexing for search"))
        due = changes.finish(
            connection, workspace, number, action="conflict.settle_all", subject=by,
            counts={"settled": settled, "changed": changed},
            details={"reason": reason, "resource": filters.resource, "group": filters.group,
                     "source": filters.source, "community": filters.community},
        )  # fmt: skip
    return SettleResult(number, settled, changed, due)


def _decided(connection: Connection, filters: Filters, by: str) -> list[tuple[Resource, pl.DataFrame]]:
    """For each resource the columns to set by entity, group by group where the filter matches."""
    found = connection.execute(
        select(comparison.c.resource, comparison.c.group_name, comparison.c.entity).where(chosen(filters))
    )
    wanted: dict[tuple[str, str], list[int]] = {}
    for resource, group, entity in found:
        wanted.setdefault((resource, group), []).append(entity)
    parts = []
    for (name, group), ids in wanted.items():
        resource = RESOURCES[name]
        names = [c.name for c in resource.columns_of(group)]
        said = _preferred(words.said(connection, resource, ids), resource, group, by)
        frame = said.sort("entity", "_rank", pl.col("collected_at"), descending=[False, False, True]).unique(
            "entity", keep="first", maintain_order=True
        )
        if frame.height:
            parts.append((resource, frame.select("entity", *names, chosen="source")))
    return parts


def _preferred(said: pl.DataFrame, resource: Resource, group: str, by: str) -> pl.DataFrame:
    """The words that may win, with ``_rank``; departments that say nothing of the group cannot."""
    keys = {*resource.key, resource.alternative_key}
    telling = [c.name for c in resource.columns_of(group) if c.name not in keys]
    speaking = said.filter(pl.any_horizontal(pl.col(n).is_not_null() for n in telling)) if telling else said
    ranks = {name: n for n, name in enumerate(order(resource.name, group))}
    if by == AUTHORITY:
        return speaking.with_columns(_rank=pl.col("source").replace_strict(ranks, return_dtype=pl.Int64))
    if by == NEWEST:
        return speaking.with_columns(_rank=pl.lit(0))
    return speaking.filter(pl.col("source") == by).with_columns(_rank=pl.lit(0))


def _chosen_values(resource: Resource, said: pl.DataFrame, choices: Mapping[str, str]) -> dict[str, Any]:
    by_source = {row["source"]: row for row in said.to_dicts()}
    unknown = [name for name in choices if name not in resource.column_names]
    silent = [source for source in choices.values() if source not in by_source]
    if unknown or silent:
        raise SettlingIncomplete(
            _("“{name}” is no field of this record, or no department that spoke of it.").format(
                name=(unknown + silent)[0]
            ),
            cure=_("Choose among the departments that are shown."),
        )
    return {name: by_source[source][name] for name, source in choices.items()}


def _require_every_group(
    connection: Connection, resource: Resource, entity: int, said: pl.DataFrame, given: set[str]
) -> None:
    """Half a settlement leaves a record that nobody ever said; so every differing field of a conflict is asked for."""
    where = (
        comparison.c.resource == resource.name,
        comparison.c.entity == entity,
        comparison.c.state == "conflict",
    )
    groups = set(connection.execute(select(comparison.c.group_name).where(*where)).scalars())
    missing = [
        c.name
        for c in resource.columns
        if c.group in groups and c.name not in given
        and (said[c.name] if c.empty_speaks else said[c.name].drop_nulls()).n_unique() > 1
    ]  # fmt: skip
    if missing or not given:
        raise SettlingIncomplete(
            _("Not settled: these fields still differ: {fields}.").format(fields=", ".join(missing) or "–"),
            cure=_("Choose a department's word, or give a value, for each of them."),
            fields=missing,
        )


def _require_sound(
    connection: Connection, workspace: Workspace, resource: Resource, *, row: Mapping[str, Any],
    values: Mapping[str, Any],
) -> list[Remark]:  # fmt: skip
    """A value that nobody said passes the same rules as one that comes in a package; returns what else is found."""
    held = _registry(connection, resource, [row["entity"]]).to_dicts()[0]
    row = {name: value for name, value in {**held, **row}.items() if name != "entity"}
    text = pl.DataFrame(
        [{name: None if value is None else str(value) for name, value in row.items()} | {"line": 1}],
        schema={**dict.fromkeys(row, pl.String), "line": pl.UInt32},
    )
    context = district_context(mode="snapshot", sender="police", known={}, now=workspace.clock())
    found = verify(resource.name, text, context).findings
    wrong = found.filter((pl.col("severity") == Severity.ERROR) & pl.col("field").is_in(list(values)))
    if wrong.height:
        first = wrong.row(0, named=True)
        message, cure = describe(first["rule"], field=first["field"], value=str(values[first["field"]]))
        raise SettlingIncomplete(
            _("The value {value} cannot be entered for {field}: {message}").format(
                field=first["field"], value=values[first["field"]], message=message
            ),
            cure=cure,
        )
    return [
        Remark(r["rule"], r["severity"], r["field"], *describe(r["rule"], field=r["field"], value=r["value"]))
        for r in found.filter(pl.col("field").is_in(resource.column_names)).to_dicts()
    ]


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise SettlingIncomplete(
            _("A settled value keeps who decided and why; the reason is missing."),
            cure=_("Say in a few words how it was found out."),
        )


def _types(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: kind for name, kind in words.schema(resource).items() if name in row}


def _registry(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    table = TABLES[resource.name]
    types = {"entity": pl.Int64, **words.schema(resource)}
    columns = [table.c.id, *(table.c[name] for name in words.schema(resource))]
    return words.frame_of(connection, columns, list(ids), types)


def _changes(
    connection: Connection, resource: Resource, rows: pl.DataFrame, names: Sequence[str]
) -> list[Change]:
    table = TABLES[resource.name]
    held = connection.execute(select(table).where(table.c.id.in_(rows["entity"].to_list())))
    titles = {row.id: title_of(resource.name, dict(row._mapping)) for row in held}
    return [
        Change(
            resource.name,
            row["entity"],
            titles.get(row["entity"], ""),
            name,
            row[f"{name}_now"],
            row[name],
            row["chosen"],
        )
        for row in rows.to_dicts()
        for name in names
        if row[name] != row[f"{name}_now"]
    ]
