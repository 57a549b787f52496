"""What columns say of each other: a bill repeats over its containers, gross is above net, a seal is of one box."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest import numbers
from riskengine.manifest.number_parts import parts_of_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.manifest.content_signs import Signs

MOST_LINES = 5_000
"""Lines from the beginning of the file, in which the lines of one bill still stand together."""

_FEWEST_GROUPS = 3
_NEARLY_ALWAYS = 0.97
_MOST_FOLLOW = 0.8
_MOST_COLUMNS = 40


@dataclass(slots=True)
class Relations:
    """What was found; ``gains`` are added to how well a column fits a field.

    Attributes:
        gains: By field and column place.
        bills: Places of the columns on which facts of a bill depend, with how many of these follow.
        parts: Places of the columns that are a container number together, or None.
    """

    gains: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    bills: dict[int, float] = field(default_factory=dict[int, float])
    parts: tuple[int, ...] | None = None

    def add(self, name: str, place: int, gain: float) -> None:
        """Add to what speaks for a column."""
        self.gains[name, place] = self.gains.get((name, place), 0.0) + gain


def relations_of(
    frame: pl.DataFrame,
    signs: Sequence[Signs],
    decimal: str | None,
    held: Mapping[int, pl.Series],
) -> Relations:
    """Look at the columns of a file together."""
    found = Relations()
    lines = frame.head(MOST_LINES)
    texts = {one.place: lines[str(one.place)].str.strip_chars() for one in signs if one.cells}
    found.parts = parts_of_numbers(signs, texts)
    _bills(found, signs, texts)
    _seals(found, signs, texts)
    _masses(found, signs, lines, decimal, held)
    return found


def _is_code(one: Signs) -> bool:
    is_short = 4 <= one.lengths[1] <= 25 and one.share("bare") >= 0.8  # noqa: PLR2004 - as bills are written
    is_other = max(
        one.share("container"), one.share("date"), one.share("port"), one.share("hs")
    )
    return is_short and is_other < 0.6 and one.share("number") <= one.share("digits")  # noqa: PLR2004


def _bills(found: Relations, signs: Sequence[Signs], texts: Mapping[int, pl.Series]) -> None:
    """A bill is a code on which parties and ports depend, and that repeats over its containers."""
    boxes = [one.place for one in signs if one.share("container") >= 0.6]  # noqa: PLR2004
    facts = [
        one.place
        for one in signs
        if one.share("words") > 0.6 and one.distinct > 2  # noqa: PLR2004 - names, addresses
    ][:_MOST_COLUMNS]
    codes = [
        one
        for one in signs
        if _is_code(one) and one.filled > 0.5 and one.distinct >= _FEWEST_GROUPS  # noqa: PLR2004
        if one.place not in (found.parts or ())
    ]
    for one in codes:
        followed = _followed(texts, one.place, facts)
        if followed is None:
            continue
        varied = _followed(texts, one.place, boxes)
        is_above_boxes = varied is None or varied < _MOST_FOLLOW
        found.bills[one.place] = followed
        if followed >= _MOST_FOLLOW and is_above_boxes:
            found.add("bill_of_lading", one.place, 0.5)
    masters: set[int] = set()
    for one, other in permutations(codes, 2):
        if _is_below(texts, one, other):
            found.add("bill_of_lading", one.place, 0.15)
            masters.add(other.place)
    for place in masters:  # once each, however many codes stand below
        found.add("master_bill_of_lading", place, 0.5)
        found.add("bill_of_lading", place, -0.3)


def _followed(texts: Mapping[int, pl.Series], key: int, others: Sequence[int]) -> float | None:
    """Return the share of columns that are the same wherever *key* is; None where *key* does not repeat."""
    others = [place for place in others if place != key]
    if not others:
        return None
    frame = pl.DataFrame({"key": texts[key], **{str(place): texts[place] for place in others}})
    groups = (
        frame.filter(pl.col("key").is_not_null() & (pl.col("key") != ""))
        .group_by("key")
        .agg(pl.len().alias("lines"), *(pl.col(str(place)).n_unique() for place in others))
        .filter(pl.col("lines") > 1)
    )
    if groups.height < _FEWEST_GROUPS:
        return None
    same = groups.select(
        (pl.col(str(place)) == 1).mean() >= _NEARLY_ALWAYS for place in others
    ).row(0)
    return sum(same) / len(same)


def _is_below(texts: Mapping[int, pl.Series], one: Signs, other: Signs) -> bool:
    """Tell whether one code has one other code each, and several of it share one: a house bill and its master."""
    if one.share("digits") > 0.9 and one.lengths[1] < 6:  # noqa: PLR2004 - masses, counts
        return False
    pairs = pl.DataFrame({"one": texts[one.place], "other": texts[other.place]})
    pairs = pairs.filter(pl.all_horizontal(pl.all().is_not_null() & (pl.all() != ""))).unique()
    if pairs.height < _FEWEST_GROUPS:
        return False
    ones, others = pairs["one"].n_unique(), pairs["other"].n_unique()
    is_same_shape = abs(one.lengths[1] - other.lengths[1]) <= 8  # noqa: PLR2004
    return pairs.height == ones and 1 < others < 0.8 * ones and is_same_shape


def _seals(found: Relations, signs: Sequence[Signs], texts: Mapping[int, pl.Series]) -> None:
    """A seal goes with one box: as many different seals as boxes, and none of them on two."""
    boxes = [one.place for one in signs if one.share("container") >= 0.6]  # noqa: PLR2004
    for one in signs:
        if not boxes or not _is_code(one) or one.place in boxes:
            continue
        pairs = pl.DataFrame({"seal": texts[one.place], "box": texts[boxes[0]]})
        pairs = pairs.filter(
            pl.all_horizontal(pl.all().is_not_null() & (pl.all() != ""))
        ).unique()
        if pairs.height < _FEWEST_GROUPS:
            continue
        seals, held = pairs["seal"].n_unique(), pairs["box"].n_unique()
        if min(seals, held) >= _NEARLY_ALWAYS * pairs.height and one.place > boxes[0]:
            found.add("seal_numbers", one.place, 0.25)


def _masses(
    found: Relations,
    signs: Sequence[Signs],
    lines: pl.DataFrame,
    decimal: str | None,
    held: Mapping[int, pl.Series],
) -> None:
    """Gross is above net and near it; the weight of the box is goods and tare together."""
    columns: dict[int, pl.Series] = {}
    for one in signs:
        if one.quantiles is None or one.quantiles[1] <= 0 or one.share("number") < 0.9:  # noqa: PLR2004
            continue
        if one.share("date") > 0.5 or one.share("hs") > 0.8 or one.distinct < _FEWEST_GROUPS:  # noqa: PLR2004
            continue
        own = held.get(one.place)
        split = numbers.split_mass_unit(lines[str(one.place)])["text"]
        columns[one.place] = (
            own.head(MOST_LINES).cast(pl.Float64)
            if own is not None
            else numbers.parse(split, decimal=decimal or ".")["value"]
        )
    in_boxes = _boxes_weighed(found, [one for one in signs if one.place in columns], columns)
    few = list(columns.items())[:_MOST_COLUMNS]
    for (gross, above), (net, below) in permutations(few, 2):
        # What is above because it holds the box as well is no gross mass of goods.
        if (gross, net) not in in_boxes and _is_just_below(below, above):
            found.add("gross_mass_kg", gross, 0.3)
            found.add("net_mass_kg", net, 0.3)
            found.add("net_mass_kg", gross, -0.2)
            found.add("gross_mass_kg", net, -0.2)


def _boxes_weighed(
    found: Relations, signs: Sequence[Signs], columns: Mapping[int, pl.Series]
) -> set[tuple[int, int]]:
    """Find the weights of whole boxes; returned are the places of each with that of the goods in it."""
    pairs: set[tuple[int, int]] = set()
    for tare in (one.place for one in signs if _is_tare(one)):
        for goods, box in permutations([place for place in columns if place != tare], 2):
            if _is_sum(columns[goods], columns[tare], columns[box]):
                pairs.add((box, goods))
                found.add("verified_gross_mass_kg", box, 0.3)
                found.add("container_gross_mass_kg", box, 0.3)
                found.add("gross_mass_kg", box, -0.4)
                found.add("tare_mass_kg", tare, 0.2)
    return pairs


def _is_tare(one: Signs) -> bool:
    if one.quantiles is None:
        return False
    least, _, most = one.quantiles
    in_kg, in_tonnes = least >= 1_500 and most <= 6_000, least >= 1.5 and most <= 6  # noqa: PLR2004
    return in_kg or (in_tonnes and one.share("whole") < 0.5)  # noqa: PLR2004


def _is_just_below(below: pl.Series, above: pl.Series) -> bool:
    pairs = (
        pl.DataFrame({"below": below, "above": above}).drop_nulls().filter(pl.col("above") > 0)
    )
    if pairs.height < _FEWEST_GROUPS:
        return False
    ratio = pairs.select(ratio=pl.col("below") / pl.col("above"))["ratio"]
    is_never_above = float((ratio <= 1.0).mean() or 0) >= _NEARLY_ALWAYS  # pyright: ignore[reportArgumentType]
    median = float(ratio.median() or 0)  # pyright: ignore[reportArgumentType]
    return is_never_above and 0.6 <= median < 1.0  # noqa: PLR2004


def _is_sum(goods: pl.Series, tare: pl.Series, whole: pl.Series) -> bool:
    rows = pl.DataFrame({"goods": goods, "tare": tare, "whole": whole}).drop_nulls()
    rows = rows.filter(pl.col("whole") > 0)
    if rows.height < _FEWEST_GROUPS:
        return False
    gap = (pl.col("goods") + pl.col("tare") - pl.col("whole")).abs() / pl.col("whole")
    return float(rows.select((gap < 0.03).mean()).item() or 0) >= _MOST_FOLLOW  # noqa: PLR2004
