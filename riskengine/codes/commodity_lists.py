"""Named lists of goods that matter to profiling, as prefixes of HS 2022 codes. As of 2026-11.

The lists say what has been used, not what is wrong: most of these goods are honest trade. Sources are public
reports of UNODC (World Drug Report, Global Report on Cocaine), EUDA and Europol (European Drug Report, EU Drug
Markets), the WCO (Illicit Trade Report), INCB (precursors) and UNODC-WCO programme pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes.commodities import normalise_hs
from riskengine.codes.stages import once
from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

COVER_LOADS = (
    "0302", "0303", "0304", "0306", "0307", "0603", "0702", "0703", "0706", "0709", "0714",
    "0801", "0803", "0804", "0805", "0807", "0810", "0811", "0901", "1006", "1201", "1207",
    "1511", "1605", "1701", "1702", "1801", "1803", "1804", "2008", "2009", "2516", "2523",
    "2603", "2604", "4401", "4402", "4403", "4407", "4409", "4412", "6801", "6802", "6907",
    "7204", "7404", "7602", "4707", "0504", "0202", "4104", "4101",
)  # fmt: skip
"""Goods in which cocaine has been found most often: fresh fruit, fish, coffee, cocoa, sugar, rice, soya, wood,
charcoal, stone, scrap, hides and meat. Source: UNODC Global Report on Cocaine 2023; Europol-EUDA EU Drug Markets."""

SCANNER_OPAQUE = (
    "2515", "2516", "2523", "26", "4403", "4407", "4707", "4801", "4802", "4804", "4805",
    "4810", "6801", "6802", "6810", "6904", "6907", "7203", "7204", "7206", "7207", "7208",
    "7209", "7210", "7213", "7214", "7216", "7308", "7403", "7404", "7407", "7601", "7602",
    "7801", "7802", "7901", "7902", "8429", "8430", "8455", "8462", "8474", "8501", "8502",
    "8504", "8545", "7325", "7326", "8607",
)  # fmt: skip
"""Dense or uneven goods through which a scanner sees little: stone, ores, metal and scrap, paper in reels, wet
timber, heavy machines. Source: common radiography practice; cover loads in Europol reports on ports."""

CARRIER_MATERIALS = (
    "1108", "1701", "1702", "2103", "2106", "2202", "2208", "2209", "2501", "2505", "2508",
    "2522", "2523", "2530", "2713", "2715", "3101", "3105", "3208", "3209", "3214", "3402",
    "3404", "3506", "3802", "3824", "3901", "3902", "3903", "3904", "3907", "3909", "3915",
    "3920", "4401", "4402", "4410", "4411", "5201", "5205", "5208", "5209", "6109", "6203",
    "6204", "6302", "6309", "6310", "2009", "1511", "1507", "3403", "2710", "4707",
)  # fmt: skip
"""Granular, liquid, plastic, paper and textile goods that can carry a dissolved or bonded drug: charcoal, sugar,
starch, fertilizer, pellets, resins, juices, oils, clothing. Source: EUDA-Europol EU Drug Markets: Cocaine (2022)."""

PERISHABLES = (
    "0201", "0203", "0207", "0301", "0302", "0303", "0304", "0306", "0307", "0401", "0403",
    "0405", "0406", "0407", "0602", "0603", "0604", "0701", "0702", "0703", "0704", "0705",
    "0706", "0707", "0708", "0709", "0710", "0714", "0803", "0804", "0805", "0806", "0807",
    "0808", "0809", "0810", "0811", "0202", "0206",
)  # fmt: skip
"""Goods that spoil while they wait, so that a delay costs: fresh or frozen meat, fish, dairy, fruit, flowers."""

NEEDS_COLD = (
    "0201", "0202", "0203", "0204", "0206", "0207", "0208", "0209", "0302", "0303", "0304",
    "0306", "0307", "0401", "0403", "0405", "0406", "0407", "0602", "0603", "0604", "0701",
    "0702", "0703", "0704", "0705", "0706", "0707", "0708", "0709", "0710", "0803", "0804",
    "0805", "0806", "0807", "0808", "0809", "0810", "0811", "1601", "1602", "1604", "1605",
    "2004", "2009", "2105", "3002", "3003", "3004", "1806", "2202", "2203", "2204", "1517",
    "0601", "0714", "0404", "0408", "2106", "1901", "1905", "2008", "0511", "0504", "3701",
    "3702", "0210", "0305", "1704",
)  # fmt: skip
"""Goods that travel in a reefer with reason; anything else in a running reefer is dry cargo in a cold box."""

PRECURSORS = (
    "291524", "292423", "293941", "293942", "293944", "291431", "293292", "293293", "293294",
    "293291", "284161", "292640", "280700", "280610", "290230", "290911", "291411", "291412",
    "293961", "293962", "293963", "291634", "292243", "293332", "293337", "293336",
)  # fmt: skip
"""Chemicals from which drugs are made, by their own codes in HS 2022: acetic anhydride, N-acetylanthranilic acid,
ephedrine, pseudoephedrine, norephedrine, P-2-P, 3,4-MDP-2-P, piperonal, safrole, isosafrole, potassium
permanganate, APAAN, sulphuric acid, hydrochloric acid, toluene, ethyl ether, acetone, MEK, ergometrine, ergotamine,
lysergic acid, phenylacetic acid, anthranilic acid, piperidine, NPP, ANPP.
Source: tables I and II of the United Nations convention of 1988, as INCB publishes them."""

WASTE_PRONE = (
    "2619", "2620", "2621", "2710", "3006", "3825", "3915", "4004", "4012", "4115", "4707",
    "6309", "6310", "7001", "7204", "7404", "7503", "7602", "7802", "7902", "8002", "8548",
    "8549", "8415", "8418", "8450", "8471", "8517", "8528", "8507", "8703", "8704", "8708",
)  # fmt: skip
"""Waste and worn goods that are shipped against the Basel Convention, or waste declared as second-hand goods.
Source: UNODC-WCO waste crime papers; Operation Demeter reports of the WCO."""

WILDLIFE_PRONE = (
    "0106", "0301", "0305", "0307", "0410", "0506", "0507", "0508", "0510", "0511", "0601",
    "0602", "0604", "0713", "0801", "1211", "1404", "3301", "3915", "4103", "4113", "4114",
    "4205", "4301", "4302", "4401", "4403", "4407", "4408", "4409", "4420", "7117", "9601",
    "9705", "9706", "1212", "0714",
)  # fmt: skip
"""Goods that are, or have covered, protected species: timber, ivory, scales, shells, plants, fish maw; and nuts,
beans and plastic scrap as covers. Source: UNODC World Wildlife Crime Report; TRAFFIC seizure notes."""

ARMS_PRONE = (
    "3601", "3602", "3603", "3604", "8708", "8711", "8714", "8703", "9301", "9302", "9303",
    "9304", "9305", "9306", "9307", "6309", "9403", "8205", "7309", "7310", "9506", "8906",
    "8710", "9401",
)  # fmt: skip
"""Arms, parts and explosives, and the household goods, vehicles, parts and barrels that have hidden them.
Source: UNODC Global Study on Firearms Trafficking; Small Arms Survey on Caribbean routes."""

CIGARETTES = ("2401", "2402", "2403", "2404", "4813", "550210")
"""Tobacco goods, and the paper and filter tow they are made with. Source: WCO Illicit Trade Report (tobacco)."""

PERSONAL_EFFECTS = ("9801", "9804", "9805", "9905", "999999")
"""National headings for personal and household effects; most declarants only use words, so read those as well."""

_LISTS: Mapping[str, tuple[str, ...]] = {
    "arms_prone": ARMS_PRONE,
    "carrier_materials": CARRIER_MATERIALS,
    "cigarettes": CIGARETTES,
    "cover_loads": COVER_LOADS,
    "needs_cold": NEEDS_COLD,
    "perishables": PERISHABLES,
    "personal_effects": PERSONAL_EFFECTS,
    "precursors": PRECURSORS,
    "scanner_opaque": SCANNER_OPAQUE,
    "waste_prone": WASTE_PRONE,
    "wildlife_prone": WILDLIFE_PRONE,
}


def list_names() -> tuple[str, ...]:
    """Return the names of the lists.

    >>> "precursors" in list_names()
    True
    """
    return tuple(_LISTS)


def prefixes(list_name: str) -> tuple[str, ...]:
    """Return the HS prefixes of a list, in order.

    Raises:
        UsageError: There is no such list.
    """
    if list_name not in _LISTS:
        raise UsageError(
            f"There is no commodity list {list_name!r}.", remedy=f"Known: {', '.join(_LISTS)}."
        )
    return tuple(sorted(_LISTS[list_name]))


def is_in_list(hs: pl.Expr, list_name: str) -> pl.Expr:
    """Tell whether an HS code falls under a list; null where the code is null or too short to tell.

    Raises:
        UsageError: There is no such list.

    >>> codes = pl.DataFrame({"hs": ["0803.90", "8703", "08", "2915", None]})
    >>> codes.select(is_in_list(pl.col("hs"), "cover_loads")).to_series().to_list()
    [True, False, None, False, None]
    >>> codes.select(is_in_list(pl.col("hs"), "precursors")).to_series().to_list()
    [False, False, False, None, None]
    """
    listed = prefixes(list_name)
    return once(hs, lambda code: _is_under(code, listed), pl.Boolean)


def _is_under(hs: pl.Expr, listed: tuple[str, ...]) -> pl.Expr:
    digits = normalise_hs(hs)
    lengths = sorted({len(prefix) for prefix in listed})
    is_listed = pl.any_horizontal(
        *(
            digits.str.slice(0, length).is_in([p for p in listed if len(p) == length])
            for length in lengths
        )
    )
    # A chapter or heading that some longer prefix of the list begins with leaves it open.
    openings = sorted({prefix[:cut] for prefix in listed for cut in range(2, len(prefix))})
    is_open = digits.is_in(openings)
    return pl.when(is_listed).then(True).when(is_open).then(None).otherwise(is_listed)
