"""Indicators of the goods: what they are said to be, and whether the figures fit."""

from __future__ import annotations

import polars as pl

from riskengine.codes import size_types
from riskengine.codes.spelling import fold
from riskengine.domain import Typology
from riskengine.features.asked import any_asked, shares_any
from riskengine.features.field import Register
from riskengine.features.goods_lists import holds_goods_of, regions
from riskengine.features.methods import ODD_FREIGHT, ODD_PACKAGES, ODD_PRICE, VAGUE
from riskengine.features.words import goods_words, phrases, says
from riskengine.manifest import stop_words

register = Register("cargo")
indicator = register.indicator

_IN_LOAD = (Typology.CONCEALED_IN_LOAD,)
_ROUND_KG = 1_000


def _ratio(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    above = pl.col(whole) if isinstance(whole, str) else whole
    below = pl.col(part) if isinstance(part, str) else part
    return pl.when(above > 0).then(below / above)


@indicator(unit="USD/kg", typologies=ODD_PRICE)
def declared_value_per_kg_usd() -> pl.Expr:
    """Declared value for each kilogram of the container's goods.

    Low for the heading suggests undervaluation, high suggests misdescription. Null when either is
    undeclared for any line: silence is not a low price. Source: WCO, valuation risk practice.
    """
    return _ratio("declared_value_usd", "gross_mass_kg")


@indicator(unit="share", scope="manifest", typologies=ODD_FREIGHT)
def freight_to_value_ratio() -> pl.Expr:
    """Freight of the bill against the declared value of all goods of the bill.

    Nobody ships goods that cost less than their carriage. The other containers of the bill are
    looked at. Null when freight or value is undeclared, or the value is zero.
    Source: FATF, trade-based money laundering indicators.
    """
    return _ratio("freight_amount_usd", "_bill_declared_value_usd")


@indicator(unit="kg", typologies=ODD_PACKAGES)
def mass_per_package_kg() -> pl.Expr:
    """Gross mass of one package.

    Null when mass or packages are undeclared, or there are none. Source: common profiling practice.
    """
    return _ratio("gross_mass_kg", "package_count")


@indicator(unit="share", typologies=_IN_LOAD)
def net_to_gross_mass_ratio() -> pl.Expr:
    """Net mass against gross mass.

    Above one is impossible, far below one is much packing. Null when either is undeclared.
    Source: common profiling practice.
    """
    return _ratio("net_mass_kg", "gross_mass_kg")


@indicator()
def goods_item_count() -> pl.Expr:
    """Lines of goods declared for the container.

    Null when there is none. Source: common profiling practice.
    """
    return pl.col("_goods_line_count")


@indicator(unit="characters")
def goods_description_length() -> pl.Expr:
    """Characters of the description, all lines together.

    Short texts tell little. Null when nothing is described. Source: common profiling practice.
    """
    return pl.col("goods_description").str.len_chars().cast(pl.Int64)


@indicator()
def distinct_commodity_count() -> pl.Expr:
    """Different six-digit HS codes in the container.

    Null when no six-digit code is declared. Source: common profiling practice.
    """
    return pl.col("hs_codes").list.len().cast(pl.Int64)


@indicator(kind="text")
def main_chapter() -> pl.Expr:
    """The HS chapter with most of the mass, or with most lines where a mass is missing.

    Null when no HS code is declared. Source: common profiling practice.
    """
    return pl.col("_main_chapter")


def _is_vague(description: pl.Expr) -> pl.Expr:
    return fold(description).is_in(list(stop_words.groups()))


@indicator(monotone=1, typologies=VAGUE)
def is_vague_description() -> pl.Expr:
    """Every line is described by a word that fits anything: "general cargo", "parts", "STC".

    Null when nothing is described. Source: European Commission and WCO, lists of unacceptable
    descriptions of goods.
    """
    return pl.col("_descriptions").list.eval(_is_vague(pl.element())).list.all()


@indicator(typologies=(Typology.RIP_ON_RIP_OFF, Typology.CONCEALED_IN_LOAD))
def is_cover_load() -> pl.Expr:
    """Some of the goods are known as cover for drugs: fruit, frozen fish, coffee, scrap, timber.

    Most such containers are honest. Null when no HS code is declared.
    Source: UNODC-WCO container programme practice.
    """
    return holds_goods_of("cover_loads")


@indicator(typologies=_IN_LOAD)
def is_scanner_opaque_cargo() -> pl.Expr:
    """Some of the goods are dense or uneven, so that an X-ray image shows little.

    Null when no HS code is declared. Source: UNODC-WCO container programme practice.
    """
    return holds_goods_of("scanner_opaque")


@indicator(typologies=(Typology.CARRIER_MATERIAL,))
def is_carrier_material() -> pl.Expr:
    """Some of the goods can carry a dissolved or bound drug: powders, plastics, textiles, liquids.

    Null when no HS code is declared. Source: EUDA, European drug report (secondary extraction).
    """
    return holds_goods_of("carrier_materials")


@indicator(typologies=(Typology.RIP_ON_RIP_OFF, Typology.REEFER_MACHINERY))
def is_perishable() -> pl.Expr:
    """Some of the goods spoil, and time presses for a quick release.

    Null when no HS code is declared. Source: UNODC-WCO container programme practice.
    """
    return holds_goods_of("perishables")


@indicator(monotone=1, typologies=(Typology.MISDECLARED_CHEMICALS,))
def is_precursor_chemical() -> pl.Expr:
    """Some of the goods are declared under the code of a scheduled drug precursor.

    Null when no HS code is declared. Source: INCB, list of precursors under international control.
    """
    return holds_goods_of("precursors")


@indicator()
def is_round_gross_mass() -> pl.Expr:
    """The gross mass is a whole number of tonnes: estimated, not weighed.

    Null when the mass is undeclared or zero. Source: common profiling practice.
    """
    mass = pl.col("gross_mass_kg")
    return pl.when(mass > 0).then(mass % _ROUND_KG == 0)


@indicator(unit="kg/m3", typologies=_IN_LOAD)
def density_kg_per_m3() -> pl.Expr:
    """Gross mass for each cubic metre of the goods.

    Null when mass or volume is undeclared, or the volume is zero. Source: common profiling practice.
    """
    return _ratio("gross_mass_kg", "volume_m3")


@indicator(unit="share", typologies=_IN_LOAD)
def payload_utilisation() -> pl.Expr:
    """Gross mass of the goods against what a container of this size and type can carry.

    Above one is impossible, near zero pays freight for air. Null when the mass or the size and
    type is undeclared. Source: ISO 668 ratings; common profiling practice.
    """
    return _ratio("gross_mass_kg", size_types.max_payload_kg(pl.col("size_type")))


@indicator(
    monotone=1,
    typologies=(
        Typology.CONCEALED_IN_LOAD,
        Typology.MISDECLARED_WASTE,
        Typology.MISDECLARED_CHEMICALS,
    ),
)
def is_description_hs_mismatch() -> pl.Expr:
    """The description names goods that belong to none of the declared HS chapters.

    Only plain words for common goods are compared; a description without one is no mismatch. Null
    when description or HS code is undeclared. Source: WCO, Harmonized System.
    """
    named, fitting = [], []
    for words, chapters in goods_words():
        is_named = says("_described", words)
        named.append(is_named)
        fitting.append(is_named & shares_any("hs_chapters", chapters))
    is_known = pl.col("goods_description").is_not_null() & pl.col("hs_chapters").is_not_null()
    is_mismatch = pl.any_horizontal(named) & ~pl.any_horizontal(fitting)
    return pl.when(is_known).then(is_mismatch)


@indicator(typologies=(Typology.CONCEALED_ARMS,))
def is_personal_effects() -> pl.Expr:
    """The goods are described, or classified, as personal effects, household goods or a removal.

    Null when neither description nor HS code is declared. Source: Small Arms Survey and common profiling practice.
    """
    return any_asked(
        says("_described", phrases("personal_effects")),
        holds_goods_of("personal_effects"),
    )


@indicator(typologies=(Typology.MISDECLARED_WASTE,))
def is_second_hand_goods() -> pl.Expr:
    """The goods are described as used, or are of a heading for used goods.

    Null when neither description nor heading is declared. Source: WCO, Operation Demeter.
    """
    return any_asked(
        says("_described", phrases("second_hand")),
        shares_any("hs_headings", ["4012", "6309"]),
    )


@indicator(monotone=1, typologies=VAGUE)
def is_vague_groupage() -> pl.Expr:
    """The container is groupage, and one of its lines is described by a word that fits anything.

    Groupage is several lines, or the word. Null when nothing is described.
    Source: UNODC-WCO container programme practice.
    """
    is_groupage = (pl.col("_goods_line_count") > 1) | says("_described", phrases("groupage"))
    return is_groupage & pl.col("_descriptions").list.eval(_is_vague(pl.element())).list.any()


@indicator(is_always_known=True)
def is_hs_code_missing() -> pl.Expr:
    """A line of goods has no readable HS code, or no line of goods is declared at all.

    False for a container that is declared empty. Always known: absence is what it speaks of.
    Source: WCO, SAFE Framework data elements.
    """
    is_missing = pl.col("_unclassified_line_count").fill_null(1) > 0
    return is_missing & pl.col("is_full").fill_null(value=True)


@indicator(typologies=(Typology.SPLIT_CONSIGNMENTS,))
def is_wildlife_prone_cargo() -> pl.Expr:
    """Goods in which wildlife is hidden (timber, nuts, plastic scrap), loaded in Africa.

    False as soon as one of the two does not fit; null when it then depends on an undeclared HS code
    or port of loading. Source: UNODC, World Wildlife Crime Report.
    """
    is_there = pl.col("port_of_loading_country").is_in(list(regions("africa")))
    return holds_goods_of("wildlife_prone") & is_there


@indicator(typologies=(Typology.MISDECLARED_WASTE,))
def is_waste_prone_cargo() -> pl.Expr:
    """Goods as which waste is declared: plastic, used tyres, used electronics, textiles.

    Null when no HS code is declared. Source: WCO, Operation Demeter; Basel Convention.
    """
    return holds_goods_of("waste_prone")


@indicator(typologies=(Typology.CONCEALED_ARMS,))
def is_arms_prone_cargo() -> pl.Expr:
    """Goods among which arms are hidden: personal effects, vehicles and their parts.

    Null when neither description nor HS code is declared. Source: UNODC, firearms study.
    """
    return any_asked(
        says("_described", phrases("personal_effects")),
        holds_goods_of("arms_prone"),
    )


@indicator()
def is_cigarettes() -> pl.Expr:
    """The goods are tobacco, tobacco products, or what cigarettes are made with.

    Null when neither description nor HS code is declared. Source: WCO, Illicit Trade Report.
    """
    return any_asked(
        says("_described", phrases("cigarettes")),
        holds_goods_of("cigarettes"),
    )
