"""The canonical flat fields: what one line of a manifest can say, by the name a mapping file uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from riskengine.domain import PartyRole


class Kind(StrEnum):
    """How the text of a field is read."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    LIST = "list"
    COUNTRY = "country"
    PORT = "port"
    HS = "hs"
    CONTAINER_NUMBER = "container_number"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One canonical field.

    Attributes:
        name: Its name, with the unit last; also its header in the files that we write.
        frame: The frame of the manifest where it ends.
        kind: How its text is read.
        unit: kg, m3, c or usd for a quantity that has one.
    """

    name: str
    frame: str
    kind: Kind
    unit: str | None = None


_UNITS = {"_kg": "kg", "_m3": "m3", "_c": "c", "_usd": "usd"}

_TABLE: dict[str, dict[Kind, str]] = {
    "voyages": {
        Kind.TEXT: "vessel_name carrier_name customs_office",
        Kind.CODE: "vessel_imo voyage_number carrier_code manifest_number",
        Kind.DATE: "departed_on arrival_expected_on",
        Kind.INSTANT: "arrival_expected_at",
    },
    "consignments": {
        Kind.CODE: "bill_of_lading master_bill_of_lading",
        Kind.TEXT: "filer",
        Kind.CATEGORY: "bill_type cargo_nature freight_payment declaration_function",
        Kind.DATE: "presented_on booked_on issued_on last_amended_on",
        Kind.PORT: "place_of_receipt port_of_loading port_of_discharge place_of_delivery",
        Kind.COUNTRY: "country_of_dispatch country_of_destination",
        Kind.NUMBER: "freight_amount_usd",
        Kind.INTEGER: "amendment_count",
        Kind.LIST: "amended_fields transhipment_ports",
    },
    "containers": {
        Kind.CONTAINER_NUMBER: "container_number",
        Kind.CATEGORY: "size_type",
        Kind.FLAG: "is_full is_shipper_owned is_unreadable",
        Kind.NUMBER: "tare_mass_kg container_gross_mass_kg verified_gross_mass_kg"
        " temperature_set_c",
        Kind.CODE: "stow_position",
        Kind.LIST: "seal_numbers sealing_party",
    },
    "goods_items": {
        Kind.TEXT: "goods_description marks",
        Kind.HS: "hs_code",
        Kind.INTEGER: "package_count",
        Kind.CODE: "package_type quantity_unit un_number",
        Kind.NUMBER: "gross_mass_kg net_mass_kg volume_m3 quantity declared_value_usd",
        Kind.COUNTRY: "country_of_origin",
    },
    "movements": {
        Kind.CATEGORY: "movement",
        Kind.INSTANT: "moved_at",
        Kind.DATE: "moved_on",
        Kind.PORT: "movement_place",
        Kind.TEXT: "movement_facility movement_transport",
        Kind.FLAG: "movement_is_full",
        Kind.LIST: "movement_seal_numbers",
        Kind.NUMBER: "movement_gross_mass_kg",
        Kind.CODE: "movement_reference",
    },
    "examinations": {
        Kind.CATEGORY: "outcome",
        Kind.DATE: "outcome_known_on",
        Kind.NUMBER: "selection_probability",
    },
}

_ORDER = [
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "carrier_code",
    "carrier_name",
    "manifest_number",
    "customs_office",
    "departed_on",
    "arrival_expected_on",
    "arrival_expected_at",
    "bill_of_lading",
    "master_bill_of_lading",
    "bill_type",
    "cargo_nature",
    "declaration_function",
    "filer",
    "presented_on",
    "booked_on",
    "issued_on",
    "place_of_receipt",
    "port_of_loading",
    "port_of_discharge",
    "place_of_delivery",
    "country_of_dispatch",
    "country_of_destination",
    "freight_payment",
    "freight_amount_usd",
    "amendment_count",
    "last_amended_on",
    "amended_fields",
    "transhipment_ports",
    "PARTIES",
    "container_number",
    "size_type",
    "is_full",
    "is_shipper_owned",
    "is_unreadable",
    "tare_mass_kg",
    "container_gross_mass_kg",
    "verified_gross_mass_kg",
    "temperature_set_c",
    "stow_position",
    "seal_numbers",
    "sealing_party",
    "goods_description",
    "marks",
    "hs_code",
    "package_count",
    "package_type",
    "gross_mass_kg",
    "net_mass_kg",
    "volume_m3",
    "quantity",
    "quantity_unit",
    "declared_value_usd",
    "country_of_origin",
    "un_number",
    "movement",
    "moved_at",
    "moved_on",
    "movement_place",
    "movement_facility",
    "movement_is_full",
    "movement_seal_numbers",
    "movement_gross_mass_kg",
    "movement_transport",
    "movement_reference",
    "outcome",
    "outcome_known_on",
    "selection_probability",
]

PARTY_FACTS = ("name", "address", "country", "tax_id", "phone", "email")
"""What a manifest may say of one party; ``<role>_<fact>`` is a canonical field."""


def _unit(name: str) -> str | None:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)


def _party_fields() -> list[Field]:
    return [
        Field(
            name=f"{role}_{fact}",
            frame="parties",
            kind=Kind.COUNTRY if fact == "country" else Kind.TEXT,
        )
        for role in PartyRole
        for fact in PARTY_FACTS
    ]


def _all_fields() -> dict[str, Field]:
    plain = {
        name: Field(name=name, frame=frame, kind=kind, unit=_unit(name))
        for frame, kinds in _TABLE.items()
        for kind, names in kinds.items()
        for name in names.split()
    }
    ordered: list[Field] = []
    for name in _ORDER:
        ordered.extend(_party_fields() if name == "PARTIES" else [plain.pop(name)])
    return {field.name: field for field in ordered}


FIELDS: dict[str, Field] = _all_fields()
"""Every canonical field by name, in the order of the columns of the files that we write."""


def fields_of(frame: str) -> tuple[Field, ...]:
    """Return the canonical fields that end in one frame, in order.

    >>> [field.name for field in fields_of("examinations")]
    ['outcome', 'outcome_known_on', 'selection_probability']
    """
    return tuple(field for field in FIELDS.values() if field.frame == frame)
