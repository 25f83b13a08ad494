"""The columns of a resource: file, declared schema and version 1 held against one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.i18n import _
from core.model.resources import RESOURCES, table_schema
from core.packages import refusals
from core.packages.descriptor import Entry
from core.packages.never import is_forbidden
from core.packages.refusals import PackageRefused


def column_errors(entry: Entry, names: tuple[str, ...], mode: str) -> Iterator[PackageRefused]:
    """Every reason for which the columns ``names`` of a file refuse its package."""
    resource, declared = RESOURCES[entry.name], entry.fields
    unknown = [name for name in dict.fromkeys((*names, *declared)) if name not in resource.by_name]
    for name in unknown:
        if is_forbidden(name):
            yield refusals.ForbiddenColumn(resource=entry.name, column=name)
    for name in resource.required_columns(mode):
        if name not in names:
            yield refusals.ColumnMissing(resource=entry.name, column=name)
    if entry.name == "grid":  # a property that no feature has may still be declared, in whatever order
        agree = set(names) <= set(declared) and len(set(declared)) == len(declared)
    else:
        agree = names == declared and len(set(names)) == len(names)
    if not agree:
        yield refusals.HeaderDiffers(path=entry.path, found=", ".join(names), expected=", ".join(declared))


def column_warnings(entry: Entry, names: tuple[str, ...], mode: str) -> Iterator[dict[str, Any]]:
    """What is odd about the columns without being a reason to refuse: unknown ones, types declared otherwise."""
    resource = RESOURCES[entry.name]
    for name in names:
        if name not in resource.header(mode) and not is_forbidden(name):
            text = _("{resource}: the column “{column}” is not part of version 1 and was ignored.")
            yield _warning("column_unknown", text, resource=entry.name, column=name)
    types = {field["name"]: field["type"] for field in table_schema(resource, mode)["fields"]}
    for name, kind in zip(entry.fields, entry.types, strict=True):
        if kind and kind != types.get(name, kind):
            text = _("{resource}: the schema declares “{column}” as {found}; it was read as {expected}.")
            yield _warning(
                "type_differs", text, resource=entry.name, column=name, found=kind, expected=types[name]
            )


def _warning(code: str, text: str, **facts: str) -> dict[str, Any]:
    return {"code": code, "message": text.format(**facts), "details": facts}
