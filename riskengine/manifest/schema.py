"""The canonical manifest: typed frames, one for each noun of the trade.

Every reader ends here, and every feature starts here. A field that was not declared is null.
Frames are joined by small integer keys that are unique within one manifest:
``voyage_id``, ``consignment_id``, ``goods_item_id``, ``container_id``.

A container that stands on two bills is one row of ``containers`` and two rows of ``loads``.
A bill without any container is loose cargo: it has one row of ``containers`` whose
``container_number`` is null and ``is_loose_cargo`` is true, so that it is assessed and not lost.
A line that could not be read gives a row of ``containers`` with ``is_unreadable`` true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from datetime import datetime

FrameSchema: TypeAlias = Mapping[str, pl.DataType]

_TEXT = pl.String()
_NUMBER = pl.Float64()
_COUNT = pl.Int64()
_KEY = pl.Int32()
_FLAG = pl.Boolean()
_DAY = pl.Date()
_INSTANT = pl.Datetime("us", "UTC")

VOYAGES: FrameSchema = {
    "voyage_id": _KEY,
    "vessel_name": _TEXT,
    "vessel_imo": _TEXT,
    "voyage_number": _TEXT,
    "carrier_code": _TEXT,
    "carrier_name": _TEXT,
    "manifest_number": _TEXT,
    "customs_office": _TEXT,
    "departed_on": _DAY,  # from the last port before this call
    "arrival_expected_on": _DAY,
    "arrival_expected_at": _INSTANT,
}
"""One call of one ship, as the manifest heads it."""

CONSIGNMENTS: FrameSchema = {
    "consignment_id": _KEY,
    "voyage_id": _KEY,
    "bill_of_lading": _TEXT,
    "master_bill_of_lading": _TEXT,
    "bill_type": _TEXT,  # straight, master or house
    "cargo_nature": _TEXT,  # import, export, transit, transhipment
    "declaration_function": _TEXT,  # original, addition, amendment, replacement, cancellation
    "filer": _TEXT,  # who lodged it: a carrier, an agent, a broker
    "presented_on": _DAY,  # the day the declaration or manifest was lodged
    "booked_on": _DAY,
    "issued_on": _DAY,  # the date of the bill
    "place_of_receipt": _TEXT,  # UN/LOCODE, or null where none could be told
    "port_of_loading": _TEXT,
    "port_of_discharge": _TEXT,
    "place_of_delivery": _TEXT,
    "place_of_receipt_text": _TEXT,  # as received
    "port_of_loading_text": _TEXT,
    "port_of_discharge_text": _TEXT,
    "place_of_delivery_text": _TEXT,
    "country_of_dispatch": _TEXT,  # ISO 3166 alpha-2
    "country_of_destination": _TEXT,
    "freight_payment": _TEXT,  # prepaid or collect
    "freight_amount_usd": _NUMBER,
    "amendment_count": _COUNT,
    "last_amended_on": _DAY,
    "amended_fields": _TEXT,  # names of canonical fields, separated by ';'
}
"""One bill of lading; a house bill names its master."""

PARTIES: FrameSchema = {
    "consignment_id": _KEY,
    "role": _TEXT,  # riskengine.domain.PartyRole
    "name": _TEXT,  # as received
    "name_key": _TEXT,  # normalised by riskengine.names
    "address": _TEXT,
    "country": _TEXT,
    "tax_id": _TEXT,
    "phone": _TEXT,
    "email": _TEXT,
}
"""Who stands on a bill, and in which role; at most one row a role and bill."""

LEGS: FrameSchema = {
    "consignment_id": _KEY,
    "sequence": _COUNT,
    "port": _TEXT,
    "port_text": _TEXT,
}
"""The ports where a consignment is transhipped, in order."""

GOODS_ITEMS: FrameSchema = {
    "goods_item_id": _KEY,
    "consignment_id": _KEY,
    "container_id": _KEY,
    "record_number": _COUNT,
    "description": _TEXT,
    "marks": _TEXT,
    "hs_code": _TEXT,  # digits as declared, dots and blanks removed
    "package_count": _COUNT,
    "package_type": _TEXT,
    "gross_mass_kg": _NUMBER,
    "net_mass_kg": _NUMBER,
    "volume_m3": _NUMBER,
    "quantity": _NUMBER,
    "quantity_unit": _TEXT,
    "declared_value_usd": _NUMBER,
    "country_of_origin": _TEXT,
    "un_number": _TEXT,  # of dangerous goods
}
"""One line of goods of one bill in one container."""

CONTAINERS: FrameSchema = {
    "container_id": _KEY,
    "voyage_id": _KEY,
    "record_number": _COUNT,  # where it first stands in the file
    "container_number": _TEXT,  # letters and digits, upper case; as received in the frame `received`
    "size_type": _TEXT,  # ISO 6346, four characters, or null
    "is_full": _FLAG,
    "is_shipper_owned": _FLAG,
    "is_loose_cargo": _FLAG,
    "is_unreadable": _FLAG,
    "defect_count": _COUNT,  # records and cells of this container that could not be read
    "tare_mass_kg": _NUMBER,
    "container_gross_mass_kg": _NUMBER,  # declared for the box as a whole
    "verified_gross_mass_kg": _NUMBER,  # VGM or weighbridge
    "temperature_set_c": _NUMBER,
    "stow_position": _TEXT,
}
"""One box, or one lot of loose cargo."""

LOADS: FrameSchema = {
    "container_id": _KEY,
    "consignment_id": _KEY,
}
"""Which bills a container stands on."""

SEALS: FrameSchema = {
    "container_id": _KEY,
    "seal_number": _TEXT,
    "sealing_party": _TEXT,  # carrier, shipper, customs, ... as declared
}
"""The seals declared for a container."""

ATTRIBUTES: FrameSchema = {
    "goods_item_id": _KEY,
    "container_id": _KEY,
    "name": _TEXT,
    "kind": _TEXT,  # category, number or key
    "text": _TEXT,
    "number": _NUMBER,
}
"""What a mapping file carries along beyond the canonical fields.

