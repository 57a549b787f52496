"""What the stow plan says was loaded, beside what the manifest says: read like any manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Defect, DefectEffect
from riskengine.errors import Place
from riskengine.features import facts

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.manifest import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class StowPlan:
    """One stow plan, ready to be looked at.

    Attributes:
        path: Where it lies, to be kept with the manifest.
        file: Its name as received.
        sha256: Of its bytes.
        mapping_sha256: Of the mapping file it was read with; empty without one.
        facts: One row a container of the plan, with the fields of the catalogue that it fills.
        defects: What could not be read of it.
    """

    path: Path
    file: str
    sha256: str
    mapping_sha256: str
    facts: pl.DataFrame
    defects: tuple[Defect, ...]


def stow_plan_of(reading: Reading, path: Path) -> StowPlan:
    """Return the stow plan that was read with ``read_manifest``.

    A plan has a line a container: number, size type, mass, ports, position. Loose cargo has no place in one.
    """
    source = reading.manifest.source
    stated = facts.gather(reading.manifest, None).filter(
        pl.col("container_number").is_not_null()
    )
    return StowPlan(
        path=path,
        file=source.file,
        sha256=source.sha256,
        mapping_sha256=source.mapping_sha256,
        facts=stated,
        defects=tuple(reading.defects),
    )


def not_manifested(plan: StowPlan, stated: pl.DataFrame) -> tuple[Defect, ...]:
    """Return a Defect for each container that is on the plan for this port and not on the manifest.

    A ship carries boxes for many ports: only those count that the plan discharges where the manifest
    discharges, or for which the plan names no port. Where the manifest says nowhere where it discharges,
    every box counts: what is not known is no reason to let a box vanish.

    Args:
        plan: The stow plan.
        stated: The facts of the manifest.
    """
    ports = stated["port_of_discharge"].drop_nulls().unique().to_list()
    here = pl.col("port_of_discharge").is_null() | pl.col("port_of_discharge").is_in(ports)
    asked = plan.facts.filter(here) if ports else plan.facts
    lacking = asked.join(stated, on="container_number", how="anti")
    return tuple(
        Defect(
            code="not_manifested",
            effect=DefectEffect.CONTENT,
            place=Place(file=plan.file),
            field="container_number",
            raw=number,
            container_number=number,
            params={"container": number, "port": port or "?"},
        )
        for number, port in lacking.select("container_number", "port_of_discharge")
        .unique()
        .sort("container_number", "port_of_discharge")
        .rows()
    )
