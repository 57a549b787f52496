"""Stow plans and movements as they come: from a file that was just read, or from what the unit has received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.declarations import voyage_names
from riskengine.features import facts
from riskengine.ledger import movements as kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from riskengine.manifest import Reading
    from riskengine.workspace import Workspace

LOOK_BACK: Final = timedelta(days=90)
"""How long ago a plan or a report may have come to hand: the longest journey, and a month for the paper."""

_SEALS_APART: Final = r"[,;/|\s]+"
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What was received beside a manifest.

    Attributes:
        plan: The boxes of the newest stow plan of the call; None where none was received.
        movements: What was reported of its boxes and of its voyages; None where nothing was.
        elsewhere: The boxes that any received manifest of the voyages declares.
        plan_seq: The received file that the plan stands in; None where it was given, or there is none.
    """

    plan: pl.DataFrame | None = None
    movements: pl.DataFrame | None = None
    elsewhere: frozenset[str] = frozenset()
    plan_seq: int | None = None


def planned_of(reading: Reading, *, is_plan: bool = False) -> pl.DataFrame:
    """Return the boxes of a stow plan; none where the file is something else.

    In a list of boxes a mass that is not said to be of the goods alone is that of the box.

    Args:
        reading: The file, read.
        is_plan: Whether it was named as a plan, whatever its columns tell.
    """
    source = reading.manifest.source
    if not is_plan and source.document.kind != "stow_plan":
        return pl.DataFrame(schema={**kept.PLANNED, "file": pl.String()})
    return planned_from(facts.gather(reading.manifest, None), source.file)


def planned_from(stated: pl.DataFrame, file: str) -> pl.DataFrame:
    """Return the boxes of a stow plan whose facts were gathered before.

    Args:
        stated: The facts of the plan, as ``StowPlan`` holds them.
        file: Its name.
    """
    whole = pl.coalesce("container_gross_mass_kg", "gross_mass_kg")
    return (
        stated.filter(pl.col("container_number").is_not_null())
        .with_columns(whole.alias("container_gross_mass_kg"))
        .select(*kept.PLANNED, pl.lit(file, pl.String).alias("file"))
    )


def moved_of(reading: Reading) -> pl.DataFrame:
    """Return the movements that a file reports, whatever else it holds.

    What is said of the box and not of the movement counts for the movement where it is the only one of the box in
    the file: lists of a gate or a quay say it so.
    """
    manifest = reading.manifest
    if manifest.movements.is_empty():
        return pl.DataFrame(schema={**kept.MOVED, "file": pl.String()})
    stated = facts.gather(manifest, None).select(
        "container_id",
        "container_number",
        pl.col("size_type"),
        pl.col("is_full").alias("_is_full"),
        pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg").alias("_mass"),
        pl.col("seal_numbers").alias("_seals"),
        *("vessel_imo", "vessel_name", "voyage_number"),
    )
    is_only_one = pl.col("container_id").len().over("container_id") == 1
    read_then = pl.col("seal_numbers").str.to_uppercase().str.replace_all(_SEALS_APART, ";")
    seals = read_then.str.strip_chars(";").str.split(";")
    return (
        manifest.movements.join(
            stated, on="container_id", how="left", maintain_order="left"
        )
        .filter(pl.col("container_number").is_not_null())
        .with_columns(
            pl.coalesce("is_full", pl.when(is_only_one).then("_is_full")).alias("is_full"),
            pl.coalesce("gross_mass_kg", pl.when(is_only_one).then("_mass")).alias(
                "gross_mass_kg"
            ),
            pl.coalesce(seals, pl.when(is_only_one).then("_seals")).alias("seal_numbers"),
        )
        .select(*kept.MOVED, _file(reading))
    )  # fmt: skip


def note(connection: duckdb.DuckDBPyConnection, seq: int, reading: Reading) -> int:
    """Keep what a received file plans or reports, and return how many lines that is; once for each file.

    Args:
        connection: An open ledger, inside the transaction that notes the file.
        seq: The number of the received file.
        reading: The file, read.
    """
    return kept.note(
        connection,
        seq,
        planned_of(reading).select(*kept.PLANNED),
        moved_of(reading).select(*kept.MOVED),
    )


