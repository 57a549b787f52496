"""A simulated world as it can be seen (manifests, outcomes) and as it is (the truth)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
from riskengine.simulate.bookings import make_bookings
from riskengine.simulate.cargo import load_goods, weigh_boxes
from riskengine.simulate.draft import Draft, make_draft, with_second_lines
from riskengine.simulate.equipment import equip
from riskengine.simulate.examinations import examine
from riskengine.simulate.feed import pass_feeds
from riskengine.simulate.fleet import make_calls
from riskengine.simulate.frames import make_manifests
from riskengine.simulate.lines import flat_lines
from riskengine.simulate.planting import plant
from riskengine.simulate.signs import CASTING, SIGNS, put_signs
from riskengine.simulate.splitting import split_consignments
from riskengine.simulate.world import World, make_world

if TYPE_CHECKING:
    from riskengine.manifest.schema import Manifest
    from riskengine.simulate.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWorld:
    """Months of arrivals, what was examined of them, and what nobody in that world knows.

    Attributes:
        world: The standing world.
        manifests: One for each call of a vessel, in the order of arrival.
        outcomes: What examinations found: ``voyage_number``, ``bill_of_lading``,
            ``container_number``, ``outcome``, ``is_find``, ``known_on``, ``chosen_by`` (lot or
            officer). Only what was opened has a row; a find is anything but nil.
        truth: ``voyage_number``, ``bill_of_lading``, ``container_number``, ``typology``,
            ``is_illicit``, for every bill of every container.
        lines: The canonical flat lines of all manifests, with their labels where there are any.
    """

    world: World
    manifests: tuple[Manifest, ...]
    outcomes: pl.DataFrame
    truth: pl.DataFrame
    lines: pl.DataFrame


def simulate(settings: Settings) -> SimulatedWorld:
    """Make a world, let it trade for some months, plant what is illicit and examine a part.

    The same settings give the same world, to the byte.
    """
    world = make_world(settings)
    calls = make_calls(settings, world.vessels)
    draft = _drafted(world, calls)
    found = examine(settings, draft)
    lines = flat_lines(draft, calls)
    return SimulatedWorld(
        world=world,
        manifests=make_manifests(lines),
        outcomes=_outcomes(lines, found),
        truth=_truth(lines, draft),
        lines=_labelled(lines, found),
    )


def _drafted(world: World, calls: pl.DataFrame) -> Draft:
    """Book, plant, load and spoil: the order matters, since liars decide before the scales do."""
    settings = world.settings
    seed = settings.seed
    draft = plant(settings, make_draft(make_bookings(world, calls)))
    draft = with_second_lines(put_signs(settings, draft, CASTING))
    draft = weigh_boxes(seed, load_goods(seed, equip(seed, draft)))
    draft = put_signs(settings, draft, SIGNS)
    return pass_feeds(seed, split_consignments(settings, draft))


_NAMES = ("voyage_number", "bill_of_lading", "container_number")


def _loads(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select("bill_id", "box_id", *_NAMES).unique(
        ["bill_id", "box_id"], keep="first", maintain_order=True
    )


def _truth(lines: pl.DataFrame, draft: Draft) -> pl.DataFrame:
    return (
        _loads(lines)
        .join(
            draft.boxes.select("box_id", "typology"),
            on="box_id",
            how="left",
            maintain_order="left",
        )
        .select(*_NAMES, "typology", pl.col("typology").is_not_null().alias("is_illicit"))
    )


def _outcomes(lines: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    is_find = pl.col("outcome") != Outcome.NIL.value
    return (
        _loads(lines)
        .join(found, on="box_id", how="inner", maintain_order="left")
        .select(*_NAMES, "outcome", is_find.alias("is_find"), "known_on", "chosen_by")
    )


def _labelled(lines: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    labels = found.select("box_id", "outcome", pl.col("known_on").alias("outcome_known_on"))
    return lines.join(labels, on="box_id", how="left", maintain_order="left").drop(
        "call_id", "bill_id", "box_id"
    )
