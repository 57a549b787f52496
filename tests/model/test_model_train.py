from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import polars as pl
import pytest
from port_world import FEATURES, history

from riskengine.errors import FeatureMismatch, TrainingImpossible
from riskengine.model.bundle import save
from riskengine.model.card import FeatureSpec, TrainingSettings
from riskengine.model.encode import encode
from riskengine.model.explain import margins
from riskengine.model.fit import Lesson, with_unknowns
from riskengine.model.train import train

QUICK = TrainingSettings(trees_at_most=24, noise_is_dropped=False)


def _train(frame, features=FEATURES, settings=QUICK, **more):
    return train(frame, frame["is_find"], frame["assessed_on"], features, settings, **more)


def test_the_same_history_gives_the_same_bytes(past, bundle, tmp_path):
    one, two = save(bundle, tmp_path / "one"), save(_train(past), tmp_path / "two")
    for name in ("card.json", "model.txt", "golden.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_another_seed_gives_another_model(past, bundle):
    other = _train(past, settings=dataclasses.replace(QUICK, seed=8))
    assert other.card.id != bundle.card.id


def test_a_model_ranks_later_finds_above_chance(bundle):
    metrics = bundle.card.metrics
    assert metrics.validation == "later slice"
    assert metrics.auc > 0.65
    assert metrics.average_precision > 2 * metrics.base_rate
    assert bundle.card.remarks == ()


def test_the_card_counts_what_was_learned_from(past, bundle):
    card = bundle.card
    assert card.window.containers == past.height
    assert card.window.finds == past["is_find"].sum()
    assert card.base_find_rate == pytest.approx(past["is_find"].mean())
    assert card.window.first_on == past["assessed_on"].min()
    assert card.window.last_on == past["assessed_on"].max()
    assert (
        card.metrics.containers
        == past.filter(pl.col("assessed_on") >= card.window.later_from).height
    )
    assert {one.name for one in card.strengths} == set(card.feature_names)


def test_nothing_of_the_later_slice_reaches_the_metrics_of_the_earlier(past, bundle):
    """Outcomes turned round later must change the metrics, and not what was learned earlier."""
    settings = dataclasses.replace(QUICK, refit=False)
    on, later_from = past["assessed_on"], bundle.card.window.later_from
    turned = past.with_columns(
        is_find=pl.when(on >= later_from).then(~pl.col("is_find")).otherwise(pl.col("is_find"))
    )
    one, two = _train(past, settings=settings), _train(turned, settings=settings)
    assert one.model_text == two.model_text
    assert one.card.calibration != two.card.calibration


def test_useless_features_are_dropped_and_the_card_says_why(past):
    frame = past.with_columns(
        never=pl.lit(None),
        never_finite=pl.lit(float("inf")),
        constant=pl.lit(3),
        twin=pl.col("gross_mass_kg"),
        rare=pl.int_range(pl.len()).cast(pl.String),
        one_category=pl.lit("x"),
    )
    kinds = {
        "never": "number",
        "never_finite": "number",
        "constant": "number",
        "twin": "number",
        "rare": "category",
        "one_category": "category",
    }
    extra = [FeatureSpec(name=name, kind=kind) for name, kind in kinds.items()]
    card = _train(frame, (*FEATURES, *extra)).card
    assert {one.name: one.why for one in card.dropped} == {
        "never": "is never known",
        "never_finite": "is never a finite number",
        "constant": "has the same value everywhere",
        "twin": "has everywhere the value of gross_mass_kg",
        "rare": "has no value that 20 containers share",
        "one_category": "has the same value everywhere",
    }
    assert set(card.feature_names) == {spec.name for spec in FEATURES}


def test_a_feature_written_after_the_examination_is_named(past):
    frame = past.with_columns(officer_remark=pl.when("is_find").then(pl.lit(1)))
    card = _train(frame, (*FEATURES, FeatureSpec(name="officer_remark", kind="number"))).card
    assert [(one.name, one.kind, one.measure) for one in card.leaks] == [
        ("officer_remark", "known late", 1.0)
    ]
    assert "officer_remark" in card.feature_names


def test_a_category_too_rare_to_learn_is_not_in_the_vocabulary(past):
    frame = past.with_columns(
        main_chapter=pl.when(pl.int_range(pl.len()) < 5)
        .then(pl.lit("97"))
        .otherwise("main_chapter")
    )
    card = _train(frame).card
    chapter = next(spec for spec in card.features if spec.name == "main_chapter")
    assert chapter.vocabulary == ("08", "09", "44", "72", "84")


def test_an_unseen_category_is_scored_as_an_unknown_one(past, bundle):
    unseen = past.head(50).with_columns(port_of_loading_country=pl.lit("XX"))
    unknown = past.head(50).with_columns(port_of_loading_country=pl.lit(None, pl.String))
    assert margins(bundle, encode(unseen, bundle.card)).equals(
        margins(bundle, encode(unknown, bundle.card))
    )


def test_unknown_is_not_zero_in_a_feature_that_was_always_known(past):
    """LightGBM by itself would take it for zero, the safest number of transhipments there is."""
    bundle = _train(past)
    none = past.with_columns(transhipment_count=pl.lit(0))
    unknown = past.with_columns(transhipment_count=pl.lit(None, pl.Int64))
    gap = margins(bundle, encode(unknown, bundle.card)) - margins(
        bundle, encode(none, bundle.card)
    )
    assert gap.mean() > 0.05


def test_a_monotone_feature_is_held_to_its_direction(past):
    features = (dataclasses.replace(FEATURES[1], monotone=1), *FEATURES[2:])
    bundle = _train(past, features)
    ladder = pl.concat([past.head(1)] * 50).with_columns(
        shipper_find_rate=pl.int_range(50) / 50.0
    )
    assert margins(bundle, encode(ladder, bundle.card)).is_sorted()


def test_weights_move_the_model(past):
    weight = pl.select(pl.when(past["is_reefer"]).then(5.0).otherwise(1.0)).to_series()
    assert _train(past, weight=weight).model_text != _train(past).model_text


def test_twins_may_share_the_weight_of_one():
    single = history(400)
    doubled = pl.concat([single, single])
    settings = dataclasses.replace(
        QUICK, twins_share_weight=True, unknown_weight=0.0, containers_in_leaf=1, folds=1
    )
    one, two = _train(single, settings=settings), _train(doubled, settings=settings)
    encoded = encode(single, one.card)
    gap = (margins(one, encoded) - margins(two, encode(single, two.card))).abs().max()
    unshared = dataclasses.replace(settings, twins_share_weight=False)
    three = _train(doubled, settings=unshared)
    assert (
        gap < (margins(one, encoded) - margins(three, encode(single, three.card))).abs().max()
    )


def test_too_few_late_finds_are_measured_by_folds_and_the_card_says_so():
    frame = history(1500, seed=4)
    late = frame["assessed_on"].max() - frame["assessed_on"].min()
    cut = frame["assessed_on"].min() + 0.7 * late
    frame = frame.with_columns(is_find=pl.col("is_find") & (pl.col("assessed_on") < cut))
    card = _train(frame).card
    assert card.metrics.validation == "out-of-time folds"
    assert any("out-of-time folds" in remark for remark in card.remarks)
    assert card.metrics.finds > 0


def test_a_history_of_one_day_is_measured_on_containers_not_learned_from():
    frame = history(60, seed=2).with_columns(
        assessed_on=date(2025, 5, 5), is_find=pl.int_range(pl.len()) % 7 == 0
    )
    card = _train(frame, settings=dataclasses.replace(QUICK, category_containers=3)).card
    assert card.metrics.validation == "folds by trader"
    assert card.metrics.containers == frame.height
    assert card.window.later_from is None
    assert any("All containers are of one day" in remark for remark in card.remarks)


def test_finds_on_the_first_day_alone_leave_a_model_unmeasured():
    frame = history(60, seed=2).with_columns(
        is_find=pl.col("assessed_on") == pl.col("assessed_on").min()
    )
    card = _train(frame, settings=dataclasses.replace(QUICK, category_containers=3)).card
    assert card.metrics.validation == "none"
    assert (card.calibration.intercept, card.calibration.slope) == (0.0, 1.0)
    assert card.metrics.average_precision is None
    assert any("nothing was measured" in remark for remark in card.remarks)


def test_two_containers_are_enough_to_train_and_to_admit_ignorance():
    frame = pl.DataFrame(
        {"a": [1.0, 2.0], "is_find": [True, False], "assessed_on": [date(2025, 1, 1)] * 2}
    )
    bundle = _train(frame, [FeatureSpec(name="a", kind="number")])
    assert margins(bundle, encode(frame, bundle.card)).is_finite().all()


@pytest.mark.parametrize("outcome", [True, False])
def test_a_history_without_finds_or_without_nils_teaches_nothing(past, outcome):
    with pytest.raises(TrainingImpossible, match="some of both"):
        _train(past.with_columns(is_find=pl.lit(outcome)))


def test_an_empty_history_teaches_nothing(past):
    with pytest.raises(TrainingImpossible, match="0 finds and 0 nils"):
        _train(past.clear())


def test_an_unknown_outcome_or_day_is_refused_and_counted(past):
    hole = pl.int_range(pl.len()) < 3
    for name in ("is_find", "assessed_on"):
        frame = past.with_columns(pl.when(~hole).then(name).alias(name))
        with pytest.raises(TrainingImpossible, match=r"^3 outcomes or assessment days"):
            _train(frame)


def test_columns_of_different_lengths_are_refused(past):
    with pytest.raises(TrainingImpossible, match="do not belong together"):
        train(past, past["is_find"].head(5), past["assessed_on"], FEATURES, QUICK)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), None])
