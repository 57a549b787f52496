"""Every rule of the core pack, held to the same promises."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskengine.domain import Severity, Typology, Verdict
from riskengine.features.catalog import catalog
from riskengine.messages import LANGUAGES
from riskengine.rules.check import run_tests
from riskengine.rules.pack import kinds_of, read_pack
from riskengine.rules.rule import RuleEffect
from riskengine.rules.sentences import sentence
from riskengine.rules.tree import SettingRef, nodes

FOLDER = Path(__file__).parents[2] / "rules" / "core"
PACK, FAULTS = read_pack(FOLDER, catalog())
RULES = pytest.mark.parametrize("rule", PACK.rules, ids=[rule.id for rule in PACK.rules])
THREATS = {
    "any", "arms", "cannabis", "cigarettes", "cocaine", "heroin", "precursors", "synthetics",
    "waste", "wildlife",
}  # fmt: skip
FEWEST_RULES = 100


def test_the_pack_has_no_fault():
    assert [str(fault) for fault in FAULTS] == []


def test_the_pack_names_its_issuer_and_licence():
    assert (PACK.name, PACK.issuer, PACK.licence) == ("core", "riskengine", "Apache-2.0")


def test_ids_are_unique():
    assert len({rule.id for rule in PACK.rules}) == len(PACK.rules)


def test_the_pack_covers_the_field():
    assert len(PACK.rules) >= FEWEST_RULES


@pytest.mark.parametrize("typology", list(Typology))
def test_a_modus_operandi_has_two_rules_at_least_and_one_of_its_own(typology):
    claiming = [rule for rule in PACK.rules if typology in rule.typologies]
    assert len(claiming) >= 2
    assert any(rule.typologies[0] is typology for rule in claiming)


def test_every_threat_has_a_rule_and_no_other_word_stands_for_one():
    assert {threat for rule in PACK.rules for threat in rule.threats} == THREATS


def test_severities_are_modest():
    counts = Counter(rule.severity for rule in PACK.rules)
    assert counts[Severity.LOW] > counts[Severity.MEDIUM] > counts[Severity.HIGH]
    assert counts[Severity.HIGH] + counts[Severity.CRITICAL] <= len(PACK.rules) // 20


def test_rules_that_take_a_slot_away_trust_themselves():
    claiming = [rule for rule in PACK.rules if rule.effect is RuleEffect.MUST_INSPECT]
    assert all(rule.severity in {Severity.HIGH, Severity.CRITICAL} for rule in claiming)


@RULES
def test_a_file_lies_under_its_first_typology_and_bears_its_id(rule):
    typology, file = rule.place.file.split("/")[-2:]
    assert file == f"{rule.id.lower()}.yaml"
    assert Typology(typology) is rule.typologies[0]


@RULES
def test_a_rule_may_be_given_to_anybody_and_says_where_it_comes_from(rule):
    assert (rule.owner, rule.handling) == ("core", "TLP:CLEAR")
    assert rule.threats
    assert all(len(reference) >= 20 for reference in rule.source)


@RULES
def test_the_tests_of_a_rule_pass_on_both_evaluators(rule):
    failed = [result for result in run_tests(rule) if not result.passed]
    assert failed == []


@RULES
def test_a_rule_shows_what_it_matches_what_it_passes_and_what_it_cannot_tell(rule):
    expected = {test.expect for test in rule.tests}
    assert expected >= {Verdict.MATCH, Verdict.NO_MATCH}
    # A rule that only asks whether something is missing can always tell.
    only_asks = all(
        "missing" in leaf.text
        for leaf in getattr(rule.when, "members", ())
        if hasattr(leaf, "text")
    )
    assert Verdict.UNKNOWN in expected or only_asks


@RULES
def test_a_rule_over_several_containers_shows_them(rule):
    shown = {test.expect for test in rule.tests if test.others}
    assert not rule.measures or shown >= {Verdict.MATCH}


@RULES
def test_every_excuse_of_a_rule_is_tested(rule):
    assert not rule.unless or Verdict.EXCUSED in {test.expect for test in rule.tests}


@RULES
def test_every_setting_of_a_rule_is_asked_and_lies_within_its_bounds(rule):
    trees = (rule.when, *rule.unless, *(line for m in rule.measures for line in m.where))
    asked = {
        node.name for tree in trees for node in nodes(tree) if isinstance(node, SettingRef)
    }
    assert {setting.name for setting in rule.settings} == asked
    assert all(s.lowest <= s.value <= s.highest and s.lowest < s.highest for s in rule.settings)


@RULES
def test_every_measure_of_a_rule_is_asked(rule):
    read = {ref.name for ref in rule.fields_read}
    assert [m.name for m in rule.measures if m.column not in read] == []


@RULES
def test_one_place_is_never_the_whole_reason(rule):
    # Several places may make a way that does not fit; one place alone says nothing of a container.
    place = re.compile(
        r"^(port_|place_|country_|countries_|is_source_country|transhipment_ports)"
    )
    read = {ref.name for ref in rule.fields_read}
    assert len(read) >= 2 or not any(place.match(name) for name in read)


@RULES
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_speaks_four_languages(rule, language):
    wordings = (rule.title, rule.why, rule.innocent, rule.blind_spot, rule.guide, rule.because)
    assert all(text is not None and language in text.languages() for text in wordings)
    assert all(language in measure.label.languages() for measure in rule.measures)
    kinds = kinds_of(catalog())
    for test in rule.tests:
        if test.expect is Verdict.MATCH and test.others is None:
            facts = dict.fromkeys(kinds) | dict(test.values)
            said = sentence(rule, facts, language)
            assert said
            assert "{" not in said


def test_every_list_is_asked_by_some_rule():
    asked = {entry.name for rule in PACK.rules for entry in rule.lists}
    assert {entry.name for entry in PACK.lists} == asked


@pytest.mark.parametrize("entry", PACK.lists, ids=[entry.name for entry in PACK.lists])
def test_a_list_is_named_in_four_languages_as_a_part_of_a_sentence(entry):
    assert entry.title is not None
    assert entry.title.languages() == LANGUAGES
    titles = [entry.title.in_language(language) for language in LANGUAGES]
    assert all(3 < len(title) <= 70 for title in titles)
    assert not [title for title in titles if title[0].isupper() and not title.startswith("HS")]


@pytest.mark.parametrize("entry", PACK.lists, ids=[entry.name for entry in PACK.lists])
def test_a_list_says_where_it_comes_from_and_does_not_last_for_ever(entry):
    assert len(entry.source) >= 20
    assert entry.values
    # The rules speak of any year's manifests; the lists are what was known when the pack was published.
    longest = date(2026, 1, 1) + timedelta(days=2 * 366)
    assert date(2026, 12, 31) <= entry.valid_until <= longest
