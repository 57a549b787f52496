"""Size and type codes of ISO 6346: what kind of box it is, how long, and what it may carry."""

from __future__ import annotations

import polars as pl

from riskengine.codes.stages import once

# First sign: the length in feet. Letters are lengths outside the series of 10, 20, 30 and 40 feet.
_LENGTHS = {
    "1": 10.0, "2": 20.0, "3": 30.0, "4": 40.0,
    "A": 23.5, "B": 24.0, "C": 24.4, "D": 24.4, "E": 25.7, "F": 26.6, "G": 41.0, "H": 43.0,
    "K": 44.6, "L": 45.0, "M": 48.0, "N": 49.0, "P": 53.0,
}  # fmt: skip

# First letter of the type in the edition of 1995: «22G1», «45R1».
_FAMILIES = {
    "G": "dry", "V": "dry", "R": "reefer", "H": "reefer", "U": "open_top", "P": "flat",
    "T": "tank", "B": "bulk", "S": "named_cargo", "A": "air",
}  # fmt: skip

# First digit of the type in the edition of 1984, still painted on old boxes: «2210», «4532».
_OLD_FAMILIES = {
    "0": "dry", "1": "dry", "2": "named_cargo", "3": "reefer", "4": "reefer", "5": "open_top",
    "6": "flat", "7": "tank", "8": "bulk", "9": "air",
}  # fmt: skip

# How booking systems write it: «40HC», «20RF», «40DV».
_TRADE_FAMILIES = {
    "GP": "dry", "DV": "dry", "DC": "dry", "DB": "dry", "ST": "dry", "SD": "dry", "HC": "dry",
    "HQ": "dry", "PW": "dry", "RF": "reefer", "RE": "reefer", "RH": "reefer", "RQ": "reefer",
    "OT": "open_top", "FR": "flat", "FL": "flat", "PL": "flat", "TK": "tank", "BU": "bulk",
}  # fmt: skip

# Typical highest payload in kg by family and whole feet of length, as the container specifications that
# carriers publish give it: highest gross mass less the usual tare. Single boxes differ by some hundred kg.
_PAYLOADS = {
    "dry 20": 28_300.0, "dry 40": 28_800.0, "dry 45": 29_000.0, "dry 48": 28_500.0,
    "dry 53": 28_100.0, "dry 10": 9_000.0, "dry 30": 27_600.0, "reefer 20": 27_700.0,
    "reefer 40": 29_500.0, "reefer 45": 28_500.0, "open_top 20": 28_300.0,
    "open_top 40": 28_700.0, "flat 20": 31_300.0, "flat 40": 47_300.0, "tank 20": 32_700.0,
    "tank 40": 29_500.0, "tank 30": 32_000.0, "bulk 20": 28_000.0, "bulk 30": 30_000.0,
    "bulk 40": 28_600.0, "named_cargo 40": 26_500.0, "named_cargo 20": 27_000.0,
}  # fmt: skip

# Highest usual tare in kg by family and whole feet of length, from the same specifications. A high box and a
# strengthened floor are within it; a generator set mounted on a reefer is not.
_TARES = {
    "dry 10": 1_500.0, "dry 20": 2_450.0, "dry 30": 3_500.0, "dry 40": 4_200.0, "dry 45": 5_000.0,
    "dry 48": 5_300.0, "dry 53": 5_600.0, "reefer 20": 3_300.0, "reefer 40": 5_000.0,
    "reefer 45": 5_600.0, "open_top 20": 2_650.0, "open_top 40": 4_700.0, "flat 20": 3_100.0,
    "flat 40": 6_200.0, "tank 20": 4_800.0, "tank 30": 5_500.0, "tank 40": 7_000.0,
    "bulk 20": 3_000.0, "bulk 30": 4_200.0, "bulk 40": 4_800.0, "named_cargo 20": 3_000.0,
    "named_cargo 40": 5_000.0,
}  # fmt: skip

_ISO = r"^[1234A-HK-NP][0-9C-FL-NP][A-Z][0-9A-Z]$"
_OLD = r"^[1-4][0-9][0-9]{2}$"
_TRADE = r"^(?:10|20|30|40|45|48|53)(?:" + "|".join(_TRADE_FAMILIES) + r")$"


def normalise_size_type(size_type: pl.Expr) -> pl.Expr:
    """Return a size and type code in upper case without blanks, dashes, feet marks; null stays null.

    >>> pl.select(normalise_size_type(pl.lit("40' hc"))).item()
    '40HC'
    """
    bare = size_type.str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", "")
    return pl.when(bare != "").then(bare)


