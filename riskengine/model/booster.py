"""The one door to LightGBM: how it is imported, how a model text is opened, what it is asked."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from riskengine.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

THREADS: Final = 2
_SLOW_COMPANIONS: Final = ("pandas", "sklearn")


def lightgbm() -> Any:
    """Import LightGBM and return the module.

    LightGBM imports pandas and scikit-learn whenever they are installed (shap brings them), which
    costs a second or more that scoring never earns back: nothing here passes it either one's
    objects. They are hidden only while LightGBM is imported for the first time, and only if nobody
    imported them before, so shap finds the real ones afterwards. In such a process LightGBM's
    scikit-learn classes cannot be used; whoever wants them imports LightGBM first.
    """
    if "lightgbm" in sys.modules:
        return sys.modules["lightgbm"]
    hidden = [name for name in _SLOW_COMPANIONS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType]  # None: "cannot be imported"
    try:
        return importlib.import_module("lightgbm")
    finally:
        for name in hidden:
            del sys.modules[name]


def open_booster(model_text: str) -> Any:
    """Return the booster of a model text whose digest and header the caller has checked.

    LightGBM's own reader crashes on damaged text, so nothing unchecked may come here.

    Raises:
        ModelError: LightGBM refuses the text.
    """
    library = lightgbm()
    try:
        return library.Booster(model_str=model_text)
    except library.basic.LightGBMError as refusal:
        raise ModelError(
            f"LightGBM {library.__version__} cannot read the model text: {refusal}.",
            remedy="Train the model again with this version of the engine.",
        ) from refusal


def raw_margins(booster: Any, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the uncalibrated log-odds of every row; NaN stands for unknown."""
    if matrix.shape[0] == 0:
        return np.empty(0, dtype=np.float64)
    margins = booster.predict(matrix, raw_score=True, num_threads=THREADS)
    return np.asarray(margins, dtype=np.float64)


def raw_contributions(booster: Any, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the TreeSHAP values of every row, one column a feature and the base in the last.

    Source: Lundberg and others 2020, path-dependent TreeSHAP, as LightGBM computes it.

    Raises:
        ModelError: LightGBM cannot explain such a model, such as one with lines in its leaves.
    """
    if matrix.shape[0] == 0:
        return np.empty((0, matrix.shape[1] + 1), dtype=np.float64)
    library = lightgbm()
    try:
        values = booster.predict(matrix, pred_contrib=True, num_threads=THREADS)
    except library.basic.LightGBMError as refusal:
        raise ModelError(
            f"LightGBM {library.__version__} cannot explain this model: {refusal}.",
            remedy="Train a model whose leaves hold plain values, with `riskengine train`.",
        ) from refusal
    return np.asarray(values, dtype=np.float64)
