"""The paths of the elements of WCO cargo reports, and the codes in them.

A path is written without case and signs, as the last two names of it; one name where it stands by itself.
Several for one field come from the versions of the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskengine.manifest.schema import DocumentFunction


def _paths(table: dict[str, str]) -> dict[str, str]:
    return {path: field for field, paths in table.items() for path in paths.split()}


HEADER = _paths(
    {
        "manifest_number": "id",
        "reference": "functionalreferenceid",
        "function": "functioncode",
        "issued": "issuedatetime",
        "customs_office": "declarationofficeid declarationoffice.id presentationoffice.id entryoffice.id"
        " submitoffice.id",
        "submitter_name": "submitter.name",
        "submitter_id": "submitter.id",
        "agent_name": "agent.name",
        "agent_id": "agent.id",
        "declarant_name": "declarant.name",
        "declarant_tax_id": "declarant.id",
        "vessel_name": "bordertransportmeans.name arrivaltransportmeans.name",
        "vessel_imo": "bordertransportmeans.id arrivaltransportmeans.id",
        "voyage_number": "bordertransportmeans.journeyid arrivaltransportmeans.journeyid",
        "arrival": "bordertransportmeans.arrivaldatetime arrivaltransportmeans.arrivaldatetime",
        "departure": "bordertransportmeans.departuredatetime",
        "carrier_code": "carrier.id",
        "carrier_name": "carrier.name",
    }
)
CONSIGNMENT = _paths(
    {
        "place_of_receipt": "goodsreceiptplace.id goodsreceiptplace.name acceptanceplace.id acceptanceplace.name",
        "port_of_loading": "loadinglocation.id loadinglocation.name",
        "port_of_discharge": "unloadinglocation.id unloadinglocation.name",
        "place_of_delivery": "deliverydestination.id deliverydestination.name goodsdeliveryplace.id"
        " goodsdeliveryplace.name finaldestination.id",
        "transhipment_ports": "transhipmentlocation.id transshipmentlocation.id transitlocation.id",
        "country_of_dispatch": "exportcountry.id exportcountry.countrycode",
        "country_of_destination": "destination.countrycode destinationcountry.id destinationcountry.countrycode",
        "freight_payment": "freight.paymentmethodcode",
        "freight_amount": "freight.amount freight.chargeamount customsvaluation.freightchargeamount",
        "declared_value": "valueamount customsvalueamount declaredvalueamount",
        "gross_mass_kg": "totalgrossmassmeasure grossmassmeasure",
        "package_count": "totalpackagequantity",
        "volume_m3": "grossvolumemeasure",
        "arrival": "unloadinglocation.arrivaldatetime",
    }
)
ITEM = _paths(
    {
        "goods_description": "commodity.cargodescription commodity.description",
        "hs_code": "classification.id",
        "un_number": "dangerousgoods.undgid",
        "gross_mass_kg": "goodsmeasure.grossmassmeasure",
        "net_mass_kg": "goodsmeasure.netnetweightmeasure goodsmeasure.netweightmeasure",
        "volume_m3": "goodsmeasure.grossvolumemeasure goodsmeasure.volumemeasure",
        "package_type": "packaging.typecode",
        "marks": "packaging.marksnumbersid packaging.marksnumbers",
        "country_of_origin": "origin.countrycode",
        "declared_value": "valueamount customsvalueamount declaredvalueamount",
        "container_number": "transportequipment.id transportequipment.identificationid",
    }
)
EQUIPMENT = _paths(
    {
        "container_number": "id identificationid",
        "size_type": "characteristiccode",
        "is_full": "fullnesscode",
        "is_shipper_owned": "supplierpartytypecode",
        "tare_mass_kg": "taremassmeasure tareweightmeasure",
        "container_gross_mass_kg": "grossmassmeasure grossweightmeasure",
        "verified_gross_mass_kg": "verifiedgrossmassmeasure",
        "temperature_set_c": "settingtemperaturemeasure settemperaturemeasure",
        "stow_position": "stowagelocationid stowagepositionid",
    }
)
SEAL = _paths(
    {
        "seal_numbers": "id",
        "sealing_party": "sealingpartyrolecode sealingpartytypecode issuertypecode",
    }
)
PARTY = _paths({"name": "name", "tax_id": "id", "country": "address.countrycode"})
ADDRESS = ("line", "cityname", "countrysubdivisionname", "postcodeid")
CONTACTS = {"EM": "email", "TE": "phone", "AL": "phone"}
"""What a communication is, by its type; others have no place."""

PARTIES = {
    "consignor": "shipper",
    "exporter": "shipper",
    "consignee": "consignee",
    "notifyparty": "notify_party",
    "buyer": "buyer",
    "seller": "seller",
    "freightforwarder": "forwarder",
}
"""Who stands on a consignment, and in which canonical role; of two names for one role the first stays."""

INSTANTS = {
    "arrival": "arrival_expected_on",
    "departure": "departed_on",
    "issued": "presented_on",
}
"""What is given with a date and perhaps a time of day, with the field of its day."""

MONEY = {"freight_amount": "freight_currency", "declared_value": "declared_value_currency"}
OF_THE_DOCUMENT = {
    *("reference", "function", "submitter_name", "submitter_id", "agent_name", "agent_id"),
    *("arrival_at", "issued_at"),
}
OWN_UNITS = {"KGM", "MTQ", "CEL", "KG", "NMB", "C62"}
UNDERSTOOD = {
    "typecode",
    "sequencenumeric",
    "identificationtypecode",
    "wcodatamodelversioncode",
    "wcodatamodelversion",
}

FUNCTIONS: dict[str, DocumentFunction] = {
    "original": "original",
    "addition": "addition",
    "amendment": "amendment",
    "replacement": "replacement",
    "cancellation": "cancellation",
}
CODES = {
    "function": {
        "1": "cancellation",
        "2": "addition",
        "3": "cancellation",
        "4": "amendment",
        "5": "replacement",
        "9": "original",
        "36": "amendment",
    },
    "is_full": {"4": "empty", **dict.fromkeys(["1", "2", "3", "5", "6", "7", "8"], "full")},
    "is_shipper_owned": {"1": "yes", "2": "no", "3": "no"},
    "freight_payment": {"PP": "prepaid", "CC": "collect", "P": "prepaid", "C": "collect"},
    "sealing_party": {
        "AA": "consolidator",
        "AC": "quarantine",
        "CA": "carrier",
        "CU": "customs",
        "SH": "shipper",
        "TO": "terminal",
    },
}
