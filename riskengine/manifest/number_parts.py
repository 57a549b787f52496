"""Container numbers that an export splits over columns: owner, serial number and check digit apart."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes import containers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.manifest.content_signs import Signs

_MOST = 0.9
_FEWEST_NUMBERS = 5
_MOST_TRIED = 200
_OWNER = 4
_SERIAL, _SERIAL_AND_DIGIT = 6, 7


def parts_of_numbers(
    signs: Sequence[Signs], texts: Mapping[int, pl.Series]
) -> tuple[int, ...] | None:
    """Return the places of the columns that together are a container number, in its order; None where none are.

    Only where the check digits are right: four letters and some digits may be anything. A sheet that holds the
    serial number as a number has lost the zeros before it, which are put back to see.
    """
    owners = [one.place for one in signs if one.cells and one.share("four_letters") >= _MOST]
    digits = [one for one in signs if one.cells and one.share("digits") >= _MOST]
    ends = [one.place for one in digits if one.lengths[2] == 1]
    longer = [one for one in digits if one.lengths[2] > 1]
    serials = [one.place for one in longer if one.lengths[2] <= _SERIAL]
    wholes = [one.place for one in longer if one.lengths[2] <= _SERIAL_AND_DIGIT]
    tried = [*product(owners, serials, ends), *product(owners, wholes)][:_MOST_TRIED]
    found = [(_share_right(texts, places), places) for places in tried]
    share, places = max(found, key=lambda one: one[0], default=(0.0, ()))
    return places if share >= _MOST else None


def _share_right(texts: Mapping[int, pl.Series], places: tuple[int, ...]) -> float:
    serial = _SERIAL if len(places) == 3 else _SERIAL_AND_DIGIT  # noqa: PLR2004 - with the digit apart
    widths = (_OWNER, serial, 1)
    numbers = (
        pl.DataFrame({str(place): texts[place] for place in places})
        .filter(pl.all_horizontal(pl.all().is_not_null() & (pl.all() != "")))
        .select(
            number=pl.concat_str(
                pl.col(str(place)).str.zfill(width)
                for place, width in zip(places, widths, strict=False)
            )
        )["number"]
        .unique()
    )
    if len(numbers) < _FEWEST_NUMBERS:
        return 0.0
    told = pl.DataFrame({"number": numbers}).select(
        containers.has_valid_check_digit(pl.col("number")).fill_null(value=False).mean()
    )
    return float(told.item() or 0.0)
