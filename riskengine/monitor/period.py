"""What is watched: every container of a period and of the time before it, once, with how it was chosen and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Basis, Lane, Outcome
from riskengine.engine.candidates import named_containers
from riskengine.ledger.run_register import recorded_runs
from riskengine.ledger.runs import read_frame
from riskengine.monitor.doors import with_doors
from riskengine.register.outcomes import completed_outcomes

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from riskengine.ledger.run_register import RunEntry
    from riskengine.monitor.limits import Limits
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace

USUAL_DAYS: Final = 28
"""Four whole weeks: every report has as many Mondays as Sundays."""
_ASSESSED: Final = (
    "container_id",
    "lane",
    "basis",
    "score",
    "log_odds",
    "model_log_odds",
    "lift_log_odds",
    "is_random",
)
_TOLD: Final = (
    "container_id",
    "container_number",
    "bills_of_lading",
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "arrival_expected_on",
    "presented_on",
    "port_of_loading",
    "port_of_discharge",
    "port_of_loading_country",
    "filer",
    "carrier_code",
    "_shipper_key",
    "_consignee_key",
    "_main_heading",
    "lane_containers_before",
    "shipper_containers_before",
    "consignee_containers_before",
    "lane_heading_containers_before",
    "pair_containers_before",
)
_TEXTS: Final = (
    "vessel_name",
    "vessel_imo",
    "voyage_number",
    "port_of_loading",
    "port_of_discharge",
    "port_of_loading_country",
    "filer",
    "carrier_code",
    "_shipper_key",
    "_consignee_key",
    "_main_heading",
)
_RED: Final = Lane.RED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days of a report, and the days before that they are compared with.

    Attributes:
        first: The first day of the report.
        last: Its last day.
        before_from: The first day of the time before; it ends on the day before ``first``.
    """

    first: date
    last: date
    before_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The containers of a report.

    Attributes:
        workspace: The unit's folder.
        span: Its days.
        entries: The runs that were read, by id; of the time before too.
        containers: One row a container of a voyage, as it was assessed when it was chosen, else last: ``run_id``,
            ``container_id``, ``identity``, ``on``, ``is_now``, lane, basis, score, log_odds,
            lift_log_odds, is_random, ``door`` and ``probability`` (null where it was not chosen), ``is_planned``,
            ``outcome``, ``is_find``, ``entered_on`` (null where nobody entered one), ``trade_lane``, ``goods``,
            ``cover``, ``country``, ``shipper``, ``consignee``, ``filer`` and what was known before.
    """

    workspace: Workspace
    span: Span
    entries: dict[str, RunEntry]
    containers: pl.DataFrame

    @property
    def now(self) -> pl.DataFrame:
        """The containers of the report."""
        return self.containers.filter("is_now")

    @property
    def before(self) -> pl.DataFrame:
        """The containers of the time before it."""
        return self.containers.filter(~pl.col("is_now"))

    def folders(self, containers: pl.DataFrame) -> tuple[tuple[RunEntry, pl.DataFrame], ...]:
        """Return the runs of some containers, oldest first, each with the ids of those it holds."""
        held = containers.select("run_id", "container_id").partition_by("run_id", as_dict=True)
        return tuple(
            (entry, held[run_id,].select("container_id"))
            for run_id, entry in self.entries.items()
            if (run_id,) in held
        )


def span_of(
    workspace: Workspace, first: date | None, last: date | None, limits: Limits
) -> Span | None:
    """Return the days of a report; None where none of them has a recorded run.

    Args:
        workspace: The unit's folder.
        first: The first day; None is four weeks before the last.
        last: The last day; None is that of the latest assessment.
        limits: How many days before it is compared with.
    """
    days = [entry.assessed_at.date() for entry in recorded_runs(workspace)]
    known = [day for day in days if last is None or day <= last]
    if not known:
        return None
    end = last or max(known)
    begin = first or end - timedelta(days=USUAL_DAYS - 1)
    if begin > max(known):
        return None
    return Span(
        first=begin, last=end, before_from=begin - timedelta(days=int(limits.days_before))
    )


def read_period(workspace: Workspace, span: Span, policy: Policy) -> Period:
    """Read the containers of a report and of the time before it; of each run only what is needed.

    A container that was assessed several times on one voyage counts once: as it was when the outcome that was entered
    for it was chosen, else as it was assessed last.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    entries = {
        entry.run_id: entry
        for entry in sorted(
            recorded_runs(workspace),
            key=lambda entry: (entry.assessed_at, entry.recorded_at, entry.run_id),
        )
        if span.before_from <= entry.assessed_at.date() <= span.last
    }
    frames = [
        _containers(entry.folder_in(workspace), entry, place)
        for place, entry in enumerate(entries.values())
    ]
    if not frames:
        return Period(workspace=workspace, span=span, entries={}, containers=_EMPTY)
    read = pl.concat(frames)
    found = (
        read.select("run_id", "container_id", name="names")
        .explode("name")
        .join(_outcomes(workspace), on=["run_id", "name"])
        .unique(["run_id", "container_id"], keep="last", maintain_order=True)
        .drop("name")
    )
    box = ["run_id", "container_id"]
    whole = read.drop("names").join(found, on=box, how="left", maintain_order="left")
    chosen = with_doors(workspace, whole, policy)
    once = _each_once(chosen, span)
    return Period(workspace=workspace, span=span, entries=entries, containers=once)


