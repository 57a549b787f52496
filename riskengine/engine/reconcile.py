"""Manifest, stow plan, gates and quays beside each other: what agrees is quiet, what differs is a row.

Any of them may be missing. What was not received is unknown, and nothing differs from what is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Defect, DefectEffect
from riskengine.engine.differences import as_differences, ranked
from riskengine.engine.impossible import impossible_itineraries
from riskengine.engine.journeys import journeys
from riskengine.engine.moves_compared import moved_differences, moved_facts
from riskengine.engine.plan_compared import SOURCE as STOW_PLAN
from riskengine.engine.plan_compared import plan_differences, planned_facts
from riskengine.engine.seal_trail import seal_trail
from riskengine.engine.stow_plan import NOT_MANIFESTED, planned_mass
from riskengine.errors import Place
from riskengine.features import reconciliation as ask
from riskengine.features.beside import RECONCILIATION, with_beside
from riskengine.ledger.movements import MOVED, PLANNED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

UNMANIFESTED: Final = ("discharged_not_manifested", NOT_MANIFESTED)
_DECLARED: Final = (
    "container_id",
    "container_number",
    "_voyage_id",
    "is_full",
    "size_type",
    "vessel_imo",
    "vessel_name",
    "voyage_number",
    "departed_on",
    "arrival_expected_on",
    "port_of_loading",
    "port_of_discharge",
    "transhipment_ports",
)
_SEAL_SIGNS: Final = r"[^0-9A-Z;]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What others say of the containers of a manifest.

    Attributes:
        facts: ``container_id`` and the facts of ``beside.RECONCILIATION``; one row for each container of the manifest.
        differences: Rows of ``DIFFERENCES``, the most serious first.
        defects: One for each box that others name for this call and no manifest does.
    """

    facts: pl.DataFrame
    differences: pl.DataFrame
    defects: tuple[Defect, ...]


def reconcile(
    stated: pl.DataFrame,
    plan: pl.DataFrame | None,
    movements: pl.DataFrame | None,
    *,
    assessed_on: date | None,
    elsewhere: frozenset[str] = frozenset(),
) -> Reconciled:
    """Compare what a manifest declares with a stow plan and with reported movements.

    Args:
        stated: The facts of the manifest, with ``assessed_on``.
        plan: The boxes of the stow plan: rows of ``PLANNED``, and ``file`` where one is known; None without a plan.
        movements: Rows of ``MOVED``, and ``file`` where one is known; None where nothing was reported.
        assessed_on: The day of the assessment; what is dated after it has not happened. None takes the day
            of each container.
        elsewhere: Boxes that other manifests of the same voyage declare.
    """
    planned = _with_file(plan, PLANNED)
    moved = (
        _with_file(movements, MOVED)
        .filter(pl.col("container_number").is_not_null())
        .with_columns(_bare_seals().alias("seal_numbers"))
    )
    boxes = _boxes(stated, assessed_on)
    facts, found = boxes, list[pl.DataFrame]()
    if not planned.is_empty():
        facts = facts.join(planned_facts(boxes, planned), on="container_id", how="left")
        found += plan_differences(facts, planned, elsewhere)
    if not moved.is_empty():
        reported, differing = _reported(boxes, moved)
        facts = facts.join(reported, on="container_id", how="left")
        found += [*differing, *_unnamed(boxes, moved, elsewhere, assessed_on)]
    differences = ranked(found)
    return Reconciled(
        facts=_as_facts(stated, facts),
        differences=differences,
        defects=_defects(differences),
    )


def plan_beside_movements(
    stated: pl.DataFrame, movements: pl.DataFrame | None, *, assessed_on: date
) -> pl.DataFrame:
    """Compare a stow plan with reported movements, where no manifest has come yet: the plan is what was declared.

    Args:
        stated: The facts of the plan, with ``assessed_on``.
        movements: As for ``reconcile``.
        assessed_on: The day of the assessment.

    Returns:
        Rows of ``DIFFERENCES``, against the stow plan.
    """
    mass = planned_mass().alias("container_gross_mass_kg")
    found = reconcile(
        stated.with_columns(mass), None, movements, assessed_on=assessed_on
    ).differences
    return found.with_columns(pl.col("against").replace("manifest", STOW_PLAN))


