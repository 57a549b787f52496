"""Conditions in words: as they are written, as they were found, and what would have to turn."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import date

import pytest

from riskengine.messages import LANGUAGES
from riskengine.rules import sentences
from riskengine.rules.rule import Wording
from riskengine.rules.sentences import sentence, statement
from riskengine.rules.spoken import lines_to_turn, spoken, turn_in_words, values_in_words


@pytest.fixture(autouse=True)
def plain_names(monkeypatch):
    monkeypatch.setattr(sentences, "has", lambda _: False)  # labels come and go; names stay


@pytest.fixture
def rule_of(rule_text, read):
    def made(conditions: str):
        rule, faults = read(rule_text(textwrap.dedent(conditions)))
        assert rule is not None, "\n".join(map(str, faults))
        return rule

    return made


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("is_full or is_reefer", "is full: yes or is reefer: yes"),
        ("is_full and not is_reefer", "is full: yes and is reefer: no"),
        ("is_full and (is_reefer or mass_kg > 3)", "is full: yes and (is reefer: yes or mass kg: more than 3)"),
        ("not (is_full or is_reefer)", "not (is full: yes or is reefer: yes)"),
        ("not mass_kg > 3", "mass kg: at most 3"),
        ("not port = 'ECGYE'", "port: not ECGYE"),
        ("not not is_full", "is full: yes"),
        ("mass_kg is not missing", "mass kg: declared"),
        ("port not in list source_ports", "not (port: in the list source ports)"),
        ("hs_codes contains any of list words", "hs codes: contains one of the list words"),
        ("boxes_7d > 4 * usual_week", "boxes 7d: more than 4 × usual week"),  # noqa: RUF001
        ("port in ['A', 'B']", "port: one of A, B"),
        ("is_full = true", "is full: yes"),
    ],
)  # fmt: skip
def test_a_condition_is_said_as_it_is_written(make_rule, line, said):
    rule = make_rule(line)
    assert statement(rule, rule.when.members[0]) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_condition_is_said_in_every_language(make_rule, language):
    rule = make_rule("is_full or mass_kg between 1 and 2 and not port starts with 'E'")
    said = statement(rule, rule.when.members[0], language)
    assert "is full" in said
    assert "answer." not in said
    assert "rule." not in said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "port: in the list ports we watch"),
        ("fr", "port : dans la liste ports surveillés"),
        ("es", "port: en la lista puertos vigilados"),
        ("pt", "port: na lista ports we watch"),
    ],
)
def test_a_list_is_said_by_its_title_in_the_language_of_the_reader(make_rule, language, said):
    title = Wording(en="ports we watch", fr="ports surveillés", es="puertos vigilados")
    rule = make_rule("port in list source_ports")
    (entry,) = rule.lists
    named = replace(rule, lists=(replace(entry, title=title),))
    assert statement(named, named.when.members[0], language) == said
    row = {"port": "ECGYE"}
    assert said in sentence(named, row, language)


def test_any_word_of_a_list_is_said_by_its_title(make_rule):
    rule = make_rule("hs_codes contains any of list words")
    (entry,) = rule.lists
    named = replace(rule, lists=(replace(entry, title=Wording(en="words for scrap")),))
    said = "hs codes: contains one of the list words for scrap"
    assert statement(named, named.when.members[0]) == said


def test_each_line_tells_what_it_found_and_whether_it_holds(rule_of):
    rule = rule_of(
        """\
        when:
          all:
            - mass_kg > 3
            - any:
                - is_reefer
                - port in list source_ports
            - none:
                - is_full
        unless:
          - shipper_name = 'ACME'
        """
    )
    row = {"mass_kg": 5.0, "port": "ECGYE", "is_full": False}
    lines = spoken(rule, "en", row)
    assert [(line.depth, line.mode, line.holds) for line in lines] == [
        (0, "all", True),
        (1, "", True),
        (1, "any", True),
        (2, "", None),
        (2, "", True),
        (1, "none", True),
        (2, "", False),
        (0, "", None),
    ]
    assert [line.part for line in lines] == ["when"] * 7 + ["unless"]
    assert lines[3].missing == ("is reefer",)
    assert values_in_words(lines[1].read) == "5"
    assert values_in_words(lines[3].read) == "missing"
    assert [line.holds for line in spoken(rule)] == [None] * 8


def test_several_fields_of_a_line_are_named(make_rule):
    rule = make_rule("days_between(issued_on, departed_on) > 3")
    row = {"issued_on": date(2026, 1, 1)}
    (_, line) = spoken(rule, "en", row)
    assert values_in_words(line.read) == "issued on: Jan 1, 2026; departed on: missing"


def test_the_lines_nearest_to_turning_come_first(make_rule):
    rule = make_rule("is_full", "mass_kg > 100", "value_usd > 100", "boxes_7d > 5", "is_reefer")
    row = {"is_full": True, "mass_kg": 20.0, "value_usd": 99.0, "is_reefer": False}
    turns = lines_to_turn(rule, row)
    said = [turn_in_words(rule, row, turn) for turn in turns]
    assert said == [
        "value usd: more than 100 (found: 99)",
        "mass kg: more than 100 (found: 20)",
        "is reefer: yes (found: no)",
        "boxes 7d: more than 5 (missing: boxes 7d)",
    ]


def test_of_several_that_would_do_the_nearest_is_named(rule_of):
    rule = rule_of(
        """\
        when:
          any:
            - mass_kg > 100
            - value_usd > 100
            - all: [is_full, is_reefer]
        """
    )
    row = {"mass_kg": 1.0, "value_usd": 90.0, "is_full": False, "is_reefer": False}
    (turn,) = lines_to_turn(rule, row)
    assert turn.condition.text == "value_usd > 100"


def test_what_stands_under_none_would_have_to_be_otherwise(rule_of):
    rule = rule_of(
        "when:\n  all:\n    - is_full\n  none:\n    - mass_kg > 3\n    - is_reefer\n"
    )
    row = {"is_full": True, "mass_kg": 4.0}
    said = [turn_in_words(rule, row, turn) for turn in lines_to_turn(rule, row)]
    assert said == [
        "otherwise than: mass kg: more than 3 (found: 4)",
        "otherwise than: is reefer: yes (missing: is reefer)",
    ]


def test_nothing_has_to_turn_where_the_conditions_hold(make_rule):
    assert lines_to_turn(make_rule("is_full"), {"is_full": True}) == ()
