"""The coasts within a view of the world, cut to its frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from riskengine.charts.outline import land
from riskengine.charts.svg import element

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskengine.charts.outline import Ring

COAST: Final = "#8c8c8c"
TOP: Final = 38.0
"""Where in the picture a map begins; above it is its title."""
SOUTH, NORTH = -62.0, 84.0
"""Nobody sails beyond."""
WHOLE: Final = 360.0
_LAND: Final = "#d9d9d9"
_MARGIN: Final = 0.14
"""Of the picture, on each side of the outermost places."""
_NARROWEST: Final = 12.0
"""Degrees of latitude that are always shown: a hop between islands still shows the coasts around it."""
_FINEST: Final = 1.1
"""Points of a coast that lie nearer to each other are drawn as one."""
_FARTHEST_SCALE: Final = 0.35
"""Of a degree of longitude against one of latitude, however far north the view lies."""
_CORNERS: Final = 3


@dataclass(frozen=True, slots=True)
class View:
    """What of the world is shown, and where in the picture.

    Attributes:
        west: The longitude of its left edge; beyond 180 where it lies across the line of dates.
        north: The latitude of its upper edge.
        across: The width of a degree of longitude.
        down: The height of a degree of latitude.
        width: Of the map.
        tall: Its height.
    """

    west: float
    north: float
    across: float
    down: float
    width: float
    tall: float

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return where a place lies in the picture."""
        return (longitude - self.west) * self.across, TOP + (self.north - latitude) * self.down

    @property
    def east(self) -> float:
        """The longitude of its right edge."""
        return self.west + self.width / self.across

    @property
    def south(self) -> float:
        """The latitude of its lower edge."""
        return self.north - self.tall / self.down


def view_of(places: Sequence[tuple[float, float]], width: float, tall: float) -> View:
    """Return the view that holds every place (east, north) with a margin, without stretching what it shows."""
    west, east = min(x for x, _ in places), max(x for x, _ in places)
    south, north = min(y for _, y in places), max(y for _, y in places)
    middle = (west + east) / 2, (south + north) / 2
    squeezed = max(math.cos(math.radians(middle[1])), _FARTHEST_SCALE)
    inner = 1 - 2 * _MARGIN
    down = min(
        tall * inner / max(north - south, _NARROWEST * inner),
        width * inner / max((east - west) * squeezed, _NARROWEST * inner),
    )
    # No more than the whole height of the world that ships sail.
    down = max(down, tall / (NORTH - SOUTH))
    across = down * squeezed
    if (east - west) * across > width * inner:
        across = width * inner / (east - west)
    half = tall / down / 2
    top = min(max(middle[1] + half, SOUTH + 2 * half), NORTH)
    return View(middle[0] - width / across / 2, top, across, down, width, tall)


def coasts(view: View) -> str:
    """Return all land in sight as one path; a lake is a hole in it."""
    parts: list[str] = []
    for ring in land():
        for turn in _turns(ring, view):
            parts += _outline(ring, turn, view)
    return element(
        "path",
        d="".join(parts),
        fill=_LAND,
        fill_rule="evenodd",
        stroke=COAST,
        stroke_width=0.5,
        stroke_linejoin="round",
    )


def _turns(ring: Ring, view: View) -> Iterator[float]:
    """Give how far a ring is to be moved east for each time that it is in sight."""
    if ring.north < view.south or ring.south > view.north:
        return
    turn = math.ceil((view.west - ring.east) / WHOLE) * WHOLE
    while ring.west + turn <= view.east:
        yield turn
        turn += WHOLE


def _outline(ring: Ring, turn: float, view: View) -> list[str]:
    placed = [view.place(x + turn, y) for x, y in ring.points]
    is_whole = (
        ring.west + turn >= view.west
        and ring.east + turn <= view.east
        and ring.south >= view.south
        and ring.north <= view.north
    )
    seen = placed if is_whole else _clipped(placed, view)
    drawn: list[tuple[float, float]] = []
    for x, y in seen:
        if not drawn or abs(x - drawn[-1][0]) + abs(y - drawn[-1][1]) >= _FINEST:
            drawn.append((x, y))
    if len(drawn) < _CORNERS:
        return []
    return [f"M{'L'.join(f'{x:z.1f},{y:z.1f}' for x, y in drawn)}Z"]


def _clipped(points: list[tuple[float, float]], view: View) -> list[tuple[float, float]]:
    """Return what of a surface lies within the frame (Sutherland and Hodgman 1974)."""
    edges = ((0, 0.0, 1), (0, view.width, -1), (1, TOP, 1), (1, TOP + view.tall, -1))
    for axis, edge, is_above in edges:
        kept: list[tuple[float, float]] = []
        for before, here in pairwise([points[-1], *points]) if points else ():
            was_in = (before[axis] - edge) * is_above >= 0
            is_in = (here[axis] - edge) * is_above >= 0
            if was_in != is_in:
                share = (edge - before[axis]) / (here[axis] - before[axis])
                kept.append(
                    (
                        before[0] + share * (here[0] - before[0]),
                        before[1] + share * (here[1] - before[1]),
                    )
                )
            if is_in:
                kept.append(here)
        points = kept
    return points
