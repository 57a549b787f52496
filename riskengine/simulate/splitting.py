"""One load spread over several bills: other names, the same door, the same goods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Typology
from riskengine.simulate.columns import put
from riskengine.simulate.dice import dice

if TYPE_CHECKING:
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_SHARED_ADDRESS = 0.65
_SHARED_PHONE = 0.5


def split_consignments(settings: Settings, draft: Draft) -> Draft:
    """Let the split bills of one call share an address or a telephone, often but not always."""
    rng = dice(settings.seed, "splitting")
    bills = draft.bills
    is_split = bills["typology"].eq_missing(Typology.SPLIT_CONSIGNMENTS.value).to_numpy()
    strength = bills["sign_strength"].to_numpy()
    leader = _first_of_call(bills["call_id"], is_split)
    for field, rate in (
        ("consignee_address", _SHARED_ADDRESS),
        ("consignee_phone", _SHARED_PHONE),
    ):
        shared = is_split & (rng.random(len(is_split)) < strength * rate)
        bills = put(bills, shared, **{field: bills[field].gather(leader)})
    return replace(draft, bills=bills)


def _first_of_call(
    call: pl.Series, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return for every bill the first chosen one of its call, or itself where there is none."""
    frame = pl.DataFrame({"call": call, "chosen": pl.Series(chosen)}).with_row_index("row")
    first = pl.col("row").filter("chosen").first().over("call")
    return frame.select(pl.coalesce(first, "row")).to_series().to_numpy().astype(np.int64)
