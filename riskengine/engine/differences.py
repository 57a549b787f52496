"""Differences between what was declared and what others say: one row each, told in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine import messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.schema import FrameSchema

KINDS: Final = (
    "impossible_itinerary",
    "gated_out_before_discharge",
    "gated_out_unreleased",
    "release_reference",
    "discharged_not_manifested",
    "not_manifested",
    "empty_too_heavy",
    "seal_changed",
    "seal_missing",
    "not_discharged",
    "full_empty",
    "size_type",
    "port_of_discharge",
    "mass",
    "gate_mass",
    "loaded_before_gate_in",
    "not_on_plan",
    "port_of_loading",
    "seal_added",
)
"""What may differ, the most serious first."""

DIFFERENCES: Final[FrameSchema] = {
    "container_id": pl.Int32(),  # null for a box that the manifest does not name
    "container_number": pl.String(),
    "kind": pl.String(),
    "against": pl.String(),  # where the declared value stands: manifest, voyage, or a movement
    "declared": pl.String(),
    "declared_on": pl.Date(),
    "source": pl.String(),  # where the other one stands: stow_plan, or a movement
    "found": pl.String(),
    "found_on": pl.Date(),
    "found_at": pl.Datetime("us", "UTC"),
    "place": pl.String(),  # UN/LOCODE of where it was found
    "file": pl.String(),  # that says so; null where the ledger does not tell
}
"""One difference a row."""

_MASSES: Final = frozenset({"mass", "gate_mass", "empty_too_heavy"})
_ORDERS: Final = frozenset(
    {"gated_out_before_discharge", "gated_out_unreleased", "loaded_before_gate_in"}
)
"""Here both values are times of day, beside their days."""
_SHORT_CODE: Final = 4


def no_differences() -> pl.DataFrame:
    """Return the frame without a row.

    >>> no_differences().height
    0
    """
    return pl.DataFrame(schema=dict(DIFFERENCES))


def as_differences(
    frame: pl.DataFrame, kind: str, source: pl.Expr | str, **told: pl.Expr | str
) -> pl.DataFrame:
    """Return a difference for each row of *frame*.

    Args:
        frame: ``container_number`` and, for manifested boxes, ``container_id``.
        kind: One of ``KINDS``.
        source: Where the other value stands.
        **told: Other columns of ``DIFFERENCES``; a text is taken as it is. ``against`` is the manifest, unless said.
    """
    said: dict[str, pl.Expr | str] = {"against": "manifest"} | told
    said |= {"kind": kind, "source": source}
    for name in ("container_id", "container_number"):
        if name in frame.columns:
            said[name] = pl.col(name)
    return frame.select(
        _expression(said.get(name)).cast(of_kind).alias(name)
        for name, of_kind in DIFFERENCES.items()
    )


def masked(name: str) -> pl.Expr:
    """Return how a release code may be shown: who reads a page must not be able to collect the box with it.

    Two characters tell a clerk which code is meant; of a short one they would tell too much.
    """
    code = pl.col(name)
    shown = (
        pl.when(code.str.len_chars() > _SHORT_CODE).then(code.str.head(2)).otherwise(pl.lit(""))
    )
    return pl.when(code.is_not_null()).then(shown + "…")


def ranked(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return all differences, the most serious first, each once, whatever order they were found in."""
    order = pl.col("kind").replace_strict(
        {kind: place for place, kind in enumerate(KINDS)}, return_dtype=pl.Int32
    )
    several = [name for name in DIFFERENCES if name != "file"]
    return (
        pl.concat([no_differences(), *parts])
        .with_columns(order.alias("_order"))
        .sort("_order", *DIFFERENCES, nulls_last=True)
        .unique(several, keep="first", maintain_order=True)
        .drop("_order")
    )


def sentence(row: Mapping[str, object], language: str = "en") -> str:
    """Return what a difference says, with both values and where they stand.

    Args:
        row: One row of ``DIFFERENCES``.
        language: The reader's.
    """
    kind = str(row["kind"])
    key = _worded("difference", kind, row["against"])
    params: dict[str, object] = dict(row)
    params |= {
        "container": row["container_number"],
        "against": source_name(row["against"], language),
        "source": source_name(row["source"], language),
    }
    for name in ("declared", "found"):
        value = row[name]
        if kind in _MASSES and value is not None:
            params[name] = float(str(value))
        elif kind == "full_empty" and value is not None:
            params[name] = messages.render(f"reconciliation.{value}", {}, language)
        elif kind in _ORDERS:
            day = messages.fill("{day:date}", {"day": row[f"{name}_on"]}, language)
            params[name] = day if value is None else f"{day} {value}"
    return messages.render(f"reconciliation.difference.{key}", params, language)


def source_name(source: object, language: str = "en") -> str:
    """Return what a source is called: a stow plan, a gate, a list."""
    key = f"reconciliation.source.{source}"
    return messages.render(key, {}, language) if messages.has(key) else str(source)


def kind_name(kind: str, language: str = "en", *, against: str = "manifest") -> str:
    """Return the heading of differences of a kind.

    Args:
        kind: One of ``KINDS``.
        language: The reader's.
        against: Where the declared values stand.
    """
    return messages.render(
        f"reconciliation.kind.{_worded('kind', kind, against)}", {}, language
    )


def _worded(part: str, kind: str, against: object) -> str:
    """Return the key of a text: some kinds are said otherwise where the plan or the voyage is what differs."""
    key = f"{kind}_{against}"
    return key if messages.has(f"reconciliation.{part}.{key}") else kind


def _expression(told: pl.Expr | str | None) -> pl.Expr:
    return told if isinstance(told, pl.Expr) else pl.lit(told, pl.String)
