"""One training by LightGBM, the same bits every time; and the number of trees that ranks later days best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from riskengine.model.booster import THREADS, lightgbm, open_booster
from riskengine.model.members import draw_members, join_members
from riskengine.model.metrics import average_precision

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec, TrainingSettings

    Floats = npt.NDArray[np.float64]

_LEAF_PART: Final = 400
_LEAF_LEAST: Final = 5
_LEAF_MOST: Final = 200
_GROUP_MOST: Final = 100
_FEWEST_TREES: Final = 20
_SMOOTHING: Final = 9
_BIN_ROWS: Final = 200_000
# Below this, threads wait for each other longer than they work, above all on a busy laptop.
_THREADS_PAY_FROM: Final = 200_000
_RARELY: Final = 0.01
_HIDDEN_PART: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Encoded containers, their outcomes and weights; NaN stands for unknown.

    Attributes:
        features: What the columns are.
        matrix: One row a container.
        is_find: What its examination found.
        weight: How many containers it stands for.
        group: The trader, or the block of days, that members draw whole; None draws each container.
    """

    features: tuple[FeatureSpec, ...]
    matrix: Floats
    is_find: npt.NDArray[np.bool_]
    weight: Floats
    group: npt.NDArray[np.int64] | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> Lesson:
        """Return some of the containers, in the order asked."""
        return replace(
            self,
            matrix=self.matrix[rows],
            is_find=self.is_find[rows],
            weight=self.weight[rows],
            group=None if self.group is None else self.group[rows],
        )


def fit(
    lesson: Lesson,
    settings: TrainingSettings,
    trees: int,
    progress: Callable[[float], None],
) -> Any:
    """Return the booster that this many trees a member give; its margin is the mean of the members'."""
    if settings.members == 1:
        return _run(lesson, None, settings, trees, progress)[0]
    library = lightgbm()
    taught = with_unknowns(lesson, settings)
    copies = taught.is_find.size // lesson.is_find.size
    parameters = _parameters(taught, settings, _leaf(lesson, settings) * copies)
    dataset = _dataset(taught, parameters)
    boosters: list[Any] = []
    group = np.arange(lesson.is_find.size) if lesson.group is None else lesson.group
    for member, rows in enumerate(draw_members(group, settings.members, settings.seed)):
        own = {**parameters, "seed": settings.seed + member}
        drawn = np.concatenate([rows + copy * lesson.is_find.size for copy in range(copies)])
        boosters.append(
            library.train(own, dataset.subset(drawn.tolist()), num_boost_round=trees)
        )
        progress((member + 1) / settings.members)
    # One that finds nothing more to split grows fewer trees; all must have equally many.
    grown = min(booster.num_trees() for booster in boosters)
    return open_booster(
        join_members([booster.model_to_string(num_iteration=grown) for booster in boosters])
    )


def best_tree_count(
    earlier: Lesson,
    later: Lesson,
    settings: TrainingSettings,
    progress: Callable[[float], None],
) -> int:
    """Return the number of trees, learned earlier, whose average precision later is highest.

    With few finds that curve is jagged, so it is smoothed over nine trees first.
    """
    _, curve = _run(earlier, later, settings, settings.trees_at_most, progress)
    if len(curve) <= _FEWEST_TREES:
        return max(len(curve), 1)
    kernel = np.ones(_SMOOTHING)
    smooth = np.convolve(curve, kernel, "same") / np.convolve(
        np.ones_like(curve), kernel, "same"
    )
    return int(np.argmax(smooth[_FEWEST_TREES - 1 :])) + _FEWEST_TREES


