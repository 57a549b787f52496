"""Putting signs on consignments: the guilty show them more often than the innocent, never surely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from riskengine.simulate.columns import Mask
from riskengine.simulate.dice import dice
from riskengine.simulate.draft import Draft
from riskengine.simulate.signs import boxes, documents, goods, parties
from riskengine.simulate.tables import sign_rates

if TYPE_CHECKING:
    from riskengine.simulate.columns import Numbers
    from riskengine.simulate.settings import Settings

Putter: TypeAlias = Callable[[Draft, Mask, np.random.Generator], Draft]

CASTING: Mapping[str, Putter] = goods.CASTING
"""Signs that change what is shipped, put on before the goods are weighed."""

SIGNS: Mapping[str, Putter] = {**parties.SIGNS, **goods.SIGNS, **documents.SIGNS, **boxes.SIGNS}
"""The other signs, put on finished bills and boxes."""

_NOTE = "sign:"
_CARE = (4.0, 1.2)  # most smugglers are careless; a few leave next to nothing (beta law)
_LEAST_CARE = 0.35
_MOST_MISTAKEN = 0.95


_OF_THE_TRADER = frozenset(
    {
        *CASTING,
        *parties.SIGNS,
        *goods.SIGNS,
        "late_booking",
        "prepaid_by_habit_breaker",
        "high_freight",
        "no_place_of_receipt",
    }
)
"""What a trader does: whoever uses an innocent trader's box has no part in it."""

_OF_A_KNOWN_PAIR = frozenset({"new_parties", "new_consignee", "lookalike_shipper", "to_order"})
"""What those who sent clean loads first do no more."""


def put_signs(settings: Settings, draft: Draft, signs: Mapping[str, Putter]) -> Draft:
    """Put each sign on the bills or boxes that draw it, in the order of the table of signs."""
    care = {size: cares(settings, size) for size in (draft.bills.height, draft.boxes.height)}
    for name, rates in sign_rates().items():
        if name in signs:
            rng = dice(settings.seed, f"sign/{name}")
            frame = draft.bills if rates["level"] == "bill" else draft.boxes
            chance = chances(settings, frame, rates, care[frame.height], name)
            free = ~frame["is_empty"].to_numpy()
            if name in _OF_A_KNOWN_PAIR:
                free &= ~frame["is_probed"].to_numpy()
            shown = free & (rng.random(len(chance)) < chance)
            draft = _noted(signs[name](draft, shown, rng), str(rates["level"]), name, shown)
    return draft


def signs_of(draft: Draft) -> pl.DataFrame:
    """Return box_id and the names of the signs that it or its bill was made to show, in alphabetical order.

    A sign that was drawn may leave nothing to see: a seal cannot be repeated where no other box sails.
    """
    own = [name for name in draft.boxes.columns if name.startswith(_NOTE)]
    shared = [name for name in draft.bills.columns if name.startswith(_NOTE)]
    both = draft.boxes.select("box_id", "bill_id", *own).join(
        draft.bills.select("bill_id", *shared), on="bill_id", how="left", maintain_order="left"
    )
    named = [
        pl.when(note).then(pl.lit(note.removeprefix(_NOTE))) for note in sorted((*own, *shared))
    ]
    return both.select("box_id", pl.concat_list(named).list.drop_nulls().alias("signs"))


def _noted(draft: Draft, level: str, name: str, shown: Mask) -> Draft:
    note = pl.Series(f"{_NOTE}{name}", shown)
    if level == "bill":
        return replace(draft, bills=draft.bills.with_columns(note))
    return replace(draft, boxes=draft.boxes.with_columns(note))


def cares(settings: Settings, size: int) -> Numbers:
    """Return how much of their signs each bill or box lets be seen, if it is illicit."""
    return np.maximum(dice(settings.seed, "care").beta(*_CARE, size=size), _LEAST_CARE)


def chances(
    settings: Settings,
    frame: pl.DataFrame,
    rates: Mapping[str, object],
    care: Numbers,
    name: str,
) -> Numbers:
    """Return the chance of a sign: the innocent rate, raised for the guilty by their own care."""
    innocent = float(str(rates["innocent"]))
    honest = min(_MOST_MISTAKEN, innocent * settings.mistake_strength)
    chance = np.full(frame.height, honest)
    guilty = np.flatnonzero(frame["typology"].is_not_null().to_numpy())
    if name in _OF_THE_TRADER:
        guilty = guilty[~frame["is_insider"].to_numpy()[guilty]]
    own = np.array(
        [
            float(str(rates.get(str(kind), innocent)))
            for kind in frame["typology"].gather(guilty)
        ]
    )
    strength = frame["sign_strength"].to_numpy()[guilty]
    raised = honest + strength * care[guilty] * (own - innocent)
    chance[guilty] = np.maximum(honest, raised)
    return chance
