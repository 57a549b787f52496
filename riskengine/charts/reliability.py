"""Reliability: what was expected against what was found, with the interval that so few finds leave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.charts.axis import Axis, axis_over, logarithmic_axis, written
from riskengine.charts.lines import axis_labels, frame
from riskengine.charts.svg import (
    INK,
    LOOKS,
    PAPER,
    QUIET,
    element,
    marker,
    picture,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH: Final = 560.0
_HEIGHT: Final = 460.0
_TOP: Final = 44.0
_BOTTOM: Final = 54.0
_RIGHT: Final = 30.0
_WIDE: Final = 20.0
_SMALL: Final = 11.0
_HALO: Final = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
"""So that a name stays readable where it lies on a line."""
_Z: Final = 1.959963984540054
"""Of the normal distribution: 95 in 100 lie within it on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One group of containers: how many finds were expected of it, and how many were made.

    Attributes:
        label: Its name.
        containers: How many it holds.
        expected_finds: The sum of their expected finds.
        finds: Finds that were made.
    """

    label: str
    containers: int
    expected_finds: float
    finds: float

    @property
    def expected_share(self) -> float:
        """The share of finds that was expected."""
        return self.expected_finds / self.containers

    @property
    def share(self) -> float:
        """The share of finds that was made."""
        return self.finds / self.containers

    @property
    def interval(self) -> tuple[float, float]:
        """Where that share may lie by chance alone, 95 times in 100."""
        return wilson(self.finds, self.containers)


def wilson(finds: float, containers: int) -> tuple[float, float]:
    """Return the interval of a share that holds 95 times in 100, also where finds are few.

    Source: Wilson 1927.

    >>> [round(edge, 4) for edge in wilson(0, 100)]
    [0.0, 0.037]
    """
    share = finds / containers
    turned = _Z**2 / containers
    middle = (share + turned / 2) / (1 + turned)
    half = _Z * math.sqrt((share * (1 - share) + turned / 4) / containers) / (1 + turned)
    # Where none or all were finds, the edge is 0 or 1, whatever floats say.
    low = 0.0 if finds == 0 else max(middle - half, 0.0)
    return low, 1.0 if finds == containers else min(middle + half, 1.0)


def reliability_chart(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    bands: Sequence[Expected],
    x_label: str,
    y_label: str,
    perfect_label: str,
    description: str = "",
    language: str = "en",
) -> str:
    """Return expected against found shares: on the dashed line as many were found as expected.

    Where the shares differ more than twentyfold both axes multiply; a band without a find then lies on
    the floor as a ring, with its interval above it.

    Args:
        title: Above the picture, and its name for those who hear it.
        bands: The groups; those without containers are left out.
        x_label: What runs to the right: the expected share.
        y_label: What runs upwards: the share found.
        perfect_label: What the dashed line means.
        description: What the picture shows, in a sentence, for those who hear it.
        language: Of the numbers.
    """
    full = [band for band in bands if band.containers > 0]
    values = [
        value for band in full for value in (band.expected_share, band.share) if value > 0
    ]
    is_wide = bool(values) and max(values) > _WIDE * min(values)
    left = 70.0
    if is_wide:
        seen = [*values, *(band.interval[1] for band in full)]
        x_axis = logarithmic_axis(seen, left, _WIDTH - _RIGHT)
    else:
        seen = [*values, *(edge for band in full for edge in band.interval)]
        x_axis = axis_over(seen, left, _WIDTH - _RIGHT, with_zero=True, highest=1.0)
    y_axis = Axis(
        low=x_axis.low,
        high=x_axis.high,
        begins=_HEIGHT - _BOTTOM,
        ends=_TOP,
        is_logarithmic=is_wide,
    )
    names = [(tick, written(tick, language, is_percent=True)) for tick in x_axis.ticks()]
    body = [
        frame(x_axis, y_axis, names, names),
        axis_labels(x_axis, y_axis, x_label, y_label),
        _perfect(x_axis, y_axis, perfect_label),
        *(part for band in full for part in _point(band, x_axis, y_axis)),
    ]
    return picture(title, description, _WIDTH, _HEIGHT, "\n".join(body))


def table_of(
    bands: Sequence[Expected],
    *,
    columns: tuple[str, str, str, str, str],
    language: str = "en",
) -> Table:
    """Return the numbers: name, containers, expected finds, finds, and the interval of their share."""
    rows: list[tuple[str, ...]] = []
    for band in bands:
        low, high = band.interval if band.containers else (0.0, 1.0)
        rows.append(
            (
                band.label,
                written(band.containers, language),
                written(band.expected_finds, language),
                written(band.finds, language),
                f"{written(low, language, is_percent=True)} – {written(high, language, is_percent=True)}",  # noqa: RUF001
            )
        )
    return Table(columns=columns, rows=tuple(rows))


def _perfect(x_axis: Axis, y_axis: Axis, label: str) -> str:
    low, high = x_axis.low, x_axis.high
    line = element(
        "line",
        x1=x_axis.place(low),
        y1=y_axis.place(low),
        x2=x_axis.place(high),
        y2=y_axis.place(high),
        stroke=QUIET,
        stroke_dasharray="5 3",
    )
    x = x_axis.ends - 6
    y = y_axis.begins + 0.86 * (y_axis.ends - y_axis.begins)
    return line + text(label, x, y, fill=QUIET, text_anchor="end", **_HALO)


def _point(band: Expected, x_axis: Axis, y_axis: Axis) -> list[str]:
    look = LOOKS[0]
    x, y = x_axis.place(band.expected_share), y_axis.place(band.share)
    low, high = (y_axis.place(edge) for edge in band.interval)
    parts = [
        element("line", x1=x, y1=low, x2=x, y2=high, stroke=INK, stroke_width=1.2),
        *(
            element("line", x1=x - 4, y1=edge, x2=x + 4, y2=edge, stroke=INK, stroke_width=1.2)
            for edge in (low, high)
        ),
    ]
    # A ring says: nothing was found here, and on this axis nothing has no place.
    parts.append(marker(look if band.finds else LOOKS[5], x, y, 4.5))
    is_late = x + 8 + text_width(band.label, _SMALL) > _WIDTH - 4
    anchor, beside = ("end", x - 8) if is_late else ("start", x + 8)
    parts.append(
        text(
            band.label, beside, y - 7, fill=QUIET, font_size=_SMALL, text_anchor=anchor, **_HALO
        )
    )
    return parts
