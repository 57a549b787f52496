"""A simulated world as it can be seen (manifests, outcomes) and as it is (the truth)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Outcome
from riskengine.simulate.beside import make_earlier, make_movements, make_plans
from riskengine.simulate.bookings import make_bookings
from riskengine.simulate.cargo import load_goods, weigh_boxes
from riskengine.simulate.draft import Draft, make_draft, with_second_lines
from riskengine.simulate.equipment import equip
from riskengine.simulate.examinations import examine, if_opened, if_scanned
from riskengine.simulate.feed import pass_feeds
from riskengine.simulate.fleet import make_calls
from riskengine.simulate.frames import CallManifests
from riskengine.simulate.lines import flat_lines
from riskengine.simulate.planting import plant
from riskengine.simulate.probing import send_probes
from riskengine.simulate.signs import CASTING, SIGNS, put_signs, signs_of
from riskengine.simulate.splitting import split_consignments
from riskengine.simulate.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.schema import Manifest
    from riskengine.simulate.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWorld:
    """Months of arrivals, what was examined of them, and what nobody in that world knows.

    Attributes:
        world: The standing world.
        manifests: One for each call of a vessel, in the order of arrival; put together when asked for.
        outcomes: What examinations found: ``voyage_number``, ``bill_of_lading``,
            ``container_number``, ``outcome``, ``is_find``, ``known_on``, ``chosen_by`` (lot or
            officer). Only what was opened has a row; a find is anything but nil.
        truth: ``voyage_number``, ``bill_of_lading``, ``container_number``, ``typology``, ``is_illicit``, for every
            bill of every container; ``wave`` (its number from 1, null outside waves), ``is_insider``,
            ``is_displaced``, ``is_probe`` (a clean load before an illicit one), ``outcome_if_opened`` and
            ``outcome_if_scanned``: what an examination would say of the container, whoever makes it;
            and ``signs``: what it or its bill was made to show, guilty or not.
        lines: The canonical flat lines of all manifests, with their labels where there are any.
        plans: The boxes on the stow plan of each call, with ``of_manifest`` (the number of the manifest) and
            ``received_on``; empty where the settings ask for none.
        movements: What gates and quays report, likewise, with the ``stage`` of the report.
        earlier: The lines of the first versions of manifests, likewise.
    """

    world: World
    manifests: Sequence[Manifest]
    outcomes: pl.DataFrame
    truth: pl.DataFrame
    lines: pl.DataFrame
    plans: pl.DataFrame
    movements: pl.DataFrame
    earlier: pl.DataFrame


def simulate(settings: Settings) -> SimulatedWorld:
    """Make a world, let it trade for some months, plant what is illicit and examine a part.

    The same settings give the same world, to the byte.
    """
    world = make_world(settings)
    calls = make_calls(settings, world.vessels)
    draft = _drafted(world, calls)
    found = examine(settings, draft)
    lines = flat_lines(draft, calls)
    nothing = pl.DataFrame()
    return SimulatedWorld(
        world=world,
        manifests=CallManifests(lines),
        outcomes=_outcomes(lines, found),
        truth=_truth(settings, lines, draft),
        lines=_labelled(lines, found),
        plans=_named(calls, make_plans(settings, draft, calls)) if settings.plans else nothing,
        movements=_named(calls, make_movements(settings, draft, calls))
        if settings.movements
        else nothing,
        earlier=_named(calls, make_earlier(settings, draft, calls, lines))
        if settings.versions
        else nothing,
    )


def _named(calls: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Put the number of the manifest beside what is received of its call."""
    numbers = calls.select("call_id", pl.col("manifest_number").alias("of_manifest"))
    joined = numbers.join(frame, on="call_id", how="inner", maintain_order="left_right")
    return joined.drop("call_id", "bill_id", "box_id", strict=False)


def _drafted(world: World, calls: pl.DataFrame) -> Draft:
    """Make all that sails; where finds drive loads away, first without that, to know what is found."""
    settings = world.settings
    booked = make_draft(make_bookings(world, calls))
    if not settings.displacement or settings.displaced_from is not None:
        return _finished(settings, booked, None)
    before = _finished(settings, booked, None)
    opened = examine(settings, before).filter(pl.col("outcome") != Outcome.NIL.value)
    finds = opened.join(
        before.boxes.drop_nulls("typology").select("box_id", "port_of_loading"),
        on="box_id",
        how="inner",
        maintain_order="left",
    )
    return _finished(settings, booked, finds)


def _finished(settings: Settings, booked: Draft, finds: pl.DataFrame | None) -> Draft:
    """Plant, load and spoil: the order matters, since liars decide before the scales do."""
    seed = settings.seed
    draft = plant(settings, booked, finds)
    draft = send_probes(settings, put_signs(settings, draft, CASTING))
    draft = equip(seed, with_second_lines(draft))
    draft = weigh_boxes(settings, load_goods(seed, draft))
    draft = put_signs(settings, draft, SIGNS)
    return pass_feeds(settings, split_consignments(settings, draft))


_NAMES = ("voyage_number", "bill_of_lading", "container_number")


def _loads(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select("bill_id", "box_id", *_NAMES).unique(
        ["bill_id", "box_id"], keep="first", maintain_order=True
    )


def _truth(settings: Settings, lines: pl.DataFrame, draft: Draft) -> pl.DataFrame:
    boxes = draft.boxes.select(
        "box_id",
        "typology",
        "wave",
        "is_insider",
        "is_displaced",
        if_opened(settings, draft).alias("outcome_if_opened"),
        if_scanned(settings, draft).alias("outcome_if_scanned"),
    )
    return (
        _loads(lines)
        .join(boxes, on="box_id", how="left", maintain_order="left")
        .join(signs_of(draft), on="box_id", how="left", maintain_order="left")
        .join(
            draft.bills.select("bill_id", "is_probe"),
            on="bill_id",
            how="left",
            maintain_order="left",
        )
        .select(
            *_NAMES,
            "typology",
            pl.col("typology").is_not_null().alias("is_illicit"),
            "wave",
            "is_insider",
            "is_displaced",
            "is_probe",
            "outcome_if_opened",
            "outcome_if_scanned",
            pl.col("signs").fill_null([]),
        )
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
