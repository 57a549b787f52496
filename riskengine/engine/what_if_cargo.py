"""What can be verified of the goods: their mass, their packages, their value, and how they are described."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import commodities
from riskengine.engine.what_if_facts import FEWEST, Provable, cell, doubtful, innocent
from riskengine.features import reconciliation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.engine.what_if_facts import Situation
    from riskengine.engine.what_if_rows import Cell, Edit

OFF: Final = 1.15
"""What lies this far above what was declared was not weighed badly."""
_TIMES: Final = 3.0
"""An invoice further from the usual value than this, up or down, is nobody's."""
_NET: Final = 0.92
_HALF: Final = 0.5
_TONNE: Final = 1000.0
_UNROUND_KG: Final = 137.0
"""What a scale shows beside whole tonnes: any mass that is none would do."""
VAGUE: Final = "GENERAL CARGO"


def _scaled(at: Situation, column: str, total: float, *, whole: bool = False) -> Cell | None:
    """Return a column of the goods with another total: each line in its share, or all alike where one is silent."""
    held = at.cells("goods_items", column)
    if not held:
        return None
    is_whole = None not in held and sum(held) > 0
    shares = [value / sum(held) for value in held] if is_whole else [1 / len(held)] * len(held)
    values = [total * share for share in shares]
    if whole:
        return cell("goods_items", column, *(max(1, round(value)) for value in values))
    return cell("goods_items", column, *(round(value, 2) for value in values))


def _with_box(at: Situation, mass: float) -> list[Cell]:
    """Return the cells that a mass of the goods fills: net mass and the masses of the box go with it."""
    held = at.fact("gross_mass_kg")
    cells = [_scaled(at, "gross_mass_kg", mass)]
    if held:
        net = at.fact("net_mass_kg")
        if net is not None:
            cells.append(_scaled(at, "net_mass_kg", net * mass / held))
        for name in ("container_gross_mass_kg", "verified_gross_mass_kg"):
            box = at.fact(name)
            if box is not None and box + mass - held > 0:
                cells.append(cell("containers", name, round(box + mass - held, 2)))
    return [one for one in cells if one is not None]


def _fits(at: Situation, mass: float) -> bool:
    """Tell whether the box may carry goods of this mass, and weigh what it would weigh with them."""
    held = at.fact("gross_mass_kg")
    boxes = [at.fact(name) for name in ("container_gross_mass_kg", "verified_gross_mass_kg")]
    heaviest = [box + mass - held for box in boxes if held and box is not None]
    return mass <= at.may_carry_kg and all(one <= at.may_weigh_kg for one in heaviest)


def _mass(at: Situation) -> Iterator[Edit]:
    held, usual = at.fact("gross_mass_kg"), at.usual("gross_mass_kg")
    if usual and at.is_unusual("gross_mass_kg", usual):
        mass = float(round(usual, -1)) or usual
        if _fits(at, mass):
            yield innocent("mass_usual", mass, *_with_box(at, mass))
    if held and held % _TONNE == 0:
        near = (held + _UNROUND_KG, held - _UNROUND_KG)
        for mass in [one for one in near if _fits(at, one)][:1]:
            yield innocent("mass_weighed", mass, *_with_box(at, mass))
    if held:
        for factor in (OFF, 1 / OFF):
            mass = float(round(held * factor, -1))
            if _fits(at, mass):
                yield doubtful("mass_off", mass, *_with_box(at, mass))


def _packages(at: Situation) -> Iterator[Edit]:
    mass, usual = at.fact("gross_mass_kg"), at.usual("mass_per_package_kg")
    if not mass or not usual:
        return
    odd = at.is_unusual("mass_per_package_kg", usual)
    for make, factor in ((innocent, 1.0), (doubtful, OFF * OFF)):
        if make is innocent and not odd:
            continue
        column = _scaled(at, "package_count", mass / (usual * factor), whole=True)
        if column is not None:
            yield make("packages", sum(v for v in column.values if isinstance(v, int)), column)


def _value(at: Situation) -> Iterator[Edit]:
    mass, usual = at.fact("gross_mass_kg"), at.usual("declared_value_per_kg_usd")
    if not mass or not usual:
        return
    odd = at.is_unusual("declared_value_per_kg_usd", usual)
    value = usual * mass
    totals = (
        (innocent, round(value)),
        (doubtful, math.ceil(value / _TIMES)),
        (doubtful, math.floor(value * _TIMES)),
    )
    for make, whole in totals:
        if make is innocent and not odd:
            continue
        total = float(whole)
        column = _scaled(at, "declared_value_usd", total)
        if column is not None:
            yield make("value", total, column)


def _net(at: Situation) -> Iterator[Edit]:
    mass = at.fact("gross_mass_kg")
    if not mass:
        return
    usual = at.usual("net_to_gross_mass_ratio") or _NET
    odd = at.is_unusual("net_to_gross_mass_ratio", usual)
    for make, share in ((innocent, usual), (doubtful, _HALF)):
        if make is innocent and not odd:
            continue
        column = _scaled(at, "net_mass_kg", mass * share)
        if column is not None:
            yield make("net_mass", float(round(mass * share)), column)


