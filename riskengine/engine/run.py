"""One assessment of one manifest: what came out, and the digests of all it followed from."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Digests
from riskengine.errors import LedgerError
from riskengine.ledger.runs import SHADOW_FRAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.manifest.schema import FrameSchema

ASSESSMENTS: Final[FrameSchema] = {
    "rank": pl.Int64(),
    "container_id": pl.Int32(),
    "container_number": pl.String(),
    "bills_of_lading": pl.List(pl.String()),
    "lane": pl.String(),
    "basis": pl.String(),
    "score": pl.Float64(),
    "log_odds": pl.Float64(),
    "model_log_odds": pl.Float64(),
    "habits_log_odds": pl.Float64(),  # null without a habits model, and in runs from before there was one
    "rule_log_odds": pl.Float64(),
    "lift_log_odds": pl.Float64(),
    "spread": pl.Float64(),  # how far the members of the model disagree; null with one member, and in older runs
    "is_random": pl.Boolean(),
    "is_unreadable": pl.Boolean(),
    "defect_count": pl.Int64(),
    "typologies": pl.List(pl.Struct({"id": pl.String(), "log_odds": pl.Float64()})),
}
"""One row a container, most suspicious first."""

RULES_APPLIED: Final[FrameSchema] = {
    "rule_id": pl.String(),
    "version": pl.Int64(),
    "sha256": pl.String(),
    "points": pl.Float64(),
    "source_yaml": pl.String(),
    "failure": pl.String(),  # why the rule could not run, or null
    "status": pl.String(),  # how far the rule had come; null in runs from before standings were kept
    "overlay_json": pl.String(),  # what the unit tuned and excused, and the lists asked; null for nothing
}
"""The rules as they stood, with the points that a match gave: a run can be read without the ledger."""

DEFECTS: Final[FrameSchema] = {
    "code": pl.String(),
    "effect": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),
    "column": pl.Int64(),
    "field": pl.String(),
    "raw": pl.String(),
    "record_number": pl.Int64(),
    "container_number": pl.String(),
    "params_json": pl.String(),
}
"""What could not be read, or was read and is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """What a run is, in a few values; ``run.json`` in its folder.

    Attributes:
        run_id: Drawn from the digests and the day: the same thing assessed twice has one id.
        manifest_file: The file's name as received.
        assessed_on: The day of assessment in ISO form, or ``presented`` where each consignment was
            assessed as of its own day.
        base_log_odds: What a container has before any reason speaks.
        typical_log_odds: What a container taken at random has.
        record_count: Records in the file.
        model_id: The bundle in force, or the empty string.
        stow_plan_sha256: Of the stow plan it was assessed with, or the empty string.
        challenger_id: The bundle that scored in the shadow, or the empty string; no digest holds it, as nothing
            follows from it.
        habits_id: The habits model in force, or the empty string, as in runs from before it was named.
        stow_plan_mapping_sha256: Of the mapping file that the stow plan was read with, or the empty string.
        engine_version: The version of the engine that assessed, or the empty string; no digest holds it.
        libraries: The versions of the libraries that took part, by name; no digest holds them.
        texts_sha256: Of the texts in which it was first explained, or the empty string; no digest holds it either.
        policy_json: The policy as it stood, as one line of JSON, or the empty string.
        digests: Of manifest, history, rules, model and policy.
    """

    run_id: str
    manifest_file: str
    assessed_on: str
    base_log_odds: float
    typical_log_odds: float
    record_count: int
    model_id: str
    stow_plan_sha256: str = ""
    challenger_id: str = ""
    habits_id: str = ""
    stow_plan_mapping_sha256: str = ""
    engine_version: str = ""
    libraries: Mapping[str, str] = attribute(default_factory=dict[str, str])
    texts_sha256: str = ""
    policy_json: str = ""
    digests: Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished assessment, recorded or not.

    Attributes:
        card: What it is.
        assessments: One row a container (``ASSESSMENTS``), most suspicious first.
        indicators: The assembled frame: facts and indicators, one row a container.
        contributions: container_id and one column a feature of the model, in calibrated log-odds.
        verdicts: Matches, unknowns and excuses of the rules.
        rules: The rules as they stood (``RULES_APPLIED``).
        defects: ``DEFECTS``.
        canonical: The canonical frames of the manifest, by name.
        beside: What was found beside the manifest (``engine.beside.BESIDE_FRAMES``), by name; a run from
            before it was looked up has none.
        challenger: What the challenger would have said (``engine.shadow.CHALLENGER``); None without one.
        history: What of the history it looked at (``engine.kept_history.HISTORY_FRAMES``), by name; a run from
            before it was kept has none.
    """

    card: RunCard
    assessments: pl.DataFrame
    indicators: pl.DataFrame
    contributions: pl.DataFrame
    verdicts: pl.DataFrame
    rules: pl.DataFrame
    defects: pl.DataFrame
    canonical: Mapping[str, pl.DataFrame]
    beside: Mapping[str, pl.DataFrame] = attribute(default_factory=dict[str, "pl.DataFrame"])
    challenger: pl.DataFrame | None = None
    history: Mapping[str, pl.DataFrame] = attribute(default_factory=dict[str, "pl.DataFrame"])

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return every frame by the name of its file in the run folder."""
        own = {
            "assessments": self.assessments,
            "indicators": self.indicators,
            "contributions": self.contributions,
            "verdicts": self.verdicts,
            "rules": self.rules,
            "defects": self.defects,
        }
        if self.challenger is not None:
            own[SHADOW_FRAME] = self.challenger
        manifest = {f"manifest_{name}": frame for name, frame in self.canonical.items()}
        beside = {f"beside_{name}": frame for name, frame in self.beside.items()}
        history = {f"history_{name}": frame for name, frame in self.history.items()}
        return own | manifest | beside | history


def identify(digests: Digests, assessed_on: str) -> str:
    """Return the id of the run that follows from these digests on this day.

    >>> identify(Digests(manifest="a", history="b", rules="c", model="d", policy="e"), "2026-11-21")
    '2026-11-21-0277cd92c43b'
    """
    text = "\n".join([assessed_on, *asdict(digests).values()])
    return f"{assessed_on}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def received_digest(*sha256s: str) -> str:
    """Return the digest of all that was received: the manifest, its mapping, then a stow plan and its mapping."""
    return hashlib.sha256("\n".join(sha256s).encode()).hexdigest()


def card_from(values: Mapping[str, object]) -> RunCard:
    """Return the card that ``run.json`` holds.

    Raises:
        LedgerError: It holds something else.
    """
    digests = values.get("digests")
    if not isinstance(digests, dict):
        raise LedgerError("The card of the run names no digests.")
    try:
        return RunCard(**(dict(values) | {"digests": Digests(**digests)}))  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise LedgerError(f"The card of the run is damaged: {error}.") from error
