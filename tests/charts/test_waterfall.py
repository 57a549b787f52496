"""A waterfall that adds up, and is read without colour."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from riskengine.charts.bars import Bar
from riskengine.charts.table import as_list
from riskengine.charts.waterfall import signed, strongest, table_of, total_of, waterfall

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b[2J &\"'"
STEPS = (
    Bar(label="seal", value=2.0),
    Bar(label="route", value=-0.5),
    Bar(label="value", value=0.25),
)


def drawn(steps=STEPS, **changed):
    told = {
        "start": -3.0,
        "start_label": "random",
        "total_label": "this one",
        "others": "others ({})".format,
        "up_label": "raises",
        "down_label": "lowers",
        "x_label": "log-odds",
    }
    return waterfall("Why", bars=steps, **(told | changed))


def texts(picture: str) -> list[str]:
    root = etree.fromstring(picture.encode())
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def numbers(steps, **changed):
    return table_of(
        -3.0,
        steps,
        columns=("reason", "log-odds"),
        start_label="random",
        total_label="this one",
        others="others ({})".format,
        **changed,
    )


def test_start_steps_and_sum_are_all_named_with_their_number():
    said = texts(drawn())
    assert {"random", "seal", "route", "value", "this one", "raises", "lowers"} <= set(said)
    assert {"−3", "+2", "−0.5", "+0.25", "−1.25"} <= set(said)  # noqa: RUF001


def test_the_list_says_the_numbers_of_the_picture():
    table = numbers(STEPS)
    assert as_list(table).splitlines() == [
        "reason random; log-odds −3",  # noqa: RUF001
        "reason seal; log-odds +2",
        "reason route; log-odds −0.5",  # noqa: RUF001
        "reason value; log-odds +0.25",
        "reason this one; log-odds −1.25",  # noqa: RUF001
    ]
    assert {cell for row in table.rows for cell in row} <= set(texts(drawn()))


def test_up_and_down_differ_in_shape_and_hatch():
    """Without any colour, a step up is hatched and points right, a step down is white and points left."""

    def paths(value: float) -> list[str]:
        root = etree.fromstring(
            drawn([Bar(label="x", value=value)], up_label="", down_label="").encode()
        )
        return [one.get("d") for one in root.iter(f"{SVG}path")]

    up, down = paths(1.0), paths(-1.0)
    assert (len(up), len(down)) == (2, 1)
    xs = [
        [float(x) for x in re.findall(r"(-?[\d.]+),", way)[:3]] for way in (up[0], down[0])
    ]  # start, neck, tip
    assert xs[0][0] < xs[0][1] < xs[0][2]
    assert xs[1][0] > xs[1][1] > xs[1][2]


def test_the_weakest_are_put_together_and_nothing_is_lost():
    many = [Bar(label=f"reason {n}", value=(-1) ** n * n / 10) for n in range(1, 21)]
    shown = strongest(many, "others ({})".format)
    assert [bar.label for bar in shown[:7]] == [f"reason {n}" for n in range(14, 21)]
    assert shown[-1].label == "others (13)"
    assert total_of(0.0, shown) == pytest.approx(total_of(0.0, many), abs=1e-12)
    assert "others (13)" in texts(drawn(many))


def test_one_reason_is_never_called_others():
    eight = [Bar(label=f"reason {n}", value=1.0 + n) for n in range(8)]
    assert strongest(eight, "others ({})".format) == tuple(eight)


@given(st.lists(st.floats(-8, 8), max_size=30), st.floats(-8, 8))
def test_the_sum_is_that_of_every_step(values, start):
    steps = [Bar(label="x", value=value) for value in values]
    shown = strongest(steps, str)
    assert total_of(start, shown) == pytest.approx(total_of(start, steps), abs=1e-9)
    etree.fromstring(drawn(steps, start=start).encode())


def test_a_name_in_a_picture_cannot_become_markup():
    picture = drawn(
        [Bar(label=HOSTILE, value=1.0)],
        start_label=HOSTILE,
        total_label=HOSTILE,
        description=HOSTILE,
        x_label=HOSTILE,
        up_label=HOSTILE,
    )
    tags = {one.tag.removeprefix(SVG) for one in etree.fromstring(picture.encode()).iter()}
    assert tags <= {"svg", "title", "desc", "rect", "text", "line", "path"}
    assert "\x1b" not in picture
    assert not re.search(r"(?:src|href)=|url\(|<script", picture)


@pytest.mark.parametrize("steps", [(), (Bar(label="unknown", value=None),)])
def test_no_reason_is_still_a_picture(steps):
    assert "−3" in texts(drawn(steps))  # noqa: RUF001


def test_an_unknown_step_is_a_dash_and_moves_nothing():
    assert numbers([Bar(label="x", value=None)]).rows[1:] == (("x", "-"), ("this one", "−3"))  # noqa: RUF001


def test_numbers_are_written_in_the_language_of_the_reader():
    assert signed(-1.25, "fr") == "−1,25"  # noqa: RUF001
    assert "−1,25" in texts(drawn(language="es"))  # noqa: RUF001


def test_what_the_sum_is_compared_with_is_a_dashed_line_with_a_name():
    plain, compared = drawn(), drawn(reference=-2.5, reference_label="at random")
    assert "at random" in texts(compared)
    assert compared.count('stroke-dasharray="6 3"') == 2 + plain.count('stroke-dasharray="6 3"')


def test_the_same_numbers_give_the_same_bytes():
    assert drawn() == drawn()
