"""Pictures of a model: exact, of the same containers every time, and without a name of anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from lxml import etree

from riskengine.charts.page import html_page
from riskengine.model import explain, pictured_dependence, pictures
from riskengine.model.card_page import Standing, as_html, as_markdown
from riskengine.model.encode import encode
from riskengine.model.explain import contributions, explained_by
from riskengine.model.forest import Unknown
from riskengine.model.pictures import Shown, pictures_of, why_slow

LANGUAGES = ("en", "fr", "es", "pt")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def shown(past):
    return Shown(
        frame=past.head(400),
        runs=3,
        containers=2_000,
        first_on=date(2026, 1, 1),
        last_on=date(2026, 3, 1),
    )


@pytest.fixture(scope="module")
def drawn(bundle, shown):
    return pictures_of(bundle, shown)


def test_a_picture_of_each_kind_with_its_numbers_beside_it(drawn):
    names = [name for name, _ in drawn if name]
    assert names[0] == "beeswarm.svg"
    assert names[-1] == "interactions.svg"
    assert "dependence-1.svg" in names
    for name, section in drawn:
        assert bool(name) == bool(section.chart)
        if name:
            etree.fromstring(section.chart.encode())
            assert section.table is not None
            assert section.table.rows


def test_the_table_says_the_mean_size_of_what_each_indicator_contributes(bundle, shown, drawn):
    (swarm,) = [section for name, section in drawn if name == "beeswarm.svg"]
    parts = contributions(bundle, encode(shown.frame, bundle.card))[1].to_numpy()
    strongest = np.abs(parts * bundle.card.calibration.slope).mean(axis=0).max()
    assert float(swarm.table.rows[0][1]) == pytest.approx(strongest, rel=1e-2)
    sizes = [float(row[1]) for row in swarm.table.rows]
    assert sizes == sorted(sizes, reverse=True)


def test_every_container_of_known_value_is_in_the_table_of_its_indicator(drawn, shown):
    for name, section in drawn:
        if name.startswith("dependence"):
            counted = sum(int(cell) for row in section.table.rows for cell in row[2::2])
            unknown = [
                int(n)
                for one in section.paragraphs
                for n in re.findall(r"not known of (\d+)", one)
            ]
            assert counted + sum(unknown) == shown.frame.height


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_each_language_and_says_which_containers_it_shows(
    bundle, shown, language
):
    sections = pictures_of(bundle, shown, language)
    page = as_html(bundle.card, Standing(), language, sections)
    assert page.count("<svg") > len([name for name, _ in sections if name]) - 1
    assert "model.pictures" not in page
    lead = sections[0][1].paragraphs[0]
    assert "400" in lead
    assert re.search("2.?000", lead)
    files = as_markdown(bundle.card, Standing(), language, sections)
    assert "beeswarm.svg" in files.pictures


def test_without_runs_it_is_the_made_up_rows_and_says_so(bundle):
    sections = pictures_of(bundle, Shown(unread=2))
    told = sections[0][1].paragraphs
    assert "64 made-up rows" in told[0]
    assert "left out: 2" in told[1]
    assert next(name for name, _ in sections if name) == "beeswarm.svg"


def test_the_same_containers_give_the_same_bytes(bundle, shown, drawn):
    sections = [section for _, section in drawn]
    again = [section for _, section in pictures_of(bundle, shown)]
    assert html_page("t", sections, "en") == html_page("t", again, "en")


def test_a_rare_category_and_a_column_of_the_units_own_are_never_named(bundle, shown, drawn):
    """What four containers have may be one trader's way, and a column that a mapping brought may hold names."""
    frame = shown.frame.with_columns(
        pl.when(pl.int_range(pl.len()) < 4)
        .then(pl.lit("72"))
        .otherwise(pl.lit("08"))
        .alias("main_chapter")
    )
    place = bundle.card.feature_names.index("main_chapter")
    spec = bundle.card.features[place]
    values = encode(frame, bundle.card)["main_chapter"].to_numpy()
    seen = pictures.Seen(
        bundle=bundle, matrix=values[:, None], parts=values[:, None], order=(0,), pairs=None,
        unknown=None, language="en",
    )  # fmt: skip
    places, ticks = pictured_dependence._category_places(seen, spec, values)
    assert [name for _, name in ticks] == ["08", "all others"]
    assert places.tolist()[:5] == [1.0] * 4 + [0.0]
    own = replace(spec, name="attribute.broker")
    assert [name for _, name in pictured_dependence._category_places(seen, own, values)[1]] == [
        "all others"
    ]


def test_levels_tell_low_from_high_even_where_most_have_the_same_value():
    spec = type("Spec", (), {"kind": "number"})
    values = np.array([0.0] * 8 + [1.0, np.nan])
    assert pictures._levels(values, spec) == ["low"] * 8 + ["high", "unknown"]
    assert pictures._levels(np.array([2.0, 2.0]), spec) == ["low", "low"]
    assert pictures._levels(np.array([np.nan]), spec) == ["unknown"]
    assert pictures._levels(np.arange(9.0), spec) == ["low"] * 3 + ["middle"] * 3 + ["high"] * 3


def test_a_small_model_is_explained_by_lightgbm_and_a_large_one_by_the_kernel(
    bundle, past, monkeypatch
):
    encoded = encode(past.head(50), bundle.card)
    small = explained_by(bundle)
    assert small.kernel is None
    assert small.unknown is None
    base, parts = contributions(bundle, encoded)
    monkeypatch.setattr(explain, "_LEAVES_OF_A_LARGE_MODEL", small.leaves)
    explain._explained_by.cache_clear()
    try:
        assert explained_by(bundle).kernel is not None
        other_base, other = contributions(bundle, encoded)
        assert other_base == pytest.approx(base, abs=1e-12)
        np.testing.assert_allclose(other.to_numpy(), parts.to_numpy(), rtol=0, atol=1e-12)
        told = pictures_of(bundle, Shown())[0][1].paragraphs
        assert any("own kernel" in line for line in told)
    finally:
        explain._explained_by.cache_clear()


def test_a_large_model_that_the_kernel_does_not_know_says_why_its_reasons_take_long(
    bundle, monkeypatch
):
    monkeypatch.setattr(explain, "_LEAVES_OF_A_LARGE_MODEL", 1)
    strange = replace(
        bundle,
        model_text=bundle.model_text.replace("\nversion=", "\naverage_output\nversion=", 1),
    )
    assert explained_by(strange).unknown is Unknown.AVERAGED
    told = pictures_of(strange, Shown())[0][1].paragraphs
    assert any("averages its trees" in line for line in told)
    for unknown in Unknown:
        for language in LANGUAGES:
            assert "{" not in why_slow(unknown, language)
    assert any("averages" in one.paragraphs[0] for _, one in pictures_of(strange, Shown())[-1:])
