"""The outline of the world's land, read once; README.md tells where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from riskengine.errors import ReferenceTableError

_TENTHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One coast, whole round.

    Attributes:
        points: Degrees east and north; beyond 180 east where it crosses the line of dates. The last joins the first.
        west: Its westernmost longitude.
        east: Its easternmost.
        south: Its southernmost latitude.
        north: Its northernmost.
    """

    points: tuple[tuple[float, float], ...]
    west: float
    east: float
    south: float
    north: float


@cache
def land() -> tuple[Ring, ...]:
    """Return the coasts of the world without the land around the South Pole, to a tenth of a degree.

    Raises:
        ReferenceTableError: The outline is missing or damaged.
    """
    try:
        lines = files(__name__).joinpath("land.txt").read_text("ascii").splitlines()
        return tuple(_ring(line) for line in lines)
    except (OSError, ValueError) as fault:
        raise ReferenceTableError(
            "The outline of the world cannot be read.", remedy="Install riskengine again."
        ) from fault


def _ring(line: str) -> Ring:
    x = y = 0
    points: list[tuple[float, float]] = []
    for step in line.split():
        east, north = step.split(",")
        x, y = x + int(east), y + int(north)
        points.append((x / _TENTHS, y / _TENTHS))
    return Ring(
        points=tuple(points),
        west=min(x for x, _ in points),
        east=max(x for x, _ in points),
        south=min(y for _, y in points),
        north=max(y for _, y in points),
    )