def containers_in_leaf(containers: int, settings: TrainingSettings) -> int:
    """Return the fewest containers a leaf may hold: as set, else by the size of the history."""
    if settings.containers_in_leaf is not None:
        return settings.containers_in_leaf
    return min(_LEAF_MOST, max(_LEAF_LEAST, containers // _LEAF_PART))


def with_unknowns(lesson: Lesson, settings: TrainingSettings) -> Lesson:
    """Return the lesson with a light second copy in which much is unknown.

    LightGBM takes an unknown value for zero in a feature that was never unknown in training, and
    goes by chance where it hardly ever was. In the copy half of the values of such features are
    hidden, which teaches the model to treat an unknown value as an average one.
    """
    rarely_unknown = np.isnan(lesson.matrix).mean(axis=0) < _RARELY
    if settings.unknown_weight == 0 or not rarely_unknown.any():
        return lesson
    draw = np.random.default_rng(settings.seed)
    is_hidden = (draw.random(lesson.matrix.shape) < _HIDDEN_PART) & rarely_unknown
    return Lesson(
        features=lesson.features,
        matrix=np.concatenate([lesson.matrix, np.where(is_hidden, np.nan, lesson.matrix)]),
        is_find=np.tile(lesson.is_find, 2),
        weight=np.concatenate([lesson.weight, settings.unknown_weight * lesson.weight]),
    )


def _run(
    lesson: Lesson,
    watched: Lesson | None,
    settings: TrainingSettings,
    trees: int,
    progress: Callable[[float], None],
) -> tuple[Any, Floats]:
    library = lightgbm()
    taught = with_unknowns(lesson, settings)
    # Each container appears at most twice, so twice the rows are at least as many containers.
    copies = taught.is_find.size // lesson.is_find.size
    parameters = _parameters(taught, settings, _leaf(lesson, settings) * copies)
    dataset = _dataset(taught, parameters)
    curve: list[float] = []

    def tell(state: Any) -> None:
        progress((state.iteration + 1) / trees)

    def judge(scores: Floats, _: Any) -> tuple[str, float, bool]:
        outcomes = np.empty(0, dtype=np.bool_) if watched is None else watched.is_find
        curve.append(average_precision(outcomes, scores) or 0.0)
        return "average_precision", curve[-1], True

    booster = library.train(
        parameters,
        dataset,
        num_boost_round=trees,
        valid_sets=[] if watched is None else [_watched_dataset(watched, dataset)],
        feval=None if watched is None else judge,
        callbacks=[tell],
    )
    return booster, np.array(curve)


def _leaf(lesson: Lesson, settings: TrainingSettings) -> int:
    return containers_in_leaf(lesson.is_find.size, settings)


def _dataset(lesson: Lesson, parameters: dict[str, Any]) -> Any:
    return lightgbm().Dataset(
        lesson.matrix,
        label=lesson.is_find.astype(np.float64),
        weight=lesson.weight,
        feature_name=[feature.name for feature in lesson.features],
        categorical_feature=[
            place for place, feature in enumerate(lesson.features) if feature.kind == "category"
        ],
        params=parameters,
        free_raw_data=False,
    )


def _watched_dataset(watched: Lesson, reference: Any) -> Any:
    return reference.create_valid(
        watched.matrix, label=watched.is_find.astype(np.float64), weight=watched.weight
    )


def _parameters(lesson: Lesson, settings: TrainingSettings, leaf: int) -> dict[str, Any]:
    """Return LightGBM's parameters; a dict because that is what it takes."""
    parameters: dict[str, Any] = {
        "objective": "binary",
        "metric": "None",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": leaf,
        "min_data_per_group": min(_GROUP_MOST, max(2 * leaf, _LEAF_LEAST)),
        "feature_fraction": settings.feature_share,
        "lambda_l2": settings.l2,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS if lesson.is_find.size >= _THREADS_PAY_FROM else 1,
        "bin_construct_sample_cnt": max(_BIN_ROWS, lesson.is_find.size),
        "feature_pre_filter": False,
        "verbosity": -1,
    }
    if any(feature.monotone for feature in lesson.features):
        parameters["monotone_constraints"] = [feature.monotone for feature in lesson.features]
    return parameters
