"""The picture of one feature: its value against what it contributes, parted by the feature that changes this most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine import messages
from riskengine.charts.axis import written
from riskengine.charts.page import Section
from riskengine.charts.scatter import Cloud, scatter_chart
from riskengine.charts.scatter import table_of as scatter_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from riskengine.model.card import FeatureSpec
    from riskengine.model.pictured import Seen

    Floats = npt.NDArray[np.float64]

SMALLEST: Final = 1e-6
"""What moves a model by less is not pictured."""
_CLOUD_ROWS: Final = 500
_MOST_CATEGORIES: Final = 8
_FEWEST_OF_A_CATEGORY: Final = 5
"""A category that fewer containers have goes with the others: no single trader's way is drawn."""
_PARTNER_CATEGORIES: Final = 2
_FEWEST_KNOWN: Final = 0.05
_SMALLEST_PART: Final = 0.05


def dependence(seen: Seen, place: int) -> Section:
    """Return what the values of a feature do, in the colours of the feature that changes this most."""
    spec, label = seen.spec(place), seen.label(place)
    partner = _partner(seen, place)
    values = seen.matrix[:_CLOUD_ROWS, place]
    ticks: list[tuple[float, str]] = []
    if spec.kind == "category":
        xs, ticks = _category_places(seen, spec, values)
    else:
        xs = values
        if set(np.unique(xs[~np.isnan(xs)]).tolist()) <= {0.0, 1.0}:
            ticks = [(0.0, seen.text("part.no")), (1.0, seen.text("part.yes"))]
    unknown = int(np.isnan(xs).sum())
    ys = seen.parts[:_CLOUD_ROWS, place]
    clouds = [
        Cloud(
            label=name,
            points=tuple(
                (x, y)
                for x, y, is_in in zip(xs.tolist(), ys.tolist(), inside.tolist(), strict=True)
                if is_in and not np.isnan(x)
            ),
        )
        for name, inside in _parted(seen, partner)
    ]
    clouds = [cloud for cloud in clouds if cloud.points]
    title = seen.text("dependence.title", label=label)
    told = [seen.text("dependence.told")]
    if partner is not None:
        told.append(seen.text("dependence.partner", label=seen.label(partner)))
    told.append(seen.text("drawn", containers=len(values)))
    if unknown:
        mean = float(ys[np.isnan(xs)].mean())
        told.append(
            seen.text(
                "dependence.unknown",
                containers=unknown,
                mean=messages.number(mean, seen.language, 3),
            )
        )
    if not clouds:
        return Section(heading=title, paragraphs=tuple(told))
    axes = {"x_label": label, "y_label": seen.text("log_odds_up"), "language": seen.language}
    return Section(
        heading=title,
        paragraphs=tuple(told),
        chart=scatter_chart(
            title,
            clouds=clouds,
            x_ticks=ticks,
            key_label="" if partner is None else f"{seen.label(partner)}:",
            description=" ".join(told[:2]),
            **axes,
        ),
        table=scatter_table(
            clouds,
            x_ticks=ticks,
            count_label=seen.text("containers"),
            x_label=label,
            y_label=seen.text("mean"),
            language=seen.language,
        ),
    )


def _category_places(
    seen: Seen, spec: FeatureSpec, values: Floats
) -> tuple[Floats, list[tuple[float, str]]]:
    """Return the place of each value on an axis of categories, and the axis: the most frequent, then the others.

    A category that few containers have is not named, and none of a column that the unit itself brought: it may
    hold names.
    """
    counts = {code: int((values == code).sum()) for code in range(len(spec.vocabulary))}
    frequent = sorted(
        (
            code
            for code, count in counts.items()
            if count >= _FEWEST_OF_A_CATEGORY and not _may_name(spec)
        ),
        key=lambda code: (-counts[code], code),
    )[:_MOST_CATEGORIES]
    ticks = [(float(at), spec.vocabulary[code]) for at, code in enumerate(frequent)]
    place_of: Mapping[float, float] = {
        float(code): float(at) for at, code in enumerate(frequent)
    }
    others = float(len(frequent))
    places = np.array(
        [
            np.nan if np.isnan(value) else place_of.get(value, others)
            for value in values.tolist()
        ],
        dtype=np.float64,
    )
    if (places == others).any():
        ticks.append((others, seen.text("others")))
    return places, ticks


def _may_name(spec: FeatureSpec) -> bool:
    return spec.name.startswith("attribute.")


def told_apart(seen: Seen) -> list[int]:
    """Return the features that move the model and of which enough is known here to draw more than one value."""
    enough = _FEWEST_KNOWN * seen.matrix.shape[0]
    found: list[int] = []
    for place in seen.order:
        known = seen.matrix[:_CLOUD_ROWS, place]
        known = known[~np.isnan(known)]
        if known.size >= enough and np.unique(known).size > 1:
            found.append(place)
    return found


def _partner(seen: Seen, place: int) -> int | None:
    """Return the feature that changes most what this one does and tells these containers apart; None without one."""
    if seen.pairs is None:
        return None
    for partner in np.lexsort((np.arange(seen.pairs.shape[0]), -seen.pairs[place])).tolist():
        if seen.pairs[place, partner] <= SMALLEST:
            return None
        parts = [int(inside.sum()) for _, inside in _parted(seen, partner)]
        if sorted(parts)[-2] >= _SMALLEST_PART * sum(parts):
            return int(partner)
    return None


def _parted(seen: Seen, partner: int | None) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Part the rows by the value of the partner: below and above its middle, or its commonest categories."""
    rows = min(seen.matrix.shape[0], _CLOUD_ROWS)
    if partner is None:
        return [("", np.ones(rows, dtype=np.bool_))]
    spec, values = seen.spec(partner), seen.matrix[:rows, partner]
    gone = np.isnan(values)
    unknown, known = (seen.text("level.unknown"), gone), (seen.text("part.known"), ~gone)
    if spec.kind == "category":
        places, ticks = _category_places(seen, spec, values)
        first = ticks[:_PARTNER_CATEGORIES] if len(ticks) > 1 else []
        named = [(name, places == at) for at, name in first]
        rest = ~gone
        for _, inside in named:
            rest &= ~inside
        return [*named, (seen.text("others"), rest), unknown] if named else [known, unknown]
    if gone.all():
        return [known, unknown]
    if set(np.unique(values[~gone]).tolist()) == {0.0, 1.0}:
        return [
            (seen.text("part.no"), values == 0),
            (seen.text("part.yes"), values == 1),
            unknown,
        ]
    middle = float(np.median(values[~gone]))
    is_above = values > middle
    if not is_above.any():  # most have the highest value: then that is what is above
        lower = values[~gone & (values < middle)]
        if lower.size == 0:
            return [known, unknown]
        middle = float(lower.max())
        is_above = values > middle
    told = written(middle, seen.language)
    return [
        (seen.text("part.low", value=told), ~gone & ~is_above),
        (seen.text("part.high", value=told), is_above),
        unknown,
    ]
