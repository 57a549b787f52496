"""The containers that a model is pictured with, and what it says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.model.card_figures import label_of

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from riskengine.model.bundle import Bundle
    from riskengine.model.card import FeatureSpec
    from riskengine.model.forest import Unknown

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The containers that a model is pictured with.

    Attributes:
        frame: Their indicators; None for the made-up rows that travel with every bundle.
        runs: Recorded runs that they were drawn from.
        containers: Containers in those runs.
        unread: Recorded runs among them whose indicators the model cannot read.
        first_on: The first day of the runs.
        last_on: The last.
    """

    frame: pl.DataFrame | None = None
    runs: int = 0
    containers: int = 0
    unread: int = 0
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A model, the rows that it is pictured with, and what each feature contributes to each.

    Attributes:
        bundle: The model.
        matrix: The rows, encoded; NaN for unknown.
        parts: What each feature contributes, in calibrated log-odds.
        order: The places of the features that move it, the strongest first.
        pairs: The mean size of the interaction of each two; None where they cannot be worked out.
        unknown: Why they cannot.
        language: Of the texts.
    """

    bundle: Bundle
    matrix: Floats
    parts: Floats
    order: tuple[int, ...]
    pairs: Floats | None
    unknown: Unknown | None
    language: str

    def spec(self, place: int) -> FeatureSpec:
        """Return the feature at a place."""
        return self.bundle.card.features[place]

    def label(self, place: int) -> str:
        """Return its label for people."""
        return label_of(self.spec(place).name, self.language)

    def text(self, key: str, **params: object) -> str:
        """Return a text of these pictures."""
        return messages.render(f"model.pictures.{key}", params, self.language)
