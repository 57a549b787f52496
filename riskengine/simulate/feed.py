"""What the carriers' feeds leave out: some never send a field, all drop a cell now and then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from riskengine.simulate.columns import Mask, put
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import carriers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl

    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_PARTY_ROLES = ("shipper", "consignee", "notify_party", "declarant", "forwarder")

_BILL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "booked_on": ("booked_on",),
    "freight_amount_usd": ("freight_amount_usd",),
    "freight_payment": ("freight_payment",),
    "place_of_delivery": ("place_of_delivery",),
    "email": tuple(f"{role}_email" for role in _PARTY_ROLES),
    "phone": tuple(f"{role}_phone" for role in _PARTY_ROLES),
    "tax_id": tuple(f"{role}_tax_id" for role in _PARTY_ROLES),
}
_BOX_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: (name,) for name in ("verified_gross_mass_kg", "tare_mass_kg", "stow_position")
}
_GOODS_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: (name,) for name in ("net_mass_kg", "volume_m3", "declared_value_usd", "marks")
}


def pass_feeds(settings: Settings, draft: Draft) -> Draft:
    """Blank what each carrier never sends, and a few cells of the rest at the carrier's rate.

    Where nothing is missing (``missing_strength`` is 0) every carrier sends everything.
    What a manifest cannot do without (numbers, shipper, ports, masses) is never blanked here.
    """
    carrier = draft.bills["carrier"].to_numpy()
    return replace(
        draft,
        bills=_blanked(settings, draft.bills, carrier, _BILL_FIELDS),
        boxes=_blanked(settings, draft.boxes, draft.boxes["carrier"].to_numpy(), _BOX_FIELDS),
        goods=_blanked(
            settings, draft.goods, carrier[draft.goods["bill_id"].to_numpy()], _GOODS_FIELDS
        ),
    )


def _blanked(
    settings: Settings,
    frame: pl.DataFrame,
    carrier: np.ndarray[tuple[int], np.dtype[np.int64]],
    fields: Mapping[str, tuple[str, ...]],
) -> pl.DataFrame:
    listed = carriers()
    rate = listed["missing_cell_rate"].to_numpy()[carrier] * settings.missing_strength
    for field, columns in fields.items():
        rng = dice(settings.seed, f"feed/{field}")
        never = listed["not_sent"].list.contains(field).to_numpy()[carrier] & (rate > 0)
        for column in columns:
            blank: Mask = never | (rng.random(frame.height) < rate)
            frame = put(frame, blank, **{column: None})
    return frame
