"""Histories that a rule can be asked about: recorded runs with their outcomes, and labelled files.

A container is asked about once, as it was known before anybody opened it. What an examination found never
reaches the indicators of the same container: each row was assembled as of its own morning.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Outcome
from riskengine.engine.learning import assemble_history
from riskengine.engine.memory import container_key, voyage_key
from riskengine.engine.naming import is_named
from riskengine.errors import TrainingImpossible
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.register.outcomes import completed_outcomes
from riskengine.rules.across import Surroundings
from riskengine.rules.matching import span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import date

    from riskengine.ledger.run_register import RunEntry
    from riskengine.manifest.schema import Manifest
    from riskengine.register.outcomes import OutcomeEntry
    from riskengine.workspace import Workspace

_KEY: Final = ("_container", "_bills", "_voyage")
_ONCE: Final = ("_container", "_line", "_voyage")
"""What tells one container on one voyage from every other, also where its bills were amended."""
_NAMES: Final = (
    "container_number",
    "bills_of_lading",
    "assessed_on",
    "vessel_imo",
    "vessel_name",
    "voyage_number",
    "arrival_expected_on",
    "presented_on",
)
_FOUND: Final = {
    "_container": pl.String(),
    "_line": pl.String(),
    "_voyage": pl.String(),
    "is_find": pl.Boolean(),
    "outcome": pl.String(),
    "_examined_on": pl.Date(),
    "_examined_run": pl.Int64(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A history, ready for rules to be asked about it.

    Attributes:
        frame: One row a container and voyage, as ``rules.backtest.backtests`` asks for it.
        surroundings: Earlier containers that rules over several rows may look back on.
        source: ``runs`` or ``history``: recorded runs, or labelled files.
        source_sha256: Of the runs that were read and the outcomes that were known, or of the files and how
            they were read.
        reassessed: How many assessments stand behind one that was taken instead, before its examination.
        undated: How many containers were left out because no day is known of them.
    """

    frame: pl.DataFrame
    surroundings: Surroundings
    source: str
    source_sha256: str = ""
    reassessed: int = 0
    undated: int = 0

    @property
    def examined_per_day(self) -> float | None:
        """How many containers a calendar day were examined; None where none was, or no day is known."""
        first, last = span(self.frame)
        examined = self.frame["is_find"].count()
        if first is None or last is None or not examined:
            return None
        return examined / ((last - first).days + 1)


