"""What the past says of the boxes of a manifest, one row a box: facts that rules may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import containers
from riskengine.engine import clone_signs
from riskengine.engine.memory import container_key, voyage_key
from riskengine.features.beside import BOX
from riskengine.ledger import biography as ledger

if TYPE_CHECKING:
    from riskengine.ledger.biography import Lives
    from riskengine.workspace import Workspace

SEAL_DAYS: Final = 365
"""A seal that another box bore longer ago than this is a number that came round again."""
_SHORTEST_SEAL: Final = 6
"""Signs of a seal number: shorter ones, and those without a digit, come up by chance or say that there is none."""


def box_facts(workspace: Workspace, now: pl.DataFrame, lives: Lives) -> pl.DataFrame:
    """Return the facts of ``beside.BOX`` for every question.

    Args:
        workspace: The unit's folder.
        now: What ``questions_of`` returned.
        lives: What the ledger answered.

    Returns:
        ``asked`` and the facts; all of them null where the unit has no past before the day of the question.
    """
    pairs = clone_signs.voyage_pairs(now, lives.chapters)
    parts = [
        _counted(now, lives),
        _last_seen(lives.chapters),
        _said_last(pairs, "size_type", "earlier_size_type"),
        _said_last(pairs, "tare_mass_kg", "earlier_tare_mass_kg"),
        _overlaps(now, pairs, lives.chapters),
        pairs.group_by("asked").agg(pl.col("days_lacking").max().alias("travel_days_lacking")),
        _seals(workspace, now, pairs),
        _near(workspace, now),
    ]
    facts = now.select("asked", "seal_numbers")
    for part in parts:
        facts = facts.join(part, on="asked", how="left", maintain_order="left")
    # Without a past nothing can be said of it: not even that something was not there.
    has_past = pl.col("box_history_days") > 0
    return facts.with_columns(
        pl.max_horizontal("_declared_on", "_reported_on").alias("last_seen_on"),
        pl.when(pl.col("seal_numbers").is_not_null())
        .then(pl.col("seals_seen_before_count").fill_null(0))
        .alias("seals_seen_before_count"),
    ).select("asked", *(pl.when(has_past).then(pl.col(name)).alias(name) for name in BOX))


def questions_of(stated: pl.DataFrame) -> pl.DataFrame:
    """Return one question a box: loose cargo has no life of a box, and what has no day has no past.

    Args:
        stated: The facts of a manifest, with ``assessed_on``.
    """
    return (
        stated.filter(
            pl.col("container_number").is_not_null() & pl.col("assessed_on").is_not_null()
        )
        .with_columns(
            pl.col("container_id").cast(pl.Int64).alias("asked"),
            container_key().alias("container_key"),
            voyage_key().fill_null("").alias("voyage_key"),
            pl.col("bills_of_lading").list.join("+").fill_null("").alias("bill_of_lading"),
            pl.col("assessed_on").alias("before"),
            pl.col("assessed_on").alias("on"),
        )
        .sort("asked")
    )


def _counted(now: pl.DataFrame, lives: Lives) -> pl.DataFrame:
    days = (pl.col("before") - pl.lit(lives.since, pl.Date)).dt.total_days()
    return now.select("asked", days.alias("box_history_days")).join(
        lives.counts.select(
            "asked",
            pl.col("last_on").alias("_declared_on"),
            pl.col("voyage_count").alias("earlier_voyage_count"),
            pl.col("examination_count").alias("earlier_examination_count"),
            pl.col("find_count").alias("earlier_find_count"),
        ),
        on="asked",
    )


def _last_seen(chapters: pl.DataFrame) -> pl.DataFrame:
    """Return where each box was last, and when something was last reported of it."""
    seen = chapters.filter(pl.col("kind") != "examination").with_columns(
        pl.coalesce("place", "port_of_discharge", "port_of_loading").alias("at")
    )
    return seen.group_by("asked").agg(
        pl.col("at").drop_nulls().last().alias("last_port_seen"),
        pl.col("moved_on").max().alias("_reported_on"),
    )


def _said_last(pairs: pl.DataFrame, name: str, fact: str) -> pl.DataFrame:
    return (
        pairs.filter(pl.col(f"{name}_before").is_not_null())
        .sort("asked", "on_before", maintain_order=True)
        .group_by("asked", maintain_order=True)
        .agg(pl.col(f"{name}_before").last().alias(fact))
    )


def _overlaps(now: pl.DataFrame, pairs: pl.DataFrame, chapters: pl.DataFrame) -> pl.DataFrame:
    """Count the voyages and the reports that cannot be of the box that is on this ship."""
    signs = clone_signs.signs_of_voyages(pairs).filter(pl.col("code") == "voyages_overlap")
    ashore = clone_signs.signs_of_movements(now, chapters)
    compared = pairs.filter(pl.col("is_overlapping").is_not_null())
    return (
        pl.concat([compared.select("asked"), ashore.select("asked")])
        .unique()
        .join(
            compared.group_by("asked").agg(pl.col("is_overlapping").sum().alias("voyages")),
            on="asked",
            how="left",
        )
        .join(ashore.select("asked", pl.lit(1).alias("reports")), on="asked", how="left")
        .join(
            signs.select("asked", pl.col("before").alias("overlapping_voyage")),
            on="asked",
            how="left",
        )
        .select(
            "asked",
            (pl.col("voyages").fill_null(0) + pl.col("reports").fill_null(0)).alias(
                "overlapping_voyage_count"
            ),
            "overlapping_voyage",
        )
    )


def _seals(workspace: Workspace, now: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return how many of each box's seals were seen before, and on which box the last of them."""
    again = (
        pairs.filter(pl.col("seals_again").list.len() > 0)
        .select("asked", pl.col("seals_again").alias("seal"), pl.col("on_before").alias("on"))
        .explode("seal")
        .filter(_is_seal("seal"))
        .join(now.select("asked", "container_key"), on="asked")
    )
    elsewhere = ledger.seals_elsewhere(workspace, seals_asked(now))
    met = pl.concat(
        [
            again.select(names := ["asked", "seal", "on", "container_key"]),
            elsewhere.select(names),
        ]
    )
    return (
        met.sort("asked", "on", "container_key")
        .group_by("asked", maintain_order=True)
        .agg(
            pl.col("seal").n_unique().alias("seals_seen_before_count"),
            pl.col("container_key").last().alias("seal_seen_before_on_container"),
        )
    )


