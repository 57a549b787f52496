"""Units whose runs and outcomes are written by hand, so that what is true of them is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl

from riskengine.domain import Digests, Outcome
from riskengine.ledger import run_register, runs
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.register.connection import create_register, open_register
from riskengine.register.seeds import commitment, make_stratum_seed
from riskengine.selectivity import read_policy
from riskengine.selectivity.policy import settings_text
from riskengine.workspace import Workspace

PORTS = ("ECGYE", "COCTG", "BRSSZ", "MATNG", "CNSHA", "TRMER")
GOODS = ("0803", "0901", "6403", "8708", "9403")
FIRST = date(2026, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What may be otherwise in a world written by hand."""

    days: int = 112
    calls_a_day: float = 0.6
    containers: int = 30
    rate: float = 0.02
    seed: int = 3
    shift_from: int | None = None  # from this day on masses are heavier and fields are missing
    moved_from: int | None = None  # from this day on many come from one more port
    probe_from: int | None = None  # from this day on a new pair sends, small first
    scores_off: float = 1.0  # scores are so many times what is true
    is_opening_draws: bool = True
    is_challenged: bool = False


def call(hand: Hand, rng: np.random.Generator, day: int, number: int) -> pl.DataFrame:
    """Write the containers of one call: facts, scores, and what an examination would find."""
    many = max(3, int(rng.poisson(hand.containers)))
    port = PORTS[int(rng.integers(0, 5))]
    if hand.moved_from is not None and day >= hand.moved_from and rng.random() < 0.5:
        port = PORTS[5]
    ids = np.arange(1, many + 1)
    is_shifted = hand.shift_from is not None and day >= hand.shift_from
    margin = rng.normal(0, 1.2, many)
    true = 1 / (1 + np.exp(-(np.log(hand.rate) + margin - 0.7)))
    is_random = rng.random(many) < 0.05
    lane = np.where(margin > 2.2, "red", np.where(margin > 1.4, "yellow", "green"))
    goods = [GOODS[int(place)] for place in rng.integers(0, len(GOODS), many)]
    trader = rng.integers(0, 60, many)
    shipper = [f"shipper {one}" for one in trader]
    consignee = [f"consignee {(one * 7 + int(rng.integers(0, 2))) % 60}" for one in trader]
    return pl.DataFrame(
        {
            "container_id": ids.astype(np.int32),
            "container_number": [f"XXXU{number % 10000:04d}{one:03d}" for one in ids],
            "bills_of_lading": [[f"BL{number}-{one}"] for one in ids],
            "vessel_name": [f"SHIP {number % 9}"] * many,
            "vessel_imo": pl.Series([None] * many, dtype=pl.String),
            "voyage_number": [f"V{number}"] * many,
            "arrival_expected_on": [FIRST + timedelta(days=day)] * many,
            "presented_on": [FIRST + timedelta(days=day)] * many,
            "port_of_loading": [port] * many,
            "port_of_discharge": ["BEANR"] * many,
            "port_of_loading_country": [port[:2]] * many,
            "filer": [f"AGENT {number % 2}"] * many,
            "_shipper_key": shipper,
            "_consignee_key": consignee,
            "_main_heading": goods,
            "shipper_name": shipper,
            "consignee_name": consignee,
            "goods_description": pl.Series(
                [None if is_shifted else f"goods {one}" for one in goods], dtype=pl.String
            ),
            "gross_mass_kg": rng.normal(24_000 if is_shifted else 18_000, 4_000, many),
            "container_family": rng.choice(["dry", "reefer", "tank"], many),
            "lane": np.where(is_random, "red", lane),
            "basis": np.where(is_random & (lane != "red"), "random", "model"),
            "score": np.minimum(0.999, true * hand.scores_off),
            "log_odds": np.log(true / (1 - true)),
            "is_random": is_random,
            "margin": margin,
            "is_guilty": rng.random(many) < true,
        }
    )


def probes(hand: Hand, frame: pl.DataFrame, day: int) -> pl.DataFrame:
    """Let a new pair send one box now and then, and after four weeks many."""
    if hand.probe_from is None or day < hand.probe_from:
        return frame
    since = day - hand.probe_from
    boxes = 1 if since < 40 else 8
    is_theirs = pl.col("container_id") <= boxes
    return frame.with_columns(
        pl.when(is_theirs)
        .then(pl.lit("probing"))
        .otherwise("_shipper_key")
        .alias("_shipper_key"),
        pl.when(is_theirs)
        .then(pl.lit("receiving"))
        .otherwise("_consignee_key")
        .alias("_consignee_key"),
        pl.when(is_theirs).then(pl.lit(value=False)).otherwise("is_guilty").alias("is_guilty"),
    )


def policy_of(unit: Workspace) -> str:
    """The digest of the policy in force."""
    return read_policy(unit.settings_file).digest(commitment(unit))


def write(unit: Workspace, frame: pl.DataFrame, day: date, number: int, hand: Hand) -> str:
    """Record one call as a run."""
    with open_ledger(unit) as connection:
        return record(unit, connection, frame, day, number, hand)