def _volume(at: Situation) -> Iterator[Edit]:
    usual = at.usual("volume_m3")
    if not usual:
        return
    odd = at.is_unusual("volume_m3", usual)
    for make, factor in ((innocent, 1.0), (doubtful, _HALF)):
        if make is innocent and not odd:
            continue
        column = _scaled(at, "volume_m3", usual * factor)
        if column is not None:
            yield make("volume", round(usual * factor, 1), column)


def _description(at: Situation) -> Iterator[Edit]:
    # Only what says too little, or something else than its code, can be made precise: other goods cannot.
    said = at.fact("goods_description")
    is_poor = (
        said is None
        or at.fact("is_vague_description")
        or at.fact("is_vague_groupage")
        or at.fact("is_description_hs_mismatch")
    )
    if not at.bench.rows["goods_items"]:
        return
    if is_poor:
        for text in _precise(at):
            yield innocent("description", text, cell("goods_items", "description", text))
    yield doubtful("description_vague", VAGUE, cell("goods_items", "description", VAGUE))


def _precise(at: Situation) -> list[str]:
    """Return how goods of the same code are described: by others on the manifest, else by the tariff."""
    heading = at.fact("_main_heading")
    if heading is None:
        return [text for text in at.most_named("goods_description") if text != VAGUE]
    same = at.others.filter(
        (pl.col("_main_heading") == heading) & (pl.col("_goods_line_count") == 1)
    )["goods_description"].drop_nulls()
    named = sorted(same.to_list())[:1]
    tariff = commodities.describe(heading)
    return [*named, *([tariff.upper()] if tariff else [])]


def _code(at: Situation) -> Iterator[Edit]:
    rows = at.bench.rows["goods_items"]
    if not rows or not (at.fact("is_hs_code_missing") or at.fact("is_description_hs_mismatch")):
        return
    said = at.fact("goods_description")
    alike = at.others.filter(pl.col("goods_description") == said) if said else at.others.clear()
    codes = [codes[0] for codes in alike["hs_codes"].drop_nulls().to_list() if codes]
    codes += [codes[0] for codes in at.most_named("hs_codes", at_most=FEWEST)]
    for code in list(dict.fromkeys(codes))[:FEWEST]:
        held = at.cells("goods_items", "hs_code")
        # A code that is there and fits stays; where it does not fit, all lines are of the other one.
        lacking = at.fact("is_hs_code_missing")
        values = [old or code for old in held] if lacking else [code] * len(held)
        yield innocent("code", code, cell("goods_items", "hs_code", *values))


def _origin(at: Situation) -> Iterator[Edit]:
    if at.fact("countries_of_origin") is not None or not at.bench.rows["goods_items"]:
        return
    country = at.fact("port_of_loading_country")
    named = [codes[0] for codes in at.most_named("countries_of_origin", at_most=2)]
    for code in dict.fromkeys([*([country] if country else []), *named]):
        yield innocent("origin", code, cell("goods_items", "country_of_origin", code))


def _verified(at: Situation) -> Iterator[Edit]:
    mass, tare, box = (
        at.fact(name) for name in ("gross_mass_kg", "tare_mass_kg", "container_gross_mass_kg")
    )
    declared = box if box is not None else None if None in (mass, tare) else mass + tare
    if not declared or at.fact("is_loose_cargo"):
        return
    for make, factor in ((innocent, 1.0), (doubtful, OFF)):
        weighed = round(declared * factor, 1 if make is innocent else -1)
        if weighed > at.may_weigh_kg:
            continue
        yield make("verified", weighed, cell("containers", "verified_gross_mass_kg", weighed))


def _weighed_elsewhere(at: Situation) -> Iterator[Edit]:
    declared = (
        at.bench.facts.filter(pl.col("container_id") == at.bench.row["container_id"])
        .select(reconciliation.declared_mass())
        .item()
    )
    if not declared or at.fact("is_loose_cargo") or at.bench.known.beside.facts is None:
        return
    planned = at.beside("planned_gross_mass_kg")
    for make, factor in ((innocent, 1.0), (doubtful, OFF)):
        mass = round(declared * factor, 1 if make is innocent else -1)
        if mass > at.may_weigh_kg:
            continue
        heaviest = max(mass, planned or mass)
        beside = {"gate_gross_mass_kg": mass, "_weighed_mass_kg": heaviest}
        yield make("gate_mass", mass, beside=beside)


CARGO: Final = (
    Provable(id="mass", field="gross_mass_kg", how="weigh", whom="terminal", edits=_mass),
    Provable(id="packages", field="package_count", how="count", whom="shipper", edits=_packages),
    Provable(id="value", field="declared_value_usd", how="invoice", whom="consignee", edits=_value),
    Provable(id="net_mass", field="net_mass_kg", how="packing_list", whom="shipper", edits=_net),
    Provable(id="volume", field="volume_m3", how="packing_list", whom="shipper", edits=_volume),
    Provable(
        id="description", field="goods_description", how="invoice", whom="consignee",
        edits=_description,
    ),
    Provable(id="code", field="hs_codes", how="invoice", whom="declarant", edits=_code),
    Provable(
        id="origin", field="countries_of_origin", how="origin", whom="consignee", edits=_origin
    ),
    Provable(
        id="verified", field="verified_gross_mass_kg", how="weigh_gross", whom="carrier",
        edits=_verified,
    ),
    Provable(
        id="gate_mass", field="gate_gross_mass_kg", how="terminal", whom="terminal",
        edits=_weighed_elsewhere,
    ),
)  # fmt: skip
"""The facts of the goods."""
