"""The finished draft as canonical flat lines, truth and all calls together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest.fields import FIELDS, fields_of

if TYPE_CHECKING:
    from riskengine.simulate.draft import Draft

KEYS = ("call_id", "bill_id", "box_id")
"""What joins a line to its call, its bill and its box, beside the canonical fields."""

LABELS = ("outcome", "outcome_known_on")

_NOT_IN_THIS_WORLD = frozenset(
    [
        "arrival_expected_at",
        "declaration_function",
        "filer",
        "un_number",
        *(field.name for field in fields_of("movements")),
    ]
)
"""What a simulated manifest never says."""


def canonical_names() -> tuple[str, ...]:
    """Return the canonical flat fields of a manifest, in the order of its columns; no labels.

    >>> canonical_names()[:3]
    ('vessel_name', 'vessel_imo', 'voyage_number')
    """
    return tuple(name for name in FIELDS if name not in {*LABELS, *_NOT_IN_THIS_WORLD})


def flat_lines(draft: Draft, calls: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each line of goods: its keys, then every canonical field.

    What the world does not know (buyer and seller, quantities) is null.
    """
    boxes = draft.boxes.with_columns(
        pl.concat_str("carrier_seal", "extra_seal", separator=";", ignore_nulls=True)
        .replace("", None)
        .alias("seal_numbers"),
        _sealing_party().alias("sealing_party"),
    )
    heads = calls.select(
        "call_id",
        "vessel_name",
        "vessel_imo",
        "voyage_number",
        "carrier_code",
        "carrier_name",
        "manifest_number",
        "customs_office",
        "departed_on",
        "arrival_expected_on",
    )
    known = set(draft.goods.columns)
    box_fields = [
        name
        for name, field in FIELDS.items()
        if field.frame == "containers" and name in boxes.columns
    ]
    bill_fields = [
        name
        for name, field in FIELDS.items()
        if field.frame in {"consignments", "parties"} and name in draft.bills.columns
    ]
    lines = (
        draft.goods.join(
            boxes.select("box_id", "call_id", *box_fields),
            on="box_id",
            how="left",
            maintain_order="left",
        )
        .join(
            draft.bills.select("bill_id", *bill_fields),
            on="bill_id",
            how="left",
            maintain_order="left",
        )
        .join(heads, on="call_id", how="left", maintain_order="left")
    )
    known |= {*box_fields, *bill_fields, *heads.columns}
    absent = [
        pl.lit(None, dtype=pl.String).alias(name)
        for name in canonical_names()
        if name not in known
    ]
    return (
        lines.with_columns(absent)
        .select(*KEYS, *canonical_names())
        .with_columns(
            pl.col("quantity").cast(pl.Float64), pl.col("is_unreadable").cast(pl.Boolean)
        )
    )


def _sealing_party() -> pl.Expr:
    """Name who put each seal, in the order of the seals."""
    carrier = pl.when(pl.col("carrier_seal").is_not_null()).then(pl.lit("carrier"))
    joined = pl.concat_str(carrier, "extra_sealing_party", separator=";", ignore_nulls=True)
    return joined.replace("", None)
