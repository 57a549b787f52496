"""Make the outline of the world from a TopoJSON file of Natural Earth's land: run once, by hand (README.md)."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

_TENTHS: Final = 10
_HALF_ROUND: Final = 180 * _TENTHS
_ROUND: Final = 2 * _HALF_ROUND
_FEWEST: Final = 3
_Point = tuple[int, int]


def outline_of(topology: dict[str, Any]) -> str:
    """Return the outline of a topology's land, a ring a line.

    A ring around a pole does not close when it is followed round the earth; it is left out.
    """
    lines: list[str] = []
    for points in _rings(topology):
        ring = _without_straight(_unrolled(points))
        if len(ring) < _FEWEST or ring[0] != _unrolled([*ring, ring[0]])[-1]:
            continue
        steps = (f"{x - a},{y - b}" for (a, b), (x, y) in pairwise(ring))
        west = min(x for x, _ in ring)
        # Moved by whole rounds, so that its westernmost point lies between 180 west and 180 east.
        begins = ring[0][0] - west + (west + _HALF_ROUND) % _ROUND - _HALF_ROUND
        lines.append(" ".join([f"{begins},{ring[0][1]}", *steps]))
    # The largest first, so that islands lie on top and the order says nothing of the source.
    return "\n".join(sorted(lines, key=lambda line: (-len(line), line))) + "\n"


def _rings(topology: dict[str, Any]) -> list[list[_Point]]:
    scale, moved = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[_Point]] = []
    for steps in topology["arcs"]:
        x = y = 0
        arc: list[_Point] = []
        for right, up in steps:
            x, y = x + right, y + up
            arc.append(
                (
                    round((x * scale[0] + moved[0]) * _TENTHS),
                    round((y * scale[1] + moved[1]) * _TENTHS),
                )
            )
        arcs.append(arc)
    rings: list[list[_Point]] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        is_many = geometry["type"] == "MultiPolygon"
        for polygon in geometry["arcs"] if is_many else [geometry["arcs"]]:
            for numbers in polygon:
                ring: list[_Point] = []
                for number in numbers:
                    # A negative number is an arc followed backwards.
                    ring += arcs[number] if number >= 0 else arcs[~number][::-1]
                rings.append(ring)
    return rings


def _unrolled(points: list[_Point]) -> list[_Point]:
    """Return the points with no step of more than half the way round the earth."""
    ring = points[:1]
    for x, y in points[1:]:
        last = ring[-1][0]
        ring.append((last + (x - last + _HALF_ROUND) % _ROUND - _HALF_ROUND, y))
    return ring


def _without_straight(points: list[_Point]) -> list[_Point]:
    """Return a ring, not closed, without points that lie twice or on the way between their neighbours."""
    ring: list[_Point] = []
    for point in points:
        if ring and ring[-1] == point:
            continue
        while len(ring) > 1 and _is_between(ring[-2], ring[-1], point):
            ring.pop()
        ring.append(point)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return ring


def _is_between(before: _Point, here: _Point, after: _Point) -> bool:
    one = (here[0] - before[0], here[1] - before[1])
    two = (after[0] - here[0], after[1] - here[1])
    is_straight = one[0] * two[1] == one[1] * two[0]
    return is_straight and one[0] * two[0] + one[1] * two[1] > 0


if __name__ == "__main__":
    source, made = Path(sys.argv[1]), Path(sys.argv[2])
    made.write_text(outline_of(json.loads(source.read_text("utf-8"))), "ascii", newline="\n")
