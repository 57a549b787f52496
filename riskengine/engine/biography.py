"""The life of a box: its voyages, what was reported of it, what was found in it, and whether two boxes lead it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from riskengine.codes import containers
from riskengine.engine import clone_signs
from riskengine.engine.box_facts import box_facts, questions_of, seals_asked
from riskengine.engine.own_journey import without_own_journey
from riskengine.ledger import biography as ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from riskengine.workspace import Workspace

KEPT_CHAPTERS: Final[Mapping[str, pl.DataType]] = {
    "container_id": pl.Int32(),
    **{name: kind for name, kind in ledger.CHAPTERS.items() if name != "asked"},
}
"""A chapter as a run keeps it."""
KEPT_WITH_A_RUN: Final = 10
"""Chapters of a box that a run keeps, the most recent ones; the ledger has the others."""
_EVER: Final = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Biographies:
    """What is known from before of the boxes of one manifest.

    Attributes:
        facts: ``container_id`` and the facts of ``beside.BOX``, one row a container.
        chapters: ``KEPT_CHAPTERS``: the most recent of each box, in time order.
    """

    facts: pl.DataFrame
    chapters: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One thing that is known of a box.

    Attributes:
        kind: It was declared on a voyage, it was moved, it was examined.
        on: The day it was seen, happened or became known.
        vessel: The ship, or as a report names it.
        voyage_number: The ship's voyage.
        departed_on: When the ship left its last port.
        arrival_expected_on: When it was expected here.
        ports: From the place of receipt to the place of delivery, each once.
        bills: The bills of lading.
        shipper: Who sent it.
        consignee: Who was to have it.
        notify_party: Who was to be told.
        goods: What was declared.
        size_type: The box, as declared.
        tare_mass_kg: Its own mass.
        gross_mass_kg: That of the goods.
        box_mass_kg: That of both, verified or else declared or weighed.
        is_full: Whether there was something in it.
        seals: Their numbers.
        movement: gate_in, loaded, discharged, gate_out, ...
        moved_at: When, where the hour is known.
        place: Where, by UN/LOCODE.
        facility: Which terminal, depot or gate.
        transport: The truck, barge or ship.
        outcome: nil, discrepancy or seizure; ``find`` where the kind was not kept.
        examined_count: How many examinations of that day.
    """

    kind: Literal["voyage", "movement", "examination"]
    on: date
    vessel: str | None = None
    voyage_number: str | None = None
    departed_on: date | None = None
    arrival_expected_on: date | None = None
    ports: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()
    shipper: str | None = None
    consignee: str | None = None
    notify_party: str | None = None
    goods: str | None = None
    size_type: str | None = None
    tare_mass_kg: float | None = None
    gross_mass_kg: float | None = None
    box_mass_kg: float | None = None
    is_full: bool | None = None
    seals: tuple[str, ...] = ()
    movement: str | None = None
    moved_at: datetime | None = None
    place: str | None = None
    facility: str | None = None
    transport: str | None = None
    outcome: str | None = None
    examined_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneSign:
    """One sign that two boxes bear the number.

    Attributes:
        code: Of its text, ``box.sign.<code>``.
        params: What the text asks for.
        earlier: The place and the day of what was known before; either may be unknown.
        later: The place and the day of what it does not go with.
    """

    code: str
    params: Mapping[str, object]
    earlier: tuple[str | None, date | None]
    later: tuple[str | None, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Biography:
    """All that is known of one box, or of the loose cargo of one bill.

    Attributes:
        name: Its number, or the bill.
        before: The day before which all of it lies; None where everything was asked for.
        chapters: What is known, in time order.
        signs: Signs of a clone, in time order.
        voyage_count: On how many voyages it was seen, also those that are not told.
        examination_count: How often it was examined.
        find_count: How often something was found.
        boxes_on_bill: Where nothing is known under the name, but it is the bill of these boxes.
        known_near: Where nothing is known under the name: numbers one slip away that are known.
    """

    name: str
    before: date | None
    chapters: tuple[Chapter, ...]
    signs: tuple[CloneSign, ...]
    voyage_count: int
    examination_count: int
    find_count: int
    boxes_on_bill: tuple[str, ...] = ()
    known_near: tuple[str, ...] = ()

    @property
    def voyages_left_out(self) -> int:
        """Voyages that are counted and not told: the oldest of many."""
        return self.voyage_count - sum(chapter.kind == "voyage" for chapter in self.chapters)


def biographies(
    workspace: Workspace, stated: pl.DataFrame, assessed_on: date | None
) -> Biographies:
    """Return what is known from before of every box of a manifest.

    Strictly before the day of the assessment, and without the box's own voyage: a manifest that is assessed again
    does not find itself in the past, nor what gates and quays reported of its own journey. Where the unit has no past yet, nothing is known and nobody is new.

    Args:
        workspace: The unit's folder.
        stated: The facts of the manifest (``features.facts.gather``).
        assessed_on: The day; None takes each container's own.
    """
    day = pl.col("assessed_on") if assessed_on is None else pl.lit(assessed_on)
    now = questions_of(stated.with_columns(day.alias("assessed_on")))
    lives = ledger.read_lives(workspace, now)
    lives = replace(lives, chapters=without_own_journey(lives.chapters, now))
    is_named = pl.col("asked").cast(stated.schema["container_id"]).alias("container_id")
    told = box_facts(workspace, now, lives).select(is_named, pl.exclude("asked"))
    kept = lives.chapters.group_by("asked", maintain_order=True).tail(KEPT_WITH_A_RUN)
    return Biographies(
        facts=stated.select("container_id").join(
            told, on="container_id", how="left", maintain_order="left"
        ),
        chapters=kept.select(is_named, pl.exclude("asked")).select(KEPT_CHAPTERS.keys()),
    )


def biography_of(
    workspace: Workspace, container_number: str, *, before: date | None = None
) -> Biography:
    """Return all that is known of one box, or of the loose cargo of a bill.

    Args:
        workspace: The unit's folder.
        container_number: Its number in any form, or the bill of loose cargo exactly as it was declared.
        before: Only what was known before this day; None tells everything.

    Returns:
        A biography; one without chapters where nothing is known under the name.
    """
    workspace.must_exist()
    last = before or _EVER
    number = "".join(letter for letter in container_number.upper() if letter.isalnum())
    for name in dict.fromkeys((number, container_number)):
        lives = ledger.read_lives(workspace, _question(name, last))
        if not lives.chapters.is_empty():
            counts = lives.counts.row(0, named=True)
            return Biography(
                name=name,
                before=before,
                chapters=tuple(_chapter(row) for row in lives.chapters.iter_rows(named=True)),
                signs=_signs_of_life(workspace, name, lives.chapters, last),
                voyage_count=counts["voyage_count"],
                examination_count=counts["examination_count"],
                find_count=counts["find_count"],
            )
    near = containers.numbers_one_slip_away(number)
    known = ledger.boxes_known(workspace, _questions(near, last))
    return Biography(
        name=number if containers.is_container_number(number) or near else container_number,
        before=before,
        chapters=(),
        signs=_number_signs(workspace, number, last),
        voyage_count=0,
        examination_count=0,
        find_count=0,
        boxes_on_bill=ledger.boxes_of_bill(workspace, container_number, last),
        known_near=tuple(known["container_key"].unique().sort()),
    )


def told_chapters(chapters: pl.DataFrame) -> tuple[Chapter, ...]:
    """Return the chapters of one box from a frame that a run kept."""
    return tuple(_chapter(row) for row in chapters.iter_rows(named=True))


def told_signs(found: pl.DataFrame) -> tuple[CloneSign, ...]:
    """Return signs (``clone_signs.SIGNS``) in time order."""
    return tuple(
        CloneSign(
            code=row["code"],
            params={
                key: value
                for key, value in row.items()
                if key in {"before", "now", "days", "km"} and value is not None
            },
            earlier=(row["earlier_place"], row["earlier_on"]),
            later=(row["later_place"], row["later_on"]),
        )
        for row in found.sort("later_on", "code", "earlier_on", nulls_last=True).iter_rows(
            named=True
        )
    )


def wrong_number(number: str) -> tuple[CloneSign, ...]:
    """Return the sign that the check digit of a number is wrong, where it is."""
    shaped = pl.select(
        containers.has_valid_check_digit(pl.lit(number)).alias("is_valid"),
        containers.expected_check_digit(pl.lit(number)).alias("digit"),
    ).row(0, named=True)
    if shaped["is_valid"] is not False:
        return ()
    params = {"number": number, "digit": shaped["digit"]}
    nowhere = (None, None)
    return (CloneSign(code="check_digit_wrong", params=params, earlier=nowhere, later=nowhere),)


def _question(name: str, before: date) -> pl.DataFrame:
    return pl.DataFrame(
        {"asked": [0], "container_key": [name], "voyage_key": [""], "bill_of_lading": [""], "before": [before]}
    )  # fmt: skip


def _questions(numbers: tuple[str, ...], before: date) -> pl.DataFrame:
    return pl.DataFrame(
        [(0, number, before) for number in numbers],
        schema={"asked": pl.Int64, "container_key": pl.String, "before": pl.Date},
        orient="row",
    )


def _chapter(row: Mapping[str, Any]) -> Chapter:
    ports = [
        row["place_of_receipt"],
        row["port_of_loading"],
        *(row["transhipment_ports"] or []),
        row["port_of_discharge"],
        row["place_of_delivery"],
    ]
    verified = row["verified_gross_mass_kg"]
    return Chapter(
        kind=row["kind"],
        on=row["on"],
        vessel=row["vessel_name"] or row["vessel_imo"],
        voyage_number=row["voyage_number"],
        departed_on=row["departed_on"],
        arrival_expected_on=row["arrival_expected_on"],
        ports=tuple(port for port, _ in groupby(port for port in ports if port)),
        bills=tuple(bill for bill in (row["bill_of_lading"] or "").split("+") if bill),
        shipper=row["shipper_name"],
        consignee=row["consignee_name"],
        notify_party=row["notify_party_name"],
        goods=row["goods_description"],
        size_type=row["size_type"],
        tare_mass_kg=row["tare_mass_kg"],
        gross_mass_kg=row["gross_mass_kg"],
        box_mass_kg=row["container_gross_mass_kg"] if verified is None else verified,
        is_full=row["is_full"],
        seals=tuple(row["seal_numbers"] or ()),
        movement=row["movement"],
        moved_at=row["moved_at"],
        place=row["place"],
        facility=row["facility"],
        transport=row["transport"],
        outcome=row["outcome"],
        examined_count=row["examined_count"],
    )


def _signs_of_life(
    workspace: Workspace, name: str, chapters: pl.DataFrame, before: date
) -> tuple[CloneSign, ...]:
    """Set every voyage of a box beside all that is known of it, and return what does not go together."""
    voyages = (
        chapters.filter(pl.col("kind") == "voyage")
        .drop("asked")
        .with_row_index("asked")
        .with_columns(pl.col("asked").cast(pl.Int64))
    )
    # Each pair once: a voyage is set beside those that came before it.
    earlier = voyages.join(voyages.select(pl.col("asked").alias("later")), how="cross").filter(
        pl.col("asked") < pl.col("later")
    )
    moved = chapters.drop("asked").join(voyages.select("asked"), how="cross")
    found = pl.concat(
        [
            clone_signs.signs_of_voyages(
                clone_signs.voyage_pairs(
                    voyages, earlier.drop("asked").rename({"later": "asked"})
                )
            ),
            clone_signs.signs_of_movements(voyages, moved),
            clone_signs.signs_between_movements(chapters),
            _seal_signs(workspace, voyages),
        ]
    )
    return (*_number_signs(workspace, name, before), *told_signs(found))


def _seal_signs(workspace: Workspace, voyages: pl.DataFrame) -> pl.DataFrame:
    """Return the seals of a box that another box had borne before."""
    asked = seals_asked(voyages.with_columns(pl.col("on").alias("before")))
    here = voyages.select(
        "asked",
        pl.col("on").alias("later_on"),
        pl.coalesce("port_of_discharge", "port_of_loading").alias("later_place"),
    )
    met = ledger.seals_elsewhere(workspace, asked).join(here, on="asked")
    told = met.with_columns(
        pl.lit("seal_on_other_box").alias("code"),
        pl.col("on").alias("earlier_on"),
        pl.col("seal").alias("before"),
        pl.col("container_key").alias("now"),
    )
    return told.select(
        (pl.col(name) if name in told.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in clone_signs.SIGNS.items()
    )


def _number_signs(workspace: Workspace, number: str, before: date) -> tuple[CloneSign, ...]:
    """Return what the number itself shows: a wrong check digit, and the box whose number it may be."""
    wrong = wrong_number(number)
    if not wrong:
        return ()
    known = ledger.boxes_known(
        workspace, _questions(containers.numbers_one_slip_away(number), before)
    )
    near = (
        CloneSign(
            code="near_number",
            params={"number": number, "before": known_number},
            earlier=(None, on),
            later=(None, None),
        )
        for known_number, on in known.select("container_key", "on").rows()
    )
    return (*wrong, *near)
