"""A day's examinations: chosen out of the recorded runs of that day, under capacity, and kept with their chances."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Basis, Lane, Outcome
from riskengine.engine.candidates import candidates_of, named_containers
from riskengine.errors import UsageError
from riskengine.ledger import run_register, selections
from riskengine.ledger.runs import read_frame
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.register.outcomes import completed_outcomes
from riskengine.register.seeds import stratum_seed
from riskengine.selectivity import Door, Policy, choose, read_policy
from riskengine.selectivity.choose import demand_slots

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.manifest.schema import FrameSchema
    from riskengine.workspace import Workspace

BY_LANE: Final = "lane"
"""The door of a container of which no plan was made."""
_OPEN: Final = (Door.DEMAND, Door.SCORE)
"""The doors that may be looked into without leaving a trace: they follow from what everybody sees."""
_DRY_SEED: Final = bytes(32)
_CHANCES: Final[FrameSchema] = {
    "container_id": pl.Int32(),
    "probability": pl.Float64(),
    "door": pl.String(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The examinations of a day.

    Attributes:
        day: The day.
        slots: How many examinations there are, by means; one means without a name where they are of one kind.
        containers: What is examined, first things first: run_id, container_id, container_number,
            bills_of_lading, rank, lane, score, lift_log_odds, door, probability, means, is_new (not in an earlier plan of
            the day).
        offered: How many containers there were to choose from.
        unnamed: In a plan that is not recorded, examinations that a draw will take: nobody may ask which.
        demanded: How many containers rules demand.
        demanding_rules: The rules that do, those with most containers first.
        demand_slots: How many of them the policy takes without looking at the score.
        blind_find_rate: Finds per container opened at random here, as the policy believes.
    """

    day: date
    slots: tuple[tuple[str, int], ...]
    containers: pl.DataFrame
    offered: int
    unnamed: int
    demanded: int
    demanding_rules: tuple[str, ...]
    demand_slots: int
    blind_find_rate: float

    @property
    def room(self) -> int:
        """How many examinations there are."""
        return sum(count for _, count in self.slots)

    @property
    def expected_finds(self) -> float:
        """The sum of what each container is expected to yield."""
        return float(self.containers["score"].sum())

    @property
    def blind_finds(self) -> float:
        """What as many blind draws would yield."""
        return self.containers.height * self.blind_find_rate

    @property
    def blind_draws(self) -> int:
        """How many came by the blind draw."""
        return int((self.containers["door"] == Door.RANDOM.value).sum())


def make_plan(
    workspace: Workspace,
    day: date,
    slots: tuple[tuple[str, int], ...],
    *,
    by: str,
    is_dry: bool = False,
) -> Plan:
    """Plan the examinations of a day, or add to its plan what there is still room for.

    Of a container that was assessed several times that day, the latest run counts. What was planned
    before stays planned, and takes up room.

    Args:
        workspace: The unit's folder.
        day: The day, and that of the runs.
        slots: How many examinations there are, by means.
        by: Who plans.
        is_dry: Whether nothing is recorded. Then nothing is drawn: who could ask which boxes would be drawn,
            and leave no trace, could choose others.

    Raises:
        RunNotFound: Nothing was assessed as of that day.
        UsageError: There are no slots, or they name a means twice.
        LedgerError: A run's files are not those that were written, or somebody else planned the day meanwhile.
    """
    if not slots:
        raise UsageError("A plan needs to know how many examinations there are.")
    if len({means for means, _ in slots}) < len(slots):
        raise UsageError("The slots name one means of examination twice.")
    policy = read_policy(workspace.must_exist().settings_file)
    offered = candidates_of(workspace, day)
    kept = selections.planned_for(workspace, day)
    room = sum(count for _, count in slots)
    chosen = _chosen(workspace, offered, kept, room, policy, day, is_dry=is_dry)
    added = chosen.join(kept, on="identity", how="anti")
    unnamed = 0
    if is_dry:
        told = added.filter(pl.col("door").is_in([door.value for door in _OPEN]))
        unnamed = added.height - told.height
        added = told
    selected = _with_means(added, kept, slots)
    if not is_dry and not selected.is_empty():
        whole = chosen.join(kept, on="identity", how="semi").select("identity", "probability")
        kept = kept.update(whole, on="identity")
        _record(workspace, selected, kept, day, room, by)
    demanded = offered.filter(pl.col("demand_rank").is_not_null())
    return Plan(
        day=day,
        slots=slots,
        containers=_shown(offered, kept, selected),
        offered=offered.height,
        unnamed=unnamed,
        demanded=demanded.height,
        demanding_rules=_demanding(demanded),
        demand_slots=demand_slots(room, policy),
        blind_find_rate=policy.random_find_rate,
    )


