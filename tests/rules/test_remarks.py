"""What is no fault and still worth a look, with its place in the file."""

from __future__ import annotations

import json
from datetime import date

import pytest

from riskengine.messages import LANGUAGES, render
from riskengine.rules.faults import Source
from riskengine.rules.remarks import remarks, unwritten
from riskengine.rules.rule import Pack
from riskengine.rules.rule_file import read_list

TODAY = date(2026, 6, 1)
GUIDE = "guide: Look behind the doors.\n"


@pytest.fixture
def remarks_on(read, rule_text):
    """A function: the lines after a rule's head to the remarks on it, each with its place and its line."""

    def remarks_on(text: str, **changed: str) -> list[str]:
        rule, faults = read(rule_text(text, **changed))
        assert rule is not None, faults
        return [str(remark) for remark in remarks(_pack(rule), TODAY, ["port"])]

    return remarks_on


def _pack(*rules, lists=()) -> Pack:
    return Pack(name="", version="", issuer="", licence="", rules=rules, lists=lists)


def _list(valid_until: str):
    text = (
        f"schema: 1\nname: ports\nsource: [none]\nvalid_until: {valid_until}\nvalues: ['A']\n"
    )
    return read_list(Source("lists/ports.yaml", text))


def test_a_rule_that_lacks_nothing_gets_no_remark(remarks_on):
    text = "when: {all: [mass_kg > 3]}\nbecause: '{mass_kg:number} kg at {port}'\n" + GUIDE

    assert remarks_on(text) == []


@pytest.mark.parametrize(
    ("text", "changed", "told"),
    [
        ("when: {all: [is_full]}\n", {}, "rules/one.yaml:2:1: the rule does not say where to look"),
        (
            "when: {all: [is_full]}\n" + GUIDE,
            {"title": "{en: A test, fr: Un essai}"},
            "the title is missing in es, pt",
        ),
        (
            "when: {all: [is_full]}\nsettings:\n  least: {value: 1, from: 1, to: 2}\n" + GUIDE,
            {},
            "rules/one.yaml:18:3: no condition reads the setting 'least'",
        ),
        (
            "when: {all: [is_full]}\n" + GUIDE,
            {"valid_until": "2026-05-31"},
            "the last day of the rule was 2026-05-31",
        ),
        (
            "when: {any: [is_full, mass_kg > 3]}\nbecause: 'It weighs {mass_kg:number} kg'\n" + GUIDE,
            {},
            "rules/one.yaml:17:21: the sentence names 'mass_kg', which may be missing",
        ),
        (
            "when: {all: [is_full, mass_kg is missing]}\nbecause: '{mass_kg:number} kg'\n" + GUIDE,
            {},
            "the sentence names 'mass_kg'",
        ),
    ],
)  # fmt: skip
def test_what_is_worth_a_look_is_told_where_it_stands(remarks_on, text, changed, told):
    shown = remarks_on(text, **changed)

    assert len(shown) == 1
    assert told in shown[0]


@pytest.mark.parametrize(
    "lines",
    [
        "when: {none: [mass_kg <= 3]}",
        "when: {all: ['not (mass_kg <= 3 or is_full)']}",
        "when: {all: ['not (mass_kg is missing)']}",
        "when: {any: [mass_kg > 3, mass_kg = 1 and is_full]}",
        "when: {none: [{all: [mass_kg > 3]}]}",
    ],
)
def test_a_field_that_must_be_there_for_the_rule_to_match_may_be_named(remarks_on, lines):
    assert remarks_on(f"{lines}\nbecause: '{{mass_kg:number}} kg'\n{GUIDE}") == []


def test_lists_that_are_past_or_that_nobody_asks_are_named(make_rule):
    shown = remarks(_pack(make_rule("is_full"), lists=(_list("2026-05-31"),)), TODAY)

    told = [
        (str(one.place), one.sentence) for one in shown if one.place.file != "rules/one.yaml"
    ]
    assert told == [
        ("lists/ports.yaml:4:1", "the last day of the list was 2026-05-31; it is still asked"),
        ("lists/ports.yaml:2:1", "no rule of the pack asks the list 'ports'"),
    ]


