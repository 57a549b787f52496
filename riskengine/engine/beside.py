"""What is looked up beside a manifest before it is assessed: its versions, other papers, the boxes' past."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.amendments import CHANGES, amendments_of
from riskengine.engine.biography import KEPT_CHAPTERS, biographies
from riskengine.engine.differences import DIFFERENCES
from riskengine.engine.reconcile import reconcile
from riskengine.engine.reported import (
    Reported,
    both,
    planned_from,
    reported_before,
    reported_by,
)
from riskengine.engine.usual_here import USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.domain import Defect
    from riskengine.engine.stow_plan import StowPlan
    from riskengine.manifest import Manifest, Reading
    from riskengine.manifest.schema import FrameSchema
    from riskengine.workspace import Workspace

BESIDE_FRAMES: Final[Mapping[str, FrameSchema]] = {
    "changes": CHANGES,
    "differences": DIFFERENCES,
    "chapters": KEPT_CHAPTERS,
    "usual": USUAL,
}
"""What a run keeps of it, so that it can be shown as it was known then.

``usual`` is no part of what is looked up before: it is added after the assessment, as no score follows from it.
"""
_FOLLOWED: Final = ("changes", "differences", "chapters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was found beside a manifest.

    Attributes:
        facts: ``container_id`` and the facts of ``features.beside``; None where nothing was looked up.
        frames: By the names of `BESIDE_FRAMES`.
        defects: Boxes that other papers name and the manifest does not.
        digest: Of all of it; empty where nothing was looked up.
    """

    facts: pl.DataFrame | None = None
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    defects: tuple[Defect, ...] = ()
    digest: str = ""


def reports(
    workspace: Workspace,
    stated: pl.DataFrame,
    *,
    assessed_on: date,
    plan: StowPlan | None = None,
    others: Sequence[Reading] = (),
) -> Reported:
    """Return what stow plans and reports of movements say: those given now, and those received before.

    Args:
        workspace: The unit's folder.
        stated: The facts of the manifest.
        assessed_on: The day of the assessment.
        plan: A stow plan that was given by name; it goes before any other.
        others: Files that were read and not received, for an assessment that is not recorded.
    """
    received = reported_before(workspace, stated, known_on=assessed_on)
    told = reported_by(others, stated)
    if plan is not None:
        named = Reported(plan=planned_from(plan.facts, plan.file))
        told = both(named, told)
    return both(told, received)


def beside_of(  # noqa: PLR0913 - what is asked about, what was received, and as of when
    workspace: Workspace,
    manifest: Manifest,
    stated: pl.DataFrame,
    reported: Reported,
    *,
    seq: int | None,
    assessed_on: date,
) -> Beside:
    """Return what is known beside a manifest on the day of its assessment.

    Args:
        workspace: The unit's folder.
        manifest: The manifest.
        stated: Its facts, one row a container.
        reported: What stow plans and reports of movements say.
        seq: Its place among the files received; None where it was not received.
        assessed_on: The day of the assessment.
    """
    amended = amendments_of(workspace, manifest, stated, seq=seq, known_on=assessed_on)
    compared = reconcile(
        stated,
        reported.plan,
        reported.movements,
        assessed_on=assessed_on,
        elsewhere=reported.elsewhere,
    )
    lives = biographies(workspace, stated, assessed_on)
    facts = stated.select("container_id")
    for part in (amended.facts, compared.facts, lives.facts):
        # A container that came out twice would double at every join that follows.
        facts = facts.join(
            part, on="container_id", how="left", maintain_order="left", validate="1:1"
        )
    frames = {
        "changes": amended.changes,
        "differences": compared.differences,
        "chapters": lives.chapters,
    }
    return Beside(
        facts=facts,
        frames=frames,
        defects=(*amended.defects, *compared.defects),
        digest=beside_digest(facts, frames),
    )


def beside_digest(facts: pl.DataFrame, frames: Mapping[str, pl.DataFrame]) -> str:
    """Return the sha256 of what was found beside a manifest, as a run names it.

    Only what an assessment follows from is in it, in an order that never changes: a frame that is kept to be shown
    alone moves no digest.
    """
    told = (facts, *(frames[name] for name in _FOLLOWED if name in frames))
    rows = (frame.write_ndjson().encode() for frame in told)
    return hashlib.sha256(b"\n".join(rows)).hexdigest()
