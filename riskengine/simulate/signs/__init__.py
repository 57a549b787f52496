"""Putting signs on consignments: the guilty show them more often than the innocent, never surely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from riskengine.simulate.columns import Mask
from riskengine.simulate.dice import dice
from riskengine.simulate.draft import Draft
from riskengine.simulate.signs import boxes, documents, goods, parties
from riskengine.simulate.tables import sign_rates

if TYPE_CHECKING:
    import polars as pl

    from riskengine.simulate.columns import Numbers
    from riskengine.simulate.settings import Settings

Putter: TypeAlias = Callable[[Draft, Mask, np.random.Generator], Draft]

CASTING: Mapping[str, Putter] = goods.CASTING
"""Signs that change what is shipped, put on before the goods are weighed."""

SIGNS: Mapping[str, Putter] = {**parties.SIGNS, **goods.SIGNS, **documents.SIGNS, **boxes.SIGNS}
"""The other signs, put on finished bills and boxes."""

_CARE = (4.0, 1.2)  # most smugglers are careless; a few leave next to nothing (beta law)
_LEAST_CARE = 0.35


def put_signs(settings: Settings, draft: Draft, signs: Mapping[str, Putter]) -> Draft:
    """Put each sign on the bills or boxes that draw it, in the order of the table of signs."""
    for name, rates in sign_rates().items():
        if name in signs:
            rng = dice(settings.seed, f"sign/{name}")
            frame = draft.bills if rates["level"] == "bill" else draft.boxes
            chance = _chances(settings, frame["typology"], rates)
            free = ~frame["is_empty"].to_numpy()
            draft = signs[name](draft, free & (rng.random(len(chance)) < chance), rng)
    return draft


def _chances(settings: Settings, typology: pl.Series, rates: Mapping[str, object]) -> Numbers:
    """Return the chance of a sign: the innocent rate, raised for the guilty by their own care."""
    innocent = float(str(rates["innocent"]))
    chance = np.full(len(typology), innocent)
    guilty = np.flatnonzero(typology.is_not_null().to_numpy())
    own = np.array(
        [float(str(rates.get(str(kind), innocent))) for kind in typology.gather(guilty)]
    )
    care = np.maximum(dice(settings.seed, "care").beta(*_CARE, size=len(typology)), _LEAST_CARE)
    raised = innocent + settings.strength * care[guilty] * (own - innocent)
    chance[guilty] = np.maximum(innocent, raised)
    return chance
