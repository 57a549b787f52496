"""Reasons as groups that add up, and sentences that can be said again from their key and parameters."""

from __future__ import annotations

import json
import math
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine import messages
from riskengine.domain import Reason
from riskengine.engine.reasons import Reasons, grouped
from riskengine.engine.said import kept, kept_text, said
from riskengine.errors import UsageError
from riskengine.features.attributes import attribute_fields_of
from riskengine.features.catalog import catalog
from riskengine.features.groups import group_of

FEATURES = [field.name for field in catalog() if field.is_model_feature]
WEIGHTS = st.floats(-4, 4, allow_nan=False).filter(bool)


def reason(source, log_odds, kind="feature", **told):
    return Reason(
        source=source, kind=kind, log_odds=log_odds, sentence=f"says {source}", **told
    )


def total(reasons):
    return math.fsum(one.log_odds for one in reasons)


@given(
    features=st.dictionaries(st.sampled_from(FEATURES), WEIGHTS),
    rules=st.dictionaries(st.sampled_from(["seal", "LOD-NEW-001", "A-1"]), WEIGHTS),
)
def test_groups_hold_every_reason_once_and_add_up(features, rules):
    """Nothing is dropped, and a rule named as a group is not mixed up with it."""
    told = [reason(*item) for item in features.items()]
    told += [reason(*item, kind="rule") for item in rules.items()]
    groups = grouped(told, "en")
    parts = [part for group in groups for part in group.parts]
    assert sorted(parts, key=str) == sorted(told, key=str)
    assert total(groups) == pytest.approx(total(told), abs=1e-12)
    assert all(group.log_odds == total(group.parts) for group in groups)
    sizes = [abs(group.log_odds) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    alone = [group for group in groups if group.parts[0].kind == "rule"]
    assert sorted(group.id for group in alone) == sorted(rules)


@given(st.dictionaries(st.sampled_from(FEATURES), WEIGHTS, min_size=1))
def test_a_group_says_what_speaks_in_its_own_direction(features):
    for group in grouped([reason(*item) for item in features.items()], "en"):
        same_way = [part for part in group.parts if part.log_odds * group.log_odds > 0]
        strongest = max(same_way or group.parts, key=lambda part: abs(part.log_odds))
        assert abs(strongest.log_odds) == max(
            abs(part.log_odds) for part in group.parts if part.sentence == group.sentence
        )


def test_the_stronger_part_that_pulls_the_other_way_is_not_the_sentence():
    groups = grouped(
        [
            reason("seal_count", -1.0),
            reason("is_seal_missing", 0.7),
            reason("is_seal_repeated", 0.6),
        ],
        "en",
    )
    assert [(group.id, group.sentence) for group in groups] == [
        ("seal", "says is_seal_missing")
    ]
    assert groups[0].parts[0].source == "seal_count"


def test_a_value_that_is_missing_leads_only_where_none_is_told():
    missing = reason("is_seal_missing", 0.9, is_told=False)
    told = reason("is_seal_repeated", 0.2)
    against = reason("seal_count", -0.3)
    groups = [grouped(parts, "en")[0] for parts in ([missing, told], [missing, against])]
    assert [(group.sentence, group.is_told) for group in groups] == [
        ("says is_seal_repeated", True),
        ("says is_seal_missing", False),
    ]
    assert [group.log_odds for group in groups] == [pytest.approx(1.1), pytest.approx(0.6)]
    assert [len(group.parts) for group in groups] == [2, 2]


def test_a_group_is_usual_by_what_it_is_led_by():
    told = [reason("seal_count", 0.9), reason("is_seal_missing", 0.2)]
    assert not grouped(told, "en")[0].is_usual
    assert grouped(told, "en", {"seal_count"})[0].is_usual
    assert not grouped(told, "en", {"is_seal_missing"})[0].is_usual
    assert not grouped([reason("A-1", 1.0, "rule")], "en", {"A-1"})[0].is_usual


def test_nothing_is_unusual_by_itself_only_where_the_page_shows_what_is_usual(run):
    """As the sentence of the indicator says, or the sentence beneath it; never of a value that is missing."""
    reasons = Reasons(run, "en", with_evidence=True)
    seen = {"within": 0, "beyond": 0}
    for container_id in run.assessments["container_id"].to_list():
        told, facts = reasons.of(container_id), reasons.facts(container_id)
        within = reasons.within_usual(told, container_id)
        for one in told:
            low, high, own = (
                facts.get(f"{one.source}.{name}")
                for name in ("usual_low", "usual_high", "declared")
            )
            if one.usual:
                expected = "within that" in one.usual
            elif low is None or high is None or own is None:
                expected = False
            else:
                expected = one.is_told and low <= own <= high
            assert (one.source in within) is expected
            seen["within"] += expected
            seen["beyond"] += bool(low is not None and not expected)
    assert all(seen.values())


def test_the_order_of_reasons_changes_no_bit_of_a_group():
    told = [reason(name, 0.1 * (-1) ** place / 3) for place, name in enumerate(FEATURES)]
    assert grouped(told, "pt") == grouped(told[::-1], "pt")


def test_the_groups_of_a_run_add_up_to_its_reasons(run):
    reasons = Reasons(run, "fr")
    for container_id in run.assessments["container_id"].to_list():
        told = reasons.of(container_id)
        groups = grouped(told, "fr")
        assert total(groups) == pytest.approx(total(told), abs=1e-12)
        assert {group.id for group in groups if group.parts[0].kind == "feature"} == {
            group_of(part.source) for part in told if part.kind == "feature"
        }


def brought_fields():
    kinds = ["category", "number", "key"]
    return attribute_fields_of(pl.DataFrame({"name": ["genus"] * 3, "kind": kinds}))


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_every_kept_sentence_is_said_again_in_every_language(run, data):
    """Through JSON and back: missing values, days, lists and hostile texts too."""
    fields = brought_fields()
    values = {
        "number": st.floats(-1e9, 1e9),
        "boolean": st.booleans(),
        "text": st.text(max_size=400),
    }
    beside = st.one_of(
        st.none(),
        st.floats(-1e9, 1e9),
        st.dates(date(1999, 1, 1), date(2099, 1, 1)),
        st.text(max_size=400),
        st.lists(st.text(max_size=200), max_size=3),
    )
    in_english = Reasons(run, "en", fields, with_evidence=True)
    others = [Reasons(run, language, fields) for language in messages.LANGUAGES]
    for field in (*catalog(), *fields):
        if not field.is_model_feature:
            continue
        facts = {field.name: data.draw(st.none() | values[field.kind])}
        facts |= {name: data.draw(beside) for name in field.companion_columns.values()}
        key, params = in_english.kept_sentence(field.name, facts)
        read = json.loads(json.dumps(params))
        for language, reasons in zip(messages.LANGUAGES, others, strict=True):
            assert said(key, read, language) == reasons.sentence_of_feature(field.name, facts)


def test_a_reason_brings_its_evidence_only_where_it_is_asked_for(run):
    container_id = run.assessments["container_id"][0]
    plain = Reasons(run, "es").of(container_id)
    whole = Reasons(run, "es", with_evidence=True).of(
        container_id, precedents={plain[0].source: ("antes",)}
    )
    assert [one.sentence for one in plain] == [one.sentence for one in whole]
    assert {(one.key, one.usual, one.precedents) for one in plain} == {("", "", ())}
    for one in whole:
        assert (one.key == "") is (one.kind == "rule")
        if one.kind == "feature":
            assert said(one.key, one.params, "es") == one.sentence
    told = {one.source for one in whole if one.precedents}
    assert told == ({plain[0].source} if plain[0].kind == "feature" else set())


def test_a_kept_text_is_never_longer_than_what_is_shown():
    assert len(str(kept({"value": "x" * 5000})["value"])) == messages.LONGEST_TEXT + 1


@pytest.mark.parametrize(
    "damaged",
    [{"day": "yesterday"}, {"key": "fact.gross_mass_kg.label"}, {}, {"key": 1, "params": {}}],
)
def test_damaged_parameters_are_refused(damaged):
    with pytest.raises(UsageError, match="damaged"):
        said("desk.explain.missing_fact", {"label": damaged}, "en")


def test_texts_within_texts_end_somewhere():
    text = kept_text("fact.gross_mass_kg.label", {"name": ""})
    for _ in range(5):
        text = kept_text("desk.explain.missing_fact", {"label": text})
    with pytest.raises(UsageError, match="damaged"):
        said("desk.explain.missing_fact", {"label": text}, "en")
