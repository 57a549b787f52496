"""The names of the elements of ASYCUDA World manifests, and the codes in them.

A name is written without case, underscores and hyphens. A generic name (``code``, ``name``) is written with
that of the element around it. Several names for one field come from the versions of different countries.
"""

from __future__ import annotations


def _names(table: dict[str, str]) -> dict[str, str]:
    return {name: field for field, names in table.items() for name in names.split()}


HEADER = _names(
    {
        "customs_office": "customsofficecode officecode",
        "voyage_number": "voyagenumber voyageno",
        "departed_on": "dateofdeparture departuredate",
        "arrival_expected_on": "dateofarrival arrivaldate",
        "arrival_time": "timeofarrival arrivaltime",
        "vessel_name": "identityoftransporter nameoftransporter vesselname",
        "vessel_imo": "registrationnumberoftransportcode registrationnumberoftransport imonumber",
        "carrier_code": "carriercode",
        "carrier_name": "carriername",
        "manifest_number": "manifestnumber registrynumber importrotation importrotationno",
        "agent_name": "shippingagentname",
        "agent_code": "shippingagentcode",
        "user_name": "username",
        "presented_on": "transactiondate",
        "presented_time": "transactiontime",
        "master_bill_of_lading": "masterbol.referencenumber masterbolreference masterbolrefnumber",
    }
)
TOTALS = {
    "totalnumberofbols": ("bols", "Total_number_of_bols"),
    "totalnumberofpackages": ("packages", "Total_number_of_packages"),
    "totalnumberofcontainers": ("containers", "Total_number_of_containers"),
    "totalgrossmass": ("gross_mass", "Total_gross_mass"),
}
BILL = _names(
    {
        "bill_of_lading": "bolreference blreference billreference",
        "master_bill_of_lading": "masterbolrefnumber masterbolreference previousdocumentreference",
        "bill_type": "boltypecode boltype",
        "cargo_nature": "bolnature naturecode",
        "consolidated": "consolidatedcargo",
        "place_of_receipt": "portoforigincode placeofreceiptcode placeofacceptancecode",
        "original_port": "originalportofloadingcode",
        "port_of_loading": "placeofloadingcode portofloadingcode",
        "port_of_discharge": "placeofunloadingcode portofunloadingcode placeofdischargecode portofdischargecode",
        "place_of_delivery": "placeofdeliverycode",
        "ultimate_destination": "placeofultimatedestinationcode finaldestinationcode",
        "country_of_destination": "finaldestinationcountrycode",
        "freight_payment": "pcindicator freightsegment.indicator freightsegment.pcindicator",
        "freight_amount": "freightvalue freightsegment.value",
        "freight_currency": "freightcurrency freightsegment.currency",
        "declared_value": "customsvalue customssegment.value",
        "declared_value_currency": "customscurrency customssegment.currency",
        "hs_code": "hscode commoditycode harmonizedcode hscommoditycode tariffcode",
        "carrier_code": "carriercode",
        "carrier_name": "carriername",
        **{
            f"{role}_{fact}": " ".join(
                f"{name}{ending} {name}.{ending} {name}segment.{ending}"
                for name in names.split()
                for ending in endings.split()
            )
            for role, names in {
                "shipper": "exporter shipper consignor",
                "consignee": "consignee importer",
                "notify_party": "notify notifyparty",
                "forwarder": "freightforwarder forwarder ff",
            }.items()
            for fact, endings in {
                "name": "name",
                "address": "address address1 address2 address3 address4",
                "tax_id": "code id tin",
                "phone": "telephone phone tel telephonenumber",
                "email": "email",
                "country": "country countrycode",
            }.items()
        },
    }
)
BOX = _names(
    {
        "container_number": "ctnreference containerreference containernumber ctnnumber reference",
        "package_count": "numberofpackages",
        "size_type": "typeofcontainer containertype ctntype",
        "is_full": "emptyfull emptyfullindicator status",
        "seal_numbers": "marks1 marks2 marks3 marksofseals sealnumber sealnumber1 sealnumber2 sealnumber3",
        "sealing_party": "sealingparty sealingpartycode",
        "tare_mass_kg": "emptyweight tareweight",
        "gross_mass_kg": "goodsweight grossmass grossweight",
        "verified_gross_mass_kg": "vgm verifiedgrossmass",
        "temperature_set_c": "temperature settemperature",
        "un_number": "un unnumber",
        "stow_position": "ctnlocation stowageposition",
    }
)
GOODS = _names(
    {
        "container_number": "ctnitemreference ctnreference containerreference",
        "package_count": "numberofpackages",
        "package_type": "packagetypecode",
        "package_type_text": "packagetype packagetypename",
        "gross_mass_kg": "grossmass grossweight",
        "net_mass_kg": "netmass netweight",
        "volume_m3": "volumeincubicmeters volume",
        "quantity": "quantity",
        "quantity_unit": "quantitytypecode",
        "marks": "shippingmarks",
        "goods_description": "goodsdescription",
        "hs_code": "hscode commoditycode harmonizedcode hscommoditycode tariffcode",
        "country_of_origin": "countryoforigin countryoforigincode",
        "un_number": "un unnumber",
        "declared_value": "customsvalue",
        "declared_value_currency": "customscurrency",
        "seal_numbers": "marksofseals",
        "sealing_party": "sealingpartycode",
        "box_count": "numofctnforthisbol",
    }
)
UNDERSTOOD = {
    "linenumber",
    "modeoftransportcode",
    "numberofseals",
}  # and told by what stands beside them
BOXES, GOODS_GROUPS = (
    {"ctnsegment", "containersegment", "container"},
    {"goodssegment", "goodsdetailsegment"},
)
ATTACHED = {"attacheddocument", "attacheddocuments"}  # pictures of papers, in letters
GROUPS = BOXES | GOODS_GROUPS | ATTACHED
CONTAINER_PLACES = {name for name, to in (BOX | GOODS).items() if to == "container_number"} - {
    "reference"
}

_NATURES = {
    "22": "export",
    "23": "import",
    "24": "transit",
    "28": "transhipment",
    "29": "transhipment",
}
_TYPES = {
    **dict.fromkeys(["HSB", "HBL", "HWB", "HSE", "HAB"], "house"),
    **dict.fromkeys(["MBL", "MSB", "MST", "MAB", "MB", "MWB"], "master"),
    **dict.fromkeys(["BL", "BOL", "B/L", "STR", "BLD", "SBL", "DBL"], "straight"),
}
_FULL = dict.fromkeys(["1/1", "FS", "FM", "PTI", "01", "02", "001", "005"], "full")
_EMPTY = dict.fromkeys(["0/0", "ETY", "EMP", "00", "000", "004"], "empty")
PARTIES_OF_SEALS = {
    "AA": "consolidator",
    "AC": "quarantine",
    "CA": "carrier",
    "CU": "customs",
    "SH": "shipper",
    "TO": "terminal",
}
"""Who set a seal, as the code list of the trade has them."""

CODES = {
    "cargo_nature": _NATURES,
    "bill_type": _TYPES,
    "is_full": _FULL | _EMPTY,
    "sealing_party": PARTIES_OF_SEALS,
}