A ``category`` and a ``number`` may feed a model; a ``key`` (and each category) has a past that is
counted.
"""

MOVEMENTS: FrameSchema = {
    "container_id": _KEY,
    "record_number": _COUNT,
    "movement": _TEXT,  # gate_in, loaded, discharged, gate_out, ... as the mapping's vocabulary has them
    "moved_at": _INSTANT,
    "moved_on": _DAY,  # also where no time of day is known
    "place": _TEXT,  # UN/LOCODE
    "place_text": _TEXT,
    "facility": _TEXT,  # terminal, depot, gate
    "is_full": _FLAG,
    "seal_numbers": _TEXT,  # as read then, separated by ';'
    "gross_mass_kg": _NUMBER,
    "transport": _TEXT,  # truck plate, barge, vessel
    "reference": _TEXT,  # of the release or the pick-up
}
"""What happened to a box and was reported: gate, quay, yard, ship."""

EXAMINATIONS: FrameSchema = {
    "container_id": _KEY,
    "outcome": _TEXT,  # riskengine.domain.Outcome
    "is_find": _FLAG,
    "known_on": _DAY,  # the day the outcome was written down
    "selection_probability": _NUMBER,  # the chance that it was opened; null where nobody knows
}
"""What earlier examinations found, where the file is a labelled history."""

RECEIVED: FrameSchema = {
    "record_number": _COUNT,
    "line": _COUNT,  # the first line of the record in the file
    "container_id": _KEY,  # null where the record gave none
    "text": pl.List(pl.String()),  # every field as received, in the order of `columns`
}
"""Every record of the file as it came."""


DocumentKind: TypeAlias = Literal["manifest", "stow_plan", "movements"]
DocumentFunction: TypeAlias = Literal[
    "original", "addition", "amendment", "replacement", "cancellation"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says of itself.

    Attributes:
        kind: A manifest declares goods, a stow plan places boxes, movements report what happened to them.
        function: What the file as a whole does to one received before; None where it does not say.
        number: Its own number.
        sender: Who sent it, as the interchange or the header names them.
        prepared_at: When it was made, UTC.
    """

    kind: DocumentKind = "manifest"
    function: DocumentFunction | None = None
    number: str | None = None
    sender: str | None = None
    prepared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestSource:
    """Where a manifest came from.

    Attributes:
        file: The name of the file, without its folder.
        sha256: The digest of its bytes as received.
        format: csv, xlsx, parquet, cuscar, awmds, ...
        columns: The headers as received, or the fields that a standard format fills.
        record_count: Records in the file, without the header.
        blank_count: Records with nothing in them.
        received_at: When it was read; not part of what a run follows from.
        mapping_sha256: The digest of the mapping file, or the empty string.
        document: What the file says of itself.
        packed_in: The sha256 of the archive that held it, or the empty string.
    """

    file: str
    sha256: str
    format: str
    columns: tuple[str, ...]
    record_count: int
    blank_count: int
    received_at: datetime
    mapping_sha256: str = ""
    document: Document = Document()
    packed_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest as it was received, in canonical frames.

    Raises:
        ManifestError: A frame has other columns or types than its schema.
    """

    source: ManifestSource
    voyages: pl.DataFrame
    consignments: pl.DataFrame
    parties: pl.DataFrame
    legs: pl.DataFrame
    goods_items: pl.DataFrame
    containers: pl.DataFrame
    loads: pl.DataFrame
    seals: pl.DataFrame
    attributes: pl.DataFrame
    movements: pl.DataFrame
    examinations: pl.DataFrame
    received: pl.DataFrame

    def __post_init__(self) -> None:
        for name, schema in SCHEMAS.items():
            frame: pl.DataFrame = getattr(self, name)
            if dict(frame.schema) != dict(schema):
                wrong = sorted(set(frame.schema.items()) ^ set(schema.items()), key=str)
                raise ManifestError(f"The frame {name} is not the canonical one: {wrong}.")


SCHEMAS: Mapping[str, FrameSchema] = {
    "voyages": VOYAGES,
    "consignments": CONSIGNMENTS,
    "parties": PARTIES,
    "legs": LEGS,
    "goods_items": GOODS_ITEMS,
    "containers": CONTAINERS,
    "loads": LOADS,
    "seals": SEALS,
    "attributes": ATTRIBUTES,
    "movements": MOVEMENTS,
    "examinations": EXAMINATIONS,
    "received": RECEIVED,
}
"""The schema of every frame of a manifest, by the name of its field."""