def replay_runs(
    workspace: Workspace,
    first: date | None = None,
    last: date | None = None,
    *,
    columns: Collection[str] | None = None,
    look_back_days: int = 0,
) -> Replay:
    """Return what recorded runs assessed, each container once, with what the register says was found.

    A container that was assessed several times on one voyage counts as it was assessed last before its
    examination; one that was never examined, as it was assessed last. That its bills were amended between
    two mornings makes no second container of it. What was assessed after *last* changes nothing; what was
    found later in a container of these days counts.

    Args:
        workspace: The unit's folder.
        first: The first day of assessment; None takes the first there is.
        last: The last one; None takes the last there is.
        columns: The fields that will be asked for; None brings every one of them.
        look_back_days: How far rules look back from a container to earlier ones.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    runs = recorded_runs(workspace)
    outcomes = completed_outcomes(workspace)
    named = {entry.result.run_id for entry in outcomes}
    from_day = first - timedelta(days=look_back_days) if first else None
    taken = [
        (order, entry)
        for order, entry in enumerate(runs)
        if entry.run_id in named or _may_hold(entry, from_day, last)
    ]
    wanted = None if columns is None else {*columns, *_NAMES}
    frames = [_assessed(workspace, order, entry, wanted) for order, entry in taken]
    if not frames:
        return _empty("runs")
    rows = pl.concat(frames, how="diagonal_relaxed")
    undated = rows.filter(pl.col("assessed_on").is_null()).height
    rows = _with_lines(rows.filter(pl.col("assessed_on").is_not_null()))
    day = pl.col("assessed_on")
    found = _found(rows, taken, outcomes)
    # Later mornings go first: a container that they assessed again still stands where it stood.
    once = _last_before_examination(rows.filter(_between(day, None, last)), found)
    inside = once.filter(_between(day, first, last))
    past = (
        rows.filter(_between(day, from_day, first - timedelta(days=1)))
        .sort("assessed_on", "_order", "container_id")
        .unique(_KEY, keep="first", maintain_order=True)
        if first
        else rows.clear()
    )
    return Replay(
        frame=_numbered(inside),
        surroundings=Surroundings(past=_as_past(past)),
        source="runs",
        source_sha256=_digest_of_runs([entry for _, entry in taken], outcomes),
        reassessed=rows.filter(_between(day, first, last)).height - inside.height,
        undated=undated,
    )


def replay_history(
    manifests: Sequence[Manifest],
    first: date | None = None,
    last: date | None = None,
    *,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Return what labelled files hold, each container as of its own day, examined or not.

    Who was examined at random is in no such file: the base rate will be that of all examined containers.

    Raises:
        TrainingImpossible: No container of the files has a day.
    """
    assembled, _past = assemble_history(manifests, progress=progress)
    dated = assembled.filter(pl.col("assessed_on").is_not_null())
    if dated.is_empty():
        raise TrainingImpossible(
            "No container of the history has a day.",
            remedy="Map `presented_on` in the mapping file.",
        )
    is_named_voyage = (
        pl.coalesce("vessel_imo", "vessel_name", "voyage_number").fill_null("") != ""
    )
    voyage = pl.when(is_named_voyage).then(voyage_key()).otherwise(pl.lit(""))
    keyed = dated.with_columns(
        voyage.alias("voyage_key"),
        # A file of many voyages names no manifest: those of one ship's call stood on one, and a declaration
        # without a ship stands alone.
        pl.when(is_named_voyage)
        .then(voyage)
        .otherwise(pl.col("bills_of_lading").list.join("+").fill_null(""))
        .alias("manifest_key"),
    ).sort("assessed_on", "manifest_key", "container_id")
    day = pl.col("assessed_on")
    past = keyed.filter(day < first) if first else keyed.clear()
    return Replay(
        frame=_numbered(keyed.filter(_between(day, first, last))),
        surroundings=Surroundings(past=_as_past(past)),
        source="history",
        source_sha256=_digest(
            f"file {m.source.sha256} {m.source.mapping_sha256}" for m in manifests
        ),
        undated=assembled.height - dated.height,
    )


def _may_hold(entry: RunEntry, first: date | None, last: date | None) -> bool:
    """Tell whether a run can hold assessments of these days; one of many days always can."""
    if not entry.run_id.startswith(entry.assessed_at.date().isoformat()):
        return True
    day = entry.assessed_at.date()
    return (first is None or first <= day) and (last is None or day <= last)


def _between(day: pl.Expr, first: date | None, last: date | None) -> pl.Expr:
    after = pl.lit(value=True) if first is None else day >= first
    return after & (pl.lit(value=True) if last is None else day <= last)


def _assessed(
    workspace: Workspace, order: int, entry: RunEntry, wanted: Collection[str] | None
) -> pl.DataFrame:
    """Return the indicators of one run, with the keys of its containers and what was drawn at random."""
    folder = entry.folder_in(workspace)
    indicators = read_frame(folder, "indicators")
    # What rules counted across containers then stands under names with dots; it is counted afresh.
    kept = [
        name
        for name in indicators.columns
        if name == "container_id"
        or ((wanted is None or name in wanted) and not name.startswith("_") and "." not in name)
    ]
    drawn = read_frame(folder, "assessments").select("container_id", "is_random")
    return (
        indicators.with_columns(
            # A line that names nothing is a container all the same, and never the same as another.
            pl.coalesce(
                container_key(),
                pl.concat_str(pl.lit(f"line {order}/"), pl.col("container_id")),
            ).alias("_container"),
            pl.col("bills_of_lading").list.join("+").fill_null("").alias("_bills"),
            voyage_key().alias("_voyage"),
        )
        .select(*kept, *_KEY)
        .join(drawn, on="container_id", how="left", maintain_order="left")
        .with_columns(
            pl.lit(order, pl.Int64).alias("_order"),
            pl.lit(entry.manifest_sha256).alias("manifest_key"),
            pl.col("_voyage").alias("voyage_key"),
        )
    )


