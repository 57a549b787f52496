"""Boxes and seals: container numbers of a pool that comes round again, tares, set points, series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.codes import containers
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import BOXES, carriers, commodities

if TYPE_CHECKING:
    from riskengine.simulate.columns import Indices
    from riskengine.simulate.draft import Draft

_TURNAROUND_DAYS = 30  # unloaded, returned, sent back empty, stuffed and brought to the quay
_ONE_OFF_SHARE = 0.35
_SEAL_STEP = 3
_SERIALS = np.arange(100_000, 999_999)


def equip(seed: int, draft: Draft) -> Draft:
    """Give every box its size type, number, tare, set point, place on board and seals."""
    own = draft.bills[draft.boxes["bill_id"].to_list()]
    goods = commodities()[own["commodity"].to_list()]
    rng = dice(seed, "equipment")
    size = draft.boxes.height
    bay, row = rng.integers(1, 24, size) * 2, rng.integers(0, 14, size)
    tier = np.where(rng.random(size) < 0.7, rng.integers(1, 9, size) * 2, 82)  # noqa: PLR2004
    boxes = draft.boxes.with_columns(
        own["carrier"],
        own["loaded_on"],
        own["arrival_expected_on"],
        goods["size_type"],
        pl.when("is_full").then(goods["temperature_c"]).alias("temperature_set_c"),
        pl.lit(value=False).alias("is_shipper_owned"),
        pl.select(
            pl.lit(pl.Series(bay)).cast(pl.String).str.zfill(3)
            + pl.lit(pl.Series(row)).cast(pl.String).str.zfill(2)
            + pl.lit(pl.Series(tier)).cast(pl.String).str.zfill(2)
        )
        .to_series()
        .alias("stow_position"),
    )
    boxes = boxes.with_columns(_numbers(seed, boxes).alias("container_number"))
    # The tare stands on the plate of the box: the same number always has the same.
    plate = pl.col("container_number").str.slice(6, 4).cast(pl.Int64) % 24 * 10
    tare = pl.col("size_type").replace_strict({name: box[0] for name, box in BOXES.items()})
    boxes = boxes.with_columns((tare + plate).cast(pl.Float64).alias("tare_mass_kg"))
    return replace(draft, boxes=_sealed(seed, boxes))


def _numbers(seed: int, boxes: pl.DataFrame) -> pl.Series:
    """Number the boxes of each carrier and size; two thirds come from a pool that turns round."""
    numbers = np.full(boxes.height, "", dtype=object)
    listed = carriers()
    loaded = boxes["loaded_on"].to_physical().to_numpy().astype(np.int64)
    arrives = boxes["arrival_expected_on"].to_physical().to_numpy().astype(np.int64)
    carrier, sizes = boxes["carrier"].to_numpy(), boxes["size_type"].to_numpy()
    for number, owner in enumerate(listed.iter_rows(named=True)):
        rng = dice(seed, f"container numbers/{owner['carrier_code']}")
        # A carrier never needs more boxes than it makes voyages with them.
        voyages = min(int((carrier == number).sum()), len(_SERIALS))
        serials = rng.choice(_SERIALS, voyages, replace=False)
        used = 0
        for size_type in BOXES:
            rows = np.flatnonzero((carrier == number) & (sizes == size_type))
            slots, count = _turn_round(rng, loaded[rows], arrives[rows])
            serial = serials[used : used + count]
            prefix = np.array(owner["owner_codes"], dtype=object)[
                serial % len(owner["owner_codes"])
            ]
            names = prefix + serial.astype(str).astype(object)
            numbers[rows] = names[slots]
            used += count
    bare = pl.DataFrame({"number": pl.Series(numbers.tolist(), dtype=pl.String)})
    return bare.select(
        pl.col("number")
        + containers.expected_check_digit(pl.col("number") + "0").cast(pl.String)
    ).to_series()


def _turn_round(
    rng: np.random.Generator, loaded: Indices, arrives: Indices
) -> tuple[Indices, int]:
    """Return which box of a pool each voyage gets, and how many boxes the pool needs.

    Voyages take boxes in turn, in order of loading. The pool is so large that a box is back, with
    `_TURNAROUND_DAYS` to spare, before its turn comes again, also after each round has been
    shuffled a little (so that boxes do not travel in company for ever).
    """
    slots = np.zeros(len(loaded), dtype=np.int64)
    is_once = rng.random(len(loaded)) < _ONE_OFF_SHARE
    once, pooled = np.flatnonzero(is_once), np.flatnonzero(~is_once)
    slots[once] = np.arange(len(once))
    if not len(pooled):
        return slots, len(once)
    order = pooled[np.argsort(loaded[pooled], kind="stable")]
    free_again = np.searchsorted(loaded[order], arrives[order] + _TURNAROUND_DAYS, side="left")
    least = int((free_again - np.arange(len(order))).max())
    block = least // 2 + 1
    pool = 3 * block
    place = np.arange(len(order))
    jitter = np.lexsort((rng.random(len(order)), place // block))
    rank = np.empty(len(order), dtype=np.int64)
    rank[jitter] = place
    slots[order] = len(once) + rank % pool
    return slots, len(once) + min(pool, len(order))


def _sealed(seed: int, boxes: pl.DataFrame) -> pl.DataFrame:
    """Seal the full boxes: a number of the carrier's series for the port, some a shipper's too.

    No number is given twice: batches of one carrier lie behind one another in its series, and a seal
    on two boxes is a copy.
    """
    rng = dice(seed, "seals")
    listed = carriers()[boxes["carrier"].to_list()]
    size = boxes.height
    # A port uses up a batch of consecutive seals; the next batch starts somewhere else.
    place = boxes.select(
        pl.struct("loaded_on", "box_id").rank("ordinal").over("carrier", "port_of_loading")
    ).to_series()
    serial = (
        _batch_starts(seed, boxes)
        + (place.to_numpy().astype(np.int64) - 1) * _SEAL_STEP
        + rng.integers(_SEAL_STEP, size=size)
    )
    extra = "S" + pl.Series(distinct(rng, 7, size)).cast(pl.String)
    full = boxes.select(
        "is_full",
        "has_shipper_seal",
        number=listed["seal_prefix"] + _padded(pl.Series(serial), listed["seal_digits"]),
    )
    return boxes.with_columns(
        full.select(pl.when("is_full").then("number")).to_series().alias("carrier_seal"),
        full.select(pl.when(pl.col("is_full") & pl.col("has_shipper_seal")).then(extra))
        .to_series()
        .alias("extra_seal"),
        full.select(
            pl.when(pl.col("is_full") & pl.col("has_shipper_seal")).then(pl.lit("shipper"))
        )
        .to_series()
        .alias("extra_sealing_party"),
    )


def _batch_starts(seed: int, boxes: pl.DataFrame) -> Indices:
    """Return for each box the number with which the batch of its carrier and port begins."""
    rng = dice(seed, "seal batches")
    counts = (
        boxes.group_by("carrier", "port_of_loading")
        .len()
        .sort("carrier", "port_of_loading")
        .with_columns(pl.col("len").cast(pl.Int64))
    )
    # Carriers order seals for ports in no order of ours, and leave some of each batch over.
    counts = counts.with_columns(
        pl.Series("turn", rng.permutation(counts.height)),
        pl.Series("left_over", rng.integers(20, 400, counts.height)),
    )
    first = dict(
        zip(
            range(len(carriers())), rng.integers(10**4, 4 * 10**4, len(carriers())), strict=True
        )
    )
    starts = counts.sort("carrier", "turn").with_columns(
        (pl.col("len") * _SEAL_STEP + pl.col("left_over"))
        .cum_sum()
        .shift(1, fill_value=0)
        .over("carrier")
        .alias("before"),
        pl.col("carrier").replace_strict(first, return_dtype=pl.Int64).alias("first"),
    )
    return (
        boxes.select("carrier", "port_of_loading")
        .join(
            starts.select("carrier", "port_of_loading", pl.col("first") + pl.col("before")),
            on=["carrier", "port_of_loading"],
            how="left",
            maintain_order="left",
        )["first"]
        .to_numpy()
        .astype(np.int64)
    )


def distinct(rng: np.random.Generator, digits: int, size: int) -> Indices:
    """Return numbers of so many digits, none of them twice.

    >>> drawn = distinct(np.random.default_rng(1), 3, 400)
    >>> len(set(drawn.tolist())), int(drawn.min()) >= 100, int(drawn.max()) <= 999
    (400, True, True)
    """
    least = 10 ** (digits - 1)
    chosen: Indices = rng.choice(9 * least, size, replace=False) + least
    return chosen


def _padded(serial: pl.Series, digits: pl.Series) -> pl.Series:
    texts = pl.DataFrame({"serial": serial.cast(pl.String), "digits": digits})
    zeros = pl.lit("0").repeat_by(
        (pl.col("digits") - pl.col("serial").str.len_chars().cast(pl.Int64)).clip(lower_bound=0)
    )
    return texts.select(zeros.list.join("") + pl.col("serial")).to_series()
