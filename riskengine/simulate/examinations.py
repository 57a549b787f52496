"""Who is examined, by lot or by an officer's crude habits, and what the examination finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Outcome, Typology
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import commodities

if TYPE_CHECKING:
    from riskengine.simulate.columns import Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_HONEST_SLIP = 0.012
_SLOPPY_SLIP = 0.16
_FOLLOWED = ["EC", "CO", "BR", "CR", "PA", "PE", "DO", "GT", "PY", "MA", "TR"]
_MILD = [Typology.MISDECLARED_WASTE.value, Typology.MISDECLARED_CHEMICALS.value]
_MILD_SEIZED = 0.4
_HARD_SEIZED = 0.93


def examine(settings: Settings, draft: Draft) -> pl.DataFrame:
    """Return ``box_id``, ``chosen_by``, ``outcome`` and ``known_on`` of the boxes examined.

    A lot draws some full boxes; an officer draws more by habits that any unit knows (source
    lanes, cover loads, no seal, vague words, dear freight), with much noise. What is there is found
    with the detection probability of the settings. An honest trader's slip may be found as well,
    more often where the papers were sloppy. An outcome is known some days after arrival.
    """
    rng = dice(settings.seed, "examinations")
    boxes = draft.boxes
    size = boxes.height
    full = boxes["is_full"].to_numpy()
    by_lot = full & (rng.random(size) < settings.random_share)
    habit = _officer_habit(draft) + dice(settings.seed, "officers").normal(0.0, 1.0, size)
    habit[~full | by_lot] = -np.inf
    capacity = round(settings.examined_share * int(full.sum()))
    by_officer = np.zeros(size, dtype=np.bool_)
    by_officer[np.argsort(-habit, kind="stable")[:capacity]] = True
    by_officer &= full & ~by_lot
    outcome = _outcomes(settings, draft)
    days = 1 + rng.geometric(0.25, size)
    arrives = boxes["arrival_expected_on"].to_physical().to_numpy()
    known = pl.Series((arrives + days).astype(np.int32)).cast(pl.Date)
    return boxes.select(
        "box_id",
        pl.when(pl.Series(by_lot))
        .then(pl.lit("lot"))
        .otherwise(pl.lit("officer"))
        .alias("chosen_by"),
        outcome.alias("outcome"),
        known.alias("known_on"),
    ).filter(pl.Series(by_lot | by_officer))


def _officer_habit(draft: Draft) -> Numbers:
    """Weigh each box as an officer does at a glance."""
    own = draft.bills[draft.boxes["bill_id"].to_list()]
    uses = commodities()["uses"].gather(own["commodity"])
    vague = draft.goods.group_by("box_id").agg(
        pl.col("hs_code").is_null().any().alias("no_heading"),
        pl.col("goods_description").str.len_chars().min().alias("length"),
    )
    seen = draft.boxes.join(vague, on="box_id", how="left", maintain_order="left")
    habit = (
        1.0 * draft.boxes["country"].is_in(_FOLLOWED).cast(pl.Float64)
        + 0.5 * uses.list.contains("cover").cast(pl.Float64)
        + 0.6 * uses.list.contains("second_hand").cast(pl.Float64)
        + 1.2 * draft.boxes["carrier_seal"].is_null().cast(pl.Float64)
        + 0.6 * seen["no_heading"].fill_null(value=False).cast(pl.Float64)
        + 0.5
        * own["consignee_email"].str.contains("gmail|yahoo|hotmail").fill_null(value=False)
        + 0.6 * (own["amendment_count"] > 1).cast(pl.Float64)
        + 0.4 * (own["consignee_name"].str.starts_with("TO ORDER")).fill_null(value=False)
    )
    return habit.to_numpy().astype(np.float64).copy()


def _outcomes(settings: Settings, draft: Draft) -> pl.Series:
    """Draw for every box what an examination would find in it."""
    rng = dice(settings.seed, "outcomes")
    size = draft.boxes.height
    kind = draft.boxes["typology"]
    guilty = kind.is_not_null().to_numpy()
    mild = kind.is_in(_MILD).fill_null(value=False).to_numpy()
    found = guilty & (rng.random(size) < settings.detection_probability)
    seized = found & (rng.random(size) < np.where(mild, _MILD_SEIZED, _HARD_SEIZED))
    sloppy = draft.bills["is_sloppy"].to_numpy()[draft.boxes["bill_id"].to_numpy()]
    slipped = rng.random(size) < np.where(sloppy, _SLOPPY_SLIP, _HONEST_SLIP)
    drawn = np.where(
        seized,
        Outcome.SEIZURE.value,
        np.where(found | slipped, Outcome.DISCREPANCY.value, Outcome.NIL.value),
    )
    return pl.Series(drawn.tolist(), dtype=pl.String)