def _reported(
    boxes: pl.DataFrame, moved: pl.DataFrame
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return what movements say of each box, and what differs by them."""
    trips = journeys(boxes, moved)
    facts = moved_facts(boxes, trips)
    found = moved_differences(boxes, trips, facts)
    seals, trail = seal_trail(trips.own)
    itineraries, impossible = impossible_itineraries(boxes, trips.seen, trips.ends)
    for part in (seals, itineraries):
        facts = facts.join(part, on="container_id", how="left")
    return facts, [*found, *trail, impossible]


def _boxes(stated: pl.DataFrame, assessed_on: date | None) -> pl.DataFrame:
    """Return the boxes of the manifest with what is compared; loose cargo stands on no plan."""
    day = pl.col("assessed_on") if assessed_on is None else pl.lit(assessed_on)
    return (
        stated.filter(pl.col("container_number").is_not_null())
        .select(
            *_DECLARED,
            day.alias("assessed_on"),
            _bare_seals().alias("_declared_seal_list"),
            ask.declared_mass().alias("_declared_mass_kg"),
            ask.highest_tare().alias("_highest_tare_kg"),
        )
        .sort("container_id")
    )


def _with_file(frame: pl.DataFrame | None, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return the frame with ``file``, in an order that does not depend on which file was read first."""
    if frame is None:
        return pl.DataFrame(schema={**schema, "file": pl.String()})
    file = pl.col("file") if "file" in frame.columns else pl.lit(None, pl.String).alias("file")
    rows = frame.select(*schema, file)
    plain = [name for name, kind in rows.schema.items() if kind != pl.List(pl.String)]
    lists = [
        pl.col(name).list.join(";")
        for name, kind in rows.schema.items()
        if kind == pl.List(pl.String)
    ]
    return rows.sort(*plain, *lists, nulls_last=True)


def _bare_seals() -> pl.Expr:
    """Return the seals without the blanks and dashes that one clerk writes and the next one does not."""
    joined = pl.col("seal_numbers").list.join(";").str.to_uppercase()
    bare = joined.str.replace_all(_SEAL_SIGNS, "").str.replace_all(r";{2,}", ";")
    said = bare.str.strip_chars(";")
    return pl.when(said != "").then(said.str.split(";").list.unique().list.sort())


def _unnamed(
    boxes: pl.DataFrame,
    moved: pl.DataFrame,
    elsewhere: frozenset[str],
    assessed_on: date | None,
) -> list[pl.DataFrame]:
    """Return the boxes that a list or a report discharges here, from this voyage, and no manifest names."""
    call = boxes.select(
        "vessel_imo", "vessel_name", "voyage_number", "port_of_discharge"
    ).unique()
    day = boxes["assessed_on"].max() if assessed_on is None else assessed_on
    others = moved.filter(
        pl.col("movement").is_in(["discharged", "discharge_ordered"])
        & ~pl.col("container_number").is_in(list(elsewhere))
    ).join(boxes, on="container_number", how="anti")
    met = others.join(
        call.filter(pl.col("voyage_number").is_not_null()),
        on="voyage_number",
        how="inner",
        suffix="_stated",
    )
    imo = pl.col("vessel_imo") == pl.col("vessel_imo_stated")
    name = pl.col("vessel_name") == pl.col("vessel_name_stated")
    here = (
        met.filter(
            pl.coalesce(imo, name)
            & (pl.col("place").is_null() | (pl.col("place") == pl.col("port_of_discharge")))
        )
        .sort("container_number", "movement", "moved_on", "moved_at", "port_of_discharge")
        .unique(["container_number", "movement"], keep="first", maintain_order=True)
    )
    is_listed = pl.col("movement") == "discharge_ordered"
    is_past = (pl.col("moved_on") <= day).fill_null(value=True)
    told = {
        "found": pl.coalesce("place", "port_of_discharge"),
        "found_on": pl.col("moved_on"),
        "found_at": pl.col("moved_at"),
        "place": pl.coalesce("place", "port_of_discharge"),
        "file": pl.col("file"),
    }
    return [
        as_differences(here.filter(is_listed), "not_manifested", pl.col("movement"), **told),
        as_differences(
            here.filter(~is_listed & is_past),
            "discharged_not_manifested",
            pl.col("movement"),
            **told,
        ),
    ]


def _as_facts(stated: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the facts of every container of the manifest; null where nothing was received."""
    told = with_beside(
        stated.select("container_id"), found.select("container_id", *_known(found))
    )
    arrived = pl.coalesce("discharge_seal_numbers", "gate_out_seal_numbers")
    return told.select(
        "container_id",
        *RECONCILIATION,
    ).with_columns(
        pl.max_horizontal("planned_gross_mass_kg", "gate_gross_mass_kg").alias(
            "_weighed_mass_kg"
        ),
        arrived.list.join(", ").alias("_arrival_seals"),
    )


def _known(found: pl.DataFrame) -> list[str]:
    return [name for name in RECONCILIATION if name in found.columns]


def _defects(differences: pl.DataFrame) -> tuple[Defect, ...]:
    named = differences.filter(pl.col("kind").is_in(UNMANIFESTED))
    return tuple(
        Defect(
            code=_code(row["kind"], row["source"]),
            effect=DefectEffect.CONTENT,
            place=Place(file=row["file"] or ""),
            field="container_number",
            raw=row["container_number"],
            container_number=row["container_number"],
            params={"container": row["container_number"], "port": row["place"] or "?"},
        )
        for row in named.sort("kind", "container_number", "source").iter_rows(named=True)
    )


def _code(kind: str, source: str) -> str:
    is_listed = kind == NOT_MANIFESTED and source != STOW_PLAN
    return "listed_not_manifested" if is_listed else kind
