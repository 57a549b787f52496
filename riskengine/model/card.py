"""The model card: what a model reads, what it learned from, how well it did, and its digests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from riskengine.errors import ModelError

if TYPE_CHECKING:
    from datetime import date, datetime

SCHEMA: Final = 1
_FEATURE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")

FeatureKind = Literal["number", "category"]
Validation = Literal["later slice", "out-of-time folds", "none"]


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
class Suspect:
    """A feature that tells finds from nils so well alone that it may have been written afterwards.

    Attributes:
        name: The feature.
        auc: The area under the ROC curve of this feature alone, 0.5 to 1.
    """

    name: str
    auc: float


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
class TopShare:
    """What the riskiest share of the containers holds.

    Attributes:
        share: The share, 0 to 1.
        containers: How many containers that is, rounded up.
        finds: Finds among them; containers with equal scores share theirs, so it may be broken.
        precision: Finds a container in this share.
        recall: The part of all finds that lies in this share.
    """

    share: float
    containers: int
    finds: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBand:
    """Expected and actual finds in one band of the ranking.

    Attributes:
        from_share: Where the band begins, 0 being the riskiest container.
        to_share: Where it ends, 1 being the least risky.
        containers: How many containers lie in it.
        expected_finds: The sum of their calibrated probabilities.
        finds: The finds that were made.
    """

    from_share: float
    to_share: float
    containers: int
    expected_finds: float
    finds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How a model did on containers later than those it learned from.

    Attributes:
        validation: How those containers were chosen.
        containers: How many there were.
        finds: Those of them with a find.
        base_rate: Finds a container among them; what drawing at random yields. None without any.
        average_precision: None without finds.
        auc: Area under the ROC curve; None without finds or without nils.
        log_loss: Mean calibrated log loss, in nats; None without containers.
        log_loss_uncalibrated: The same before calibration.
        top: The riskiest 1, 5 and 10 %.
        reliability: Expected and actual finds along the ranking.
    """

    validation: Validation
    containers: int
    finds: int
    base_rate: float | None
    average_precision: float | None
    auc: float | None
    log_loss: float | None
    log_loss_uncalibrated: float | None
    top: tuple[TopShare, ...]
    reliability: tuple[ReliabilityBand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How to train. The defaults suit a few thousand examinations.

    Attributes:
        trees_at_most: The number of trees is chosen up to this by average precision on later days.
        leaves: Leaves of a tree.
        learning_rate: What part of a tree's correction is taken.
        containers_in_leaf: Fewest containers in a leaf; None scales it with the history
            (a 400th of it, 5 to 200). Raise it to 200 for models that leave the unit.
        feature_share: The part of the features each tree may read.
        l2: Shrinkage of the leaves towards zero.
        later_share: The part of the days, the latest, kept for calibration and metrics.
        finds_needed: Fewest finds a slice must hold to choose, calibrate or measure by it.
        folds: Out-of-time folds when the later slice holds too few.
        category_containers: Fewest containers a category needs to enter a vocabulary.
        unknown_weight: The weight, beside the history's 1, of a copy of it in which half the
            values of rarely unknown features are hidden, so that the model learns what to do
            when one is unknown; 0 leaves the copy out.
        twins_share_weight: Let containers with the same features share the weight of one.
        refit: Train the final model on the whole window, the later slice included.
        seed: Of every draw.
    """

    trees_at_most: int = 300
    leaves: int = 15
    learning_rate: float = 0.05
    containers_in_leaf: int | None = None
    feature_share: float = 0.3
    l2: float = 10.0
    later_share: float = 0.2
    finds_needed: int = 10
    folds: int = 4
    category_containers: int = 20
    unknown_weight: float = 0.05
    twins_share_weight: bool = False
    refit: bool = True
    seed: int = 7

    def __post_init__(self) -> None:
        sound = (
            self.trees_at_most >= 1
            and self.leaves > 1
            and 0 < self.learning_rate <= 1
            and (self.containers_in_leaf is None or self.containers_in_leaf >= 1)
            and 0 < self.feature_share <= 1
            and self.l2 >= 0
            and 0 < self.later_share < 1
            and self.finds_needed >= 1
            and self.folds >= 1
            and self.category_containers >= 1
            and 0 <= self.unknown_weight <= 1
        )
        if not sound:
            raise ModelError(
                f"These training settings make no sense: {self}.",
                remedy="Shares lie between 0 and 1, counts are at least 1.",
            )


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
        id: The last day learned from and the first digits of the content's digest.
        created_at: When it was trained, UTC; None where the same bytes must come out again.
            Not part of the digest.
        features: What the model reads, in its order.
        dropped: What it was offered and does not read.
        suspects: What it reads and a person should look at.
        strengths: How much each feature moves it, the strongest first.
        window: The history it learned from.
        base_find_rate: Finds a container in that history.
        parameters: How it was trained.
        trees: Trees in the model.
        calibration: From margin to calibrated log-odds.
        metrics: How it did later.
        libraries: With which versions.
        model_sha256: Of ``model.txt``.
        golden_sha256: Of ``golden.json``.
        remarks: What happened in training that a reader should know.
        note: What the analyst wrote.
    """

    schema: int
    id: str
    created_at: datetime | None
    features: tuple[FeatureSpec, ...]
    dropped: tuple[Dropped, ...]
    suspects: tuple[Suspect, ...]
    strengths: tuple[Strength, ...]
    window: TrainingWindow
    base_find_rate: float
    parameters: TrainingSettings
    trees: int
    calibration: Calibration
    metrics: Metrics
    libraries: tuple[Library, ...]
    model_sha256: str
    golden_sha256: str
    remarks: tuple[str, ...]
    note: str

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in the model's order."""
        return tuple(feature.name for feature in self.features)