def _chosen(  # noqa: PLR0913, PLR0917 - who can be chosen, beside whom, how many, and what the draw follows from
    workspace: Workspace,
    offered: pl.DataFrame,
    kept: pl.DataFrame,
    room: int,
    policy: Policy,
    day: date,
    *,
    is_dry: bool,
) -> pl.DataFrame:
    """Return what is planned, before and now, with doors and chances in the whole plan. Runs number their containers alike: here each has a place."""
    places = pl.Series("container_id", range(offered.height), dtype=pl.Int64)
    planned = kept.select("identity", pl.col("door").alias("planned"))
    to_choose = offered.with_columns(places).join(
        planned, on="identity", how="left", maintain_order="left"
    )
    # What is planned and in no run any more takes up room all the same.
    gone = kept.height - (to_choose.height - to_choose["planned"].null_count())
    chosen = choose(
        to_choose,
        room - gone,
        policy,
        seed=_DRY_SEED if is_dry else stratum_seed(workspace),
        day=day.isoformat(),
        examined_by_rule=examined_by_rule(workspace),
    )
    return offered[chosen["container_id"].to_list()].with_columns(
        chosen["door"], chosen["probability"]
    )


def chances(workspace: Workspace, run_id: str) -> pl.DataFrame:
    """Return how likely the containers of a run were to be examined, and by which door they came.

    Where a plan was made for the run's day, or holds some of its containers, the plan tells, and only of
    those that it chose: what an officer examines beside the plan has no known chance. Without a plan the lane
    tells: red by merit is examined for sure, what was drawn with the chance of the blind draw. What else was opened an
    officer chose, for reasons of his own: its chance is null, for as a blind draw it would stand for fifty others.

    Returns:
        ``container_id``, ``probability`` (null where nobody knows) and ``door``, in the order of ``container_id``.

    Raises:
        RunNotFound: No such run is recorded.
        LedgerError: The run's files are not those that were written.
    """
    entry = run_register.find_run(workspace, run_id)
    folder = entry.folder_in(workspace)
    named = named_containers(read_frame(folder, "indicators"), run_id)
    planned = selections.planned_with(workspace, named["identity"])
    is_planned = (
        not planned.is_empty()
        or not selections.planned_for(workspace, entry.assessed_at.date()).is_empty()
    )
    if is_planned:
        found = named.join(
            planned.select("identity", "probability", "door"), on="identity", how="inner"
        )
    else:
        found = _by_lane(
            read_frame(folder, "assessments"), read_policy(workspace.settings_file)
        )
    return found.select(_CHANCES.keys()).cast(pl.Schema(_CHANCES)).sort("container_id")


def examined_by_rule(workspace: Workspace) -> Mapping[str, int]:
    """Return how many matches of each version of a rule were examined, as ``<rule>@<version>``."""
    of_run: dict[str, set[str]] = {}
    for outcome in completed_outcomes(workspace):
        if outcome.result.run_id and outcome.result.outcome in Outcome:
            of_run.setdefault(outcome.result.run_id, set()).add(outcome.result.container_number)
    counted: dict[str, int] = {}
    for entry in run_register.recorded_runs(workspace):
        names = of_run.get(entry.run_id)
        if names is None:
            continue
        folder = entry.folder_in(workspace)
        by_number = pl.coalesce(
            "container_number", pl.col("bills_of_lading").list.join("+")
        ).is_in(list(names))
        examined = read_frame(folder, "assessments").filter(by_number).select("container_id")
        matches = (
            read_frame(folder, "verdicts")
            .filter(pl.col("verdict") == "match")
            .join(examined, on="container_id", how="semi")
        )
        for rule, version in matches.select("rule_id", "version").rows():
            counted[f"{rule}@{version}"] = counted.get(f"{rule}@{version}", 0) + 1
    return counted


