"""Facts from beside the manifest: its earlier versions, the stow plan and the gates, the box's own past.

They are looked up elsewhere and joined to each container before any indicator is drawn. What was not received
is null: a unit that gets manifests only loses nothing but these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.features.field import Kind

AMENDMENTS: Final[Mapping[str, Kind]] = {
    "received_version_count": "number",
    "seen_amendment_count": "number",
    "seen_sensitive_amendment_count": "number",
    "undeclared_amendment_count": "number",
    "seen_amended_fields": "texts",
    "last_seen_amended_on": "date",
    "last_seen_amendment_hours_before_arrival": "number",
    "last_seen_sensitive_amendment_hours_before_arrival": "number",
    "earlier_shipper_name": "text",
    "earlier_consignee_name": "text",
    "earlier_notify_party_name": "text",
    "earlier_port_of_loading": "text",
    "earlier_port_of_discharge": "text",
    "earlier_place_of_delivery": "text",
    "earlier_goods_description": "text",
    "earlier_hs_codes": "texts",
    "earlier_gross_mass_kg": "number",
    "earlier_seal_numbers": "texts",
    "earlier_bills_of_lading": "texts",
    "earlier_container_numbers": "texts",
}
"""What earlier versions of the same manifest or bill said."""

RECONCILIATION: Final[Mapping[str, Kind]] = {
    "is_on_stow_plan": "boolean",
    "planned_port_of_loading": "text",
    "planned_port_of_discharge": "text",
    "planned_size_type": "text",
    "planned_is_full": "boolean",
    "planned_gross_mass_kg": "number",
    "planned_stow_position": "text",
    "loading_seal_numbers": "texts",
    "discharge_seal_numbers": "texts",
    "gate_out_seal_numbers": "texts",
    "gate_in_on": "date",
    "loaded_on": "date",
    "discharged_on": "date",
    "released_on": "date",
    "gate_out_on": "date",
    "gate_gross_mass_kg": "number",
    "gate_size_type": "text",
    "gate_is_full": "boolean",
    "release_reference": "text",
    "gate_out_reference": "text",
    "movement_count": "number",
    "_declared_mass_kg": "number",
    "_highest_tare_kg": "number",
    "_weighed_mass_kg": "number",
    "_declared_seal_list": "texts",
    "_arrival_seals": "text",
    "_seals_before": "text",
    "_seals_after": "text",
    "_is_seal_changed": "boolean",
    "_seen_before": "text",
    "_seen_after": "text",
    "_is_itinerary_impossible": "boolean",
    "_is_loaded_before_gate_in": "boolean",
    "_is_gate_out_before_discharge": "boolean",
    "_is_gate_out_before_release": "boolean",
    "_is_not_discharged": "boolean",
    "_days_in_yard": "number",
    "_days_on_quay": "number",
    "_rehandling_count": "number",
}
"""What the stow plan, the gate and the quay say; what begins with an underscore only feeds indicators."""

BOX: Final[Mapping[str, Kind]] = {
    "box_history_days": "number",
    "earlier_voyage_count": "number",
    "earlier_examination_count": "number",
    "earlier_find_count": "number",
    "last_seen_on": "date",
    "last_port_seen": "text",
    "earlier_size_type": "text",
    "earlier_tare_mass_kg": "number",
    "overlapping_voyage_count": "number",
    "overlapping_voyage": "text",
    "travel_days_lacking": "number",
    "seals_seen_before_count": "number",
    "seal_seen_before_on_container": "text",
    "near_container_number": "text",
}
"""What is known of the box from before."""

BESIDE: Final[Mapping[str, Kind]] = {**AMENDMENTS, **RECONCILIATION, **BOX}

_TYPES: Final[Mapping[Kind, pl.DataType]] = {
    "number": pl.Float64(),
    "text": pl.String(),
    "texts": pl.List(pl.String()),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


def beside_schema(kinds: Mapping[str, Kind]) -> dict[str, pl.DataType]:
    """Return the columns of facts from beside the manifest, with their types."""
    return {name: _TYPES[kind] for name, kind in kinds.items()}


def with_beside(facts: pl.DataFrame, beside: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the facts with what was found beside the manifest; unknown where nothing was.

    What the feed says of amendments is joined with those that were seen (``_with_seen_amendments``).

    Args:
        facts: One row a container.
        beside: ``container_id`` and any of the facts of `BESIDE`; a container without a row has none.
    """
    bare = facts.drop([name for name in BESIDE if name in facts.columns])
    joined = (
        bare
        if beside is None
        else bare.join(beside, on="container_id", how="left", maintain_order="left")
    )
    found = joined.with_columns(
        (pl.col(name) if name in joined.columns else pl.lit(None))
        .cast(_TYPES[kind])
        .alias(name)
        for name, kind in BESIDE.items()
    )
    return _with_seen_amendments(found)


def _with_seen_amendments(facts: pl.DataFrame) -> pl.DataFrame:
    """Join what the feed says of amendments with those that were seen between the versions received.

    The larger count, all fields of both and the later day stand; what neither knows is unknown. So a feed that
    never counts its amendments, and one that keeps silent on one, are asked the same questions.
    """
    declared = {"amendment_count", "amended_fields", "last_amended_on"}
    if not declared.issubset(facts.columns):
        return facts
    said, seen = pl.col("amended_fields"), pl.col("seen_amended_fields")
    both = pl.concat_list(said.fill_null([]), seen.fill_null([])).list.unique().list.sort()
    return facts.with_columns(
        pl.max_horizontal("amendment_count", "seen_amendment_count")
        .cast(facts.schema["amendment_count"])
        .alias("amendment_count"),
        pl.when(both.list.len() > 0).then(both).alias("amended_fields"),
        pl.max_horizontal("last_amended_on", "last_seen_amended_on").alias("last_amended_on"),
    )
