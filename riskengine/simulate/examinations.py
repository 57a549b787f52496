"""Who is examined, by lot or by an officer's crude habits, and what the examination finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.domain import Outcome, Typology
from riskengine.simulate.dice import dice
from riskengine.simulate.tables import commodities, difficulties

if TYPE_CHECKING:
    from riskengine.simulate.columns import Mask, Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_SLOPPY_TIMES = (
    13.0  # an opening finds a slip about so much more often where the papers were sloppy
)
_FOLLOWED = ["EC", "CO", "BR", "CR", "PA", "PE", "DO", "GT", "PY", "MA", "TR"]
_MILD = [Typology.MISDECLARED_WASTE.value, Typology.MISDECLARED_CHEMICALS.value]
_MILD_SEIZED = 0.4
_HARD_SEIZED = 0.93


def examine(settings: Settings, draft: Draft) -> pl.DataFrame:
    """Return ``box_id``, ``chosen_by``, ``outcome`` and ``known_on`` of the boxes examined.

    A lot draws some full boxes; an officer draws more by habits that any unit knows (source
    lanes, cover loads, no seal, vague words, dear freight), with much noise. What is there is found as
    often as its kind and the detection probability of the settings say. An honest trader's slip may be found as well,
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
    outcome = if_opened(settings, draft)
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


def if_opened(settings: Settings, draft: Draft) -> pl.Series:
    """Return for every box what opening it would find, whoever opens it."""
    detected = _detected(settings, draft, "opened")
    slipped = _slipped(settings, draft)
    return _as_outcomes(settings, draft, detected, slipped)


def if_scanned(settings: Settings, draft: Draft) -> pl.Series:
    """Return for every box what a scan alone would show: it finds less, and no honest trader's slip.

    What a scan shows, opening the box finds too.
    """
    detected = _detected(settings, draft, "scanned")
    return _as_outcomes(settings, draft, detected, np.zeros_like(detected))


def _detected(settings: Settings, draft: Draft, means: str) -> Mask:
    """Draw what is found; one draw decides for every means, so that the harder look sees no less."""
    rng = dice(settings.seed, "outcomes")
    difficulty = {kind: float(each[means]) for kind, each in difficulties().items()}
    kind = draft.boxes["typology"]
    hard = kind.replace_strict(difficulty, default=1.0, return_dtype=pl.Float64).to_numpy()
    chance = settings.detection_probability**hard
    found: Mask = kind.is_not_null().to_numpy() & (rng.random(draft.boxes.height) < chance)
    return found


def _slipped(settings: Settings, draft: Draft) -> Mask:
    """Draw who would be found out of a slip: rarely the careful, more often those whose papers were sloppy."""
    rng = dice(settings.seed, "slips")
    sloppy = draft.bills["is_sloppy"].to_numpy()[draft.boxes["bill_id"].to_numpy()]
    careless = min(1.0, _SLOPPY_TIMES * settings.false_discrepancy_share)
    chance = np.where(sloppy, careless, settings.false_discrepancy_share)
    slipped: Mask = rng.random(draft.boxes.height) < chance
    return slipped


def _as_outcomes(settings: Settings, draft: Draft, found: Mask, slipped: Mask) -> pl.Series:
    mild = draft.boxes["typology"].is_in(_MILD).fill_null(value=False).to_numpy()
    draw = dice(settings.seed, "seizures").random(draft.boxes.height)
    seized = found & (draw < np.where(mild, _MILD_SEIZED, _HARD_SEIZED))
    names = pl.Series([Outcome.NIL.value, Outcome.DISCREPANCY.value, Outcome.SEIZURE.value])
    return names.gather(np.where(seized, 2, np.where(found | slipped, 1, 0)))
