"""A new rule is a rule already: in every language, for every typology, whatever its title."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.domain import Typology
from riskengine.errors import RuleError, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.messages import LANGUAGES
from riskengine.rules.check import run_tests
from riskengine.rules.draft import draft, schema_for, write_draft
from riskengine.rules.pack import read_pack

DAY = date(2026, 5, 1)


@pytest.mark.parametrize("typology", list(Typology))
def test_every_typology_has_a_first_sign(typology, tmp_path):
    text = draft("TST-ONE-001", [typology], catalog(), valid_from=DAY)
    write_draft(tmp_path, "TST-ONE-001", text)
    pack, faults = read_pack(tmp_path, catalog())
    assert faults == ()
    (rule,) = pack.rules
    assert rule.typologies == (typology,)
    assert [result.passed for result in run_tests(rule)] == [True, True, True]
    assert {test.expect.value for test in rule.tests} == {"match", "no_match", "unknown"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comments_are_in_the_language_of_the_author(language, tmp_path):
    text = draft(
        "TST-ONE-001", [Typology.COLD_ROUTE], catalog(), valid_from=DAY, language=language
    )
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    said = {"en": "draft", "fr": "brouillon", "es": "borrador", "pt": "rascunho"}
    assert said[language] in comments[0]
    assert max(map(len, text.splitlines())) <= 120
    rule_file = write_draft(tmp_path, "TST-ONE-001", text)
    (rule,) = read_pack(rule_file, catalog())[0].rules
    assert language in rule.title.languages()


def test_an_authors_own_title_stands_in_the_file():
    text = draft(
        "A-1", [Typology.COLD_ROUTE], catalog(), valid_from=DAY, title='Say "no": #1 {x}'
    )
    assert '  en: "Say \\"no\\": #1 {x}"' in text


@pytest.mark.parametrize("title", ["\x1b[2J", "x\u202ey", "t" * 5000])
def test_a_title_that_no_rule_can_hold_is_refused(title):
    with pytest.raises(RulesRefused):
        draft("A-1", [Typology.COLD_ROUTE], catalog(), valid_from=DAY, title=title)


@pytest.mark.parametrize("rule_id", ["crg-1", "CRG", "CRG 1", "../CRG-1", "CRG-1\n", ""])
def test_what_is_no_id_is_refused(rule_id):
    with pytest.raises(RuleError, match="no id of a rule"):
        draft(rule_id, [Typology.COLD_ROUTE], catalog(), valid_from=DAY)


def test_a_rule_that_is_there_is_never_overwritten(tmp_path):
    write_draft(tmp_path, "A-1", "mine")
    with pytest.raises(RuleError, match="there already"):
        write_draft(tmp_path, "A-1", "yours")
    assert (tmp_path / "a-1.yaml").read_text("utf-8") == "mine"


def test_the_nearest_schema_above_is_named(tmp_path):
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    assert schema_for(tmp_path / "pack") == (
        "schema/rule.schema.json",
        tmp_path / "pack" / "schema",
    )
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "rule.schema.json").write_text("{}", "utf-8")
    assert schema_for(tmp_path / "pack" / "deep") == ("../../schema/rule.schema.json", None)
