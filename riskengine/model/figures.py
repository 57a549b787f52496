"""What is measured of a model and written on its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Validation = Literal["later slice", "out-of-time folds", "folds by trader", "none"]


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
class Leak:
    """A feature that may tell what only the examination could know: a person must look at it.

    Attributes:
        name: The feature.
        kind: Why it is doubted: it tells finds from nils too well alone; it seems to be written
            when the outcome is known; or it repeats the outcome.
        measure: How strong the sign is, 0 to 1; of what, `why` says.
        why: A sentence for a person.
    """

    name: str
    kind: Literal["too good", "known late", "twin of the label"]
    measure: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """How a model did on one part of the later containers.

    Attributes:
        dimension: By what the containers were parted.
        name: Which part.
        containers: How many lie in it.
        finds: Those of them with a find.
        expected_finds: The sum of their calibrated probabilities.
        auc: Area under the ROC curve within the part; None without finds or without nils.
    """

    dimension: Literal["lane", "port of loading", "trader size", "heading chapter"]
    name: str
    containers: int
    finds: int
    expected_finds: float
    auc: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPoint:
    """The part of all finds that lies in the riskiest share of the containers."""

    share: float
    found: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionPoint:
    """What a feature contributes on average where its value lies between two bounds."""

    low: float
    high: float
    mean_log_odds: float
    containers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Which way one of the strongest numeric features moves the model, along its values."""

    name: str
    points: tuple[DirectionPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReference:
    """What training saw of a feature or a score, for whoever watches whether that changes.

    Attributes:
        name: The feature; ``margin`` for the score.
        edges: The bounds between the bins of a number, ascending: a value lies in the bin after
            the last edge that is not above it.
        categories: The frequent categories; every other known one shares the last place.
        shares: The share of the known values in each bin or category.
        unknown_share: The share of the containers in which it was not known.
    """

    name: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]
    unknown_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWeight:
    """What the outcomes say one rule is worth beside the model, in log-odds.

    Attributes:
        rule_id: The rule.
        version: Its version.
        sha256: Of its content; the weight holds for this content alone.
        weight: What it adds where it matches.
        prior: What an expert's severity says, towards which few outcomes are drawn.
        examined: Matches that were examined.
        found: Those of them with a find.
    """

    rule_id: str
    version: int
    sha256: str
    weight: float
    prior: float
    examined: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """How a model, the habits and the rules are added up to one score.

    Attributes:
        habits_id: The habits model whose margin is added; empty without one.
        habits_slope: By what its margin is multiplied.
        weights: What each rule adds.
        containers: Examined containers it was fitted on.
        finds: Those of them with a find.
    """

    habits_id: str
    habits_slope: float
    weights: tuple[RuleWeight, ...]
    containers: int
    finds: int
