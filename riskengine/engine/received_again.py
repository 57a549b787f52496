"""The papers of a recorded run, read again from the bytes that were received."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine.domain import Defect, DefectEffect
from riskengine.engine.assess import defects_frame
from riskengine.engine.kept_mapping import mapping_kept
from riskengine.engine.run import received_digest
from riskengine.engine.stow_plan import stow_plan_of
from riskengine.errors import LedgerError, ManifestError, Place
from riskengine.ledger import received, received_files
from riskengine.manifest import Manifest, ManifestSource, Reading, read_bytes
from riskengine.manifest.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.run import Run
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.ledger.run_register import RunEntry
    from riskengine.workspace import Workspace

_REFUSED_BESIDE = "member_refused"


def manifest_again(workspace: Workspace, run: Run, entry: RunEntry) -> Reading:
    """Return the manifest of a run, read again from its bytes.

    Where the bytes, or the mapping file they were read with, are not kept, what the run itself keeps of it is
    returned: the same lines, of which nobody can show any more that they are those that were received. Its digest
    is then empty, so that it equals no other.

    Args:
        workspace: The unit's folder.
        run: The recorded run.
        entry: Its place in the run register.
    """
    try:
        reading = _read_again(
            workspace, entry.manifest_sha256, entry.mapping_sha256, run.card.manifest_file
        )
    except (LedgerError, ManifestError):
        return _as_kept(run, entry)
    # What an archive held beside it was named with the first file that could be read of it.
    beside = [defect for defect in defects_kept(run) if defect.code == _REFUSED_BESIDE]
    return Reading(manifest=reading.manifest, defects=(*beside, *reading.defects))


def stow_plan_again(workspace: Workspace, run: Run, told_before: int) -> StowPlan | None:
    """Return the stow plan that a run was assessed with, or None where it had none or it is not kept.

    Args:
        workspace: The unit's folder.
        run: The recorded run.
        told_before: How many of its defects are the manifest's.
    """
    sha256, mapping = run.card.stow_plan_sha256, run.card.stow_plan_mapping_sha256
    if not sha256:
        return None
    try:
        entry = received_files.find(workspace, sha256, mapping)
        kept = defects_kept(run)[told_before:]
        file = entry.file if entry else next((d.place.file for d in kept), "")
        reading = _read_again(workspace, sha256, mapping, file)
        plan = stow_plan_of(reading, received.kept_at(workspace, sha256))
    except (LedgerError, ManifestError):
        return None
    told = run.defects.slice(told_before, len(plan.defects))
    if told.equals(defects_frame(plan.defects)):
        return plan
    # What is wrong with a plan that was not given by name was said when it was received.
    return stow_plan_of(
        Reading(manifest=reading.manifest, defects=()), received.kept_at(workspace, sha256)
    )


def manifest_digest(reading: Reading, plan: StowPlan | None) -> str:
    """Return the digest of all papers that were read, as a run names it."""
    source = reading.manifest.source
    papers = [source.sha256, source.mapping_sha256]
    if plan is not None:
        papers += [plan.sha256, plan.mapping_sha256]
    return received_digest(*papers)


def defects_kept(run: Run) -> tuple[Defect, ...]:
    """Return the defects that a run names, in their order."""
    return tuple(_as_defect(row) for row in run.defects.iter_rows(named=True))


def _read_again(workspace: Workspace, sha256: str, mapping_sha256: str, file: str) -> Reading:
    mapping = mapping_kept(workspace, mapping_sha256)
    with received.open_received(workspace, sha256) as content:
        return read_bytes(content.read(), file, mapping)


def _as_kept(run: Run, entry: RunEntry) -> Reading:
    frames = {
        name: run.canonical.get(name, pl.DataFrame(schema=dict(schema)))
        for name, schema in SCHEMAS.items()
    }
    source = ManifestSource(
        file=run.card.manifest_file,
        sha256="",
        format="",
        columns=(),
        record_count=run.card.record_count,
        blank_count=0,
        received_at=entry.recorded_at,
    )
    return Reading(manifest=Manifest(source=source, **frames), defects=defects_kept(run))


def _as_defect(row: Mapping[str, Any]) -> Defect:
    return Defect(
        code=row["code"],
        effect=DefectEffect(row["effect"]),
        place=Place(file=row["file"], line=row["line"], column=row["column"]),
        field=row["field"],
        raw=row["raw"],
        record_number=row["record_number"],
        container_number=row["container_number"],
        params=json.loads(row["params_json"]),
    )
