"""Clouds of points: how one number goes with another, several clouds told apart by shape and colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.charts.axis import Axis, axis_over, written
from riskengine.charts.lines import HEIGHT, WIDTH, axis_labels, frame
from riskengine.charts.svg import (
    LOOKS,
    QUIET,
    Look,
    cut,
    element,
    marker,
    picture,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP: Final = 68.0
_BOTTOM: Final = 54.0
_RIGHT: Final = 20.0
_SIZE: Final = 2.4
_LONGEST_KEY: Final = 40
_LONGEST_NAME: Final = 20
_MOST_TICK: Final = 16
_SPREAD: Final = 0.3
"""How far the points of one category lie apart, to each side of its tick; the ticks are 1 apart."""
_GOLDEN: Final = 0.6180339887498949
_BANDS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud.

    Attributes:
        label: Its name, in the key; empty where there is but one.
        points: Its points (x, y); x is the place of a tick where the ticks are one's own.
    """

    label: str
    points: tuple[tuple[float, float], ...]


def scatter_chart(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    x_label: str,
    y_label: str,
    clouds: Sequence[Cloud],
    key_label: str = "",
    description: str = "",
    x_ticks: Sequence[tuple[float, str]] = (),
    language: str = "en",
) -> str:
    """Return clouds as an accessible SVG.

    Args:
        title: Above the picture, and its name for those who hear it.
        x_label: What runs to the right, with its unit.
        y_label: What runs upwards, with its unit.
        clouds: The clouds, at most as many as there are looks.
        key_label: What the clouds differ by, before their names.
        description: What the picture shows, in a sentence, for those who hear it.
        x_ticks: Ticks of one's own, such as categories, 1 apart: points lie beside each other around them. Round
            numbers where empty.
        language: Of the numbers.
    """
    named = [cloud for cloud in clouds if cloud.label]
    y_axis = axis_over(
        (y for cloud in clouds for _, y in cloud.points), HEIGHT - _BOTTOM, _TOP, with_zero=True
    )
    y_names = [(tick, written(tick, language)) for tick in y_axis.ticks()]
    left = max(text_width(name) for _, name in y_names) + 36
    xs = [x for cloud in clouds for x, _ in cloud.points]
    x_axis = (
        Axis(
            low=min(x for x, _ in x_ticks) - 0.5,
            high=max(x for x, _ in x_ticks) + 0.5,
            begins=left,
            ends=WIDTH - _RIGHT,
        )
        if x_ticks
        else axis_over(xs, left, WIDTH - _RIGHT)
    )
    x_names = [(x, cut(name, _MOST_TICK)) for x, name in x_ticks] or [
        (tick, written(tick, language)) for tick in x_axis.ticks()
    ]
    zero = y_axis.place(0.0)
    body = [
        frame(x_axis, y_axis, x_names, y_names),
        element(
            "line",
            x1=x_axis.begins,
            y1=zero,
            x2=x_axis.ends,
            y2=zero,
            stroke=QUIET,
            stroke_dasharray="3 3",
        ),
        axis_labels(x_axis, y_axis, x_label, y_label),
        *_key(key_label, named),
    ]
    for place, cloud in enumerate(clouds):
        look = LOOKS[place % len(LOOKS)]
        body += [
            marker(
                look, x_axis.place(x + _aside(number, bool(x_ticks))), y_axis.place(y), _SIZE
            )
            for number, (x, y) in enumerate(cloud.points)
        ]
    return picture(title, description, WIDTH, HEIGHT, "\n".join(body))


def table_of(  # noqa: PLR0913  # what a table says, each part named
    clouds: Sequence[Cloud],
    *,
    x_label: str,
    y_label: str,
    count_label: str,
    x_ticks: Sequence[tuple[float, str]] = (),
    language: str = "en",
) -> Table:
    """Return the numbers of the clouds: a row for each tick or band of x; the mean of y and how many points, each cloud."""
    bands = _bands(clouds, x_ticks, language)
    columns = [x_label]
    for cloud in clouds:
        of = f": {cloud.label}" if cloud.label else ""
        columns += [f"{y_label}{of}", f"{count_label}{of}"]
    rows: list[tuple[str, ...]] = []
    for low, high, name in bands:
        cells = [name]
        for cloud in clouds:
            ys = sorted(y for x, y in cloud.points if low <= x <= high)
            cells += [written(sum(ys) / len(ys), language) if ys else "-", str(len(ys))]
        rows.append(tuple(cells))
    return Table(columns=tuple(columns), rows=tuple(rows))


def _bands(
    clouds: Sequence[Cloud], x_ticks: Sequence[tuple[float, str]], language: str
) -> list[tuple[float, float, str]]:
    """Return the bands of x, none of them empty and none sharing a value with another."""
    if x_ticks:
        return [(x, x, name) for x, name in x_ticks]
    xs = sorted(x for cloud in clouds for x, _ in cloud.points)
    distinct = sorted(set(xs))
    if len(distinct) <= _BANDS:
        return [(x, x, written(x, language)) for x in distinct]
    edges = sorted({xs[len(xs) * part // _BANDS] for part in range(_BANDS)})
    bands: list[tuple[float, float, str]] = []
    for place, low in enumerate(edges):
        above = edges[place + 1] if place + 1 < len(edges) else float("inf")
        high = max(x for x in distinct if x < above)
        name = written(low, language)
        if high > low:
            name = f"{name} – {written(high, language)}"  # noqa: RUF001
        bands.append((low, high, name))
    return bands


def _aside(number: int, is_category: bool) -> float:
    """Return how far a point stands beside its tick: by its number, so that the picture is the same every time."""
    return _SPREAD * (2 * (number * _GOLDEN % 1.0) - 1) if is_category else 0.0


def _key(key_label: str, clouds: Sequence[Cloud]) -> list[str]:
    parts: list[str] = []
    x = 14.0
    if key_label and clouds:
        label = cut(key_label, _LONGEST_KEY)
        parts.append(text(label, x, _TOP - 20, fill=QUIET))
        x += text_width(label) + 16
    for place, cloud in enumerate(clouds):
        look: Look = LOOKS[place % len(LOOKS)]
        label = cut(cloud.label, _LONGEST_NAME)
        parts += [marker(look, x, _TOP - 24, 3.5), text(label, x + 9, _TOP - 20, fill=QUIET)]
        x += text_width(label) + 30
    return parts
