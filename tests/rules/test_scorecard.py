"""Advice: on the lower end of what a rule is worth, and never against the only rule of a modus operandi."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskengine.messages import LANGUAGES
from riskengine.rules.backtest import Backtest, Overlap, Since
from riskengine.rules.rates import Rate
from riskengine.rules.rule import RuleStatus
from riskengine.rules.scorecard import Advice, as_mapping, scorecard

TODAY = date(2026, 6, 1)
PLAIN = Backtest(
    rule_id="TST-ONE-001",
    version=1,
    sha256="",
    first_day=date(2026, 1, 1),
    last_day=date(2026, 5, 1),
    days=121,
    days_with_containers=121,
    containers=10_000,
    match=200,
    no_match=9_800,
    unknown=0,
    excused=0,
    slots_per_day=10.0,
    examined=1000,
    find_rate=Rate(found=0, examined=0),
    random_drawn=500,
    random_rate=Rate(found=10, examined=500),
    random_hits=Rate(found=0, examined=0),
    base_rate=Rate(found=10, examined=500),
    is_base_random=True,
    since=None,
    overlaps=(),
    missing=(),
    examples=(),
)


@pytest.fixture
def advice(make_rule):
    """A function: changes to a back-test and to its rule, to advice and the keys of its reasons."""

    def advice(rule=None, *, is_alone=False, **changed):
        judged = replace(rule or make_rule("is_full"), status=RuleStatus.ACTIVE)
        rules, tests = [judged], [replace(PLAIN, **changed)]
        if not is_alone:
            second = make_rule("is_full", id="TST-TWO-001")
            rules.append(replace(second, status=RuleStatus.ACTIVE))
            tests.append(replace(PLAIN, rule_id="TST-TWO-001"))
        scores = scorecard(rules, tests, on=TODAY)
        (score,) = (score for score in scores if score.rule_id == judged.id)
        return score.advice.value, [reason.key for reason in score.reasons]

    return advice


def rate(found, examined):
    return {"find_rate": Rate(found=found, examined=examined)}


def test_a_rule_with_few_opened_hits_is_kept_and_not_judged(advice):
    assert advice(**rate(0, 29)) == ("keep", ["not_judged"])


def test_a_rule_that_surely_beats_a_blind_draw_is_kept(advice):
    assert advice(**rate(12, 60)) == ("keep", ["better"])


def test_a_rule_that_may_still_be_anything_is_kept_and_said_to_be_unclear(advice):
    assert advice(**rate(1, 30)) == ("keep", ["unclear"])


def test_a_rule_that_promises_more_than_it_can_hold_is_tuned(advice):
    """Severity medium promises e times the base rate."""
    verdict, reasons = advice(**rate(20, 800))
    assert verdict == "tune"
    assert "promises" in reasons


def test_a_rule_that_finds_less_than_a_blind_draw_is_retired(advice):
    assert advice(**rate(0, 900)) == ("retire", ["worse"])


def test_on_a_base_that_officers_chose_no_rule_is_retired(advice):
    chosen = {"is_base_random": False, "random_drawn": 0}
    assert advice(**rate(0, 900), **chosen) == ("tune", ["worse_examined"])


def test_where_everything_was_opened_the_base_is_as_good_as_a_draw(advice):
    every = {"is_base_random": False, "base_rate": Rate(found=200, examined=10_000)}
    assert advice(**rate(0, 900), **every) == ("retire", ["worse"])


def test_the_only_rule_of_a_modus_operandi_is_never_retired(advice):
    assert advice(is_alone=True, **rate(0, 900)) == ("tune", ["sole", "worse"])


def test_of_two_rules_to_go_the_last_one_stays(make_rule):
    rules = [
        replace(make_rule("is_full", id=name), status=RuleStatus.ACTIVE)
        for name in ("TST-ONE-001", "TST-TWO-001")
    ]
    tests = [
        replace(PLAIN, rule_id=rule.id, **rate(found, 1200))
        for rule, found in zip(rules, (0, 1), strict=True)
    ]
    scores = {score.rule_id: score.advice for score in scorecard(rules, tests, on=TODAY)}
    assert scores == {"TST-ONE-001": Advice.RETIRE, "TST-TWO-001": Advice.TUNE}


def test_a_rule_in_shadow_does_not_make_another_one_superfluous(make_rule):
    judged = replace(make_rule("is_full"), status=RuleStatus.ACTIVE)
    shadow = replace(make_rule("is_full", id="TST-TWO-001"), status=RuleStatus.SHADOW)
    tests = [replace(PLAIN, **rate(0, 900)), replace(PLAIN, rule_id="TST-TWO-001")]
    (score,) = (
        s for s in scorecard([judged, shadow], tests, on=TODAY) if s.rule_id == judged.id
    )
    assert score.advice is Advice.TUNE


def test_a_rule_that_cannot_see_is_tuned_and_the_field_named(advice):
    blind = {"match": 0, "no_match": 4000, "unknown": 6000, "missing": (("is_full", 6000),)}
    assert advice(**blind) == ("tune", ["blind", "not_judged", "silent"])


def test_a_rule_that_matches_everything_tells_little(advice):
    assert advice(match=3000, no_match=7000) == ("tune", ["wide", "not_judged"])


def test_a_rule_that_claims_too_many_examinations_is_tuned(make_rule, advice):
    rule = make_rule("is_full", effect="must_inspect")
    assert advice(rule, match=400, no_match=9600)[1] == ["capacity", "not_judged"]


def test_a_tag_is_not_judged_by_what_it_finds(make_rule, advice):
    assert advice(make_rule("is_full", effect="tag"), match=6000, **rate(0, 900)) == (
        "keep",
        ["tag"],
    )


def test_of_two_rules_that_say_the_same_the_younger_goes(make_rule):
    old = replace(make_rule("is_full", valid_from="2025-01-01"), status=RuleStatus.ACTIVE)
    young = replace(make_rule("is_full", id="TST-TWO-001"), status=RuleStatus.ACTIVE)

    def test(rule, other):
        alike = Overlap(
            rule_id=other.id, version=1, both=190, jaccard=0.95, of_this=0.99, of_other=0.96
        )
        return replace(PLAIN, rule_id=rule.id, overlaps=(alike,))

    scores = scorecard([old, young], [test(old, young), test(young, old)], on=TODAY)
    assert [(score.rule_id, score.advice.value) for score in scores] == [
        ("TST-TWO-001", "retire"),
        ("TST-ONE-001", "keep"),
    ]


def alike(rules):
    """Advice on two rules that match almost the same."""

    def test(rule, other):
        overlap = Overlap(
            rule_id=other.id, version=1, both=190, jaccard=0.95, of_this=0.99, of_other=0.96
        )
        return replace(PLAIN, rule_id=rule.id, overlaps=(overlap,))

    one, two = rules
    scores = scorecard(rules, [test(one, two), test(two, one)], on=TODAY)
    return {score.rule_id: score.advice.value for score in scores}


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [("must_inspect", "tag"), ("must_inspect", "score"), ("score", "tag")],
)
def test_a_duplicate_never_goes_for_a_rule_that_does_less(make_rule, stronger, weaker):
    """Though the other one is older and weighs more."""
    does_more = make_rule("is_full", effect=stronger, severity="low")
    does_less = make_rule(
        "is_full",
        id="TST-TWO-001",
        effect=weaker,
        valid_from="2020-01-01",
        **({} if weaker == "tag" else {"severity": "critical"}),
    )
    rules = [replace(rule, status=RuleStatus.ACTIVE) for rule in (does_more, does_less)]
    assert alike(rules) == {"TST-ONE-001": "keep", "TST-TWO-001": "retire"}


def test_a_duplicate_that_counts_never_goes_for_one_that_does_not(make_rule):
    shadow = make_rule("is_full", effect="must_inspect")
    counts = make_rule("is_full", id="TST-TWO-001", effect="score")
    rules = [
        replace(shadow, status=RuleStatus.SHADOW),
        replace(counts, status=RuleStatus.ACTIVE),
    ]
    assert alike(rules) == {"TST-ONE-001": "keep", "TST-TWO-001": "keep"}


def test_a_tag_does_not_cover_for_a_rule_that_gives_points(make_rule):
    judged = replace(make_rule("is_full"), status=RuleStatus.ACTIVE)
    tag = replace(
        make_rule("is_full", id="TST-TWO-001", effect="tag"), status=RuleStatus.ACTIVE
    )
    tests = [replace(PLAIN, **rate(0, 900)), replace(PLAIN, rule_id="TST-TWO-001")]
    (score,) = (s for s in scorecard([judged, tag], tests, on=TODAY) if s.rule_id == judged.id)
    assert (score.advice, score.reasons[0].key) == (Advice.TUNE, "sole")


def test_a_last_day_that_is_near_or_past_is_told(make_rule, advice):
    near = make_rule("is_full", valid_until="2026-06-11")
    past = make_rule("is_full", valid_until="2026-05-31")
    assert advice(near)[1] == ["expires", "not_judged"]
    assert advice(past)[0] == "retire"


def test_a_rule_is_judged_by_what_came_after_it(advice):
    """What lies before a rule for a new threat says nothing against it."""
    since = Since(
        on=date(2026, 4, 1),
        containers=2000,
        match=40,
        find_rate=Rate(found=2, examined=12),
        base_rate=Rate(found=3, examined=120),
        is_base_random=True,
    )
    assert advice(since=since, **rate(0, 900)) == ("keep", ["not_judged"])
    empty = replace(since, containers=0, find_rate=Rate(found=0, examined=0))
    assert advice(since=empty, **rate(12, 60)) == ("keep", ["better", "before"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence(make_rule, language):
    rule = replace(
        make_rule("is_full", effect="must_inspect", valid_until="2026-06-02"),
        status=RuleStatus.ACTIVE,
    )
    made = replace(
        PLAIN,
        match=3000,
        no_match=1000,
        unknown=6000,
        missing=(("is_full", 6000),),
        **rate(20, 800),
    )
    (score,) = scorecard([rule], [made], on=TODAY)
    assert len(score.reasons) >= 5
    said = as_mapping(score, language)
    assert all(reason["sentence"] for reason in said["reasons"])
