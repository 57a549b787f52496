"""What is wrong with rules together that no single file shows."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import Place
from riskengine.messages import LANGUAGES
from riskengine.rules.evaluate import evaluate
from riskengine.rules.overlap import overlaps, shared_matches


def masses(values, **columns):
    return pl.DataFrame(
        {
            "container_id": pl.Series(range(len(values)), dtype=pl.Int32),
            "mass_kg": pl.Series(values, dtype=pl.Float64),
            **columns,
        }
    )


@pytest.fixture
def kinds():
    """A function: the kinds and rules of what was found."""

    def kinds(rules, frame, **more):
        found = overlaps(rules, frame, **more)
        return [(finding.kind, finding.rules) for finding in found.findings]

    return kinds


THOUSAND = [float(number) for number in range(2000)]


def test_rules_that_say_the_same_are_named_once(make_rule, kinds):
    rules = [make_rule("mass_kg >= 1000"), make_rule("mass_kg > 990", id="TST-TWO-001")]
    assert kinds(rules, masses(THOUSAND)) == [("duplicate", ("TST-ONE-001", "TST-TWO-001"))]


def test_a_rule_inside_another_is_named_after_it(make_rule, kinds):
    rules = [make_rule("mass_kg >= 100"), make_rule("mass_kg >= 1500", id="TST-TWO-001")]
    assert kinds(rules, masses(THOUSAND)) == [("subsumed", ("TST-TWO-001", "TST-ONE-001"))]


def test_what_lies_inside_a_tag_is_no_finding(make_rule, kinds):
    wide = make_rule("mass_kg >= 100", effect="tag")
    rules = [wide, make_rule("mass_kg >= 1500", id="TST-TWO-001")]
    assert kinds(rules, masses(THOUSAND)) == []


def test_few_matches_are_chance(make_rule, kinds):
    rules = [make_rule("mass_kg >= 1995"), make_rule("mass_kg > 1994", id="TST-TWO-001")]
    assert kinds(rules, masses(THOUSAND)) == []


def test_a_version_beside_the_one_it_challenges_is_meant(make_rule, kinds):
    rules = [make_rule("mass_kg > 9"), make_rule("mass_kg > 10", version="2")]
    assert kinds(rules, masses(THOUSAND)) == []


def test_rules_that_match_never_or_always_or_could_not_judge_are_told_apart(make_rule, kinds):
    rules = [
        make_rule("mass_kg < 0"),
        make_rule("mass_kg >= 0", id="TST-ALL-001"),
        make_rule("value_usd > 3", id="TST-BLD-001"),
    ]
    assert kinds(rules, masses(THOUSAND)) == [
        ("always_matches", ("TST-ALL-001",)),
        ("never_answered", ("TST-BLD-001",)),
        ("never_matches", ("TST-ONE-001",)),
        ("field_never_filled", ("TST-BLD-001",)),
    ]


def test_a_rule_that_had_no_time_to_match_is_not_named(make_rule, kinds):
    assert kinds([make_rule("mass_kg < 0")], masses(THOUSAND[:900])) == []


def test_a_list_that_no_rule_asks_is_named(make_rule, kinds):
    asking = make_rule("port in list source_ports")
    (used,) = asking.lists
    spare = replace(used, name="words", place=Place(file="words.yaml"))
    frame = masses([1.0], port=["X"])
    assert kinds([asking], frame, lists=[used, spare]) == [("unused_list", ())]


def test_a_rule_that_cannot_run_is_a_finding(make_rule, kinds):
    lost = replace(make_rule("port in list source_ports"), lists=())
    assert ("cannot_run", ("TST-ONE-001",)) in kinds([lost], masses([1.0], port=["X"]))


def test_no_containers_and_no_rules_are_nothing_to_find(make_rule, kinds):
    assert kinds([make_rule("mass_kg > 1")], masses([])) == []
    assert kinds([], masses([1.0])) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_a_sentence(make_rule, language):
    rules = [
        make_rule("mass_kg >= 1000"),
        make_rule("mass_kg > 990", id="TST-TWO-001"),
        make_rule("mass_kg >= 1500", id="TST-INN-001"),
        make_rule("value_usd > 3", id="TST-BLD-001"),
    ]
    for finding in overlaps(rules, masses(THOUSAND)).findings:
        assert all(rule in finding.sentence(language) for rule in finding.rules)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=150),
    st.lists(st.integers(0, 12), min_size=2, max_size=4, unique=True),
)
def test_shared_matches_are_counted_exactly(make_rule, values, limits):
    """Words of 64 containers, and the plain intersection of sets, agree."""
    rules = [make_rule(f"mass_kg >= {limit}", id=f"TST-LIM-{limit:03}") for limit in limits]
    pairs = shared_matches(evaluate(rules, masses([float(value) for value in values])))
    sets = {
        f"TST-LIM-{limit:03}": {n for n, value in enumerate(values) if value >= limit}
        for limit in limits
    }
    expected = {
        frozenset((one, two)): len(sets[one] & sets[two])
        for one in sets
        for two in sets
        if one < two and sets[one] & sets[two]
    }
    assert {frozenset((p.first[0], p.second[0])): p.both for p in pairs} == expected
    assert all(
        (p.of_first, p.of_second) == (len(sets[p.first[0]]), len(sets[p.second[0]]))
        for p in pairs
    )
