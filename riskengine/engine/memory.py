"""What a manifest adds to the history, each container once a voyage; and what of the past is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.features import history as habits
from riskengine.features.catalog import catalog, expressions
from riskengine.ledger import history, run_register, runs, seen, sightings
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    import duckdb

    from riskengine.ledger.history import Past
    from riskengine.workspace import Workspace

_COUNTED_ELSEWHERE = ""
_TYPES: dict[str, pl.DataType] = {
    "number": pl.Float64(),
    "text": pl.String(),
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


def remember(
    connection: duckdb.DuckDBPyConnection,
    facts: pl.DataFrame,
    attributes: pl.DataFrame,
    outcomes: pl.DataFrame | None = None,
    *,
    run_id: str | None = None,
) -> int:
    """Count the containers that the history has not counted on their voyage, and return how many they are.

    A line that names neither container nor bill, or that has no day, has no place in a history.

    Args:
        connection: An open ledger.
        facts: Facts of containers with ``assessed_on``.
        attributes: The attributes of the same manifest.
        outcomes: container_id, is_find, known_on; what examinations found, where the file says.
        run_id: The run that counts them; None where a history is remembered.
    """
    named = name_sightings(facts)
    before = sightings.own_sightings(connection, named)
    fresh = sightings.new_sightings(connection, named)
    voyage = ["container_key", "voyage_key"]
    first = fresh.join(before, on=voyage, how="anti").unique(
        voyage, keep="first", maintain_order=True
    )
    counted = facts.join(first.select("container_id"), on="container_id", how="semi")
    known = pl.DataFrame(schema=dict(history.OUTCOMES)) if outcomes is None else outcomes
    past = history.tally(
        habits.sightings(counted, attributes),
        habits.measures(counted, attributes),
        known.join(first.select("container_id"), on="container_id", how="semi"),
    )
    history.add(connection, past)
    by_which = pl.when(pl.col("container_id").is_in(first["container_id"].to_list())).then(
        pl.lit(run_id, pl.String)
    )
    sightings.note_sightings(
        connection,
        fresh.with_columns(by_which.otherwise(pl.lit(_COUNTED_ELSEWHERE)).alias("run_id")),
    )
    rows = fresh.with_columns(pl.col("bill_of_lading", "voyage_key").fill_null("")).join(
        _kept(facts), on="container_id", maintain_order="left"
    )
    seen.note(connection, rows.select(*seen.KEYS, *kept_fields()))
    return first.height


def kept_fields() -> dict[str, pl.DataType]:
    """Return what is kept of every container, with its type: each field of the catalogue."""
    return {field.name: _TYPES[field.kind] for field in catalog()}


def _kept(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the fields as they were known on the container's own day.

    A history that is remembered comes as facts: what is drawn from them is drawn now, and what its past
    said of it then stays unknown.
    """
    fields = kept_fields()
    is_drawn = all(name in facts.columns for name in fields)
    drawn = facts if is_drawn else facts.with_columns(expressions(with_past=False))
    return drawn.select(
        "container_id",
        *(
            (pl.col(name) if name in drawn.columns else pl.lit(None).alias(name)).cast(kind)
            for name, kind in fields.items()
        ),
    )


def past_of_others(workspace: Workspace, facts: pl.DataFrame, attributes: pl.DataFrame) -> Past:
    """Return the past of these containers without themselves.

    A voyage that is assessed again, because a day has passed or its manifest was amended, was counted when
    it was first recorded. Exactly what was counted then is taken off: the run folder knows it.
    """
    past = history.fetch(workspace, habits.asked_keys(facts, attributes))
    days = past.kinds.select("kind", "on")
    named = name_sightings(facts)
    with open_ledger(workspace, read_only=True) as connection:
        own = sightings.own_sightings(connection, named)
    if own.is_empty():
        return past
    pieces = [past]
    for run_id in own["run_id"].unique(maintain_order=True).to_list():
        rows = own.filter(pl.col("run_id").eq_missing(pl.lit(run_id, pl.String)))
        stated, carried = (facts, attributes) if run_id is None else _of_run(workspace, run_id)
        pieces.append(_negative(_held(_as_counted(stated, carried, rows), days, past)))
    return _without_empty(history.merge(pieces), past)


