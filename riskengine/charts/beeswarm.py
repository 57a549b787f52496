"""Beeswarms: for each name a swarm of points along one axis, told apart by how high the value behind each is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from riskengine.charts.axis import Axis, axis_over, written
from riskengine.charts.svg import (
    INK,
    LOOKS,
    PALE,
    QUIET,
    cut,
    element,
    picture,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Level = Literal["low", "middle", "high", "category", "unknown"]
LEVELS: Final[tuple[Level, ...]] = ("low", "middle", "high", "category", "unknown")
_WIDTH: Final = 720.0
_TOP: Final = 68.0
_ROW: Final = 40.0
_BELOW: Final = 52.0
_STEP: Final = 4.6
_LARGEST: Final = 2.2
_LONGEST_LABEL: Final = 38
_COLOURS: Final[dict[Level, str]] = {
    "low": LOOKS[0].colour,
    "middle": "#767676",
    "high": LOOKS[1].colour,
    "category": LOOKS[2].colour,
    "unknown": INK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """One swarm.

    Attributes:
        label: Its name, written before it.
        points: Where each point lies, and how high the value behind it is among those of the swarm.
    """

    label: str
    points: tuple[tuple[float, Level], ...]


def beeswarm(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    swarms: Sequence[Swarm],
    x_label: str,
    level_labels: Mapping[Level, str],
    description: str = "",
    language: str = "en",
) -> str:
    """Return swarms as an accessible SVG, one below the other in the order given.

    Args:
        title: Above the picture, and its name for those who hear it.
        swarms: The swarms; points that would lie on each other are moved apart upwards and downwards.
        x_label: What runs to the right, with its unit.
        level_labels: What the shapes mean; those that no point has are not told.
        description: What the picture shows, in a sentence, for those who hear it.
        language: Of the numbers.
    """
    labels = [cut(swarm.label, _LONGEST_LABEL) for swarm in swarms]
    left = max((text_width(label) for label in labels), default=0.0) + 22
    axis = axis_over(
        (x for swarm in swarms for x, _ in swarm.points), left, _WIDTH - 20, with_zero=True
    )
    floor = _TOP + _ROW * len(swarms) + 4
    used = {level for swarm in swarms for _, level in swarm.points}
    body = [
        _frame(axis, floor, language),
        _key([level for level in LEVELS if level in used], level_labels),
    ]
    for place, swarm in enumerate(swarms):
        y = _TOP + _ROW * place + _ROW / 2
        body.append(text(labels[place], left - 8, y + 4, text_anchor="end"))
        body += _drawn(swarm, axis, y)
    middle = (axis.begins + axis.ends) / 2
    body.append(text(x_label, middle, floor + 40, text_anchor="middle"))
    return picture(title, description, _WIDTH, floor + _BELOW, "\n".join(body))


def table_of(
    swarms: Sequence[Swarm],
    *,
    columns: tuple[str, str, str, str, str, str],
    language: str = "en",
) -> Table:
    """Return the numbers of the swarms: a row a swarm.

    Args:
        swarms: The swarms.
        columns: The headings of the name, the mean size, and the mean where the value is low, where it is high,
            where it is a category and where it is not known.
        language: Of the numbers.
    """
    rows: list[tuple[str, ...]] = []
    for swarm in swarms:
        sizes = [abs(x) for x, _ in swarm.points]
        means = [
            _mean([x for x, held in swarm.points if held == level], language)
            for level in ("low", "high", "category", "unknown")
        ]
        rows.append((swarm.label, _mean(sizes, language), *means))
    return Table(columns=columns, rows=tuple(rows))


def _mean(values: Sequence[float], language: str) -> str:
    return written(sum(values) / len(values), language) if values else "-"


def _frame(axis: Axis, floor: float, language: str) -> str:
    parts: list[str] = []
    for tick in axis.ticks():
        x = axis.place(tick)
        parts += [
            element("line", x1=x, y1=_TOP, x2=x, y2=floor, stroke=PALE),
            text(written(tick, language), x, floor + 18, text_anchor="middle"),
        ]
    zero = axis.place(0.0)
    parts += [
        element("line", x1=axis.begins, y1=floor, x2=axis.ends, y2=floor, stroke=INK),
        element("line", x1=zero, y1=_TOP, x2=zero, y2=floor, stroke=INK),
    ]
    return "\n".join(parts)


def _key(levels: Sequence[Level], labels: Mapping[Level, str]) -> str:
    parts: list[str] = []
    x = 20.0
    for level in levels:
        parts.append(_marks(level, [(x, _TOP - 22)], 3.4))
        parts.append(text(labels[level], x + 9, _TOP - 18, fill=QUIET))
        x += text_width(labels[level]) + 34
    return "\n".join(parts)


def _drawn(swarm: Swarm, axis: Axis, y: float) -> list[str]:
    """Return the marks of a swarm, one element for each level."""
    columns: dict[int, list[tuple[float, Level]]] = defaultdict(list)
    for value, level in swarm.points:
        columns[round(axis.place(value) / _STEP)].append((value, level))
    places: dict[Level, list[tuple[float, float]]] = defaultdict(list)
    for _, column in sorted(columns.items()):
        # A column too high for its row is pressed together, never cut off.
        step = min(_STEP, (_ROW - 6) / max(len(column), 1))
        for number, (value, level) in enumerate(sorted(column)):
            aside = (number + 1) // 2 * (1 if number % 2 else -1)
            places[level].append((axis.place(value), y + aside * step))
    return [_marks(level, places[level], _LARGEST) for level in LEVELS if level in places]


def _marks(level: Level, places: Sequence[tuple[float, float]], size: float) -> str:
    """Return all marks of a level as one path: a shape and a colour of its own."""
    shapes: list[str] = []
    for x, y in places:
        if level == "low":
            shapes.append(
                f"M{x - size:.1f},{y - size:.1f}h{2 * size:.1f}l{-size:.1f},{2 * size:.1f}z"
            )
        elif level == "high":
            shapes.append(
                f"M{x - size:.1f},{y + size:.1f}h{2 * size:.1f}l{-size:.1f},{-2 * size:.1f}z"
            )
        elif level == "category":
            shapes.append(
                f"M{x - size:.1f},{y - size:.1f}h{2 * size:.1f}v{2 * size:.1f}h{-2 * size:.1f}z"
            )
        elif level == "middle":
            round_ = f"a{size * 0.8:.1f},{size * 0.8:.1f} 0 1,0 "
            shapes.append(
                f"M{x - size * 0.8:.1f},{y:.1f}{round_}{size * 1.6:.1f},0{round_}{-size * 1.6:.1f},0z"
            )
        else:
            shapes.append(
                f"M{x - size:.1f},{y - size:.1f}l{2 * size:.1f},{2 * size:.1f}m0,{-2 * size:.1f}l{-2 * size:.1f},{2 * size:.1f}"
            )
    line = {"stroke": _COLOURS[level], "stroke_width": 1.1, "fill": "none"}
    looks: dict[str, str | float] = (
        {**line} if level == "unknown" else {"fill": _COLOURS[level], "fill_opacity": 0.75}
    )
    return element("path", d="".join(shapes), **looks)
