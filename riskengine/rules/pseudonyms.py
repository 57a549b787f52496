"""Names, addresses and numbers of real containers replaced before a rule leaves the unit, the same one always alike."""

from __future__ import annotations

from typing import Final

from riskengine.codes.containers import check_digit

_SAID: Final = {
    "shipper_name": "PARTY",
    "consignee_name": "PARTY",
    "notify_party_name": "PARTY",
    "forwarder_name": "PARTY",
    "declarant_name": "PARTY",
    "shipper_address": "ADDRESS",
    "consignee_address": "ADDRESS",
    "notify_party_address": "ADDRESS",
    "consignee_email": "MAILBOX",
    "consignee_phone": "TELEPHONE",
    "bills_of_lading": "BILL",
    "master_bill_of_lading": "BILL",
    "seal_numbers": "SEAL",
    "vessel_name": "VESSEL",
    "vessel_imo": "IMO",
    "voyage_number": "VOYAGE",
    "goods_description": "GOODS",
}
"""What stands for the values of each field that could name somebody; parties are alike in every role."""

# No owner bears these letters: a number that begins with them is nobody's.
_OWNER: Final = "ZZZU"


class Pseudonyms:
    """Stand-ins for what names somebody, given out in the order in which values are met."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def of(self, field: str, value: object) -> object:
        """Return what stands for a value of *field*; a value that names nobody stays.

        >>> names = Pseudonyms()
        >>> [names.of("shipper_name", "ACME SA"), names.of("consignee_name", "ACME SA")]
        ['PARTY 1', 'PARTY 1']
        >>> names.of("container_number", "MSCU6639870")
        'ZZZU0000010'
        >>> names.of("gross_mass_kg", 18000.0)
        18000.0
        """
        said = "CONTAINER" if field == "container_number" else _SAID.get(field)
        if said is None or value is None:
            return value
        if isinstance(value, (list, tuple)):
            return [self.of(field, entry) for entry in value]
        key = (said, str(value))
        if key not in self._given:
            self._count[said] = self._count.get(said, 0) + 1
            self._given[key] = _stand_in(said, self._count[said])
        return self._given[key]


def _stand_in(said: str, number: int) -> str:
    if said == "CONTAINER":
        serial = f"{_OWNER}{number:06d}"
        return f"{serial}{check_digit(serial)}"
    return f"MAILBOX{number}@EXAMPLE.ORG" if said == "MAILBOX" else f"{said} {number}"