def test_a_list_alone_is_not_blamed_for_rules_that_are_not_there():
    assert remarks(_pack(lists=(_list("2030-01-01"),)), TODAY) == ()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("all: [mass_kg > 9, mass_kg < 3]", "together with 'mass_kg > 9'"),
        ("all: [mass_kg > 3, is_full, mass_kg <= 3]", "together with 'mass_kg > 3'"),
        ("all: [mass_kg = 3, mass_kg = 4]", "together with 'mass_kg = 3'"),
        ("all: [9 < mass_kg, {all: [mass_kg < 3]}]", "together with '9 < mass_kg'"),
        ("all: [mass_kg > 9 and mass_kg < 3]", "no 'mass_kg' is so low and so high at once"),
        ("any: [is_full, mass_kg between 5 and 9 and mass_kg < 3]", "so low and so high"),
        ("all: [issued_on > 2026-05-01, issued_on < 2026-05-01]", "together with 'issued_on >"),
        ("any: [is_full, hs_codes contains '0803']", "contains '0803'' can never hold"),
        ("all: [hs_codes contains '08039010']", "can never hold"),
    ],
)
def test_a_line_that_can_never_hold_is_told(remarks_on, lines, told):
    shown = remarks_on(f"when: {{{lines}}}\n{GUIDE}")

    assert len(shown) == 1
    assert told in shown[0]


@pytest.mark.parametrize(
    "lines",
    [
        "all: [mass_kg > 3, mass_kg < 9]",
        "all: [mass_kg >= 3, mass_kg <= 3]",
        "any: [mass_kg > 9, mass_kg < 3]",
        "none: [mass_kg > 9, mass_kg < 3]",
        "all: [mass_kg > 9, value_usd < 3]",
        "all: [mass_kg > 9 or is_full, mass_kg < 3]",
        "all: [mass_kg > value_usd, mass_kg < 3]",
        "all: [not (mass_kg > 9), mass_kg < 3]",
        "all: [hs_codes contains '080390', mass_kg >= 0]",
        "all: [mass_kg > 9, {any: [mass_kg < 3, is_full]}]",
    ],
)
def test_lines_that_can_answer_either_way_are_not_blamed(remarks_on, lines):
    assert remarks_on(f"when: {{{lines}}}\n{GUIDE}") == []


def test_a_bound_that_a_setting_gives_is_compared_too(remarks_on):
    settings = "settings:\n  most: {value: 2, from: 1, to: 9}\n"
    shown = remarks_on(f"when: {{all: [mass_kg > 3, mass_kg < most]}}\n{settings}{GUIDE}")

    assert ["this can never hold together with 'mass_kg > 3'" in line for line in shown] == [
        True
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("boxes >= 0", "'boxes >= 0' always holds where the field is known"),
        ("0 <= boxes", "always holds"),
        ("boxes > -1", "always holds"),
        ("boxes < 0", "'boxes < 0' can never hold"),
        ("boxes = -1", "can never hold"),
        ("boxes > 0", ""),
        ("boxes <= 0", ""),
    ],
)
def test_a_count_is_never_below_nothing(remarks_on, line, told):
    across = (
        "across:\n  boxes:\n    label: Boxes\n    count: containers\n    same: [shipper_name]\n"
        "    within_days: 9\n    peers: counted\n"
    )
    shown = remarks_on(f"when: {{all: ['{line}']}}\n{across}{GUIDE}")

    assert [told in one for one in shown] == ([True] if told else [])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("title", "draft.text.title"),
        ("why", "draft.text.why"),
        ("innocent", "draft.text.innocent"),
        ("innocent", "mining.rule.innocent"),
        ("blind_spot", "draft.text.blind_spot"),
    ],
)
def test_a_text_that_nobody_has_written_is_told_in_any_language(
    remarks_on, read, rule_text, key, text, language
):
    wording = dict.fromkeys(LANGUAGES, "Ours.") | {language: f"  {render(text, {}, language)}"}
    lines = "when: {all: [is_full]}\n" + GUIDE
    changed = {key: json.dumps(wording, ensure_ascii=False)}

    rule, _ = read(rule_text(lines, **changed))

    assert unwritten(rule) == (key,)
    (shown,) = remarks_on(lines, **changed)
    assert f"the text under '{key}' is still the one of the draft" in shown


def test_what_an_author_wrote_is_not_taken_for_a_placeholder(make_rule):
    assert unwritten(make_rule("is_full")) == ()
