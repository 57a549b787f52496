from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model import layout_one
from riskengine.model.card import Calibration, Dropped, FeatureSpec, TrainingSettings
from riskengine.model.card_json import canonical, from_json, identity, to_json

finite = st.floats(allow_nan=False, allow_infinity=False)


def _changed(card, change):
    value = json.loads(to_json(card))
    change(value)
    return json.dumps(value)


def test_a_card_reads_back_as_it_was_written(bundle):
    card = dataclasses.replace(bundle.card, created_at=datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert from_json(to_json(card)) == card


@settings(max_examples=50, deadline=None)
@given(intercept=finite, slope=finite, why=st.text(), vocabulary=st.sets(st.text(max_size=5)))
def test_any_number_and_any_text_survives_the_card(bundle, intercept, slope, why, vocabulary):
    category = FeatureSpec(name="x", kind="category", vocabulary=tuple(sorted(vocabulary)))
    card = dataclasses.replace(
        bundle.card,
        calibration=Calibration(intercept=intercept, slope=slope),
        dropped=(Dropped(name="y", why=why),),
        features=(category,),
    )
    written = to_json(card).encode("utf-8", "surrogatepass")
    assert from_json(written.decode("utf-8", "surrogatepass")) == card


def test_a_missing_key_is_named(bundle):
    text = _changed(bundle.card, lambda value: value["calibration"].pop("slope"))
    with pytest.raises(BundleDamaged, match=r"card\.calibration lacks slope"):
        from_json(text)


def test_an_unknown_key_is_named(bundle):
    text = _changed(bundle.card, lambda value: value["window"].update(colour="red"))
    with pytest.raises(BundleDamaged, match=r"card\.window has the unknown colour"):
        from_json(text)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("trees", "60", r"card\.trees is not of kind int"),
        ("trees", True, r"card\.trees is not of kind int"),
        ("features", {}, r"card\.features is not a list"),
        ("window", [], r"card\.window is not an object"),
        ("created_at", "yesterday", r"card\.created_at is no date"),
        ("created_at", 7, r"card\.created_at is not a date"),
    ],
)
def test_a_value_of_another_kind_is_named(bundle, key, value, said):
    text = _changed(bundle.card, lambda card: card.update({key: value}))
    with pytest.raises(BundleDamaged, match=said):
        from_json(text)


def test_a_feature_of_no_known_kind_is_refused(bundle):
    text = _changed(bundle.card, lambda card: card["features"][0].update(kind="image"))
    with pytest.raises(BundleDamaged, match=r"features\[0\]\.kind is not a known word"):
        from_json(text)


def test_a_value_that_makes_no_sense_is_damage(bundle):
    text = _changed(bundle.card, lambda card: card["parameters"].update(feature_share=7.0))
    with pytest.raises(BundleDamaged, match="make no sense"):
        from_json(text)


@pytest.mark.parametrize("text", ["", "{", '{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000, "[]"])
def test_what_is_no_strict_json_is_damage(text):
    with pytest.raises(BundleDamaged):
        from_json(text)


def test_a_card_of_a_later_layout_says_so(bundle):
    text = _changed(bundle.card, lambda card: card.update(schema=99, novelty=1))
    with pytest.raises(ModelError, match="layout 99") as refusal:
        from_json(text)
    assert not isinstance(refusal.value, BundleDamaged)


def test_the_id_follows_the_content_and_not_the_clock(bundle):
    card = bundle.card
    later = dataclasses.replace(card, created_at=datetime(2030, 1, 1, tzinfo=UTC))
    other = dataclasses.replace(card, note="another")
    assert identity(later) == card.id
    assert identity(other) != card.id


@pytest.mark.parametrize("name", ["", "9lives", "a b", 'a"b', "a,b", "a:b", "é"])
def test_a_name_that_a_model_text_cannot_carry_is_refused(name):
    with pytest.raises(ModelError, match="cannot be named"):
        FeatureSpec(name=name, kind="number")


def test_senseless_features_are_refused():
    with pytest.raises(ModelError, match="has a vocabulary"):
        FeatureSpec(name="a", kind="number", vocabulary=("x",))
    with pytest.raises(ModelError, match="repeats itself"):
        FeatureSpec(name="a", kind="category", vocabulary=("x", "x"))
    with pytest.raises(ModelError, match="direction"):
        FeatureSpec(name="a", kind="category", monotone=1)


@pytest.mark.parametrize("wrong", [{"leaves": 1}, {"later_share": 1.0}, {"folds": 0}])
def test_senseless_settings_are_refused(wrong):
    with pytest.raises(ModelError, match="make no sense"):
        TrainingSettings(**wrong)


def test_a_card_of_the_first_layout_is_read_and_written_back_as_it_was(bundle):
    told = json.loads(to_json(bundle.card))
    told["leaks"] = [
        {"name": "remark", "kind": "too good", "measure": 0.99, "why": "tells finds too well"}
    ]
    old = canonical({**layout_one.lower(told), "schema": 1})
    card = from_json(old)
    assert to_json(card) == old
    assert (card.leaks[0].name, card.leaks[0].measure) == ("remark", 0.99)
    assert (card.members, card.purpose, card.combination) == (1, "finds", None)


def test_damage_to_a_card_of_the_first_layout_changes_its_id(bundle):
    old = {**layout_one.lower(json.loads(to_json(bundle.card))), "schema": 1}
    one, other = from_json(canonical(old)), from_json(canonical({**old, "note": "forged"}))
    assert identity(one) != identity(other)