def reported_by(
    readings: Sequence[Reading], stated: pl.DataFrame, *, plans: Sequence[Reading] = ()
) -> Reported:
    """Return what files that were just read say beside a manifest, in whatever order they are given.

    Args:
        readings: Stow plans, movements, and manifests of the same voyage.
        stated: The facts of the manifest.
        plans: Files that were named as stow plans, whatever their columns tell.
    """
    told = [r for r in readings if r.manifest.source.document.kind == "stow_plan"]
    versions = [
        (reading.manifest.source, planned_of(reading, is_plan=True))
        for reading in (*told, *plans)
    ]
    # Of several versions the one made last; where none says when, the same one each time.
    versions.sort(key=lambda one: (one[0].document.prepared_at or _EARLIEST, one[0].sha256))
    fitting = [plan for _, plan in versions if is_of_this_call(plan, stated)]
    moved = [rows for rows in map(moved_of, readings) if not rows.is_empty()]
    others = [
        reading.manifest.containers["container_number"].drop_nulls()
        for reading in readings
        if reading.manifest.source.document.kind == "manifest"
    ]
    return Reported(
        plan=fitting[-1] if fitting else None,
        movements=pl.concat(moved) if moved else None,
        elsewhere=frozenset(number for numbers in others for number in numbers.to_list()),
    )


def reported_before(
    workspace: Workspace,
    stated: pl.DataFrame,
    *,
    known_on: date | None = None,
    before_seq: int | None = None,
) -> Reported:
    """Return what the unit has received beside a manifest.

    What came to hand by the day of the assessment counts, that day included: it was there when it was asked.
    Where each container is assessed on its own day, only what was there on the first of them counts.

    Args:
        workspace: The unit's folder.
        stated: The facts of the manifest, with ``assessed_on``.
        known_on: The day of the assessment; None takes the first day of the containers.
        before_seq: Only files received before this one; None for all.
    """
    day = known_on or stated["assessed_on"].drop_nulls().dt.min()
    if not isinstance(day, date):
        return Reported()
    window = kept.Window(first=day - LOOK_BACK, last=day, before_seq=before_seq)
    numbers = stated["container_number"]
    plans = kept.planned_for(workspace, numbers, window)
    moved = kept.movements_of(workspace, numbers, stated["voyage_number"], window)
    first_bill = pl.col("bills_of_lading").list.first().fill_null("").alias("bill_of_lading")
    keys = stated.with_columns(first_bill).select(voyage_names()[0]).to_series()
    fitting = [
        plan
        for _, plan in sorted(plans.partition_by("seq", as_dict=True).items())
        if is_of_this_call(plan, stated)
    ]
    return Reported(
        plan=fitting[-1].select(*kept.PLANNED, "file") if fitting else None,
        plan_seq=int(fitting[-1]["seq"][0]) if fitting else None,
        movements=None if moved.is_empty() else moved.select(*kept.MOVED, "file"),
        elsewhere=kept.manifested_on(
            workspace, keys, stated["bills_of_lading"].explode().unique(), window
        ),
    )


def both(given: Reported, received: Reported) -> Reported:
    """Return what was given with what had been received; a plan that is given goes before a received one."""
    moved = [rows for rows in (given.movements, received.movements) if rows is not None]
    return Reported(
        plan=given.plan if given.plan is not None else received.plan,
        movements=pl.concat(moved) if moved else None,
        elsewhere=given.elsewhere | received.elsewhere,
        plan_seq=received.plan_seq if given.plan is None else None,
    )


def is_of_this_call(plan: pl.DataFrame, stated: pl.DataFrame) -> bool:
    """Tell whether a plan speaks of the call that the manifest is for.

    Ship and voyage are those of the manifest where both name them; a box is on both; and some box is for a port
    where the manifest discharges: the plan of the next leg holds none of them any more.
    """
    for name in ("vessel_imo", "voyage_number"):
        planned, declared = (
            set(frame[name].drop_nulls().to_list()) for frame in (plan, stated)
        )
        if planned and declared and planned.isdisjoint(declared):
            return False
    ports = [set(frame["port_of_discharge"].drop_nulls().to_list()) for frame in (plan, stated)]
    if all(ports) and ports[0].isdisjoint(ports[1]):
        return False
    return not plan.join(stated, on="container_number", how="semi").is_empty()


def _file(reading: Reading) -> pl.Expr:
    return pl.lit(reading.manifest.source.file, pl.String).alias("file")
