"""A route on a map of the world: where a container is said to have been, its stops told apart by shape and number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts.coasts import COAST, NORTH, SOUTH, TOP, WHOLE, coasts, view_of
from riskengine.charts.svg import (
    INK,
    LOOKS,
    PAPER,
    QUIET,
    cut,
    element,
    marker,
    picture,
    text,
    text_width,
)
from riskengine.charts.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from riskengine.charts.coasts import View
    from riskengine.charts.svg import Look

_WIDTH: Final = 720.0
_TALL: Final = 320.0
_LINE: Final = 18.0
_SIZE: Final = 6.0
_SMALL: Final = 11.0
_EDGE: Final = 2.0
_LONGEST_NAME: Final = 40
_SEA: Final = "#f5f9fc"
_HALO: Final = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
"""So that a name stays readable where it lies on a coast."""
_MOST_STOPS: Final = 12
_HALF: Final = 180.0

_ROLES: Final[Mapping[str, Look]] = {
    "receipt": LOOKS[5],
    "loading": LOOKS[0],
    "transhipment": LOOKS[3],
    "discharge": LOOKS[1],
    "delivery": LOOKS[2],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One place of a route.

    Attributes:
        label: Its name, in the way it is read.
        latitude: Degrees north; None where nobody knows it, and it is named beside the map.
        longitude: Degrees east.
        role: receipt, loading, transhipment, discharge or delivery: the shape of its mark.
        role_label: What happens there, in the reader's language.
    """

    label: str
    latitude: float | None
    longitude: float | None
    role: str
    role_label: str = ""


def route_map(  # noqa: PLR0913  # what a picture says, each part named
    title: str,
    *,
    stops: Sequence[Stop],
    description: str = "",
    unplaced_label: str = "",
    more: Callable[[int], str] = str,
    width: float = _WIDTH,
    height: float = _TALL,
) -> str:
    """Return a route on a map as an accessible SVG; under it every stop in a line, in the order of the journey.

    The lines between the stops join them and say nothing of the way that was sailed: the description should say so.
    The map is cropped to the route, and drawn across the line of dates where that way is shorter.

    Args:
        title: Above the picture, and its name for those who hear it.
        stops: The route in its order.
        description: What the picture shows, in a sentence, for those who hear it.
        unplaced_label: Said beside a stop that is not on the map.
        more: What is said of so many stops beyond the twelfth.
        width: Of the picture; its letters keep their size, so that a small one can be read too.
        height: Of the map in it.
    """
    shown = stops[:_MOST_STOPS]
    places = _unrolled(shown)
    known = [place for place in places if place is not None]
    body: list[str] = []
    lines_begin = TOP
    if known:
        view = view_of(known, width, height)
        lines_begin = TOP + height
        body = [
            element("rect", x=0, y=TOP, width=width, height=height, fill=_SEA),
            coasts(view),
            *_legs([view.place(*place) for place in known]),
            *_marks(shown, places, view),
            element("rect", x=0, y=TOP, width=width, height=height, fill="none", stroke=COAST),
        ]
    longest = int((width - 28) / text_width("n"))
    lines = [
        (stop, cut(_line(place, stop, unplaced_label), longest))
        for place, stop in enumerate(shown, 1)
    ]
    body += [
        marker(_look(stop), 16, lines_begin + _LINE * (row + 1) - 4, 5)
        + text(line, 28, lines_begin + _LINE * (row + 1))
        for row, (stop, line) in enumerate(lines)
    ]
    rows = len(lines)
    if len(stops) > rows:
        rows += 1
        said = more(len(stops) - len(shown))
        body.append(text(said, 28, lines_begin + _LINE * rows, fill=QUIET))
    bottom = lines_begin + _LINE * rows + 12
    return picture(title, description, width, bottom, "\n".join(body))


def table_of(
    stops: Sequence[Stop], *, columns: tuple[str, str, str, str], language: str = "en"
) -> Table:
    """Return the stops as a table: what happens there, the place, degrees north and east; a dash for what is not known."""
    return Table(
        columns=columns,
        rows=tuple(
            (
                stop.role_label or stop.role,
                stop.label,
                *(
                    "-" if value is None else messages.number(value, language)
                    for value in (stop.latitude, stop.longitude)
                ),
            )
            for stop in stops
        ),
    )


def _look(stop: Stop) -> Look:
    return _ROLES.get(stop.role, LOOKS[4])


def _line(number: int, stop: Stop, unplaced_label: str) -> str:
    what = f"{stop.role_label or stop.role} · {stop.label}"
    said = f" ({unplaced_label})" if unplaced_label and not _has_place(stop) else ""
    return f"{number}  {what}{said}"