def is_size_type(size_type: pl.Expr) -> pl.Expr:
    """Tell whether a code is one of ISO 6346 (edition of 1995 or 1984) or of the trade's short forms.

    >>> codes = pl.DataFrame({"size_type": ["22G1", "4532", "40HC", "XX99", None]})
    >>> codes.select(is_size_type(pl.col("size_type"))).to_series().to_list()
    [True, True, True, False, None]
    """
    code = normalise_size_type(size_type)
    known = size_type_family(size_type).is_not_null()
    return pl.when(code.is_not_null()).then(known)


def size_type_family(size_type: pl.Expr) -> pl.Expr:
    """Return the family of a box: dry, reefer, open_top, flat, tank, bulk, named_cargo or air.

    Group codes (``22GP``) count as their type. Null where the code is unknown or null.

    >>> codes = pl.DataFrame({"size_type": ["45R1", "22GP", "4532", "20TK", "XX99"]})
    >>> codes.select(size_type_family(pl.col("size_type"))).to_series().to_list()
    ['reefer', 'dry', 'reefer', 'tank', None]
    """
    return once(size_type, _size_type_family, pl.String)


def length_feet(size_type: pl.Expr) -> pl.Expr:
    """Return the nominal length in feet; null where the code is unknown.

    >>> codes = pl.DataFrame({"size_type": ["22G1", "L5G1", "40HC"]})
    >>> codes.select(length_feet(pl.col("size_type"))).to_series().to_list()
    [20.0, 45.0, 40.0]
    """
    return once(size_type, _length_feet, pl.Float64)


def max_payload_kg(size_type: pl.Expr) -> pl.Expr:
    """Return the typical highest payload of such a box in kg; null where none is known.

    Typical means what carriers publish for the type; the box's own plate rules.

    >>> codes = pl.DataFrame({"size_type": ["22G1", "45R1", "XX99"]})
    >>> codes.select(max_payload_kg(pl.col("size_type"))).to_series().to_list()
    [28300.0, 29500.0, None]
    """
    return once(size_type, _max_payload_kg, pl.Float64)


def highest_tare_kg(size_type: pl.Expr) -> pl.Expr:
    """Return the highest usual tare of such a box in kg; null where none is known.

    What an empty box weighs beyond it needs a reason; the box's own plate rules.

    >>> codes = pl.DataFrame({"size_type": ["22G1", "45R1", "XX99"]})
    >>> codes.select(highest_tare_kg(pl.col("size_type"))).to_series().to_list()
    [2450.0, 5000.0, None]
    """
    return once(size_type, _highest_tare_kg, pl.Float64)


def _size_type_family(size_type: pl.Expr) -> pl.Expr:
    code = normalise_size_type(size_type)
    type_sign, trade_type = code.str.slice(2, 1), code.str.slice(2, 2)
    return (
        pl.when(code.str.contains(_TRADE))
        .then(trade_type.replace_strict(_TRADE_FAMILIES, default=None, return_dtype=pl.String))
        .when(code.str.contains(_ISO))
        .then(type_sign.replace_strict(_FAMILIES, default=None, return_dtype=pl.String))
        .when(code.str.contains(_OLD))
        .then(type_sign.replace_strict(_OLD_FAMILIES, default=None, return_dtype=pl.String))
    )


def _length_feet(size_type: pl.Expr) -> pl.Expr:
    code = normalise_size_type(size_type)
    known = _size_type_family(size_type).is_not_null()
    by_sign = code.str.slice(0, 1).replace_strict(
        _LENGTHS, default=None, return_dtype=pl.Float64
    )
    in_feet = code.str.slice(0, 2).cast(pl.Float64, strict=False)
    return pl.when(known & code.str.contains(_TRADE)).then(in_feet).when(known).then(by_sign)


def _max_payload_kg(size_type: pl.Expr) -> pl.Expr:
    key = _family_and_feet(size_type)
    return key.replace_strict(_PAYLOADS, default=None, return_dtype=pl.Float64)


def _highest_tare_kg(size_type: pl.Expr) -> pl.Expr:
    key = _family_and_feet(size_type)
    return key.replace_strict(_TARES, default=None, return_dtype=pl.Float64)


def _family_and_feet(size_type: pl.Expr) -> pl.Expr:
    feet = _length_feet(size_type).cast(pl.Int32).cast(pl.String)
    return pl.concat_str(_size_type_family(size_type), feet, separator=" ")
