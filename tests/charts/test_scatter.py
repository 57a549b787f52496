"""Clouds are told apart without colour, lose no point, and say their numbers as a table."""

from __future__ import annotations

import math

import pytest
from lxml import etree

from riskengine.charts.scatter import Cloud, scatter_chart, table_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b[2J\u202e &\"'"
CLOUDS = (
    Cloud(label="sealed", points=((1.0, 0.5), (2.0, 0.25), (3.0, -1.0))),
    Cloud(label="not sealed", points=((1.0, 0.75), (9.0, 0.0))),
)
AXES = {"x_label": "value", "y_label": "contribution"}


def drawn(clouds: object = CLOUDS, **more: object) -> etree._Element:
    return etree.fromstring(scatter_chart("t", clouds=clouds, **(AXES | more)).encode())


def test_clouds_are_told_apart_without_colour_and_every_point_is_drawn():
    picture = drawn(key_label="Seal:")
    squares = [one for one in picture.iter(f"{SVG}rect") if one.get("x") != "0"]
    assert len(list(picture.iter(f"{SVG}circle"))) == 3 + 1  # and the one of the key
    assert len(squares) == 2 + 1
    assert {"Seal:", "sealed", "not sealed", "value", "contribution"} <= {
        one.text for one in picture.iter(f"{SVG}text")
    }


def test_points_of_a_category_stand_beside_each_other_around_its_tick():
    crowd = (Cloud(label="", points=((0.0, 1.0),) * 50 + ((1.0, 1.0),) * 50),)
    picture = drawn(crowd, x_ticks=((0.0, "EC"), (1.0, "BR")))
    xs = [float(one.get("cx")) for one in picture.iter(f"{SVG}circle")]
    assert len({round(x, 1) for x in xs}) > 60
    assert max(xs[:50]) < min(xs[50:])
    assert {"EC", "BR"} <= {one.text for one in picture.iter(f"{SVG}text")}


def test_the_table_counts_each_point_once():
    points = tuple((float(x), 1.0) for x in range(100)) + ((50.0, 1.0),) * 100
    table = table_of(
        (Cloud(label="", points=points),),
        x_label="value",
        y_label="mean",
        count_label="containers",
    )
    assert table.columns == ("value", "mean", "containers")
    assert sum(int(row[2]) for row in table.rows) == 200
    assert len(table.rows) <= 8


def test_the_table_has_a_row_a_tick_and_columns_for_each_cloud():
    table = table_of(
        CLOUDS,
        x_label="port",
        y_label="mean",
        count_label="n",
        x_ticks=((1.0, "EC"), (5.0, "BR")),
    )
    assert table.columns == (
        "port",
        "mean: sealed",
        "n: sealed",
        "mean: not sealed",
        "n: not sealed",
    )
    assert table.rows == (("EC", "0.5", "1", "0.75", "1"), ("BR", "-", "0", "-", "0"))


@pytest.mark.parametrize(
    "clouds", [(), (Cloud(label="", points=()),), (Cloud(label="", points=((1.0, 1.0),)),)]
)
def test_little_or_nothing_to_draw_is_still_a_picture(clouds):
    drawn(clouds)
    table_of(clouds, x_label="x", y_label="y", count_label="n")


def test_a_name_in_it_cannot_become_markup():
    told = {
        "x_label": HOSTILE,
        "y_label": HOSTILE,
        "key_label": HOSTILE,
        "description": HOSTILE,
    }
    clouds = (Cloud(label=HOSTILE, points=((0.0, math.pi),)),)
    picture = scatter_chart(HOSTILE, clouds=clouds, x_ticks=((0.0, HOSTILE),), **told)
    root = etree.fromstring(picture.encode())
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "rect", "text", "line", "circle",
    }  # fmt: skip
    assert "\x1b" not in picture
    assert "\u202e" not in picture
