"""Every field that a rule may name and a model may learn from, with its label and its meaning."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from riskengine.features import (
    amendments,
    box_past,
    cargo,
    documents,
    equipment,
    find_rates,
    parties,
    reconciliation,
    route,
    track_record,
    usual_trade,
    usual_ways,
)
from riskengine.features.beside import BESIDE
from riskengine.features.field import Field, Kind, require_texts

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Field", "catalog", "expressions"]

_REGISTERS = tuple(
    module.register
    for module in (
        cargo,
        route,
        parties,
        equipment,
        documents,
        amendments,
        reconciliation,
        box_past,
        track_record,
        usual_trade,
        find_rates,
        usual_ways,
    )
)
_FACTS: tuple[tuple[Kind, str], ...] = (
    ("text", "container_number container_owner_code"),
    ("texts", "bills_of_lading"),
    (
        "text",
        (
            "master_bill_of_lading bill_type cargo_nature vessel_name vessel_imo voyage_number"
            " carrier_code customs_office shipper_name consignee_name notify_party_name forwarder_name"
            " declarant_name shipper_country consignee_country notify_party_country shipper_address"
            " consignee_address notify_party_address shipper_email consignee_email notify_party_email"
            " shipper_phone consignee_phone notify_party_phone shipper_tax_id consignee_tax_id"
            " place_of_receipt port_of_loading port_of_discharge place_of_delivery port_of_loading_country"
            " port_of_discharge_country place_of_delivery_country country_of_dispatch"
            " country_of_destination"
        ),
    ),
    ("texts", "transhipment_ports"),
    ("text", "goods_description goods_marks"),
    ("texts", "hs_codes hs_headings hs_chapters countries_of_origin package_types un_numbers"),
    (
        "number",
        (
            "package_count gross_mass_kg net_mass_kg volume_m3 declared_quantity declared_value_usd"
            " freight_amount_usd tare_mass_kg container_gross_mass_kg verified_gross_mass_kg"
            " temperature_set_c"
        ),
    ),
    ("text", "freight_payment size_type container_family stow_position"),
    ("boolean", "is_full is_shipper_owned is_loose_cargo is_unreadable"),
    ("texts", "seal_numbers"),
    (
        "date",
        (
            "presented_on booked_on issued_on departed_on arrival_expected_on assessed_on"
            " last_amended_on"
        ),
    ),
    ("number", "amendment_count"),
    ("texts", "amended_fields"),
    ("text", "declaration_function filer"),
)
_UNITS = {
    "gross_mass_kg": "kg",
    "net_mass_kg": "kg",
    "tare_mass_kg": "kg",
    "container_gross_mass_kg": "kg",
    "verified_gross_mass_kg": "kg",
    "planned_gross_mass_kg": "kg",
    "gate_gross_mass_kg": "kg",
    "volume_m3": "m3",
    "declared_value_usd": "USD",
    "freight_amount_usd": "USD",
    "temperature_set_c": "°C",
}
_LEARNED_NUMBERS = frozenset(
    {
        "package_count",
        "gross_mass_kg",
        "net_mass_kg",
        "volume_m3",
        "declared_quantity",
        "declared_value_usd",
        "freight_amount_usd",
        "temperature_set_c",
        "amendment_count",
        "is_shipper_owned",
    }
)
_LEARNED_CATEGORIES = frozenset({"port_of_loading_country", "container_family"})


@cache
def catalog() -> tuple[Field, ...]:
    """Return every field, facts before indicators, in a stable order.

    Raises:
        UsageError: A name is taken twice, or a text of the message catalogue is missing.
    """
    facts = (
        *(_fact(name, kind) for kind, names in _FACTS for name in names.split()),
        *(_fact(name, kind) for name, kind in BESIDE.items() if not name.startswith("_")),
    )
    for fact in facts:
        require_texts(fact)
    drawn = tuple(
        indicator.field for register in _REGISTERS for indicator in register.indicators
    )
    return (*facts, *drawn)


def expressions(*, with_past: bool = True) -> list[pl.Expr]:
    """Return the expression of every indicator, named, in the order of the catalogue.

    Args:
        with_past: Whether those that are drawn from the past are among them.
    """
    return [
        indicator.expression().alias(indicator.field.name)
        for register in _REGISTERS
        for indicator in register.indicators
        if with_past or register.area != "history"
    ]


def _fact(name: str, kind: Kind) -> Field:
    is_category = name in _LEARNED_CATEGORIES
    is_learned = is_category or name in _LEARNED_NUMBERS
    return Field(
        name=name,
        kind=kind,
        unit=_UNITS.get(name, ""),
        role="fact",
        is_model_feature=is_learned,
        model_kind=("category" if is_category else "number") if is_learned else None,
        is_always_known=name in {"is_loose_cargo", "is_unreadable"},
    )