def _with_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``_line``, the bills where only they tell a container apart, and nothing elsewhere.

    A number on a named voyage is one container, whatever its bills became from one morning to the next;
    unless one run holds it there twice. Loose cargo, and what no voyage is known of, goes by its bills.
    """
    voyage = ("_container", "_voyage")
    twice = (
        rows.filter(pl.struct(*voyage, "_order").is_duplicated())
        .select(*voyage, pl.lit(value=True).alias("_is_twice"))
        .unique()
    )
    is_told_apart = (
        pl.col("container_number").is_not_null()
        & (pl.coalesce("vessel_imo", "vessel_name").fill_null("") != "")
        & (pl.col("voyage_number").fill_null("") != "")
        & pl.col("_is_twice").is_null()
    )
    line = pl.when(is_told_apart).then(pl.lit("")).otherwise(pl.col("_bills"))
    return rows.join(twice, on=voyage, how="left", maintain_order="left").with_columns(
        line.alias("_line")
    )


def _found(
    rows: pl.DataFrame, taken: Sequence[tuple[int, RunEntry]], outcomes: Sequence[OutcomeEntry]
) -> pl.DataFrame:
    """Return what was found in each container; the last entry of a container on its voyage counts."""
    order_of = {entry.run_id: order for order, entry in taken}
    by_order = rows.partition_by("_order", as_dict=True)
    found: list[tuple[object, ...]] = []
    for entry in outcomes:
        result = entry.result
        order = order_of.get(result.run_id or "", -1)
        run = by_order.get((order,))
        if run is None:
            continue
        found.extend(
            (*key, result.outcome is not Outcome.NIL, result.outcome.value, result.examined_at.date(), order)
            for key in run.filter(is_named(result.container_number)).select(_ONCE).rows()
        )  # fmt: skip
    return pl.DataFrame(found, schema=dict(_FOUND), orient="row").unique(
        _ONCE, keep="last", maintain_order=True
    )


def _last_before_examination(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return one assessment a container: the last until its examination, else the one it was opened on."""
    examined = rows.join(found, on=_ONCE, how="left", maintain_order="left").with_columns(
        (
            pl.col("_examined_on").is_null() | (pl.col("assessed_on") <= pl.col("_examined_on"))
        ).alias("_was_before"),
        (pl.col("_order") == pl.col("_examined_run")).alias("_is_named"),
    )
    # Where every assessment is later than the examination, the one that the outcome names is taken.
    is_any_before = pl.col("_was_before").any().over(_ONCE)
    return (
        examined.filter(pl.when(is_any_before).then("_was_before").otherwise("_is_named"))
        .sort("assessed_on", "_order", "container_id")
        .unique(_ONCE, keep="last", maintain_order=True)
    )


def _digest_of_runs(runs: Sequence[RunEntry], outcomes: Sequence[OutcomeEntry]) -> str:
    lines = [
        f"run {entry.run_id} {entry.digests.manifest} {entry.digests.history}" for entry in runs
    ]
    lines += [f"outcome {entry.intent_id} {entry.result.outcome.value}" for entry in outcomes]
    return _digest(lines)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows under container ids of their own, without the columns that only a replay needs."""
    inner = [name for name in rows.columns if name.startswith("_")]
    fresh = pl.int_range(pl.len(), dtype=pl.Int32).alias("container_id")
    missing = [
        pl.lit(None, kind).alias(name)
        for name, kind in (
            ("is_find", pl.Boolean()),
            ("is_random", pl.Boolean()),
            ("outcome", pl.String()),
        )
        if name not in rows.columns
    ]
    return rows.drop(inner).with_columns(fresh, *missing)


def _as_past(rows: pl.DataFrame) -> pl.DataFrame:
    inner = [name for name in rows.columns if name.startswith("_")]
    return rows.drop(inner).with_columns(pl.col("assessed_on").alias("on"))


def _empty(source: str) -> Replay:
    frame = pl.DataFrame(
        schema={
            "container_id": pl.Int32(),
            "container_number": pl.String(),
            "bills_of_lading": pl.List(pl.String()),
            "assessed_on": pl.Date(),
            "is_find": pl.Boolean(),
            "is_random": pl.Boolean(),
            "outcome": pl.String(),
            "manifest_key": pl.String(),
            "voyage_key": pl.String(),
        }
    )
    return Replay(frame=frame, surroundings=Surroundings(), source=source)
