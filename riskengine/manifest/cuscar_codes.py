"""The codes of CUSCAR that say something of our fields."""

from __future__ import annotations

ROLES = {
    "CZ": "shipper",
    "EX": "shipper",
    "SH": "shipper",
    "CN": "consignee",
    "NI": "notify_party",
    "N1": "notify_party",
    "N2": "notify_party",
    "FW": "forwarder",
    "FC": "forwarder",
    "AE": "declarant",
    "DT": "declarant",
    "BY": "buyer",
    "SE": "seller",
}
"""What a party of a bill does (3035); of several in one role the first is kept, and the others are counted."""

NATURES = {"22": "export", "23": "import", "24": "transit", "28": "transhipment"}
"""What happens to a consignment here (7365), by the codes that customs houses share."""

PLACES = {
    "88": "place_of_receipt",
    "10": "place_of_receipt",
    "9": "port_of_loading",
    "76": "port_of_loading",
    "11": "port_of_discharge",
    "170": "port_of_discharge",
    "7": "place_of_delivery",
    "8": "place_of_delivery",
    "20": "place_of_delivery",
    "83": "place_of_delivery",
    "28": "country_of_destination",
    "36": "country_of_destination",
    "35": "country_of_dispatch",
}
FIRST_PLACES = {"88", "9", "11", "7", "28"}  # said in another way too, these stand
OFFICES = {"22", "41", "42", "43"}
VALUES = {"40", "43", "44"}
FREIGHT = {"64", "144"}
ARRIVALS = {"132": 0, "232": 1, "178": 2}
DEPARTURES = {"136": 0, "133": 1, "189": 2}
PAYMENT = {"P": "prepaid", "C": "collect", "PP": "prepaid", "CC": "collect"}
GOODS_MASSES = {
    "G": "gross_mass_kg",
    "AAB": "gross_mass_kg",
    "WT": "gross_mass_kg",
    "N": "net_mass_kg",
    "AAL": "net_mass_kg",
    "AAA": "net_mass_kg",
}
BOX_MASSES = {
    "T": "tare_mass_kg",
    "G": "container_gross_mass_kg",
    "AET": "container_gross_mass_kg",
    "VGM": "verified_gross_mass_kg",
}
VOLUMES = {"ABJ", "AAW", "AAX", "VOL"}
TAX_REFERENCES = {"VA", "AHP", "FC", "GN"}
MAIN_CARRIAGE = "20"
REPORTING = {"CA", "MS", "AG", "DT"}
CONTAINERS = {"CN", ""}
