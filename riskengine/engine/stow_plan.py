"""What the stow plan says was loaded, beside what the manifest says: read like any manifest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.kept_mapping import mapping_kept
from riskengine.engine.run import received_digest
from riskengine.errors import LedgerError, ManifestError
from riskengine.features import facts
from riskengine.ledger import received, received_files, run_register
from riskengine.manifest import read_manifest
from riskengine.messages import visible

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.domain import Defect
    from riskengine.engine.run import Run
    from riskengine.manifest import Reading
    from riskengine.workspace import Workspace

NOT_MANIFESTED: Final = "not_manifested"
_MOST_NAMED: Final = 3


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
        mapping_content: The bytes of that mapping file, so that they can be kept.
    """

    path: Path
    file: str
    sha256: str
    mapping_sha256: str
    facts: pl.DataFrame
    defects: tuple[Defect, ...]
    mapping_content: bytes = b""


def stow_plan_of(reading: Reading, path: Path) -> StowPlan:
    """Return the stow plan that was read with ``read_manifest``.

    A plan has a line a container: number, size type, mass, ports, position. Loose cargo has no place in one. The mass
    of the box is the one that is compared with the manifest, so that a rule about the plan speaks of no other.
    """
    source = reading.manifest.source
    stated = (
        facts.gather(reading.manifest, None)
        .filter(pl.col("container_number").is_not_null())
        .with_columns(planned_mass().alias("container_gross_mass_kg"))
    )
    return StowPlan(
        path=path,
        file=source.file,
        sha256=source.sha256,
        mapping_sha256=source.mapping_sha256,
        facts=stated,
        defects=tuple(reading.defects),
        mapping_content=reading.mapping_content,
    )


def planned_mass() -> pl.Expr:
    """Return what a box weighs by a plan: the verified mass first; one not said to be of the goods is the box's."""
    return pl.coalesce("verified_gross_mass_kg", "container_gross_mass_kg", "gross_mass_kg")


def kept_stow_plan(workspace: Workspace, run: Run) -> pl.DataFrame | None:
    """Return the boxes of the stow plan that a recorded run was assessed with, read again from the bytes received.

    One that was read with a mapping file is read with it again. In a run from before mapping files were kept it
    cannot be: the digest of the run tells whether one was used.

    Args:
        workspace: The unit's folder.
        run: The recorded run.

    Returns:
        None where the run had no plan, or it cannot be read again.
    """
    sha256 = run.card.stow_plan_sha256
    if not sha256:
        return None
    entry = run_register.find_run(workspace, run.card.run_id)
    try:
        path = received.kept_at(workspace, sha256)
        reading = read_manifest(
            path, mapping_kept(workspace, run.card.stow_plan_mapping_sha256)
        )
    except (LedgerError, ManifestError):
        return None
    read_with = reading.manifest.source.mapping_sha256
    received_as = received_digest(
        entry.manifest_sha256, entry.mapping_sha256, sha256, read_with
    )
    if received_as != run.card.digests.manifest:
        return None
    return stow_plan_of(reading, path).facts


def as_stow_plan(reading: Reading) -> Reading:
    """Return a reading of which an officer says that it is a stow plan, whatever its columns tell."""
    source = reading.manifest.source
    said = replace(source, document=replace(source.document, kind="stow_plan"))
    return replace(reading, manifest=replace(reading.manifest, source=said))


def received_stow_plan(workspace: Workspace, seq: int | None) -> StowPlan | None:
    """Return a stow plan that was received, read again from its bytes, for the rules that look at it.

    One that was read with a mapping file is left out.

    Args:
        workspace: The unit's folder.
        seq: Its place among the files received, or None.
    """
    entry = None if seq is None else received_files.of_seq(workspace, seq)
    if entry is None or entry.mapping_sha256:
        return None
    try:
        path = received.kept_at(workspace, entry.sha256)
        plan = stow_plan_of(read_manifest(path), path)
    except (LedgerError, ManifestError):
        return None
    # What was wrong with it was said when it was received.
    return replace(plan, file=entry.file, defects=())


def must_fit(plan: StowPlan, stated: pl.DataFrame) -> None:
    """Refuse the plan of another ship, before every container is compared with the wrong one.

    Args:
        plan: The stow plan.
        stated: The facts of the manifest.

    Raises:
        ManifestError: Plan and manifest name other ships or voyages, or share no container.
    """
    for name, said in (("vessel_imo", "ship (IMO)"), ("voyage_number", "voyage")):
        planned, declared = (
            set(frame[name].drop_nulls().to_list()) for frame in (plan.facts, stated)
        )
        if planned and declared and planned.isdisjoint(declared):
            raise ManifestError(
                f"The stow plan {plan.file} is of another {said}: {_few(planned)}, where the manifest"
                f" says {_few(declared)}.",
                remedy="Give the plan of the ship and voyage that the manifest is of, or none.",
            )
    if plan.facts.join(stated, on="container_number", how="semi").is_empty():
        raise ManifestError(
            f"No container of the manifest stands on the stow plan {plan.file}.",
            remedy="Give the plan of the ship and voyage that the manifest is of, or none.",
        )


def _few(names: set[str]) -> str:
    shown = sorted(visible(name) for name in names)
    return ", ".join(shown[:_MOST_NAMED]) + (" …" if len(shown) > _MOST_NAMED else "")


def unmanifested(planned: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    """Return the boxes of a plan for the ports of this manifest that it does not name.

    Args:
        planned: The boxes of the plan.
        stated: The facts of the manifest.
    """
    ports = stated["port_of_discharge"].drop_nulls().unique().to_list()
    here = pl.col("port_of_discharge").is_null() | pl.col("port_of_discharge").is_in(ports)
    asked = planned.filter(here) if ports else planned
    return asked.join(stated, on="container_number", how="anti")
