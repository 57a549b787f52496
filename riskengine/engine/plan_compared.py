"""What the stow plan says of each manifested box, and where it says otherwise."""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.engine.differences import as_differences
from riskengine.engine.stow_plan import unmanifested
from riskengine.features import reconciliation as ask

SOURCE: Final = "stow_plan"


def planned_facts(boxes: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Return what the plan says of each box, in the words of the catalogue.

    Args:
        boxes: The manifested boxes, with ``container_number``, ``port_of_loading``, ``transhipment_ports``.
        plan: The boxes of the plan; empty where none was received.

    Returns:
        ``container_id`` and the planned facts. A box that is not on the plan is absent from it only where the plan
        names some box loaded in the same port: an older plan knows nothing of what was loaded since.
    """
    planned = plan.unique("container_number", keep="first", maintain_order=True).select(
        "container_number",
        pl.col("port_of_loading").alias("planned_port_of_loading"),
        pl.col("port_of_discharge").alias("planned_port_of_discharge"),
        pl.col("size_type").alias("planned_size_type"),
        pl.col("is_full").alias("planned_is_full"),
        pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg").alias(
            "planned_gross_mass_kg"
        ),
        pl.col("stow_position").alias("planned_stow_position"),
        pl.col("file").alias("planned_file"),
        pl.lit(value=True).alias("_is_planned"),
    )
    loaded_in = plan["port_of_loading"].drop_nulls().unique().sort().to_list()
    own = pl.concat_list(
        pl.col("port_of_loading"), pl.col("transhipment_ports").fill_null([])
    ).list.drop_nulls()
    is_covered = own.list.set_intersection(loaded_in).list.len() > 0
    is_absent = pl.lit(not plan.is_empty()) & (is_covered | pl.lit(not loaded_in))
    on_plan = pl.when("_is_planned").then(statement=True).when(is_absent).then(statement=False)
    return (
        boxes.join(planned, on="container_number", how="left", maintain_order="left")
        .with_columns(on_plan.alias("is_on_stow_plan"))
        .select(
            "container_id",
            "is_on_stow_plan",
            *(name for name in planned.columns if name.startswith("planned_")),
        )
    )


def plan_differences(
    boxes: pl.DataFrame, plan: pl.DataFrame, elsewhere: frozenset[str]
) -> list[pl.DataFrame]:
    """Return the differences between plan and manifest.

    Args:
        boxes: The manifested boxes with their planned facts.
        plan: The boxes of the plan.
        elsewhere: Boxes that other manifests of the voyage declare.
    """
    if plan.is_empty():
        return []
    file = pl.col("planned_file")
    return [
        _unlike(boxes, ask.is_port_of_discharge_unlike_stow_plan(), "port_of_discharge"),
        _unlike(boxes, ask.is_port_of_loading_unlike_stow_plan(), "port_of_loading"),
        _unlike(boxes, ask.is_size_type_unlike_stow_plan(), "size_type"),
        as_differences(
            boxes.filter(ask.is_full_state_unlike_stow_plan()),
            "full_empty",
            SOURCE,
            declared=in_words(pl.col("is_full")),
            found=in_words(pl.col("planned_is_full")),
            file=file,
        ),
        mass_differences(boxes, "mass", pl.lit(SOURCE), pl.col("planned_gross_mass_kg"), file),
        as_differences(
            boxes.filter(~pl.col("is_on_stow_plan")),
            "not_on_plan",
            SOURCE,
            declared=pl.col("port_of_discharge"),
            file=pl.lit(plan["file"][0], pl.String),
        ),
        as_differences(
            unmanifested(plan, boxes).filter(
                ~pl.col("container_number").is_in(list(elsewhere))
            ),
            "not_manifested",
            SOURCE,
            found=pl.col("port_of_discharge"),
            place=pl.col("port_of_discharge"),
            file=pl.col("file"),
        ),
    ]


def mass_differences(
    boxes: pl.DataFrame,
    kind: str,
    source: pl.Expr,
    found: pl.Expr,
    file: pl.Expr,
    **told: pl.Expr,
) -> pl.DataFrame:
    """Return where a mass is not the declared one, and where an empty box weighs more than itself."""
    is_full = pl.col("is_full")
    unlike = ask.is_mass_unlike(pl.col("_declared_mass_kg"), found)
    heavy = found > pl.col("_highest_tare_kg") * ask.OVER_TARE
    return pl.concat(
        [
            as_differences(
                boxes.filter(is_full.fill_null(value=True) & unlike),
                kind,
                source,
                declared=pl.col("_declared_mass_kg").cast(pl.String),
                found=found.cast(pl.String),
                file=file,
                **told,
            ),
            as_differences(
                boxes.filter(~is_full & heavy),
                "empty_too_heavy",
                source,
                declared=pl.col("_highest_tare_kg").cast(pl.String),
                found=found.cast(pl.String),
                file=file,
                **told,
            ),
        ]
    )


def in_words(is_full: pl.Expr) -> pl.Expr:
    """Return ``full`` or ``empty``; null stays null."""
    return pl.when(is_full).then(pl.lit("full")).when(~is_full).then(pl.lit("empty"))


def _unlike(boxes: pl.DataFrame, unlike: pl.Expr, name: str) -> pl.DataFrame:
    return as_differences(
        boxes.filter(unlike),
        name,
        SOURCE,
        declared=pl.col(name),
        found=pl.col(f"planned_{name}"),
        file=pl.col("planned_file"),
    )