def seals_asked(now: pl.DataFrame) -> pl.DataFrame:
    """Return one question for each seal of a box that is a number and not a word for none."""
    return (
        now.select(*ledger.ASKED, pl.col("seal_numbers").alias("seal"))
        .explode("seal")
        .filter(_is_seal("seal"))
        .with_columns((pl.col("before") - pl.duration(days=SEAL_DAYS)).alias("since"))
    )


def _is_seal(name: str) -> pl.Expr:
    return (pl.col(name).str.len_chars() >= _SHORTEST_SEAL) & pl.col(name).str.contains("[0-9]")


def _near(workspace: Workspace, now: pl.DataFrame) -> pl.DataFrame:
    """Return, of numbers whose check digit is wrong, the known number that one slip turns into it."""
    wrong = now.filter(~containers.has_valid_check_digit(pl.col("container_key")))
    rows = [
        (asked, near, before)
        for asked, number, before in wrong.select("asked", "container_key", "before").rows()
        for near in containers.numbers_one_slip_away(number)
    ]
    found = ledger.boxes_known(
        workspace,
        pl.DataFrame(
            rows,
            schema={"asked": pl.Int64, "container_key": pl.String, "before": pl.Date},
            orient="row",
        ),
    )
    return (
        found.sort("asked", "on", "container_key")
        .group_by("asked", maintain_order=True)
        .agg(pl.col("container_key").last().alias("near_container_number"))
    )
