"""Pictures of a whole model: what moves it, how, and which indicators work together, over containers it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine import messages
from riskengine.charts.bars import Bar, bar_chart
from riskengine.charts.bars import table_of as bar_table
from riskengine.charts.beeswarm import Level, Swarm, beeswarm
from riskengine.charts.beeswarm import table_of as swarm_table
from riskengine.charts.page import Section
from riskengine.charts.svg import cut
from riskengine.model.encode import encode, to_matrix
from riskengine.model.explain import contributions, explained_by
from riskengine.model.forest import Unknown
from riskengine.model.interactions import mean_interactions
from riskengine.model.pictured import Seen, Shown
from riskengine.model.pictured_dependence import SMALLEST, dependence, told_apart
from riskengine.model.treeshap import explainer

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskengine.model.bundle import Bundle
    from riskengine.model.card import FeatureSpec

    Floats = npt.NDArray[np.float64]

__all__ = ["MOST_ROWS", "Shown", "pictures_of", "why_slow"]

MOST_ROWS: Final = 1_000
"""Containers that the pictures are worked out of; more would look the same."""
_SWARMS: Final = 12
_SWARM_ROWS: Final = 300
_CLOUDS: Final = 4
_PAIR_ROWS: Final = 100
_FEWEST_PAIR_ROWS: Final = 20
_PAIR_LEAVES: Final = 2_000_000
_PAIRS: Final = 10
_LONGEST_OF_A_PAIR: Final = 15
_LONGEST: Final = 200


def pictures_of(
    bundle: Bundle, shown: Shown, language: str = "en"
) -> tuple[tuple[str, Section], ...]:
    """Return the sections with the pictures of a model, each with the name of its picture's file or the empty string.

    Args:
        bundle: The model.
        shown: The containers it is pictured with.
        language: Of the texts.

    Raises:
        FeatureMismatch: The containers lack what the model reads.
    """
    card = bundle.card
    if shown.frame is None or shown.frame.is_empty():
        schema = dict.fromkeys(card.feature_names, pl.Float64)
        encoded = pl.DataFrame(bundle.golden.inputs, schema=schema, orient="row")
    else:
        encoded = encode(shown.frame, card)
    matrix = to_matrix(encoded)
    parts = contributions(bundle, encoded)[1].to_numpy() * card.calibration.slope
    strength = np.abs(parts).mean(axis=0)
    order = np.lexsort((np.arange(strength.size), -strength)).tolist()
    made = explainer(bundle.model_text)
    pairs = None
    if not isinstance(made, Unknown):
        pairs = card.calibration.slope * mean_interactions(made, matrix[: _pair_rows(bundle)])
    seen = Seen(
        bundle=bundle,
        matrix=matrix,
        parts=parts,
        order=tuple(place for place in order if strength[place] > SMALLEST),
        pairs=pairs,
        unknown=made if isinstance(made, Unknown) else None,
        language=language,
    )
    return (
        ("", _lead(seen, shown)),
        *([("beeswarm.svg", _swarms(seen))] if seen.order else []),
        *(
            (f"dependence-{number}.svg", dependence(seen, place))
            for number, place in enumerate(told_apart(seen)[:_CLOUDS], start=1)
        ),
        *_interactions(seen),
    )


def _lead(seen: Seen, shown: Shown) -> Section:
    rows = seen.matrix.shape[0]
    if shown.frame is None or shown.frame.is_empty():
        told = [seen.text("golden", containers=rows)]
    else:
        of = {
            "containers": rows,
            "of": shown.containers,
            "runs": shown.runs,
            "first": shown.first_on,
            "last": shown.last_on,
        }
        told = [seen.text("runs", **of)]
    if shown.unread:
        told.append(seen.text("unread", runs=shown.unread))
    by = explained_by(seen.bundle)
    if by.kernel is not None:
        told.append(seen.text("exact_kernel"))
    elif by.unknown is None:
        told.append(seen.text("exact_small"))
    else:
        told.append(why_slow(by.unknown, seen.language))
    if not seen.order:
        told.append(seen.text("nothing"))
    return Section(heading=seen.text("heading"), paragraphs=tuple(told))


def why_slow(unknown: Unknown, language: str) -> str:
    """Say why LightGBM works out the reasons of a large model, and what that costs."""
    why = messages.render(f"model.pictures.unknown.{unknown}", {}, language)
    return messages.render("model.pictures.exact_slow", {"why": why}, language)


def _swarms(seen: Seen) -> Section:
    swarms = tuple(_swarm(seen, place) for place in seen.order[:_SWARMS])
    levels: dict[Level, str] = {
        "low": seen.text("level.low"),
        "middle": seen.text("level.middle"),
        "high": seen.text("level.high"),
        "category": seen.text("level.category"),
        "unknown": seen.text("level.unknown"),
    }
    title = seen.text("swarm.title")
    heads = (
        seen.text("indicator"),
        seen.text("swarm.size"),
        *(seen.text("swarm.where", level=levels[one]) for one in _TOLD_LEVELS),
    )
    told = [seen.text("swarm.told")]
    drawn = min(seen.matrix.shape[0], _SWARM_ROWS)
    told.append(seen.text("drawn", containers=drawn))
    left = len(seen.order) - len(swarms)
    if left > 0:
        told.append(seen.text("swarm.others", others=left))
    chart = beeswarm(
        title,
        swarms=swarms,
        x_label=seen.text("log_odds"),
        level_labels=levels,
        description=told[0],
        language=seen.language,
    )
    columns = (heads[0], heads[1], heads[2], heads[3], heads[4], heads[5])
    whole = tuple(_swarm(seen, place, all_rows=True) for place in seen.order[:_SWARMS])
    return Section(
        heading=title,
        paragraphs=tuple(told),
        chart=chart,
        table=swarm_table(whole, columns=columns, language=seen.language),
    )


_TOLD_LEVELS: Final[tuple[Level, ...]] = ("low", "high", "category", "unknown")


def _swarm(seen: Seen, place: int, *, all_rows: bool = False) -> Swarm:
    rows = slice(None) if all_rows else slice(_SWARM_ROWS)
    levels = _levels(seen.matrix[:, place], seen.spec(place))[rows]
    values = seen.parts[rows, place].tolist()
    return Swarm(label=seen.label(place), points=tuple(zip(values, levels, strict=True)))


def _levels(values: Floats, spec: FeatureSpec) -> list[Level]:
    """Return for each value whether it is low, in the middle or high among those that are known."""
    known = values[~np.isnan(values)]
    if spec.kind == "category":
        return ["unknown" if np.isnan(value) else "category" for value in values.tolist()]
    if known.size == 0:
        return ["unknown"] * values.size
    low = np.quantile(known, 1 / 3, method="lower")
    high = np.quantile(known, 2 / 3, method="higher")
    lowest, highest = known.min(), known.max()

    def level(value: float) -> Level:
        if np.isnan(value):
            return "unknown"
        # Where most have the same value, such as no or zero, only the others are high, or low.
        if low == high:
            if lowest == highest or value == low:
                return "low" if value == lowest else "high" if value == highest else "middle"
            return "low" if value < low else "high"
        return "low" if value <= low else "high" if value >= high else "middle"

    return [level(value) for value in values.tolist()]


def _pair_rows(bundle: Bundle) -> int:
    """Return of how many rows the interactions are worked out: fewer where the model is large, so that it takes seconds."""
    return max(_FEWEST_PAIR_ROWS, min(_PAIR_ROWS, _PAIR_LEAVES // explained_by(bundle).leaves))


def _interactions(seen: Seen) -> list[tuple[str, Section]]:
    title = seen.text("interaction.title")
    if seen.pairs is None:
        why = messages.render(f"model.pictures.unknown.{seen.unknown}", {}, seen.language)
        told = seen.text("interaction.none", why=why)
        return [("", Section(heading=title, paragraphs=(told,)))]
    count = seen.pairs.shape[0]
    found = sorted(
        (-float(seen.pairs[i, j]), i, j) for i in range(count) for j in range(i + 1, count)
    )[:_PAIRS]
    found = [one for one in found if -one[0] > SMALLEST]

    def bars_of(longest: int) -> list[Bar]:
        return [
            Bar(
                label=" × ".join(cut(seen.label(at), longest) for at in (i, j)),  # noqa: RUF001
                value=-size,
            )
            for size, i, j in found
        ]

    bars = bars_of(_LONGEST_OF_A_PAIR)
    rows = min(seen.matrix.shape[0], _pair_rows(seen.bundle))
    if not bars:
        return [("", Section(heading=title, paragraphs=(seen.text("interaction.alone"),)))]
    told = (seen.text("interaction.told"), seen.text("drawn", containers=rows))
    x_label = seen.text("interaction.size")
    chart = bar_chart(
        title, bars=bars, x_label=x_label, description=told[0], language=seen.language
    )
    table = bar_table(
        bars_of(_LONGEST),
        label=seen.text("interaction.pair"),
        x_label=x_label,
        language=seen.language,
    )
    return [
        ("interactions.svg", Section(heading=title, paragraphs=told, chart=chart, table=table))
    ]
