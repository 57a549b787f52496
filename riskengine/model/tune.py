"""Trying other settings before training: within a budget, on the earlier side alone, and the same every time."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from riskengine.errors import TrainingImpossible
from riskengine.model.booster import raw_margins
from riskengine.model.fit import best_tree_count, fit
from riskengine.model.metrics import average_precision

if TYPE_CHECKING:
    from riskengine.model.fit import Lesson
    from riskengine.model.settings import TrainingSettings

_SECONDS: Final = 60.0


def tune(
    earlier: Lesson, later: Lesson, settings: TrainingSettings
) -> tuple[TrainingSettings, str]:
    """Return the settings that ranked later days best, and a remark for the card.

    The settings given are the first trial, so that nothing worse is ever taken. A fixed number of
    trials gives the same settings on every machine; a limit of minutes does not.

    Args:
        earlier: What each trial learns from.
        later: Containers of later days, still on the earlier side of what is measured.
        settings: How to train, and how long to try.

    Raises:
        TrainingImpossible: The extra `tuning` is not installed.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=settings.seed)
    )
    study.enqueue_trial(_as_given(settings))

    def judge(trial: Any) -> float:
        tried = replace(_suggested(trial, settings), members=1)
        trees = best_tree_count(earlier, later, tried, _quiet)
        margins = raw_margins(fit(earlier, tried, trees, _quiet), later.matrix)
        return average_precision(later.is_find, margins) or 0.0

    minutes = settings.tuning_minutes
    study.optimize(
        judge,
        n_trials=settings.tuning_trials,
        timeout=None if minutes is None else minutes * _SECONDS,
    )
    best = _suggested(study.best_trial, settings)
    first = study.trials[0].value
    remark = (
        f"{len(study.trials)} settings were tried on the earlier days; the best ranked their latest"
        f" part with average precision {study.best_value:.3f}, those given with {first:.3f}."
    )
    return best, remark


def _optuna() -> Any:
    """Import optuna, which only tuning needs."""
    try:
        return importlib.import_module("optuna")
    except ImportError as missing:
        raise TrainingImpossible(
            "Trying settings needs optuna, which is not installed.",
            remedy="Install the extra: pip install 'riskengine[tuning]'; or train without tuning.",
        ) from missing


def _as_given(settings: TrainingSettings) -> dict[str, Any]:
    """Return the settings as a trial; what lies outside of what is tried moves to its edge."""
    leaf = settings.containers_in_leaf or _LEAF[0]
    return {
        "leaves": min(max(settings.leaves, _LEAVES[0]), _LEAVES[1]),
        "containers_in_leaf": min(max(leaf, _LEAF[0]), _LEAF[1]),
        "feature_share": min(max(settings.feature_share, _SHARE[0]), _SHARE[1]),
        "l2": min(max(settings.l2, _L2[0]), _L2[1]),
    }


def _suggested(trial: Any, settings: TrainingSettings) -> TrainingSettings:
    """Return the settings of a trial, asked or remembered."""
    drawn = trial.params if not hasattr(trial, "suggest_int") else _drawn(trial)
    return replace(settings, **drawn)


_LEAVES: Final = (4, 31)
_LEAF: Final = (5, 300)
_SHARE: Final = (0.1, 0.8)
_L2: Final = (0.5, 50.0)


def _drawn(trial: Any) -> dict[str, Any]:
    return {
        "leaves": trial.suggest_int("leaves", *_LEAVES),
        "containers_in_leaf": trial.suggest_int("containers_in_leaf", *_LEAF, log=True),
        "feature_share": trial.suggest_float("feature_share", *_SHARE),
        "l2": trial.suggest_float("l2", *_L2, log=True),
    }


def _quiet(_: float) -> None:
    """Report nothing: a trial is no step of the training."""