def _by_lane(assessments: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    by_merit = (pl.col("lane") == Lane.RED.value) & (pl.col("basis") != Basis.RANDOM.value)
    return assessments.select(
        "container_id",
        pl.when(by_merit)
        .then(1.0)
        .when("is_random")
        .then(policy.random_share)
        .alias("probability"),
        pl.when(pl.col("is_random") & ~by_merit)
        .then(pl.lit(Door.RANDOM.value))
        .otherwise(pl.lit(BY_LANE))
        .alias("door"),
    )


def _with_means(
    added: pl.DataFrame, kept: pl.DataFrame, slots: tuple[tuple[str, int], ...]
) -> pl.DataFrame:
    """Give each added container a means: the scarcest first, to demands, blind draws and the highest scores."""
    used = dict(kept["means"].fill_null("").value_counts().rows())
    free = [
        means
        for means, count in sorted(slots, key=lambda one: (one[1], one[0]))
        for _ in range(count - used.get(means, 0))
    ]
    ordered = _in_order(added)
    given = [*free, *[slots[-1][0]] * ordered.height][: ordered.height]
    return ordered.with_columns(
        pl.Series("means", [means or None for means in given], dtype=pl.String)
    )


def _in_order(containers: pl.DataFrame) -> pl.DataFrame:
    """Sort by door, then by score: what is demanded first, what is tried last."""
    order = {
        door.value: place
        for place, door in enumerate(
            (Door.DEMAND, Door.RANDOM, Door.SCORE, Door.TRIAL, Door.UNCERTAIN, Door.NEW)
        )
    }
    return (
        containers.with_columns(
            pl.col("door").replace_strict(order, return_dtype=pl.Int32).alias("_door")
        )
        .sort(["_door", "log_odds", "rank"], descending=[False, True, False])
        .drop("_door")
    )


def _record(  # noqa: PLR0913, PLR0917 - what is added to what, for when, and by whom
    workspace: Workspace,
    selected: pl.DataFrame,
    kept: pl.DataFrame,
    day: date,
    room: int,
    by: str,
) -> None:
    """Tell the audit chain, then the ledger: what is planned cannot be denied later."""
    lines = selected.select(
        pl.concat_str("identity", "door", "probability", separator="|").alias("line")
    )["line"]
    doors = dict(selected["door"].value_counts().rows())
    with open_register(workspace) as register:
        payload = {
            "room": room,
            "planned_before": kept.height,
            "planned": {door.value: int(doors.get(door.value, 0)) for door in Door},
            "sha256": hashlib.sha256("\n".join(lines.sort()).encode()).hexdigest(),
        }
        audit.append(register, by, "plan", day.isoformat(), payload)
    selections.add(workspace, selected, day=day, at=datetime.now(UTC), by=by, beside=kept)


def _shown(offered: pl.DataFrame, kept: pl.DataFrame, selected: pl.DataFrame) -> pl.DataFrame:
    """Return all that is planned for the day, as the latest runs see it."""
    columns = ("identity", "door", "probability", "means")
    planned = pl.concat(
        [
            kept.select(*columns, pl.lit(value=False).alias("is_new")),
            selected.select(*columns, pl.lit(value=True).alias("is_new")),
        ]
    )
    return _in_order(offered.join(planned, on="identity", how="inner")).drop(
        "rules", "demand_rank", "novelty"
    )


def _demanding(demanded: pl.DataFrame) -> tuple[str, ...]:
    rules = demanded.explode("demanding").group_by("demanding").len()
    return tuple(rules.sort(["len", "demanding"], descending=[True, False])["demanding"])
