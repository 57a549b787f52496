"""Pictures that are heard as well as seen, and cannot be made to do anything."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from riskengine.charts.axis import axis_over, decades, nice_ticks
from riskengine.charts.bars import Bar, bar_chart
from riskengine.charts.bars import table_of as bar_table
from riskengine.charts.lines import Series, line_chart
from riskengine.charts.lines import table_of as line_table
from riskengine.charts.markdown import markdown_page, safe
from riskengine.charts.page import Section, html_page
from riskengine.charts.reliability import Expected, reliability_chart, wilson
from riskengine.charts.table import Table, as_list

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\x1b[2J &\"'"
LINES = (
    Series(
        label="this model",
        points=((0.0, 0.0), (0.1, 0.7), (1.0, 1.0)),
        band=((0.0, 0.0, 0.0), (0.1, 0.5, 0.8), (1.0, 1.0, 1.0)),
    ),
    Series(label="another", points=((0.0, 0.0), (0.1, 0.6), (1.0, 1.0))),
    Series(label="blind draw", points=((0.0, 0.0), (1.0, 1.0)), is_reference=True),
)
BARS = (
    Bar(label="Guayaquil > Antwerp", value=0.12, low=0.08, high=0.2, mark=0.1),
    Bar(label="unknown", value=None),
)


def read(picture: str):
    return etree.fromstring(picture.encode())


def lines(**changed: object) -> str:
    told = {
        "x_label": "opened",
        "y_label": "found",
        "series": LINES,
        "description": "What opening finds.",
        "x_is_percent": True,
        "y_is_percent": True,
    }
    return line_chart(str(changed.pop("title", "Lift")), **(told | changed))


def every_chart(label: str) -> list[str]:
    series = [Series(label=label, points=((0.0, 1.0), (1.0, 2.0)))]
    bands = [Expected(label=label, containers=10, expected_finds=1.0, finds=0)]
    return [
        line_chart(label, x_label=label, y_label=label, series=series, description=label),
        bar_chart(
            label,
            x_label=label,
            bars=[Bar(label=label, value=1)],
            reference=1.0,
            reference_label=label,
        ),
        reliability_chart(
            label,
            bands=bands,
            x_label=label,
            y_label=label,
            perfect_label=label,
            description=label,
        ),
    ]


def test_a_picture_is_named_and_described_for_those_who_hear_it():
    picture = read(lines())
    assert picture.get("role") == "img"
    named = picture.get("aria-labelledby").split()
    told = {one.get("id"): one.text for one in picture.iter() if one.get("id")}
    assert [told[mark] for mark in named] == ["Lift", "What opening finds."]


def test_lines_are_told_apart_without_colour():
    """By dash and by marker, and each is named at its end."""
    picture = read(lines())
    dashes = [one.get("stroke-dasharray") for one in picture.iter(f"{SVG}polyline")]
    assert len({dash for dash in dashes if dash}) == 2
    assert list(picture.iter(f"{SVG}circle"))
    texts = {one.text for one in picture.iter(f"{SVG}text")}
    assert {"this model", "another", "blind draw", "opened", "found", "Lift"} <= texts


@pytest.mark.parametrize("picture", every_chart(HOSTILE))
def test_a_name_in_a_picture_cannot_become_markup(picture):
    root = read(picture)  # still well formed
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "rect", "text", "line", "polyline", "polygon", "path", "circle",
    }  # fmt: skip
    assert "\x1b" not in picture


def test_nothing_is_fetched_and_nothing_runs():
    page = html_page(
        HOSTILE,
        [
            Section(
                heading=HOSTILE,
                paragraphs=(HOSTILE,),
                points=(HOSTILE,),
                chart=lines(title=HOSTILE),
                table=Table(columns=(HOSTILE,), rows=((HOSTILE,),)),
            )
        ],
        "fr",
    )
    assert "<script" not in page
    assert "\x1b" not in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]
    assert '<html lang="fr">' in page
    assert "default-src 'none'" in page


def test_the_same_numbers_give_the_same_bytes():
    assert lines() == lines()


def test_numbers_are_written_in_the_language_of_the_reader():
    half = [Series(label="x", points=((0.0, 0.0), (1.0, 2.5)))]
    picture = line_chart("t", x_label="x", y_label="y", series=half, language="pt")
    assert ">0,5<" in picture
    assert ">0.5<" not in picture


def test_names_at_the_ends_do_not_lie_on_each_other():
    many = [Series(label=f"line {n}", points=((0.0, 0.0), (1.0, 1.0))) for n in range(8)]
    picture = read(line_chart("t", x_label="x", y_label="y", series=many))
    heights = sorted(
        float(one.get("y"))
        for one in picture.iter(f"{SVG}text")
        if (one.text or "").startswith("line ")
    )
    assert all(after - before >= 14 for before, after in itertools.pairwise(heights))


@pytest.mark.parametrize(
    "series",
    [(), (Series(label="nothing", points=()),), (Series(label="one", points=((1.0, 1.0),)),)],
)
def test_little_or_nothing_to_draw_is_still_a_picture(series):
    read(line_chart("t", x_label="x", y_label="y", series=series))


def test_an_unknown_value_is_a_dash_and_no_bar():
    picture = read(bar_chart("t", bars=BARS, x_label="finds", is_percent=True))
    assert "-" in {one.text for one in picture.iter(f"{SVG}text")}
    assert len(list(picture.iter(f"{SVG}rect"))) == 2  # the paper and one bar


def test_a_table_says_the_numbers_of_its_picture():
    table = line_table(LINES, x_label="opened", x_is_percent=True, y_is_percent=True)
    assert table.columns == ("opened", "this model", "another", "blind draw")
    assert table.rows[1] == ("10 %", "70 % (50 % – 80 %)", "60 %", "-")  # noqa: RUF001
    bars = bar_table(
        BARS,
        label="lane",
        x_label="finds",
        interval_label="95 %",
        mark_label="expected",
        is_percent=True,
    )
    assert bars.rows == (
        ("Guayaquil > Antwerp", "12 %", "8 % – 20 %", "10 %"),  # noqa: RUF001
        ("unknown", "-", "-", "-"),
    )
    assert as_list(bars).splitlines()[1] == "lane unknown; finds -; 95 % -; expected -"


def test_a_band_without_finds_keeps_its_place_where_axes_multiply():
    bands = [
        Expected(label="top", containers=100, expected_finds=40, finds=35),
        Expected(label="rest", containers=9000, expected_finds=3, finds=0),
    ]
    picture = reliability_chart(
        "t", bands=bands, x_label="expected", y_label="made", perfect_label="equal"
    )
    texts = {one.text for one in read(picture).iter(f"{SVG}text")}
    assert {"top", "rest", "equal"} <= texts


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_the_share(finds, containers):
    finds = min(finds, containers)
    low, high = wilson(finds, containers)
    assert 0 <= low <= finds / containers <= high <= 1


@settings(deadline=None)
@given(
    st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9),
    st.floats(1e-6, 1e9),
    st.integers(2, 12),
)
def test_ticks_are_few_and_hold_what_they_must(low, width, most):
    high = low + width
    if high - low < abs(low) * 1e-6:
        return  # no axis tells these apart
    ticks = nice_ticks(low, high, most)
    slack = (high - low) * 1e-6
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert len(ticks) <= 2 * most + 2


def test_an_axis_of_shares_does_not_go_beyond_all():
    assert axis_over([0.1, 0.97], 0, 1, with_zero=True, highest=1.0).high == 1.0
    assert decades(0.0001, 1.0) == (0.0001, 0.001, 0.01, 0.1, 1.0)


def test_markdown_keeps_names_from_becoming_markup():
    page = markdown_page(
        "a # b",
        [
            (
                "x.svg",
                Section(heading="![x](y)", table=Table(columns=("a|b",), rows=(("<b>",),))),
            )
        ],
    )
    assert "# a \\# b" in page
    assert "\\!\\[x\\](y)" in page
    assert "| a\\|b |\n|---|\n| \\<b\\> |" in page
    assert safe("- not a list") == "\\- not a list"