def weekly(containers: pl.DataFrame, span: Span) -> tuple[tuple[date, pl.DataFrame], ...]:
    """Return each week of the report and of the time before, by its first day, with its containers; the last is whole."""
    weeks: list[tuple[date, pl.DataFrame]] = []
    begins = span.last - timedelta(days=6)
    while begins > span.before_from - timedelta(days=7):
        ends = begins + timedelta(days=6)
        weeks.append((begins, containers.filter(pl.col("on").is_between(begins, ends))))
        begins -= timedelta(days=7)
    return tuple(reversed(weeks))


def _containers(folder: Path, entry: RunEntry, place: int) -> pl.DataFrame:
    told = read_frame(folder, "indicators", columns=_TOLD)
    told = told.with_columns(
        pl.lit(None).alias(name) for name in _TOLD if name not in told.columns
    ).with_columns(pl.col(_TEXTS).cast(pl.String))
    assessed = read_frame(folder, "assessments", columns=_ASSESSED)
    has_number = pl.col("container_number").is_not_null()
    ports = pl.concat_str("port_of_loading", "port_of_discharge", separator=" > ")
    named = told.select(
        "container_id",
        pl.lit(entry.run_id).alias("run_id"),
        pl.lit(place).alias("place"),
        pl.lit(entry.assessed_at.date()).alias("on"),
        # As an officer names it: its number, or any bill of its loose cargo.
        pl.when(has_number)
        .then(pl.concat_list("container_number"))
        .otherwise("bills_of_lading")
        .alias("names"),
        ports.alias("trade_lane"),
        pl.col("_main_heading").alias("goods"),
        pl.concat_str(ports, "_main_heading", separator=" · ").alias("cover"),
        pl.col("port_of_loading_country").alias("country"),
        pl.col("_shipper_key").alias("shipper"),
        pl.col("_consignee_key").alias("consignee"),
        pl.coalesce("filer", "carrier_code").alias("filer"),
        *(pl.col(name).cast(pl.Float64) for name in _TOLD if name.endswith("_before")),
    )
    known = named_containers(told, entry.run_id)
    return named.join(known, on="container_id", maintain_order="left").join(
        assessed, on="container_id", maintain_order="left"
    )


def _outcomes(workspace: Workspace) -> pl.DataFrame:
    """Return the outcome in force of each container of a run: the last that was entered."""
    rows = [
        (
            entry.result.run_id,
            entry.result.container_number,
            entry.result.outcome.value,
            entry.result.outcome is not Outcome.NIL,
            entry.entered_at.date(),
        )
        for entry in completed_outcomes(workspace)
        if entry.result.run_id is not None
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "run_id": pl.String,
            "name": pl.String,
            "outcome": pl.String,
            "is_find": pl.Boolean,
            "entered_on": pl.Date,
        },
        orient="row",
    )
    return frame.unique(["run_id", "name"], keep="last", maintain_order=True)


def _each_once(chosen: pl.DataFrame, span: Span) -> pl.DataFrame:
    """Keep each container of a voyage once, and name the door by which an examination came about."""
    is_opened = pl.col("outcome").is_not_null()
    ranked = chosen.with_columns(is_opened.cast(pl.Int8).alias("_opened")).sort(
        ["_opened", "is_planned", "place", "container_id"]
    )
    once = ranked.unique("identity", keep="last", maintain_order=True)
    return (
        once.with_columns(
            # Examined, and no door of the engine's led there.
            pl.when(is_opened & pl.col("door").is_null())
            .then(pl.lit(Basis.OFFICER.value))
            .otherwise("door")
            .alias("door"),
            (pl.col("on") >= span.first).alias("is_now"),
        )
        .drop("_opened")
        .sort(["place", "container_id"])
    )


_EMPTY: Final = pl.DataFrame(
    schema={
        "container_id": pl.Int32,
        "run_id": pl.String,
        "place": pl.Int32,
        "on": pl.Date,
        "identity": pl.String,
        "trade_lane": pl.String,
        "goods": pl.String,
        "cover": pl.String,
        "country": pl.String,
        "shipper": pl.String,
        "consignee": pl.String,
        "filer": pl.String,
        "lane_containers_before": pl.Float64,
        "shipper_containers_before": pl.Float64,
        "consignee_containers_before": pl.Float64,
        "lane_heading_containers_before": pl.Float64,
        "pair_containers_before": pl.Float64,
        "lane": pl.String,
        "basis": pl.String,
        "score": pl.Float64,
        "log_odds": pl.Float64,
        "model_log_odds": pl.Float64,
        "lift_log_odds": pl.Float64,
        "is_random": pl.Boolean,
        "outcome": pl.String,
        "is_find": pl.Boolean,
        "entered_on": pl.Date,
        "door": pl.String,
        "probability": pl.Float64,
        "is_planned": pl.Boolean,
        "is_blind": pl.Boolean,
        "is_now": pl.Boolean,
    }
)
