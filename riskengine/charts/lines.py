"""Lines: how one number follows another, several lines told apart by dash and marker, named at their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.charts.axis import Axis, axis_over, written
from riskengine.charts.svg import (
    INK,
    LOOKS,
    PALE,
    QUIET,
    Look,
    cut,
    element,
    marker,
    picture,
    polyline,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 720.0
HEIGHT: Final = 400.0
_TOP: Final = 44.0
_BOTTOM: Final = 54.0
_LINE: Final = 15.0
_LONGEST_LABEL: Final = 26
_MOST_MARKERS: Final = 25
_REFERENCE: Final = Look(colour=QUIET, dash="3 3", marker="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line.

    Attributes:
        label: Its name, written at its end.
        points: Its points (x, y), in the order of x.
        band: What surrounds it (x, low, high), such as an interval; empty for nothing.
        is_reference: Whether it is only compared with: thin, grey and without markers.
    """

    label: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    is_reference: bool = False


def line_chart(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    description: str = "",
    x_is_percent: bool = False,
    y_is_percent: bool = False,
    y_with_zero: bool = True,
    x_ticks: Sequence[tuple[float, str]] = (),
    language: str = "en",
) -> str:
    """Return lines as an accessible SVG.

    Args:
        title: Above the picture, and its name for those who hear it.
        x_label: What runs to the right, with its unit.
        y_label: What runs upwards, with its unit.
        series: The lines; those with most points are drawn without markers.
        description: What the picture shows, in a sentence, for those who hear it.
        x_is_percent: Whether x is a share of 1, shown in percent.
        y_is_percent: Whether y is one.
        y_with_zero: Whether the axis upwards begins at zero; lines around a level may leave it out.
        x_ticks: Ticks of one's own, such as weeks with their days; round numbers where empty.
        language: Of the numbers.
    """
    ends = [cut(one.label, _LONGEST_LABEL) for one in series]
    right = max((text_width(label) for label in ends), default=0.0) + 22
    ys = [y for one in series for _, y in one.points]
    ys += [y for one in series for _, low, high in one.band for y in (low, high)]
    y_axis = axis_over(
        ys,
        HEIGHT - _BOTTOM,
        _TOP,
        with_zero=y_with_zero,
        highest=1.0 if y_is_percent else None,
    )
    y_names = [
        (tick, written(tick, language, is_percent=y_is_percent)) for tick in y_axis.ticks()
    ]
    left = max(text_width(name) for _, name in y_names) + 36
    xs = [x for one in series for x, *_ in (*one.points, *one.band)]
    xs += [x for x, _ in x_ticks]
    x_axis = (
        Axis(low=min(xs), high=max(xs), begins=left, ends=WIDTH - right)
        if x_ticks and min(xs) < max(xs)
        else axis_over(xs, left, WIDTH - right, highest=1.0 if x_is_percent else None)
    )
    x_names = list(x_ticks) or [
        (tick, written(tick, language, is_percent=x_is_percent)) for tick in x_axis.ticks()
    ]
    body = [
        frame(x_axis, y_axis, x_names, y_names),
        axis_labels(x_axis, y_axis, x_label, y_label),
        *_drawn(series, x_axis, y_axis),
        *_ends(series, ends, x_axis, y_axis),
    ]
    return picture(title, description, WIDTH, HEIGHT, "\n".join(body))


def table_of(  # noqa: PLR0913  # what a table says, each part named
    series: Sequence[Series],
    *,
    x_label: str,
    x_is_percent: bool = False,
    y_is_percent: bool = False,
    x_ticks: Sequence[tuple[float, str]] = (),
    language: str = "en",
) -> Table:
    """Return the numbers of the lines: a row for each x, a column for each line, its band beside it."""
    names = dict(x_ticks)
    values = [dict(one.points) for one in series]
    bands = [{x: (low, high) for x, low, high in one.band} for one in series]
    rows: list[tuple[str, ...]] = []
    for x in sorted({x for points in values for x in points}):
        cells = [names.get(x) or written(x, language, is_percent=x_is_percent)]
        for points, band in zip(values, bands, strict=True):
            cell = "-"
            if x in points:
                cell = written(points[x], language, is_percent=y_is_percent)
            if x in points and x in band:
                low, high = (written(y, language, is_percent=y_is_percent) for y in band[x])
                cell += f" ({low} – {high})"  # noqa: RUF001
            cells.append(cell)
        rows.append(tuple(cells))
    return Table(columns=(x_label, *(one.label for one in series)), rows=tuple(rows))


