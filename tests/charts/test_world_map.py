"""A route on a map: cropped to itself, whole across the line of dates, and never more than was declared."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from lxml import etree

from riskengine.charts.outline import land
from riskengine.charts.table import as_list
from riskengine.charts.world_map import Stop, route_map, table_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b[2J &\"'"
GUAYAQUIL = Stop(label="Guayaquil", latitude=-2.2, longitude=-79.9, role="loading")
ANTWERP = Stop(label="Antwerp", latitude=51.3, longitude=4.3, role="discharge")
SHANGHAI = Stop(label="Shanghai", latitude=31.2, longitude=121.5, role="loading")
LOS_ANGELES = Stop(label="Los Angeles", latitude=33.7, longitude=-118.3, role="discharge")
NOWHERE = Stop(label="ECXXX", latitude=None, longitude=None, role="transhipment")


def root_of(*stops: Stop, **changed: object):
    return etree.fromstring(route_map("Route", stops=stops, **changed).encode())


def texts(root) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def legs(root) -> list[tuple[float, ...]]:
    return [
        tuple(float(line.get(end)) for end in ("x1", "y1", "x2", "y2"))
        for line in root.iter(f"{SVG}line")
    ]


def coast(root) -> str:
    (path,) = (one for one in root.iter(f"{SVG}path") if one.get("fill-rule"))
    return path.get("d")


def inside(ring, x: float, y: float) -> bool:
    """Tell whether a place lies on the land that a ring encloses (rays east)."""
    is_in = False
    for (ax, ay), (bx, by) in zip(ring.points, (*ring.points[1:], ring.points[0]), strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            is_in = not is_in
    return is_in


@pytest.mark.parametrize(
    ("place", "is_land"),
    [
        ((4.8, 45.7), True),  # Lyon
        ((-58.0, -27.0), True),  # Corrientes
        ((-30.0, 40.0), False),  # the Atlantic
        ((-59.55, 13.17), True),  # Barbados
        ((178.0, -17.8), True),  # Viti Levu, by the line of dates
        ((184.0, 67.0), True),  # Chukotka, beyond it
        ((134.0, -25.0), True),  # Australia
        ((51.0, 42.0), False),  # the Caspian Sea
    ],
)
def test_the_outline_tells_land_from_sea(place, is_land):
    crossed = sum(inside(ring, *place) for ring in land())
    assert (crossed % 2 == 1) is is_land


def test_the_outline_is_small_and_no_ring_jumps_round_the_earth():
    assert files("riskengine.charts.outline").joinpath("land.txt").stat().st_size < 250_000
    steps = (
        abs(after[0] - before[0])
        for ring in land()
        for before, after in zip(ring.points, ring.points[1:], strict=False)
    )
    assert max(steps) < 180


def test_every_stop_is_named_with_its_number_and_role():
    said = texts(
        root_of(
            GUAYAQUIL,
            Stop(
                label="Antwerp", latitude=51.3, longitude=4.3, role="discharge", role_label="déchargement"
            ),
        )
    )  # fmt: skip
    assert "1  loading · Guayaquil" in said
    assert "2  déchargement · Antwerp" in said
    assert {"1 Guayaquil", "2 Antwerp"} <= set(said)


def test_roles_differ_in_shape():
    """Circle, diamond, square, ring, triangle: no two roles share a mark."""
    shapes = set()
    for role in ("receipt", "loading", "transhipment", "discharge", "delivery"):
        root = root_of(Stop(label="x", latitude=0.0, longitude=0.0, role=role))
        marks = [
            (one.tag.removeprefix(SVG), one.get("stroke-width"), (one.get("d") or "").count("L"))
            for one in root.iter()
            if one.tag in {f"{SVG}circle", f"{SVG}rect", f"{SVG}path"}
        ]  # fmt: skip
        shapes.add(tuple(marks[3:]))
    assert len(shapes) == 5


def test_the_shorter_way_across_the_line_of_dates_is_drawn():
    ((x1, _, x2, _),) = legs(root_of(SHANGHAI, LOS_ANGELES))
    assert x1 < x2
    ((x1, _, x2, _),) = legs(root_of(LOS_ANGELES, SHANGHAI))
    assert x1 > x2


def test_a_hop_between_islands_still_shows_a_coast():
    bridgetown = Stop(label="Bridgetown", latitude=13.1, longitude=-59.6, role="loading")
    port_of_spain = Stop(label="Port of Spain", latitude=10.6, longitude=-61.5, role="discharge")  # fmt: skip
    assert coast(root_of(bridgetown, port_of_spain)).count("M") >= 5


def test_nothing_is_drawn_outside_the_frame():
    for stops in ((GUAYAQUIL, ANTWERP), (SHANGHAI, LOS_ANGELES), (ANTWERP,)):
        root = root_of(*stops, width=420.0, height=190.0)
        places = re.findall(r"(-?[\d.]+),(-?[\d.]+)", coast(root))
        assert all(-0.1 <= float(x) <= 420.1 and 37.9 <= float(y) <= 228.1 for x, y in places)
        for x1, y1, x2, y2 in legs(root):
            assert 0 <= min(x1, x2) <= max(x1, x2) <= 420
            assert 38 <= min(y1, y2) <= max(y1, y2) <= 228


def test_a_port_that_nobody_can_place_is_named_beside_the_map():
    root = root_of(GUAYAQUIL, NOWHERE, ANTWERP, unplaced_label="not on the map")
    assert "2  transhipment · ECXXX (not on the map)" in texts(root)
    assert len(legs(root)) == 1


def test_a_route_without_any_known_place_is_a_list():
    root = root_of(NOWHERE, unplaced_label="not on the map")
    assert not legs(root)
    assert "1  transhipment · ECXXX (not on the map)" in texts(root)


def test_a_place_beyond_where_ships_sail_is_not_put_at_the_edge():
    pole = Stop(label="Pole", latitude=-89.0, longitude=0.0, role="loading")
    assert "1  loading · Pole (no)" in texts(root_of(pole, ANTWERP, unplaced_label="no"))


def test_more_stops_than_there_is_room_for_are_counted():
    root = root_of(*[GUAYAQUIL, ANTWERP] * 10, more="further stops: {}".format)
    assert "further stops: 8" in texts(root)


def test_the_list_says_where_each_stop_lies():
    table = table_of([GUAYAQUIL, NOWHERE], columns=("role", "place", "north", "east"))
    assert as_list(table).splitlines() == [
        "role loading; place Guayaquil; north -2.2; east -79.9",
        "role transhipment; place ECXXX; north -; east -",
    ]


def test_a_name_on_a_map_cannot_become_markup():
    stop = Stop(label=HOSTILE, latitude=0.0, longitude=0.0, role=HOSTILE, role_label=HOSTILE)
    picture = route_map(
        HOSTILE, stops=[stop, NOWHERE], description=HOSTILE, unplaced_label=HOSTILE
    )
    tags = {one.tag.removeprefix(SVG) for one in etree.fromstring(picture.encode()).iter()}
    assert tags <= {"svg", "title", "desc", "rect", "text", "line", "path", "circle"}
    assert "\x1b" not in picture
    assert not re.search(r"(?:src|href)=|url\(|<script", picture)


def test_the_same_route_gives_the_same_bytes():
    told = {"stops": (GUAYAQUIL, ANTWERP), "description": "From Guayaquil to Antwerp."}
    assert route_map("Route", **told) == route_map("Route", **told)
