"""Columns of containers in the types that rules ask them in; what is not finite is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskengine.rules.tree import FieldKind, FieldRef

TYPES: Mapping[FieldKind, pl.DataType] = {
    "number": pl.Float64(),
    "text": pl.String(),
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


def misfit(refs: Iterable[FieldRef], schema: Mapping[str, pl.DataType]) -> str:
    """Return which of the fields stands in a column of another type than its own; empty where none does."""
    said = ""
    for ref in refs:
        found = schema.get(ref.name)
        if found is not None and not _fits(found, ref.kind):
            said = f"The field {ref.name!r} holds {found}, not a {ref.kind}."
    return said


def typed(refs: Iterable[FieldRef], schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """Return one expression a field, sorted by name; a field without a column is missing throughout."""
    kinds: dict[str, FieldKind] = {ref.name: ref.kind for ref in refs if ref.kind is not None}
    columns: list[pl.Expr] = []
    for name, kind in sorted(kinds.items()):
        if name not in schema:
            columns.append(pl.lit(None, dtype=TYPES[kind]).alias(name))
            continue
        column = pl.col(name).cast(TYPES[kind])
        if kind == "number":
            column = pl.when(column.is_finite()).then(column).alias(name)
        columns.append(column)
    return columns


def _fits(found: pl.DataType, kind: FieldKind | None) -> bool:
    if found == pl.Null:
        return True
    if kind == "number":
        return found.is_numeric()
    if kind == "text":
        return found == pl.String or isinstance(found, (pl.Categorical, pl.Enum))
    if kind == "texts":
        return found in (pl.List(pl.String), pl.List(pl.Null))
    return kind is not None and found == TYPES[kind]