def record(unit, connection, frame, day, number, hand):
    """Write the folder of one call, and register it."""
    run_id = f"{day.isoformat()}-{number:012x}"
    assessments = frame.select(
        "container_id",
        "container_number",
        "lane",
        "basis",
        "score",
        "log_odds",
        pl.col("log_odds").alias("model_log_odds"),
        pl.col("margin").alias("lift_log_odds"),
        "is_random",
    )
    verdicts = frame.filter(pl.col("margin") > 1).select(
        "container_id",
        pl.lit("CLO-TAR-001").alias("rule_id"),
        pl.lit(1, pl.Int64).alias("version"),
        pl.lit("match").alias("verdict"),
    )
    rules = pl.DataFrame({"rule_id": ["CLO-TAR-001"], "version": [1], "points": [0.5]})
    frames = {
        "assessments": assessments,
        "indicators": frame.drop("lane", "basis", "score", "log_odds", "is_random"),
        "verdicts": verdicts,
        "rules": rules,
    }
    if hand.is_challenged:
        frames["challenger"] = frame.select("container_id", -pl.col("log_odds"))
    folder = runs.write_run(unit, run_id, day, frames, {})
    entry = run_register.RunEntry(
        run_id=run_id,
        manifest_file=f"{number}.csv",
        manifest_sha256="0" * 64,
        mapping_sha256="",
        assessed_at=datetime.combine(day, time(), UTC),
        recorded_at=datetime.combine(day, time(8), UTC) + timedelta(seconds=number),
        folder=run_register.folder_below(unit, folder),
        container_count=frame.height,
        defect_count=0,
        digests=Digests(manifest="m", history="h", rules="r", model="", policy=policy_of(unit)),
    )
    containers = frame.sort("margin", descending=True).select(
        "container_id",
        "container_number",
        pl.col("bills_of_lading").alias("bills"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"),
        "lane",
    )
    run_register.register_run(connection, entry, containers)
    return run_id


def open_chosen(
    unit: Workspace, written: list[tuple[pl.DataFrame, str, date]], hand: Hand
) -> None:
    """Enter what the examinations of the red ones found, in one transaction: a world has hundreds."""
    rows = []
    for frame, run_id, day in written:
        at = datetime.combine(day + timedelta(days=1), time(12), UTC).isoformat()
        is_opened = pl.lit(hand.is_opening_draws) | (pl.col("basis") != "random")
        for row in frame.filter((pl.col("lane") == "red") & is_opened).iter_rows(named=True):
            outcome = Outcome.NIL
            if row["is_guilty"]:
                outcome = Outcome.SEIZURE if row["container_id"] % 2 else Outcome.DISCREPANCY
            number = row["container_number"]
            rows.append(
                (f"{run_id} {number}", number, outcome.value, at, "Ruiz", "", run_id, at)
            )
    with open_register(unit) as connection:
        connection.executemany(
            "INSERT INTO outcome_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        connection.executemany(
            "INSERT INTO outcome_settlement VALUES (?, ?, ?)",
            [(row[0], "completed", row[7]) for row in rows],
        )


def write_world(hand: Hand, root: Path) -> Workspace:
    """Write the runs and outcomes of a unit that has neither rules nor a model."""
    unit = Workspace(root)
    root.mkdir(parents=True)
    unit.runs_folder.mkdir()
    create_ledger(unit)
    create_register(unit)
    make_stratum_seed(unit, "chief")
    settings = settings_text().replace("random_share = 0.02", "random_share = 0.05")
    unit.settings_file.write_text(settings, "utf-8")
    rng = np.random.default_rng(hand.seed)
    seen: set[tuple[str, str]] = set()
    number = 0
    quick = mock.patch.multiple(runs, sync_file=_at_leisure, sync_folder=_at_leisure)
    written = []
    with quick, open_ledger(unit) as connection:
        for day in range(hand.days):
            for _ in range(int(rng.poisson(hand.calls_a_day))):
                number += 1
                frame = with_novelty(probes(hand, call(hand, rng, day, number), day), seen)
                on = FIRST + timedelta(days=day)
                written.append((frame, record(unit, connection, frame, on, number, hand), on))
    open_chosen(unit, written, hand)
    return unit


def _at_leisure(_path: Path) -> None:
    """A world of a test need not outlive a power cut."""


def with_novelty(frame: pl.DataFrame, seen: set[tuple[str, str]]) -> pl.DataFrame:
    """Say of each container whether its lane, its traders and its goods were seen before."""
    keys = {
        "lane_containers_before": ("port_of_loading",),
        "shipper_containers_before": ("_shipper_key",),
        "consignee_containers_before": ("_consignee_key",),
        "lane_heading_containers_before": ("port_of_loading", "_main_heading"),
        "pair_containers_before": ("_shipper_key", "_consignee_key"),
    }
    columns = []
    fresh: set[tuple[str, str]] = set()
    for name, parts in keys.items():
        named = frame.select(pl.concat_str(parts, separator="|")).to_series().to_list()
        columns.append(pl.Series(name, [float((name, one) in seen) for one in named]))
        fresh |= {(name, one) for one in named}
    seen |= fresh
    return frame.with_columns(columns)
