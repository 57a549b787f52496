"""The page about a model: what a public register of algorithms asks for, in four languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from riskengine.engine.founding import shipped
from riskengine.model.bundle import read_card
from riskengine.model.card import (
    Calibration,
    Dropped,
    FeatureSpec,
    LeftOut,
    Library,
    Strength,
    TrainingWindow,
)
from riskengine.model.card_page import Standing, as_html, as_markdown
from riskengine.model.figures import (
    Combination,
    Direction,
    DirectionPoint,
    Leak,
    LiftPoint,
    Metrics,
    ReliabilityBand,
    RuleWeight,
    Slice,
    TopShare,
)
from riskengine.model.settings import TrainingSettings

LANGUAGES = ("en", "fr", "es", "pt")
IN_FORCE = Standing(place="in_force", on=date(2026, 3, 1), by="Ama")
HOSTILE = "a|b <script>alert(1)</script> [x](http://y) \x1b[2J"


@pytest.fixture(scope="module")
def card(baseline_card):
    """A card whose every part says something, with figures that no training moves."""
    metrics = Metrics(
        validation="later slice",
        containers=2000,
        finds=60,
        base_rate=0.03,
        average_precision=0.41,
        auc=0.87,
        log_loss=0.1,
        log_loss_uncalibrated=0.12,
        top=(
            TopShare(share=0.01, containers=20, finds=15.0, precision=0.75, recall=0.25),
            TopShare(share=0.05, containers=100, finds=36.0, precision=0.36, recall=0.6),
        ),
        reliability=(
            ReliabilityBand(from_share=0.0, to_share=0.01, containers=20, expected_finds=12.0, finds=15),
            ReliabilityBand(from_share=0.01, to_share=0.1, containers=180, expected_finds=30.0, finds=27),
            ReliabilityBand(from_share=0.1, to_share=1.0, containers=1800, expected_finds=20.0, finds=18),
        ),
    )  # fmt: skip
    return replace(
        baseline_card,
        id="2026-02-28-0123456789",
        created_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
        features=(
            FeatureSpec(name="transhipment_count", kind="number", monotone=1),
            FeatureSpec(name="main_chapter", kind="category", vocabulary=("08", "84")),
        ),
        strengths=(
            Strength(name="transhipment_count", mean_log_odds=0.5),
            Strength(name="main_chapter", mean_log_odds=0.25),
        ),
        dropped=(Dropped(name="goods_item_count", why="is the same everywhere"),),
        left_out=(LeftOut(containers=12, why="no day is known"),),
        leaks=(Leak(name="main_chapter", kind="too good", measure=0.99, why="tells finds alone"),),
        window=TrainingWindow(
            first_on=date(2024, 3, 1),
            last_on=date(2026, 2, 28),
            later_from=date(2025, 10, 1),
            containers=10_000,
            finds=300,
        ),
        base_find_rate=0.03,
        parameters=replace(TrainingSettings(), containers_in_leaf=25),
        members=1,
        trees=120,
        calibration=Calibration(intercept=-0.5, slope=0.9),
        metrics=metrics,
        unseen_traders=replace(metrics, validation="folds by trader", average_precision=0.33),
        slices=(
            Slice(dimension="lane", name="ECGYE > BEANR", containers=400, finds=30, expected_finds=28.0, auc=0.9),
            Slice(dimension="lane", name="others", containers=1600, finds=30, expected_finds=60.0, auc=0.8),
            Slice(dimension="trader size", name="new", containers=300, finds=20, expected_finds=18.0, auc=None),
            Slice(dimension="trader size", name="100+", containers=1700, finds=40, expected_finds=44.0, auc=0.85),
            Slice(dimension="heading chapter", name="unknown", containers=2000, finds=60, expected_finds=62.0, auc=0.87),
        ),
        lift=(LiftPoint(share=0.01, found=0.25), LiftPoint(share=0.05, found=0.6), LiftPoint(share=1.0, found=1.0)),
        directions=(
            Direction(
                name="transhipment_count",
                points=(
                    DirectionPoint(low=0.0, high=0.0, mean_log_odds=-0.2, containers=900),
                    DirectionPoint(low=1.0, high=3.0, mean_log_odds=0.7, containers=1100),
                ),
            ),
        ),
        combination=Combination(
            habits_id="2026-02-28-habits0000",
            habits_slope=0.4,
            weights=(RuleWeight(rule_id="RIP-ON-1", version=2, sha256="0" * 64, weight=1.3, prior=1.0, examined=42, found=9),),
            containers=900,
            finds=40,
        ),
        libraries=(Library(name="lightgbm", version="4.6.0"),),
        model_sha256="f" * 64,
        remarks=("Something happened.",),
        note="two months at the north quay",
    )  # fmt: skip


@pytest.fixture(scope="module")
def baseline_card():
    return read_card(shipped("models/baseline"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_as_kept(card, language, is_as_kept):
    is_as_kept(f"model_card_{language}", as_markdown(card, IN_FORCE, language).markdown)


def test_every_picture_of_the_page_lies_beside_it(card):
    files = as_markdown(card, IN_FORCE)
    assert set(files.pictures) == {
        "lift.svg", "reliability.svg", "lane.svg", "trader-size.svg", "direction-1.svg",
    }  # fmt: skip
    for name, picture in files.pictures.items():
        assert f"]({name})" in files.markdown
        etree.fromstring(picture.encode())


def test_the_html_page_holds_its_pictures_and_fetches_nothing(card):
    page = as_html(card, IN_FORCE, "pt")
    assert page.count("<svg") == 5
    assert '<html lang="pt">' in page
    assert "<script" not in page
    assert "<img" not in page


def test_a_part_whose_finds_chance_does_not_explain_is_named(card):
    told = as_markdown(card, Standing()).markdown
    assert "Expected finds lie outside of the interval: lane all others." in told


def test_names_on_a_card_cannot_become_markup(card):
    slices = tuple(replace(one, name=HOSTILE) for one in card.slices)
    hostile = replace(card, slices=slices, note=HOSTILE, remarks=(HOSTILE,))
    standing = Standing(place="challenger", on=date(2026, 3, 1), by=HOSTILE)
    page = as_html(hostile, standing, "en")
    told = as_markdown(hostile, standing, "en").markdown
    for text in (page, told):
        assert "\x1b" not in text
        assert "<script>" not in text
    assert not re.search(r"(?<!\\)\]\(http", told)


def test_a_model_without_outcomes_says_that_nothing_was_measured(card):
    bare = replace(
        card,
        purpose="habits",
        metrics=replace(
            card.metrics, validation="none", base_rate=None, top=(), reliability=()
        ),
        unseen_traders=None,
        slices=(),
        lift=(),
        directions=(),
        leaks=(),
        combination=None,
        created_at=None,
    )
    files = as_markdown(bare, Standing())
    assert files.pictures == {}
    assert "learned from no outcome" in files.markdown
    assert "Not measured" in files.markdown
    assert "scores nothing" in files.markdown


def test_a_column_of_the_units_own_is_named_as_such(card):
    own = FeatureSpec(name="attribute.agent", kind="category", vocabulary=("x", "y"))
    told = as_markdown(replace(card, features=(*card.features, own)), Standing()).markdown
    assert "none of them names a person: agent" in told
    assert "no name, address or number" not in told
