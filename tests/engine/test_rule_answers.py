"""What rules answered of recorded containers: read again, they say what was recorded."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from riskengine.domain import Verdict
from riskengine.engine.near_miss import COMMON, Unremarkable
from riskengine.engine.recorded import read_run
from riskengine.engine.rule_answers import answer_of, answers_of_run, near_misses, rules_of
from riskengine.errors import RuleError, RuleNotFound, RunNotFound
from riskengine.ledger.run_register import latest_run
from riskengine.rules.aloud import read_aloud
from riskengine.rules.list_editions import with_lists_of
from riskengine.rules.reference import explain_rule, verdict_of
from riskengine.rules.rule import RuleStatus
from riskengine.rules.spoken import lines_to_turn
from riskengine.rules.store import in_force, rule_from_source

DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def recorded(session_unit):
    return read_run(latest_run(session_unit).folder_in(session_unit))


@pytest.fixture(scope="module")
def boxes(recorded):
    return recorded.assessments["container_number"].drop_nulls().to_list()


def test_read_again_every_rule_says_what_was_recorded(session_unit, recorded):
    told = {
        (row[0], row[1]): row[2]
        for row in recorded.verdicts.select("rule_id", "container_id", "verdict").rows()
    }
    rows = recorded.indicators.to_dicts()
    for rule in rules_of(session_unit, recorded):
        for row in rows:
            verdict, _ = verdict_of(rule, row)
            key = (rule.id, row["container_id"])
            assert verdict.value == told.get(key, "no_match"), key
            holds = verdict in {Verdict.MATCH, Verdict.EXCUSED}
            assert (lines_to_turn(rule, row) == ()) is holds


def test_an_answer_names_every_line_and_its_verdict(session_unit, recorded, boxes):
    matched = recorded.verdicts.filter(recorded.verdicts["verdict"] == "match").row(
        0, named=True
    )
    number = dict(recorded.assessments.select("container_id", "container_number").rows())
    box = number[matched["container_id"]]
    answer = answer_of(session_unit, matched["rule_id"].lower(), box)
    assert answer.verdict is answer.recorded is Verdict.MATCH
    assert answer.was_in_run
    assert answer.sentence
    assert (answer.lines_short, answer.turns, answer.missing) == (0, (), ())
    assert answer.lines[0].holds is True
    assert answer.rule.status is RuleStatus.ACTIVE


def test_what_is_unknown_names_what_is_missing(session_unit, recorded):
    row = recorded.verdicts.filter(recorded.verdicts["verdict"] == "unknown").row(0, named=True)
    number = dict(recorded.assessments.select("container_id", "container_number").rows())
    answer = answer_of(
        session_unit, row["rule_id"], number[row["container_id"]], run_id=recorded.card.run_id
    )
    assert answer.verdict is Verdict.UNKNOWN
    assert len(answer.missing) == len(row["missing"]) > 0
    assert answer.turns


def test_the_answers_of_a_run_add_up(session_unit, recorded):
    answers = answers_of_run(session_unit)
    assert answers.run_id == recorded.card.run_id
    assert len(answers.rules) == recorded.rules.height
    able = [count for count in answers.rules if not count.failure]
    assert len(able) > len(answers.rules) / 2
    for count in able:
        assert set(count.counts) == set(Verdict)
        assert sum(count.counts.values()) == answers.containers == recorded.assessments.height
        assert bool(count.missing) is (count.counts[Verdict.UNKNOWN] > 0)
        assert count.is_blind is (count.counts[Verdict.UNKNOWN] == answers.containers)
    whole = sum(answers.total(verdict) for verdict in Verdict)
    assert whole == answers.containers * len(able)
    matches = [count.counts[Verdict.MATCH] for count in answers.rules]
    assert matches == sorted(matches, reverse=True)


def test_near_misses_are_one_line_short_and_the_rarest_come_first(session_unit, boxes):
    near = near_misses(session_unit, boxes[0])
    assert near.misses
    assert [miss.rank for miss in near.misses] == sorted(miss.rank for miss in near.misses)
    for miss in near.misses[:5]:
        answer = answer_of(session_unit, miss.rule.id, boxes[0], run_id=near.run_id)
        assert (answer.verdict, answer.lines_short) == (Verdict.NO_MATCH, 1)
        assert answer.turns == (miss.turn,)


def test_what_is_as_near_is_counted_over_the_run_as_line_by_line(session_unit, recorded, boxes):
    rows = recorded.indicators.to_dicts()
    for box in boxes[:2]:
        near = near_misses(session_unit, box, run_id=recorded.card.run_id)
        assert near.others == len(rows) - 1
        for miss in near.misses:
            as_near = sum(
                explain_rule(miss.rule, row).is_near_miss
                and lines_to_turn(miss.rule, row)[0].distance <= miss.distance
                for row in rows
            )
            assert as_near - 1 == miss.others_as_near, miss.rule.id
            assert miss.share_equally_near == miss.others_as_near / near.others


def test_what_most_containers_are_as_near_to_is_not_worth_showing(session_unit, boxes):
    near = near_misses(session_unit, boxes[0])
    for miss in near.misses:
        is_common = miss.share_equally_near > COMMON
        assert is_common is (miss.unremarkable is Unremarkable.COMMON)
    hidden = sum(near.hidden(why) for why in Unremarkable)
    assert hidden + len(near.remarkable) == len(near.misses)
    assert hidden > len(near.remarkable)


def test_a_rule_that_was_not_in_the_run_is_asked_afterwards(session_unit, boxes, tmp_path):
    text = in_force(session_unit, DAY).rules[0].source_yaml
    rule = rule_from_source(text)
    file = tmp_path / "tst-new-001.yaml"
    file.write_text(
        text.replace(f"id: {rule.id}", "id: TST-NEW-001").replace(
            "status: active", "status: draft"
        ),
        "utf-8",
    )
    answer = answer_of(session_unit, str(file), boxes[0])
    assert answer.rule.id == "TST-NEW-001"
    assert not answer.was_in_run
    assert answer.recorded is None


def test_what_is_not_there_is_refused_with_a_near_name(session_unit, boxes):
    with pytest.raises(RuleNotFound, match="RIP-SEA-001"):
        answer_of(session_unit, "RIP-SEE-001", boxes[0])
    with pytest.raises(RunNotFound):
        near_misses(session_unit, "XXXU0000000")


def test_lists_of_an_older_run_come_from_the_ledger(session_unit):
    rule = next(rule for rule in in_force(session_unit, DAY).rules if rule.lists)
    bare = rule_from_source(rule.source_yaml)
    (found,) = with_lists_of(session_unit, [bare], datetime(2026, 1, 1, tzinfo=UTC))
    assert found.lists == rule.lists
    assert with_lists_of(session_unit, [rule], datetime(2020, 1, 1, tzinfo=UTC)) == (rule,)
    with pytest.raises(RuleError, match="did not have then"):
        with_lists_of(session_unit, [bare], datetime(2020, 1, 1, tzinfo=UTC))


def test_a_rule_read_aloud_tells_what_was_tuned_and_what_expired(session_unit):
    rules = in_force(session_unit, DAY).rules
    rule = next(rule for rule in rules if rule.lists and rule.settings)
    told = read_aloud(rule, on=date(2100, 1, 1), language="pt")
    assert all(entry.is_expired for entry in told.lists)
    assert not any(setting.is_tuned for setting in told.settings)
    assert sum(told.tests.values()) == len(rule.tests)
    assert told.title == rule.title_in("pt")
    assert json.dumps([line.words for line in told.lines])