def _as_counted(facts: pl.DataFrame, attributes: pl.DataFrame, own: pl.DataFrame) -> Past:
    """Return what these containers added to the history on the days on which they were counted."""
    voyage = ["container_key", "voyage_key"]
    days = (
        name_sightings(facts, dated=False).drop("on").join(own.select(*voyage, "on"), on=voyage)
    )
    counted = (
        facts.join(days.select("container_id", "on"), on="container_id")
        .with_columns(pl.col("on").alias("assessed_on"))
        .unique("container_id", keep="first", maintain_order=True)
    )
    return history.tally(
        habits.sightings(counted, attributes),
        habits.measures(counted, attributes),
        pl.DataFrame(schema=dict(history.OUTCOMES)),
    )


def name_sightings(facts: pl.DataFrame, *, dated: bool = True) -> pl.DataFrame:
    """Return container_id, container_key, bill_of_lading, voyage_key and ``on`` of each named container."""
    named = facts.select(
        "container_id",
        container_key().alias("container_key"),
        pl.col("bills_of_lading").list.join("+").alias("bill_of_lading"),
        voyage_key().alias("voyage_key"),
        pl.col("assessed_on").alias("on"),
    ).filter(pl.col("container_key").is_not_null() & (pl.col("container_key") != ""))
    return named.filter(pl.col("on").is_not_null()) if dated else named


def container_key() -> pl.Expr:
    """Return what names a container on its voyage: its number, or the bills of its loose cargo."""
    return pl.coalesce("container_number", pl.col("bills_of_lading").list.join("+"))


def voyage_key() -> pl.Expr:
    """Return what names a voyage: ship and voyage number, or where neither is given the day it is due.

    The ship is told by its name where there is one: every format gives it, and some give no IMO number. The same voyage
    in two formats must not be two.
    """
    ship = pl.coalesce("vessel_name", "vessel_imo", pl.lit(""))
    number = pl.col("voyage_number").fill_null("")
    day = pl.coalesce("arrival_expected_on", "presented_on").cast(pl.String).fill_null("")
    is_named = (ship != "") | (number != "")
    return pl.concat_str(ship, pl.when(is_named).then(number).otherwise(day), separator="|")


def _of_run(workspace: Workspace, run_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    folder = run_register.find_run(workspace, run_id).folder_in(workspace)
    return runs.read_frame(folder, "indicators"), runs.read_frame(folder, "manifest_attributes")


def _held(counted: Past, days: pl.DataFrame, past: Past) -> Past:
    """Keep what the ledger counted on that day: an older version knew fewer kinds, and fewer measures."""
    place = ["kind", "key", "measure", "on"]
    return history.Past(
        counts=counted.counts.join(days, on=["kind", "on"], how="semi"),
        habits=counted.habits.join(past.habits.select(place), on=place, how="semi"),
    )


def _negative(past: Past) -> Past:
    return history.Past(
        counts=past.counts.with_columns(-pl.col("containers", "examined", "found")),
        habits=past.habits.with_columns(-pl.col("count", "total_milli", "squares_micro")),
    )


def _without_empty(left: Past, asked: Past) -> Past:
    """Drop what is wholly taken off, and keys that were counted then and are not asked now."""
    counts = left.counts.join(
        asked.counts.select("kind", "key").unique(), on=["kind", "key"], how="semi"
    )
    habits = left.habits.join(
        asked.habits.select("kind", "key").unique(), on=["kind", "key"], how="semi"
    )
    return history.Past(
        counts=counts.filter(pl.any_horizontal(pl.col("containers", "examined", "found") != 0)),
        habits=habits.filter(pl.col("count") != 0),
        kinds=left.kinds,
    )
