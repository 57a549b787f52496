"""The model card: what a model reads, what it learned from, how well it did, and its digests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from riskengine.errors import ModelError
from riskengine.model.figures import (
    Combination,
    Direction,
    DirectionPoint,
    FeatureReference,
    Leak,
    LiftPoint,
    Metrics,
    ReliabilityBand,
    RuleWeight,
    Slice,
    TopShare,
    Validation,
)
from riskengine.model.settings import TrainingSettings

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = [
    "SCHEMA",
    "Calibration",
    "Combination",
    "Direction",
    "DirectionPoint",
    "Dropped",
    "FeatureKind",
    "FeatureReference",
    "FeatureSpec",
    "Leak",
    "LeftOut",
    "Library",
    "LiftPoint",
    "Metrics",
    "ModelCard",
    "Purpose",
    "ReliabilityBand",
    "RuleWeight",
    "Slice",
    "Strength",
    "TopShare",
    "TrainingSettings",
    "TrainingWindow",
    "Validation",
]

SCHEMA: Final = 2
_FEATURE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")

FeatureKind = Literal["number", "category"]
Purpose = Literal["finds", "habits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """One feature of a model, in the order the model reads them.

    Attributes:
        name: The indicator's name: letters, digits, ``_`` and ``.``.
        kind: A number (booleans are 0 and 1) or a category.
        vocabulary: The categories the model knows; a category's code is its place here.
        monotone: 1 when more may only raise the risk, -1 when more may only lower it, else 0.

    Raises:
        ModelError: The name, the vocabulary or the direction is not one a model can carry.
    """

    name: str
    kind: FeatureKind
    vocabulary: tuple[str, ...] = ()
    monotone: int = 0

    def __post_init__(self) -> None:
        if not _FEATURE_NAME.fullmatch(self.name):
            raise ModelError(
                f"A feature cannot be named {self.name!r}.",
                remedy="Use letters, digits and underscores, beginning with a letter.",
            )
        if self.kind == "number" and self.vocabulary:
            raise ModelError(f"The feature {self.name} is a number and has a vocabulary.")
        if len(set(self.vocabulary)) != len(self.vocabulary):
            raise ModelError(f"The vocabulary of the feature {self.name} repeats itself.")
        if self.monotone not in ({-1, 0, 1} if self.kind == "number" else {0}):
            raise ModelError(
                f"The feature {self.name} cannot have the direction {self.monotone}.",
                remedy="A number has -1, 0 or 1; a category has 0.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A feature that was offered to the model and left out, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Containers of a history that could not be learned from, and why."""

    containers: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How much a feature moves the model: mean |contribution| a container, in log-odds."""

    name: str
    mean_log_odds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The line that turns a margin into calibrated log-odds: ``intercept + slope * margin``."""

    intercept: float
    slope: float

    def log_odds(self, margin: float) -> float:
        """Return the calibrated log-odds of a margin.

        >>> Calibration(intercept=-1.0, slope=0.5).log_odds(3.0)
        0.5
        """
        return self.intercept + self.slope * margin


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWindow:
    """The history a model learned from.

    Attributes:
        first_on: The first assessment day.
        last_on: The last assessment day.
        later_from: The first day of the slice kept for calibration, when there was one.
        containers: Containers with a known outcome.
        finds: Those of them with a find.
    """

    first_on: date
    last_on: date
    later_from: date | None
    containers: int
    finds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library that took part in the training, and its version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything a supervisor must be able to ask of a model; ``card.json`` in its bundle.

    Attributes:
        schema: The version of this layout.
        purpose: What its margin tells: finds, or how unusual a container is.
        id: The last day learned from and the first digits of the content's digest.
        created_at: When it was trained, UTC; None where the same bytes must come out again.
            Not part of the digest.
        features: What the model reads, in its order.
        dropped: What it was offered and does not read.
        left_out: Containers it was offered and could not learn from.
        leaks: What it was offered and a person must look at before it is put in force.
        strengths: How much each feature moves it, the strongest first.
        window: The history it learned from.
        base_find_rate: Finds a container in that history.
        parameters: How it was trained.
        members: Boosters whose mean it is, of equal tree counts, one after the other.
        trees: Trees in the model, of all members.
        calibration: From margin to calibrated log-odds.
        metrics: How it did later.
        unseen_traders: How it did on later containers of traders it had not learned from; None
            where that could not be measured.
        slices: How it did later by lane, port, trader size and chapter.
        lift: What the riskiest shares of the later containers hold.
        directions: Which way its strongest numeric features move it.
        reference: What training saw of each feature.
        score_reference: What margins training saw, of the later containers where there were some.
        combination: How the model, the habits and the rules add up; None without one.
        libraries: With which versions.
        model_sha256: Of ``model.txt``.
        golden_sha256: Of ``golden.json``.
        remarks: What happened in training that a reader should know.
        note: What the analyst wrote.
    """

    schema: int
    id: str
    purpose: Purpose
    created_at: datetime | None
    features: tuple[FeatureSpec, ...]
    dropped: tuple[Dropped, ...]
    left_out: tuple[LeftOut, ...]
    leaks: tuple[Leak, ...]
    strengths: tuple[Strength, ...]
    window: TrainingWindow
    base_find_rate: float
    parameters: TrainingSettings
    members: int
    trees: int
    calibration: Calibration
    metrics: Metrics
    unseen_traders: Metrics | None
    slices: tuple[Slice, ...]
    lift: tuple[LiftPoint, ...]
    directions: tuple[Direction, ...]
    reference: tuple[FeatureReference, ...]
    score_reference: FeatureReference | None
    combination: Combination | None
    libraries: tuple[Library, ...]
    model_sha256: str
    golden_sha256: str
    remarks: tuple[str, ...]
    note: str

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in the model's order."""
        return tuple(feature.name for feature in self.features)
