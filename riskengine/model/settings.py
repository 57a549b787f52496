"""How a model is trained: what a person may set, and what is set when nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from riskengine.errors import ModelError

MEMBERS_AT_MOST: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How to train. The defaults suit a few thousand examinations.

    Attributes:
        trees_at_most: The number of trees a member has is chosen up to this by average precision
            on later days.
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
        twins_share_weight: Let containers with the same features share the weight of one; None
            does so where more than half of them have such a twin.
        noise_is_dropped: Leave out features that help no more on later days than shuffled copies
            do, and those that only run with the calendar.
        members: Boosters trained on different resamples; the model is their mean, and their
            spread says how sure it is of a container.
        without: Features to leave out whatever they promise, by an analyst's word.
        tuning_trials: Settings to try before training; 0 takes these as they are. Asks for the
            extra `tuning`.
        tuning_minutes: Begin no trial after this many minutes; None tries them all, which alone
            promises the same bytes on every machine.
        refit: Train the final model on the whole window, the later slice included.
        seed: Of every draw.
    """

    trees_at_most: int = 80
    leaves: int = 10
    learning_rate: float = 0.15
    containers_in_leaf: int | None = None
    feature_share: float = 0.3
    l2: float = 10.0
    later_share: float = 0.2
    finds_needed: int = 10
    folds: int = 4
    category_containers: int = 20
    unknown_weight: float = 0.05
    twins_share_weight: bool | None = None
    noise_is_dropped: bool = True
    members: int = 5
    without: tuple[str, ...] = ()
    tuning_trials: int = 0
    tuning_minutes: float | None = None
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
            and 1 <= self.members <= MEMBERS_AT_MOST
            and self.tuning_trials >= 0
            and (self.tuning_minutes is None or self.tuning_minutes > 0)
        )
        if not sound:
            raise ModelError(
                f"These training settings make no sense: {self}.",
                remedy="Shares lie between 0 and 1, counts are at least 1.",
            )
