"""Waterfall: from what holds before any reason to this container, each reason a step up or down."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts.axis import axis_over, written
from riskengine.charts.bars import Bar
from riskengine.charts.svg import (
    INK,
    LOOKS,
    PALE,
    PAPER,
    QUIET,
    cut,
    element,
    picture,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskengine.charts.axis import Axis

_WIDTH: Final = 720.0
_TOP: Final = 46.0
_KEY: Final = 20.0
_ROW: Final = 24.0
_THICK: Final = 14.0
_BELOW: Final = 46.0
_LABELS: Final = 0.46
"""Of the width, at most, for the names before the steps."""
_HEAD: Final = 6.0
"""How long the point of an arrow is."""
_HATCH: Final = 5.0
_UP_FILL: Final = "#f2c29b"
_DOWN_FILL: Final = PAPER
_SHOWN: Final = 7
_HALO: Final = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
"""So that a number stays readable where it lies on a line."""


def waterfall(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    start: float,
    bars: Sequence[Bar],
    total_label: str,
    description: str = "",
    start_label: str = "",
    others: Callable[[int], str] = str,
    up_label: str = "",
    down_label: str = "",
    x_label: str = "",
    reference: float | None = None,
    reference_label: str = "",
    at_most: int = _SHOWN,
    width: float = _WIDTH,
    language: str = "en",
) -> str:
    """Return the steps from a start to their sum as an accessible SVG.

    What raises is an arrow to the right, hatched; what lowers is an arrow to the left, white. The weakest steps
    beyond ``at_most`` are one step, named with their number: nothing is left out of the sum.

    Args:
        title: Above the picture, and its name for those who hear it.
        start: Where the steps begin.
        bars: The steps; a value that is not known moves nothing and is shown as a dash.
        total_label: The name of the sum.
        description: What the picture shows, in a sentence, for those who hear it.
        start_label: The name of the start.
        others: Gives the name of so many steps put together.
        up_label: What a hatched arrow to the right means.
        down_label: What a white arrow to the left means.
        x_label: What runs to the right, with its unit.
        reference: What the sum is compared with, such as a container taken at random: a dashed line down.
        reference_label: What it means.
        at_most: How many steps have a row of their own.
        width: Of the picture; its letters keep their size.
        language: Of the numbers.
    """
    steps = strongest(bars, others, at_most=at_most)
    reached = [*accumulate((step.value or 0.0 for step in steps), initial=start)]
    # The sum of all, rounded once, and not of the steps as they are drawn.
    total = total_of(start, bars)
    labels = [start_label, *(step.label for step in steps), total_label]
    longest = int(_LABELS * width / text_width("n"))
    shown = [cut(label, longest) for label in labels]
    left = max(text_width(label) for label in shown) + 22
    compared = [] if reference is None else [reference]
    axis = axis_over([*reached, total, *compared], left, width - 64)
    has_key = bool(up_label or down_label or reference_label)
    top = _TOP + (_KEY if has_key else 0)
    floor = top + _ROW * len(labels) + 4
    body = [_frame(axis, top, floor, language)]
    if has_key:
        body += _key(up_label, down_label, reference_label)
    body += [_dashed(axis.place(value), top + _ROW, floor) for value in compared]
    for row, label in enumerate(shown):
        is_end = row in {0, len(shown) - 1}
        weight = "bold" if is_end else ""
        y = top + _ROW * row + _ROW / 2
        body.append(text(label, left - 10, y + 4, text_anchor="end", font_weight=weight))
    body += _ends(axis, top, (start, total), len(labels), language)
    for row, step in enumerate(steps):
        y = top + _ROW * (row + 1) + _ROW / 2
        body += _step(axis, y, reached[row], step, language)
    half = text_width(x_label) / 2
    middle = min((axis.begins + axis.ends) / 2, width - 8 - half)
    body.append(text(x_label, middle, floor + 36, text_anchor="middle", fill=QUIET))
    return picture(title, description, width, floor + _BELOW, "\n".join(body))


def table_of(  # noqa: PLR0913  # what a table says, each part named
    start: float,
    bars: Sequence[Bar],
    *,
    columns: tuple[str, str],
    start_label: str,
    total_label: str,
    others: Callable[[int], str] = str,
    at_most: int = _SHOWN,
    language: str = "en",
) -> Table:
    """Return the numbers of the picture, row by row: the start, each step with its sign, the sum."""
    steps = strongest(bars, others, at_most=at_most)
    return Table(
        columns=columns,
        rows=(
            (start_label, _plain(start, language)),
            *((step.label, signed(step.value, language)) for step in steps),
            (total_label, _plain(total_of(start, bars), language)),
        ),
    )


def strongest(
    bars: Sequence[Bar], others: Callable[[int], str] = str, *, at_most: int = _SHOWN
) -> tuple[Bar, ...]:
    """Return the strongest steps in the order given, and the others as one after them.

    >>> [(bar.label, bar.value) for bar in strongest(
    ...     [Bar(label="a", value=0.5), Bar(label="b", value=-0.25), Bar(label="c", value=1.0), Bar(label="d", value=0.125)],
    ...     "others ({})".format, at_most=2)]
    [('a', 0.5), ('c', 1.0), ('others (2)', -0.125)]
    """
    # One that would stand alone under "others" has a name of its own.
    if len(bars) <= at_most + 1:
        return tuple(bars)
    order = sorted(range(len(bars)), key=lambda place: (-abs(bars[place].value or 0.0), place))
    own = frozenset(order[:at_most])
    rest = [bar for place, bar in enumerate(bars) if place not in own]
    together = Bar(
        label=others(len(rest)),
        value=math.fsum(bar.value or 0.0 for bar in rest),
    )
    return (*(bar for place, bar in enumerate(bars) if place in own), together)


def total_of(start: float, bars: Sequence[Bar]) -> float:
    """Return the sum of the start and every step."""
    return math.fsum([start, *(bar.value or 0.0 for bar in bars)])


def signed(value: float | None, language: str = "en") -> str:
    """Return a step with its sign, as people read it; a dash for one that is not known.

    >>> signed(0.456), signed(-1.0), signed(None), signed(0.001)
    ('+0.46', '−1', '-', '0')
    """  # noqa: RUF002
    if value is None:
        return "-"
    size = messages.number(abs(value), language)
    if size == "0":
        return size
    return f"+{size}" if value > 0 else f"−{size}"  # noqa: RUF001  # as wide as the plus


def _plain(value: float, language: str) -> str:
    return messages.number(value, language).replace("-", "−")  # noqa: RUF001


def _frame(axis: Axis, top: float, floor: float, language: str) -> str:
    parts: list[str] = []
    for tick in axis.ticks():
        x = axis.place(tick)
        parts += [
            element("line", x1=x, y1=top, x2=x, y2=floor, stroke=PALE),
            text(
                written(tick, language).replace("-", "−"),  # noqa: RUF001
                x,
                floor + 16,
                text_anchor="middle",
                font_size=11,
            ),
        ]
    parts.append(element("line", x1=axis.begins, y1=floor, x2=axis.ends, y2=floor, stroke=INK))
    return "\n".join(parts)


def _ends(
    axis: Axis, top: float, ends: tuple[float, float], rows: int, language: str
) -> list[str]:
    """Draw start and sum: a stroke with its number, and a quiet line down from where the steps begin."""
    parts: list[str] = []
    for row, value in ((0, ends[0]), (rows - 1, ends[1])):
        x, y = axis.place(value), top + _ROW * row + _ROW / 2
        parts += [
            element("line", x1=x, y1=y - 9, x2=x, y2=y + 9, stroke=INK, stroke_width=3),
            text(_plain(value, language), x + 8, y + 4, font_weight="bold", **_HALO),
        ]
    x = axis.place(ends[0])
    below = element(
        "line",
        x1=x,
        y1=top + _ROW,
        x2=x,
        y2=top + _ROW * rows,
        stroke=QUIET,
        stroke_dasharray="2 3",
    )
    return [below, *parts]


def _step(axis: Axis, y: float, before: float, step: Bar, language: str) -> list[str]:
    after = before + (step.value or 0.0)
    begins, ends = axis.place(before), axis.place(after)
    parts = [_arrow(begins, ends, y)] if step.value else []
    # The next step begins where this one ends.
    parts.append(
        element("line", x1=ends, y1=y, x2=ends, y2=y + _ROW, stroke=QUIET, stroke_width=0.8)
    )
    beside = max(begins, ends) + 7
    parts.append(text(signed(step.value, language), beside, y + 4, **_HALO))
    return parts


def _arrow(begins: float, ends: float, y: float) -> str:
    """Return an arrow from one place to another: hatched to the right, white to the left."""
    is_up = ends >= begins
    look, way = (LOOKS[1], 1) if is_up else (LOOKS[0], -1)
    head = min(_HEAD, abs(ends - begins))
    neck, half = ends - way * head, _THICK / 2
    corners = (
        (begins, y - half),
        (neck, y - half),
        (ends, y),
        (neck, y + half),
        (begins, y + half),
    )
    shape = element(
        "path",
        d=f"M{_through(corners)}Z",
        fill=_UP_FILL if is_up else _DOWN_FILL,
        stroke=look.colour,
        stroke_width=1.2,
    )
    if not is_up:
        return shape
    # Strokes and not a pattern: a pattern is a link, and our pictures have none.
    strokes = "".join(
        f"M{_through(((x, y + half), (x + half, y - half)))}"
        for x in _places(begins + 1, neck - half, _HATCH)
    )
    if not strokes:
        return shape
    return shape + element("path", d=strokes, stroke=look.colour, stroke_width=0.9, fill="none")


def _places(begins: float, ends: float, step: float) -> list[float]:
    count = int((ends - begins) / step) + 1 if ends > begins else 0
    return [begins + step * place for place in range(count)]


def _through(places: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:z.2f},{y:z.2f}" for x, y in places)


def _dashed(x: float, top: float, floor: float) -> str:
    return element(
        "line",
        x1=x,
        y1=top,
        x2=x,
        y2=floor,
        stroke=INK,
        stroke_width=1.2,
        stroke_dasharray="6 3",
    )


def _key(up_label: str, down_label: str, reference_label: str) -> list[str]:
    x, y = 16.0, _TOP
    parts: list[str] = []
    for label, way in ((up_label, 1), (down_label, -1)):
        begins, ends = (x, x + 24) if way > 0 else (x + 24, x)
        parts += [_arrow(begins, ends, y), text(label, x + 31, y + 4, fill=QUIET)]
        x += 31 + text_width(label) + 18
    if reference_label:
        parts += [_dashed(x, y - 8, y + 8), text(reference_label, x + 8, y + 4, fill=QUIET)]
    return parts