def frame(
    x_axis: Axis,
    y_axis: Axis,
    x_names: Sequence[tuple[float, str]],
    y_names: Sequence[tuple[float, str]],
) -> str:
    """Return both axes with their ticks, and quiet lines across."""
    floor, ceiling = y_axis.begins, y_axis.ends
    parts: list[str] = []
    for value, name in y_names:
        y = y_axis.place(value)
        parts += [
            element("line", x1=x_axis.begins, y1=y, x2=x_axis.ends, y2=y, stroke=PALE),
            text(name, x_axis.begins - 7, y + 4, text_anchor="end"),
        ]
    last = -WIDTH
    for value, name in x_names:
        x = x_axis.place(value)
        parts.append(element("line", x1=x, y1=floor, x2=x, y2=floor + 5, stroke=INK))
        half = text_width(name) / 2
        if x - half > last:  # a name that would run into the one before it is left out
            parts.append(text(name, x, floor + 19, text_anchor="middle"))
            last = x + half + 4
    parts += [
        element("line", x1=x_axis.begins, y1=floor, x2=x_axis.ends, y2=floor, stroke=INK),
        element("line", x1=x_axis.begins, y1=floor, x2=x_axis.begins, y2=ceiling, stroke=INK),
    ]
    return "\n".join(parts)


def axis_labels(x_axis: Axis, y_axis: Axis, x_label: str, y_label: str) -> str:
    """Return what the axes mean, beside them."""
    middle = (y_axis.begins + y_axis.ends) / 2
    return "\n".join(
        (
            text(
                x_label,
                (x_axis.begins + x_axis.ends) / 2,
                y_axis.begins + 42,
                text_anchor="middle",
            ),
            text(
                y_label,
                16,
                middle,
                text_anchor="middle",
                transform=f"rotate(-90 16 {middle:.2f})",
            ),
        )
    )


def look_of(series: Sequence[Series], place: int) -> Look:
    """Return how the line at a place looks: references alike, the others each in a way of its own."""
    if series[place].is_reference:
        return _REFERENCE
    before = sum(not one.is_reference for one in series[:place])
    return LOOKS[before % len(LOOKS)]


def _drawn(series: Sequence[Series], x_axis: Axis, y_axis: Axis) -> list[str]:
    parts: list[str] = []
    for place, one in enumerate(series):
        look = look_of(series, place)
        if one.band:
            upper = [(x_axis.place(x), y_axis.place(high)) for x, _, high in one.band]
            lower = [(x_axis.place(x), y_axis.place(low)) for x, low, _ in one.band]
            around = " ".join(f"{x:.2f},{y:.2f}" for x, y in (*upper, *reversed(lower)))
            parts.append(element("polygon", points=around, fill=look.colour, fill_opacity=0.15))
            parts += [
                polyline(edge, stroke=look.colour, stroke_width=0.6, stroke_opacity=0.7)
                for edge in (upper, lower)
            ]
    for place, one in enumerate(series):
        look = look_of(series, place)
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in one.points]
        parts.append(
            polyline(
                places,
                stroke=look.colour,
                stroke_width=1.2 if one.is_reference else 2.0,
                stroke_dasharray=look.dash,
                stroke_linejoin="round",
            )
        )
        if not one.is_reference:
            every = -(-len(places) // _MOST_MARKERS)
            parts += [marker(look, x, y) for x, y in places[::every]] if places else []
    return parts


def _ends(
    series: Sequence[Series], labels: Sequence[str], x_axis: Axis, y_axis: Axis
) -> list[str]:
    """Return the names of the lines at their ends, moved apart where they would lie on each other."""
    wanted = sorted(
        (y_axis.place(one.points[-1][1]), place)
        for place, one in enumerate(series)
        if one.points
    )
    heights: dict[int, float] = {}
    lowest = y_axis.ends
    for y, place in wanted:
        lowest = max(y, lowest)
        heights[place] = lowest
        lowest += _LINE
    # What was pushed below the floor is pushed up again, from the last to the first.
    highest = y_axis.begins + 4
    for _, place in reversed(wanted):
        heights[place] = min(heights[place], highest)
        highest = heights[place] - _LINE
    parts: list[str] = []
    for place, y in sorted(heights.items()):
        look = look_of(series, place)
        x, own = (
            x_axis.place(series[place].points[-1][0]),
            y_axis.place(series[place].points[-1][1]),
        )
        start = x_axis.ends + 10
        parts.append(
            element(
                "line",
                x1=x + 4,
                y1=own,
                x2=start - 2,
                y2=y,
                stroke=look.colour,
                stroke_width=0.7,
            )
        )
        parts.append(text(labels[place], start + 2, y + 4, fill=look.colour))
    return parts
