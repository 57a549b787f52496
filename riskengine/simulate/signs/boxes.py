"""Signs that a box shows: its seals, its mass on the weighbridge, its number, its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.codes import containers
from riskengine.simulate.columns import Mask, put
from riskengine.simulate.equipment import distinct
from riskengine.simulate.tables import BOXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskengine.simulate.draft import Draft

_PRIVATE_OWNERS = ["XQSU", "ZKBU", "WTLU", "QRVU"]
_ELSEWHERE_DAYS = (2, 13)


def _seal_missing(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    del rng
    blank = {"carrier_seal": None, "extra_seal": None, "extra_sealing_party": None}
    return replace(draft, boxes=put(draft.boxes, mask, **blank))


def _seal_out_of_series(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Replace the carrier's seal by one bought anywhere: other letters, another length."""
    size = len(mask)
    letters = pl.Series(["B", "HT", "K", "SL", "", "YH"]).gather(rng.integers(6, size=size))
    # One of three lengths, and never a number that another box bears: who buys seals buys new ones.
    number = pl.Series(distinct(rng, 7, size)).cast(pl.String)
    strange = letters + number + pl.Series(["", "0", "00"]).gather(rng.integers(3, size=size))
    return replace(draft, boxes=put(draft.boxes, mask, carrier_seal=strange))


def _seal_repeated(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Show the seal number of the next box on the same call, where there is one."""
    del rng
    neighbour = draft.boxes.select(pl.col("carrier_seal").shift(-1).over("call_id")).to_series()
    repeated = mask & neighbour.is_not_null().to_numpy()
    return replace(draft, boxes=put(draft.boxes, repeated, carrier_seal=neighbour))


def _second_seal(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    number = "C" + pl.Series(distinct(rng, 7, len(mask))).cast(pl.String)
    boxes = put(draft.boxes, mask, extra_seal=number, extra_sealing_party="unknown")
    return replace(draft, boxes=boxes)


def _verified_mass_up(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Weigh 150 to 1,200 kg more than was declared, as a load of bags does."""
    more = pl.lit(pl.Series(np.round(rng.uniform(15, 120, len(mask))) * 10))
    heavier = pl.col("container_gross_mass_kg") + more
    return replace(draft, boxes=put(draft.boxes, mask, verified_gross_mass_kg=heavier))


def _reachable_stow(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Stand on deck, in a tier that a person on board can reach."""
    tier = pl.lit(pl.Series(["82", "84"]).gather(rng.integers(2, size=len(mask))))
    on_deck = pl.col("stow_position").str.head(5) + tier
    return replace(draft, boxes=put(draft.boxes, mask, stow_position=on_deck))


def _odd_set_point(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Set a reefer four to eleven degrees away from what the goods need."""
    size = len(mask)
    away = pl.lit(pl.Series(np.round(rng.choice([-1.0, 1.0], size) * rng.uniform(4, 11, size))))
    odd = pl.col("temperature_set_c") + away
    return replace(draft, boxes=put(draft.boxes, mask, temperature_set_c=odd))


def _dry_goods_in_reefer(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Use a reefer that is switched off for dry goods, or switch off the one of the perishables."""
    del rng
    fits = mask & draft.boxes["size_type"].is_in(["45G1", "45R1", "22G1"]).to_numpy()
    loaded = draft.boxes["container_gross_mass_kg"] - draft.boxes["tare_mass_kg"]
    fits &= (loaded < BOXES["45R1"][1]).to_numpy()
    boxes = put(draft.boxes, fits, size_type="45R1", temperature_set_c=None)
    return replace(draft, boxes=boxes)


def _shipper_owned(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Come in a box of the shipper's own, under an owner's code that no carrier uses."""
    size = len(mask)
    owner = pl.Series(_PRIVATE_OWNERS).gather(rng.integers(len(_PRIVATE_OWNERS), size=size))
    serial = np.full(size, 10**5)
    serial[mask] = distinct(rng, 6, int(mask.sum()))
    number = _checked(owner + pl.Series(serial).cast(pl.String))
    boxes = put(draft.boxes, mask, is_shipper_owned=True, container_number=number)
    return replace(draft, boxes=boxes)


def _checked(bare: pl.Series) -> pl.Series:
    digit = pl.select(containers.expected_check_digit(pl.lit(bare + "0")).cast(pl.String))
    return bare + digit.to_series()


def _tare_off(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Declare a tare 200 to 700 kg above the plate, as a rebuilt floor or wall does."""
    more = pl.lit(pl.Series(np.round(rng.uniform(20, 70, len(mask))) * 10))
    tare = pl.col("tare_mass_kg") + more
    return replace(draft, boxes=put(draft.boxes, mask, tare_mass_kg=tare))


def _odd_type(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Use an open-top box for goods that go in closed ones."""
    del rng
    loaded = draft.boxes["container_gross_mass_kg"] - draft.boxes["tare_mass_kg"]
    fits = mask & (loaded < BOXES["45U1"][1]).to_numpy()
    return replace(
        draft, boxes=put(draft.boxes, fits, size_type="45U1", temperature_set_c=None)
    )


def _wrong_check_digit(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    number = draft.boxes["container_number"]
    digit = number.str.slice(10, 1).cast(pl.Int64) + pl.Series(rng.integers(1, 10, len(mask)))
    wrong = number.str.head(10) + (digit % 10).cast(pl.String)
    return replace(draft, boxes=put(draft.boxes, mask, container_number=wrong))


def _seen_elsewhere(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Bear the number of a box that arrived in another port a few days before."""
    boxes = draft.boxes
    arrives = boxes["arrival_expected_on"].to_physical().to_numpy().astype(np.int64)
    order = np.argsort(arrives, kind="stable")
    wanted = arrives - rng.integers(*_ELSEWHERE_DAYS, len(mask))
    place = np.minimum(np.searchsorted(arrives[order], wanted), len(order) - 1)
    twin = order[place]
    port = boxes["port_of_discharge"].to_numpy()
    elsewhere = mask & (port[twin] != port) & (arrives[twin] < arrives)
    copied = pl.Series(boxes["container_number"]).gather(twin)
    copied_already = pl.DataFrame({"call": boxes["call_id"], "number": copied}).filter(
        pl.Series(elsewhere)
    )
    unique = np.zeros(len(mask), dtype=np.bool_)
    unique[np.flatnonzero(elsewhere)] = copied_already.is_unique().to_numpy()
    return replace(draft, boxes=put(boxes, unique, container_number=copied))


SIGNS: Mapping[str, Callable[[Draft, Mask, np.random.Generator], Draft]] = {
    "seal_missing": _seal_missing,
    "seal_out_of_series": _seal_out_of_series,
    "seal_repeated": _seal_repeated,
    "second_seal": _second_seal,
    "verified_mass_up": _verified_mass_up,
    "reachable_stow": _reachable_stow,
    "odd_set_point": _odd_set_point,
    "dry_goods_in_reefer": _dry_goods_in_reefer,
    "shipper_owned": _shipper_owned,
    "tare_off": _tare_off,
    "odd_type": _odd_type,
    "wrong_check_digit": _wrong_check_digit,
    "seen_elsewhere": _seen_elsewhere,
}
