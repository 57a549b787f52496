"""Swarms say by shape as well as colour, lose no point, and cannot be made to do anything."""

from __future__ import annotations

import re

from lxml import etree

from riskengine.charts.beeswarm import LEVELS, Level, Swarm, beeswarm, table_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b[2J\u202e &\"'"
WORDS: dict[Level, str] = {level: f"word {level}" for level in LEVELS}
SWARMS = (
    Swarm(
        label="freight", points=((0.5, "low"), (-0.25, "high"), (0.5, "low"), (0.1, "unknown"))
    ),
    Swarm(label="country", points=((0.0, "category"),)),
)
COLUMNS = ("indicator", "size", "low", "high", "category", "unknown")


def drawn(**changed: object) -> etree._Element:
    told = {
        "swarms": SWARMS,
        "x_label": "log-odds",
        "level_labels": WORDS,
        "description": "What moves it.",
    }
    title = str(changed.pop("title", "Strongest"))
    return etree.fromstring(beeswarm(title, **(told | changed)).encode())


def marks(picture: etree._Element) -> int:
    """Points and the signs of the key: each begins with one M."""
    return sum(one.get("d").count("M") for one in picture.iter(f"{SVG}path"))


def test_every_point_is_drawn_and_every_level_has_a_shape_and_a_word():
    picture = drawn()
    used = {"low", "high", "unknown", "category"}
    assert marks(picture) == 5 + len(used)
    shapes = {one.get("d").split("h")[0].count("l") for one in picture.iter(f"{SVG}path")}
    assert shapes
    texts = {one.text for one in picture.iter(f"{SVG}text")}
    assert {WORDS[level] for level in used} <= texts
    assert WORDS["middle"] not in texts  # no point has it


def test_a_thousand_points_in_one_place_stay_in_their_row_and_are_all_there():
    crowd = Swarm(label="crowd", points=((1.0, "middle"),) * 1000)
    picture = drawn(swarms=(crowd,))
    assert marks(picture) == 1001
    body = max(picture.iter(f"{SVG}path"), key=lambda one: len(one.get("d")))
    heights = [float(y) for y in re.findall(r"M[-\d.]+,([-\d.]+)", body.get("d"))]
    assert max(heights) - min(heights) < 40


def test_the_table_says_the_numbers_of_the_picture():
    table = table_of(SWARMS, columns=COLUMNS)
    assert table.rows[0] == ("freight", "0.338", "0.5", "-0.25", "-", "0.1")
    assert table.rows[1] == ("country", "0", "-", "-", "0", "-")
    assert table_of(SWARMS, columns=COLUMNS, language="fr").rows[0][1] == "0,338"


def test_a_name_in_it_cannot_become_markup():
    swarms = (Swarm(label=HOSTILE * 50, points=((0.5, "low"),)),)
    labels: dict[Level, str] = dict.fromkeys(LEVELS, HOSTILE)
    picture = beeswarm(
        HOSTILE, swarms=swarms, x_label=HOSTILE, level_labels=labels, description=HOSTILE
    )
    root = etree.fromstring(picture.encode())
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "rect", "text", "line", "path",
    }  # fmt: skip
    assert "\x1b" not in picture
    assert "\u202e" not in picture


def test_nothing_to_draw_is_still_a_picture_and_the_same_numbers_give_the_same_bytes():
    assert marks(drawn(swarms=())) == 0
    assert etree.tostring(drawn()) == etree.tostring(drawn())
