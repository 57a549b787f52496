"""Signs that a bill shows: late bookings, late changes, odd dates, relays, freight and places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.columns import Mask, put

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskengine.simulate.draft import Draft

_SENSITIVE = [
    "consignee_name",
    "consignee_name;notify_party_name",
    "goods_description;hs_code",
    "shipper_name;consignee_name",
    "port_of_discharge",
    "gross_mass_kg;package_count",
    "place_of_delivery;consignee_name",
]
_HUBS = ["PAMIT", "DOCAU", "JMKIN", "MAPTM", "ESALG", "EGPSD", "SGSIN", "TRMER"]


def _day(draft: Draft, name: str) -> pl.Expr:
    return pl.lit(draft.bills[name].to_physical().cast(pl.Int32))


def _drawn(rng: np.random.Generator, low: int, high: int, size: int) -> pl.Expr:
    return pl.lit(pl.Series(rng.integers(low, high, size).astype(np.int32)))


def _late_booking(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Book one to four days before loading."""
    booked = _day(draft, "loaded_on") - _drawn(rng, 1, 5, len(mask))
    return replace(draft, bills=put(draft.bills, mask, booked_on=booked))


def _late_amendment(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Change who or what within two days before the manifest is presented, once to three times."""
    size = len(mask)
    arrives, issued = _day(draft, "arrival_expected_on"), _day(draft, "issued_on")
    presented = pl.max_horizontal(
        _day(draft, "presented_on"), arrives - _drawn(rng, 1, 3, size), issued
    )
    amended = pl.max_horizontal(presented - _drawn(rng, 0, 3, size), issued)
    fields = pl.Series(_SENSITIVE).gather(rng.integers(len(_SENSITIVE), size=size))
    bills = put(
        draft.bills,
        mask,
        presented_on=presented,
        last_amended_on=amended,
        amended_fields=fields,
        amendment_count=pl.col("amendment_count") + _drawn(rng, 1, 4, size),
    )
    return replace(draft, bills=bills)


def _bill_after_departure(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Date the bill one to nine days after the vessel left; never after it was presented."""
    late = _day(draft, "departed_on") + _drawn(rng, 1, 10, len(mask))
    issued = pl.min_horizontal(late, _day(draft, "presented_on"))
    amended = pl.max_horizontal(issued, pl.col("last_amended_on").cast(pl.Int32))
    is_amended = mask & draft.bills["last_amended_on"].is_not_null().to_numpy()
    bills = put(draft.bills, is_amended, last_amended_on=amended)
    return replace(draft, bills=put(bills, mask, issued_on=issued))


def _extra_transhipment(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    """Call at one more hub, or at a first one."""
    hub = pl.lit(pl.Series(_HUBS).gather(rng.integers(len(_HUBS), size=len(mask))))
    relays = pl.col("transhipment_ports")
    longer = (
        pl.when(relays.is_null()).then(hub).when(relays != hub).then(relays + ";" + hub)
    ).otherwise(relays)
    return replace(draft, bills=put(draft.bills, mask, transhipment_ports=longer))


def _prepaid_by_habit_breaker(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    del rng
    return replace(draft, bills=put(draft.bills, mask, freight_payment="prepaid"))


def _high_freight(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    factor = pl.lit(pl.Series(rng.uniform(1.6, 3.0, len(mask))))
    dearer = (pl.col("freight_amount_usd") * factor).round(0)
    return replace(draft, bills=put(draft.bills, mask, freight_amount_usd=dearer))


def _no_place_of_receipt(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    del rng
    return replace(draft, bills=put(draft.bills, mask, place_of_receipt=None))


SIGNS: Mapping[str, Callable[[Draft, Mask, np.random.Generator], Draft]] = {
    "late_booking": _late_booking,
    "late_amendment": _late_amendment,
    "bill_after_departure": _bill_after_departure,
    "extra_transhipment": _extra_transhipment,
    "prepaid_by_habit_breaker": _prepaid_by_habit_breaker,
    "high_freight": _high_freight,
    "no_place_of_receipt": _no_place_of_receipt,
}
