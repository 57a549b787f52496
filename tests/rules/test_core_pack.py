"""Every rule of the core pack, held to the same promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskengine.domain import Typology, Verdict
from riskengine.features.catalog import catalog
from riskengine.messages import LANGUAGES
from riskengine.rules.check import run_tests
from riskengine.rules.pack import kinds_of, read_pack
from riskengine.rules.sentences import sentence

FOLDER = Path(__file__).parents[2] / "rules" / "core"
PACK, FAULTS = read_pack(FOLDER, catalog())
RULES = pytest.mark.parametrize("rule", PACK.rules, ids=[rule.id for rule in PACK.rules])


def test_the_pack_has_no_fault():
    assert [str(fault) for fault in FAULTS] == []


def test_the_pack_names_its_issuer_and_licence():
    assert (PACK.name, PACK.issuer, PACK.licence) == ("core", "riskengine", "Apache-2.0")


def test_ids_are_unique():
    assert len({rule.id for rule in PACK.rules}) == len(PACK.rules) > 0


@RULES
def test_a_file_lies_under_its_first_typology_and_bears_its_id(rule):
    typology, file = rule.place.file.split("/")[-2:]
    assert file == f"{rule.id.lower()}.yaml"
    assert Typology(typology) in rule.typologies


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
def test_every_excuse_of_a_rule_is_tested(rule):
    assert not rule.unless or Verdict.EXCUSED in {test.expect for test in rule.tests}


@RULES
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_speaks_four_languages(rule, language):
    wordings = (rule.title, rule.why, rule.innocent, rule.blind_spot, rule.guide, rule.because)
    assert all(text is None or language in text.languages() for text in wordings)
    kinds = kinds_of(catalog())
    for test in rule.tests:
        if test.expect is Verdict.MATCH:
            facts = dict.fromkeys(kinds) | dict(test.values)
            said = sentence(rule, facts, language)
            assert said
            assert "{" not in said


def test_every_list_is_asked_by_some_rule():
    asked = {entry.name for rule in PACK.rules for entry in rule.lists}
    assert {entry.name for entry in PACK.lists} == asked
