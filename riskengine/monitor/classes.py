"""The classes into which the values of a feature fall, so that what came can be compared with what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.features.catalog import catalog
from riskengine.ledger.runs import read_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.model.card import ModelCard
    from riskengine.monitor.changes import Counts
    from riskengine.monitor.period import Period

_TENTHS: Final = 10
_MOST_CATEGORIES: Final = 12
_SAMPLE: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Into which classes a feature's values fall.

    Attributes:
        name: The feature.
        edges: The bounds between the bins of a number; empty for a category.
        categories: The frequent categories; every other known one shares a class.
        is_category: Whether the values are categories.
        vocabulary: The categories that the model knows; empty where it has none.
        shares: The share of each class, the unknown last, where the model learned; empty where that is not kept.
        learned_from: How many containers that was counted on.
    """

    name: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    is_category: bool = False
    vocabulary: frozenset[str] = frozenset()
    shares: tuple[float, ...] = ()
    learned_from: int = 0

    @property
    def size(self) -> int:
        """How many classes there are, the unknown one too."""
        return (len(self.categories) if self.is_category else len(self.edges)) + 2


def classes_of(period: Period, card: ModelCard | None) -> list[Classes]:
    """Return the classes of every feature of the model; where its card does not say them, from the time before."""
    kinds = (
        {feature.name: feature.kind for feature in card.features}
        if card
        else {
            field.name: "category" if field.model_kind == "category" else "number"
            for field in catalog()
            if field.is_model_feature and field.model_kind
        }
    )
    vocabulary = {feature.name: feature.vocabulary for feature in card.features} if card else {}
    told: dict[str, Classes] = {}
    for one in card.reference if card else ():
        shares = tuple(share * (1 - one.unknown_share) for share in one.shares)
        told[one.name] = Classes(
            name=one.name,
            edges=one.edges,
            categories=one.categories,
            is_category=kinds.get(one.name) == "category",
            vocabulary=frozenset(vocabulary.get(one.name, ())),
            shares=(*shares, one.unknown_share),
            learned_from=card.window.containers if card else 0,
        )
    missing = [name for name in kinds if name not in told]
    sample = _sample(period, missing) if missing else pl.DataFrame()
    for name in missing:
        if name in sample.columns:
            known = frozenset(vocabulary.get(name, ()))
            told[name] = cut(sample[name].drop_nulls(), name, kinds[name], known)
    return [told[name] for name in kinds if name in told]


def _sample(period: Period, names: Sequence[str]) -> pl.DataFrame:
    """Return some thousand containers of the time before, to cut classes from."""
    frames: list[pl.DataFrame] = []
    many = 0
    for entry, own in period.folders(period.before):
        frame = read_frame(
            entry.folder_in(period.workspace), "indicators", columns={*names, "container_id"}
        )
        frames.append(frame.join(own, on="container_id", how="semi"))
        many += frames[-1].height
        if many > _SAMPLE:
            break
    return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()


def cut(values: pl.Series, name: str, kind: str, vocabulary: frozenset[str]) -> Classes:
    """Return the tenths of numbers, or the frequent categories."""
    if kind == "category":
        common = (
            values.cast(pl.String)
            .value_counts(sort=True)
            .sort("count", name, descending=[True, False])
        )
        frequent = common[name].head(_MOST_CATEGORIES).to_list()
        return Classes(
            name=name, categories=tuple(frequent), is_category=True, vocabulary=vocabulary
        )
    numbers = values.cast(pl.Float64).to_numpy()
    tenths = np.arange(1, _TENTHS) / _TENTHS
    cuts = np.quantile(numbers, tenths, method="inverted_cdf") if len(numbers) else numbers
    return Classes(name=name, edges=tuple(float(edge) for edge in np.unique(cuts)))


def counted(frame: pl.DataFrame, one: Classes) -> tuple[Counts, int]:
    """Return how many containers of a run fall into each class, and how many have a category never learned."""
    row = np.zeros(one.size)
    strange = 0
    if one.name not in frame.columns:
        row[-1] = frame.height
        return row, strange
    column = frame[one.name]
    if one.is_category:
        tally = dict(column.drop_nulls().cast(pl.String).value_counts().rows())
        for place, category in enumerate(one.categories):
            row[place] = tally.get(category, 0)
        row[-2] = sum(tally.values()) - row[:-2].sum()
        if one.vocabulary:
            strange = sum(n for text, n in tally.items() if text not in one.vocabulary)
    else:
        # What is null is no number here, and counted as unknown below.
        numbers = column.cast(pl.Float64).to_numpy()
        numbers = numbers[np.isfinite(numbers)]
        places = np.searchsorted(np.asarray(one.edges), numbers, side="right")
        row[:-1] = np.bincount(places, minlength=one.size - 1)
    row[-1] = frame.height - row[:-1].sum()
    return row, strange