def test_a_weight_that_is_none_is_refused(past, wrong):
    weight = pl.Series([wrong] + [1.0] * (past.height - 1), dtype=pl.Float64)
    with pytest.raises(TrainingImpossible, match="weight"):
        _train(past, weight=weight)


def test_features_that_tell_nothing_teach_nothing(past):
    with pytest.raises(TrainingImpossible, match="None of the 6 features"):
        _train(past.with_columns(pl.lit(None).alias(spec.name) for spec in FEATURES))


def test_a_feature_that_is_not_there_is_named(past):
    with pytest.raises(FeatureMismatch, match="is_reefer"):
        _train(past.drop("is_reefer"))


def test_progress_rises_from_nothing_to_everything(past):
    told = []
    _train(past, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_history_is_left_as_it_was(past):
    before = past.clone()
    _train(past)
    assert past.equals(before)


def test_unknowns_are_shown_only_where_the_history_has_none():
    lesson = Lesson(
        features=FEATURES[:2],
        matrix=np.column_stack([np.arange(200.0), np.where(np.arange(200) < 20, np.nan, 1.0)]),
        is_find=np.arange(200) < 30,
        weight=np.ones(200),
    )
    shown = with_unknowns(lesson, QUICK)
    assert np.array_equal(shown.matrix[:200], lesson.matrix, equal_nan=True)
    assert np.array_equal(shown.matrix[200:, 1], lesson.matrix[:, 1], equal_nan=True)
    assert 60 < np.isnan(shown.matrix[200:, 0]).sum() < 140
    assert shown.weight.sum() == pytest.approx(210)
    assert with_unknowns(lesson, dataclasses.replace(QUICK, unknown_weight=0.0)) is lesson


def test_a_negative_zero_makes_no_other_feature(past):

    signed = past.with_columns(
        one=pl.when("is_reefer").then(1.0).otherwise(0.0),
        two=pl.when("is_reefer").then(1.0).otherwise(-0.0),
    )
    extra = [FeatureSpec(name=name, kind="number") for name in ("one", "two")]
    card = _train(signed, (*FEATURES[:3], *extra)).card
    assert [one.name for one in card.dropped] == ["two"]


def test_outcomes_that_were_not_known_yet_change_no_figure_of_the_card(past):
    """What an examination of an earlier day found, if that was known on a later day alone, was measured by nobody."""
    known_on = past["assessed_on"].dt.offset_by("60d")
    card = _train(past, known_on=known_on).card
    later_from = card.window.later_from
    waiting = (past["assessed_on"] < later_from) & (known_on >= later_from)
    turned = past.with_columns(is_find=pl.col("is_find") ^ waiting)
    other = _train(turned, known_on=known_on).card
    assert other.window.later_from == later_from
    assert (other.metrics, other.calibration) == (card.metrics, card.calibration)
    assert any(f"outcomes of {waiting.sum()} earlier" in remark for remark in card.remarks)
    assert _train(turned).card.metrics != _train(past).card.metrics


def test_days_of_knowing_that_do_not_belong_are_refused(past):
    with pytest.raises(TrainingImpossible, match="do not belong together"):
        _train(past, known_on=past["assessed_on"].head(5))


def test_an_outcome_known_on_its_own_day_is_one_of_which_nobody_says_since_when(past, bundle):
    nobody = pl.Series([None] * past.height, dtype=pl.Date)
    for known_on in (past["assessed_on"], nobody):
        assert _train(past, known_on=known_on).card.id == bundle.card.id
