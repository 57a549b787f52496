"""What can be verified of the box: its seals, its number, its plate, its temperature, and what others reported of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import containers
from riskengine.engine.what_if_facts import Provable, cell, doubtful, innocent
from riskengine.features import reconciliation
from riskengine.features.keys import SERIES_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.engine.what_if_facts import Situation
    from riskengine.engine.what_if_rows import Edit

_ODD_DEGREES: Final = 12.0
_HEAVY_TARE_KG: Final = 500.0
_LAST: Final = 10**SERIES_DIGITS
_ORDER: Final = (
    "_is_loaded_before_gate_in",
    "_is_gate_out_before_discharge",
    "_is_gate_out_before_release",
    "_is_itinerary_impossible",
    "_is_not_discharged",
)


def _own_seal(at: Situation) -> str:
    """Return a seal that no box of the manifest bears, of the series that most of them are of."""
    taken = frozenset(at.near_seals)
    series = sorted(seal[:-SERIES_DIGITS] for seal in taken if len(seal) > SERIES_DIGITS * 2)
    lot = max(series, key=series.count) if series else "SEAL"
    return next(
        seal
        for number in range(_LAST - 1, 0, -1)
        if (seal := f"{lot}{number:0{SERIES_DIGITS}d}") not in taken
    )


def _seal(at: Situation) -> Iterator[Edit]:
    if at.fact("is_loose_cargo"):
        return  # it has no door to seal
    is_doubted = (
        at.fact("seal_numbers") is None
        or at.fact("is_seal_repeated")
        or at.fact("is_seal_seen_before")
    )
    if is_doubted:
        seal = _own_seal(at)
        yield innocent("seal_own", seal, cell("seals", "seal_number", seal))
    if at.near_seals:
        other = min(at.near_seals)
        yield doubtful("seal_repeated", other, cell("seals", "seal_number", other))
    if at.fact("seal_numbers") is not None:
        yield doubtful("seal_none", None, cell("seals", "seal_number"))


def _number(at: Situation) -> Iterator[Edit]:
    number = at.fact("container_number")
    if number is None or at.fact("is_loose_cargo"):
        return
    if at.fact("is_check_digit_wrong"):
        known = at.beside("near_container_number")
        digit = pl.select(containers.expected_check_digit(pl.lit(number))).item()
        right = [
            *([known] if known else []),
            *([f"{number[:-1]}{digit}"] if digit is not None else []),
        ]
        for text in dict.fromkeys(right):
            yield innocent("number", text, cell("containers", "container_number", text))
    elif at.fact("is_check_digit_wrong") is False:
        wrong = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
        yield doubtful("number", wrong, cell("containers", "container_number", wrong))


def _tare(at: Situation) -> Iterator[Edit]:
    if at.fact("is_loose_cargo"):
        return
    usual = at.usual("tare_mass_kg")
    before = at.beside("earlier_tare_mass_kg")
    for mass in dict.fromkeys(value for value in (before, usual) if value):
        yield innocent(
            "tare", float(round(mass)), cell("containers", "tare_mass_kg", float(round(mass)))
        )
    held = at.fact("tare_mass_kg") or usual
    if held:
        heavy = float(round(held + _HEAVY_TARE_KG))
        yield doubtful("tare", heavy, cell("containers", "tare_mass_kg", heavy))


def _set_point(at: Situation) -> Iterator[Edit]:
    usual = at.usual("temperature_set_c")
    if at.fact("container_family") != "reefer" or usual is None:
        return
    usual = round(usual, 1)
    if at.is_unusual("temperature_set_c", usual):
        yield innocent("set_point", usual, cell("containers", "temperature_set_c", usual))
    odd = usual + _ODD_DEGREES
    yield doubtful("set_point", odd, cell("containers", "temperature_set_c", odd))


def _type(at: Situation) -> Iterator[Edit]:
    if at.fact("is_loose_cargo"):
        return
    told = [at.beside(f"{by}_size_type") for by in ("gate", "planned", "earlier")]
    for code in dict.fromkeys(code for code in told if code):
        yield innocent("size_type", code, cell("containers", "size_type", code))


def _owner(at: Situation) -> Iterator[Edit]:
    if at.fact("is_loose_cargo"):
        return
    yield innocent("carrier_box", False, cell("containers", "is_shipper_owned", False))
    yield doubtful("shipper_box", True, cell("containers", "is_shipper_owned", True))


def _plan(at: Situation) -> Iterator[Edit]:
    if at.beside("is_on_stow_plan") is None:
        return
    says = {
        "planned_port_of_loading": at.fact("port_of_loading"),
        "planned_port_of_discharge": at.fact("port_of_discharge"),
        "planned_size_type": at.fact("size_type"),
        "planned_is_full": at.fact("is_full"),
        "planned_gross_mass_kg": at.bench.facts.filter(
            pl.col("container_id") == at.bench.row["container_id"]
        )
        .select(reconciliation.declared_mass())
        .item(),
    }
    told: dict[str, object] = {
        name: value
        for name, value in says.items()
        if at.beside(name) is not None and value is not None
    }
    masses = [at.beside("gate_gross_mass_kg"), told.get("planned_gross_mass_kg")]
    weighed = [mass for mass in masses if isinstance(mass, float)]
    if weighed:
        told["_weighed_mass_kg"] = max(weighed)
    yield innocent("plan", None, beside={"is_on_stow_plan": True} | told)


def _seals_read(at: Situation) -> Iterator[Edit]:
    declared = at.beside("_declared_seal_list")
    if not declared or at.fact("is_loose_cargo"):
        return
    read = ("loading_seal_numbers", "discharge_seal_numbers", "gate_out_seal_numbers")
    told = [name for name in read if at.beside(name) is not None]
    agreeing: dict[str, object] = {}
    agreeing |= dict.fromkeys(told or read[:1], declared)
    if at.beside("_is_seal_changed") is not None:
        agreeing["_is_seal_changed"] = False
    yield innocent("seals_read", ", ".join(declared), beside=agreeing)
    if not told:
        other = _own_seal(at)
        yield doubtful("seals_read", other, beside={read[0]: [other]})


def _order(at: Situation) -> Iterator[Edit]:
    out = {name: False for name in _ORDER if at.beside(name)}
    if out:
        yield innocent("order", None, beside=out)


def _reference(at: Situation) -> Iterator[Edit]:
    released, left = at.beside("release_reference"), at.beside("gate_out_reference")
    if released is not None and left is not None and released != left:
        yield innocent("reference", None, beside={"gate_out_reference": released})


BOX: Final = (
    Provable(id="seal", field="seal_numbers", how="seal", whom="carrier", edits=_seal),
    Provable(id="number", field="container_number", how="plate", whom="terminal", edits=_number),
    Provable(id="tare", field="tare_mass_kg", how="plate", whom="terminal", edits=_tare),
    Provable(
        id="set_point", field="temperature_set_c", how="reefer", whom="carrier", edits=_set_point
    ),
    Provable(id="size_type", field="size_type", how="plate", whom="terminal", edits=_type),
    Provable(id="owner", field="is_shipper_owned", how="owner", whom="carrier", edits=_owner),
    Provable(id="plan", field="is_on_stow_plan", how="stow_plan", whom="carrier", edits=_plan, is_asked=False),
    Provable(
        id="seals_read", field="loading_seal_numbers", how="seals_read", whom="terminal",
        edits=_seals_read,
    ),
    Provable(id="order", field="gate_out_on", how="movements", whom="terminal", edits=_order, is_asked=False),
    Provable(
        id="reference", field="gate_out_reference", how="terminal", whom="haulier",
        edits=_reference, is_asked=False),
)  # fmt: skip
"""The facts of the box."""
