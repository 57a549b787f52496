"""The tests inside the core pack notice nearly every small change of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskengine.domain import Verdict
from riskengine.features.catalog import catalog
from riskengine.rules.pack import load_pack
from riskengine.rules.strength import strength_of

FOLDER = Path(__file__).parents[2] / "rules" / "core"
LEAST_OF_THE_PACK = 0.95
LEAST_OF_A_RULE = 0.80


@pytest.fixture(scope="module")
def pack():
    return load_pack(FOLDER, catalog())


@pytest.fixture(scope="module")
def strengths(pack):
    return [strength_of(rule) for rule in pack.rules]


def test_the_pack_as_a_whole_notices_nearly_every_change(strengths):
    tried = sum(strength.total for strength in strengths)
    missed = [
        f"{each.place}: {each.sentence()}" for strength in strengths for each in strength.missed
    ]
    assert tried > 20 * len(strengths)
    assert 1 - len(missed) / tried >= LEAST_OF_THE_PACK, "\n".join(missed)


def test_no_rule_of_the_pack_is_weakly_tested(strengths):
    weak = {each.rule_id: each.share for each in strengths if each.share < LEAST_OF_A_RULE}
    assert weak == {}


def test_every_rule_of_the_pack_shows_a_match_a_no_match_and_an_unknown(pack):
    wanted = {Verdict.MATCH, Verdict.NO_MATCH, Verdict.UNKNOWN}
    lacking = {
        rule.id: wanted - expected
        for rule in pack.rules
        if not wanted <= (expected := {test.expect for test in rule.tests})
    }
    assert lacking == {}