def _has_place(stop: Stop) -> bool:
    """Tell whether a stop can be shown: nobody sails beyond the edges of the map."""
    latitude = stop.latitude
    return stop.longitude is not None and latitude is not None and SOUTH < latitude < NORTH


def _unrolled(stops: Sequence[Stop]) -> list[tuple[float, float] | None]:
    """Return longitude and latitude of each stop, each longitude on the side where the one before is nearer."""
    last: float | None = None
    places: list[tuple[float, float] | None] = []
    for stop in stops:
        if not _has_place(stop):
            places.append(None)
            continue
        longitude = stop.longitude or 0.0
        if last is not None:
            longitude = last + (longitude - last + _HALF) % WHOLE - _HALF
        last = longitude
        places.append((longitude, stop.latitude or 0.0))
    return places


def _legs(places: list[tuple[float, float]]) -> Iterator[str]:
    """Give the lines between the stops, each with its direction."""
    for (x, y), (to_x, to_y) in pairwise([place for place, _ in groupby(places)]):
        yield element(
            "line",
            x1=x,
            y1=y,
            x2=to_x,
            y2=to_y,
            stroke=INK,
            stroke_width=1.6,
            stroke_dasharray="6 3",
        )
        length = math.hypot(to_x - x, to_y - y)
        if length < 6 * _SIZE:
            continue
        along, aside = ((to_x - x) / length, (to_y - y) / length), 4.5
        tip = x + 0.56 * (to_x - x), y + 0.56 * (to_y - y)
        back = tip[0] - 10 * along[0], tip[1] - 10 * along[1]
        corners = (
            tip,
            (back[0] - aside * along[1], back[1] + aside * along[0]),
            (back[0] + aside * along[1], back[1] - aside * along[0]),
        )
        way = "L".join(f"{at:z.1f},{over:z.1f}" for at, over in corners)
        yield element("path", d=f"M{way}Z", fill=INK)


def _marks(
    stops: Sequence[Stop], places: Sequence[tuple[float, float] | None], view: View
) -> Iterator[str]:
    """Give marks and names; a name that would lie on another is left to the lines under the map."""
    on_map = [
        (number, stop, view.place(*place))
        for number, (stop, place) in enumerate(zip(stops, places, strict=True), 1)
        if place is not None
    ]
    taken = [(x - 7, y - 7, x + 7, y + 7) for _, _, (x, y) in on_map]
    lines = [*_beads([place for _, _, place in on_map])]
    for _, stop, (x, y) in on_map:
        yield marker(_look(stop), x, y, _SIZE)
    for number, stop, (x, y) in on_map:
        for name in (f"{number} {cut(stop.label, _LONGEST_NAME)}", str(number)):
            boxes = [*_around(x, y, text_width(name, _SMALL))]
            free = [box for box in boxes if _is_in(box, view) and _is_free(box, taken)]
            # Beside the lines, where there is room.
            found = next((box for box in free if _is_free(box, lines)), next(iter(free), None))
            if found is None:
                continue
            taken.append(found)
            yield text(
                name, found[0], found[3] - 3, font_size=_SMALL, font_weight="bold", **_HALO
            )
            break


_Box = tuple[float, float, float, float]


def _around(x: float, y: float, wide: float) -> Iterator[_Box]:
    """Give the boxes that a name could take, the best first: right, left, above, below."""
    for left, top in (
        (x + 10, y - 7),
        (x - 10 - wide, y - 7),
        (x - wide / 2, y - 24),
        (x - wide / 2, y + 10),
        (x + 8, y - 22),
        (x + 8, y + 8),
        (x - 8 - wide, y - 22),
        (x - 8 - wide, y + 8),
    ):
        yield left, top, left + wide, top + 14


def _beads(places: Sequence[tuple[float, float]]) -> Iterator[_Box]:
    """Give small boxes all along the lines between the stops."""
    for (x, y), (to_x, to_y) in pairwise(places):
        count = math.ceil(math.hypot(to_x - x, to_y - y) / 8)
        for bead in range(count):
            at = x + (to_x - x) * bead / count, y + (to_y - y) * bead / count
            yield at[0] - 3, at[1] - 3, at[0] + 3, at[1] + 3


def _is_in(box: _Box, view: View) -> bool:
    left, top, right, bottom = box
    return (
        left >= _EDGE
        and right <= view.width - _EDGE
        and top >= TOP + _EDGE
        and bottom <= TOP + view.tall - _EDGE
    )


def _is_free(box: _Box, taken: Sequence[_Box]) -> bool:
    left, top, right, bottom = box
    return not any(
        left < other[2] and right > other[0] and top < other[3] and bottom > other[1]
        for other in taken
    )
