"""Bars: one number for each name, with its interval and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
    from collections.abc import Sequence

_WIDTH: Final = 720.0
_TOP: Final = 46.0
_ROW: Final = 26.0
_THICK: Final = 14.0
_BELOW: Final = 52.0
_LONGEST_LABEL: Final = 34
_BAR_COLOUR: Final = "#9ecae1"
_FALL_COLOUR: Final = "#f2c29b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar.

    Attributes:
        label: Its name, written before it.
        value: Its length; None where it is not known, shown as a dash and no bar.
        low: Where its interval begins; None for no interval.
        high: Where its interval ends.
        mark: What it is compared with, such as what was expected: a stroke across it.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    mark: float | None = None


def bar_chart(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    bars: Sequence[Bar],
    x_label: str,
    description: str = "",
    is_percent: bool = False,
    mark_label: str = "",
    reference: float | None = None,
    reference_label: str = "",
    language: str = "en",
) -> str:
    """Return bars as an accessible SVG, one below the other in the order given.

    Args:
        title: Above the picture, and its name for those who hear it.
        bars: The bars.
        x_label: What their length means, with its unit.
        description: What the picture shows, in a sentence, for those who hear it.
        is_percent: Whether the values are shares of 1, shown in percent.
        mark_label: What the strokes across the bars mean.
        reference: One value that all are compared with: a dashed line down.
        reference_label: What it means.
        language: Of the numbers.
    """
    labels = [cut(bar.label, _LONGEST_LABEL) for bar in bars]
    left = max((text_width(label) for label in labels), default=0.0) + 22
    values = [
        value
        for bar in bars
        for value in (bar.value, bar.low, bar.high, bar.mark)
        if value is not None
    ]
    values += [] if reference is None else [reference]
    names = [_shown(bar.value, language, is_percent=is_percent) for bar in bars]
    right = max((text_width(name) for name in names), default=0.0) + 20
    axis = axis_over(
        values, left, _WIDTH - right, with_zero=True, highest=1.0 if is_percent else None
    )
    has_key = bool(mark_label) and any(bar.mark is not None for bar in bars)
    top = _TOP + (18 if has_key else 0) + (18 if reference_label else 0)
    floor = top + _ROW * len(bars) + 4
    body = [_frame(axis, top, floor, language, is_percent=is_percent)]
    if has_key:
        body.append(_key(mark_label, left))
    for place, bar in enumerate(bars):
        y = top + _ROW * place + _ROW / 2
        body.append(text(labels[place], left - 8, y + 4, text_anchor="end"))
        body += _bar(bar, axis, y)
        farthest = max(
            axis.place(v) for v in (bar.value, bar.high, bar.mark, 0.0) if v is not None
        )
        body.append(text(names[place], farthest + 7, y + 4, font_weight="bold"))
    if reference is not None:
        body.append(_reference(axis.place(reference), top, floor, reference_label))
    middle = (axis.begins + axis.ends) / 2
    body.append(text(x_label, middle, floor + 40, text_anchor="middle"))
    return picture(title, description, _WIDTH, floor + _BELOW, "\n".join(body))


def table_of(  # noqa: PLR0913  # what a table says, each part named
    bars: Sequence[Bar],
    *,
    label: str,
    x_label: str,
    interval_label: str = "",
    mark_label: str = "",
    is_percent: bool = False,
    language: str = "en",
) -> Table:
    """Return the numbers of the bars: a row a bar; intervals and marks where their columns are named."""
    columns = [label, x_label]
    columns += [name for name in (interval_label, mark_label) if name]
    rows: list[tuple[str, ...]] = []
    for bar in bars:
        cells = [bar.label, _shown(bar.value, language, is_percent=is_percent)]
        if interval_label:
            low, high = (
                _shown(value, language, is_percent=is_percent) for value in (bar.low, bar.high)
            )
            cells.append("-" if bar.low is None else f"{low} – {high}")  # noqa: RUF001
        if mark_label:
            cells.append(_shown(bar.mark, language, is_percent=is_percent))
        rows.append(tuple(cells))
    return Table(columns=tuple(columns), rows=tuple(rows))


def _shown(value: float | None, language: str, *, is_percent: bool) -> str:
    return "-" if value is None else written(value, language, is_percent=is_percent)


def _frame(axis: Axis, top: float, floor: float, language: str, *, is_percent: bool) -> str:
    parts: list[str] = []
    last = -_WIDTH
    for tick in axis.ticks():
        x, name = axis.place(tick), written(tick, language, is_percent=is_percent)
        parts.append(element("line", x1=x, y1=top, x2=x, y2=floor, stroke=PALE))
        half = text_width(name) / 2
        if x - half > last:
            parts.append(text(name, x, floor + 18, text_anchor="middle"))
            last = x + half + 4
    zero = axis.place(0.0)
    parts += [
        element("line", x1=axis.begins, y1=floor, x2=axis.ends, y2=floor, stroke=INK),
        element("line", x1=zero, y1=top, x2=zero, y2=floor, stroke=INK),
    ]
    return "\n".join(parts)


def _bar(bar: Bar, axis: Axis, y: float) -> list[str]:
    parts: list[str] = []
    if bar.value is not None:
        begins, ends = sorted((axis.place(0.0), axis.place(bar.value)))
        parts.append(
            element(
                "rect",
                x=begins,
                y=y - _THICK / 2,
                width=max(ends - begins, 0.8),
                height=_THICK,
                # Lighter than the whiskers over it; an outline for a page without colours.
                fill=_BAR_COLOUR if bar.value >= 0 else _FALL_COLOUR,
                stroke=LOOKS[0].colour if bar.value >= 0 else LOOKS[1].colour,
                stroke_width=0.8,
            )
        )
    if bar.low is not None and bar.high is not None:
        low, high = axis.place(bar.low), axis.place(bar.high)
        parts.append(element("line", x1=low, y1=y, x2=high, y2=y, stroke=INK, stroke_width=1.4))
        parts += [
            element("line", x1=x, y1=y - 4, x2=x, y2=y + 4, stroke=INK, stroke_width=1.4)
            for x in (low, high)
        ]
    if bar.mark is not None:
        parts.append(_stroke(axis.place(bar.mark), y))
    return parts


def _stroke(x: float, y: float) -> str:
    diamond = (
        f"M{x:.2f},{y - 9:.2f}L{x + 4:.2f},{y:.2f}L{x:.2f},{y + 9:.2f}L{x - 4:.2f},{y:.2f}Z"
    )
    return element("path", d=diamond, fill=LOOKS[1].colour, stroke="#ffffff", stroke_width=0.8)


def _key(mark_label: str, left: float) -> str:
    return _stroke(left + 5, _TOP) + text(mark_label, left + 15, _TOP + 4, fill=QUIET)


def _reference(x: float, top: float, floor: float, label: str) -> str:
    line = element(
        "line",
        x1=x,
        y1=top - 4,
        x2=x,
        y2=floor,
        stroke=INK,
        stroke_width=1.4,
        stroke_dasharray="6 3",
    )
    is_late = x + text_width(label) > _WIDTH - 8
    anchor = "end" if is_late else "start"
    return line + text(
        label, x - 4 if is_late else x + 4, top - 8, fill=QUIET, text_anchor=anchor
    )
