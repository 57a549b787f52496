"""Rule files: YAML's traps, unknown keys, texts with placeholders, and faults with their places."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.rules.faults import Source
from riskengine.rules.rule_file import read_list
from riskengine.rules.yaml_shape import Scalar, read_shape

WHEN = """
when:
  all:
    - mass_kg > 3
"""


@pytest.fixture(scope="session")
def faults_of(read):
    """A function: the text of a rule file to its faults as an author reads them."""

    def faults_of(text: str) -> list[str]:
        rule, faults = read(text)
        assert rule is None
        assert faults
        return [str(fault) for fault in faults]

    return faults_of


def values_of(text: str) -> list[str]:
    source = Source("list.yaml", text)
    found = read_list(source)
    assert found is not None, source.faults
    return sorted(found.values)


LIST = "schema: 1\nname: watched_ports\nsource: x\nvalid_until: 2030-01-01\nvalues: ['ECGYE']\n"


def list_of(text: str):
    source = Source("list.yaml", text)
    found = read_list(source)
    assert found is not None, source.faults
    return found


def test_a_list_is_named_in_the_readers_language():
    titled = list_of(f"{LIST}title: {{en: ports we watch, fr: ports surveillés}}\n")
    said = [titled.title_in(language) for language in ("en", "fr", "es")]
    assert said == ["ports we watch", "ports surveillés", "ports we watch"]


def test_a_list_without_a_title_is_named_by_its_name_with_blanks():
    assert list_of(LIST).title is None
    assert list_of(LIST).title_in("fr") == "watched ports"


def test_the_digest_of_a_list_holds_its_title_only_where_it_has_one():
    body = '["watched_ports", ["ECGYE"], "2030-01-01"]'
    assert list_of(LIST).sha256 == hashlib.sha256(body.encode()).hexdigest()
    english, french = (
        list_of(f"{LIST}title: {{en: ports{more}}}\n") for more in ("", ", fr: ports")
    )
    assert len({list_of(LIST).sha256, english.sha256, french.sha256}) == 3


def test_the_title_of_a_list_is_read_as_strictly_as_that_of_a_rule():
    source = Source("list.yaml", f"{LIST}title: {{fr: ports, de: Häfen}}\n")
    assert read_list(source) is None
    told = "\n".join(map(str, source.faults))
    assert "there is no key 'de' here" in told
    assert "the key 'en' is needed here" in told


def test_a_whole_rule_is_read_as_written(read, rule_text):
    rule, faults = read(rule_text(WHEN))

    assert faults == []
    assert rule.id == "TST-ONE-001"
    assert rule.valid_from == date(2026, 1, 1)
    assert rule.title_in("fr") == "Un essai"
    assert rule.why.in_language("pt") == "To see."
    assert [ref.name for ref in rule.fields_read] == ["mass_kg"]


def test_norway_ontario_and_leading_zeros_survive_yaml():
    text = (
        "schema: 1\nname: traps\nsource: x\nvalid_until: 2030-01-01\n"
        "values: [NO, ON, yes, 010121, 2026-01-01, 1_000, 0x10, 12:30:45]\n"
    )
    assert values_of(text) == sorted(
        ["NO", "ON", "YES", "010121", "2026-01-01", "1_000", "0X10", "12:30:45"]
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x 1\nb: *x\n", "1:4: '&' names something"),
        ("a: *x\n", "'*' refers to something"),
        ("a: !!python/object:os.system x\n", "1:4: '!' gives a type"),
        ("a: !custom {b: 1}\n", "'!' gives a type"),
        ("a: 1\na: 2\n", "2:1: the key 'a' stands here a second time"),
        ("a: x\u202ey\n", "1:5: there is an invisible character here, U+202E"),
        ("a: x\u200by\n", "U+200B"),
        ("a:\tx\n", "1:3: there is an invisible character here, U+0009"),
        ("a: [1,\nb: }\n", "2:4: this is not YAML"),
        ("- a\n- b\n", "1:1: a file holds keys and values"),
        ("just text\n", "a file holds keys and values"),
        ("", "a file holds keys and values"),
        ("a: 1\n---\nb: 2\n", "2:1: a file holds one document"),
        ("a: " + "[" * 40 + "]" * 40, "levels stand in each other"),
        ("a: " + "x" * 70_000, "bytes; 65536 are allowed"),
        ("? [a, b]\n: c\n", "a key is one word"),
    ],
)
def test_what_could_surprise_in_yaml_is_refused_with_its_place(text, told):
    source = Source("f.yaml", text)

    assert read_shape(source) is None
    assert told in str(source.faults[0])


def test_an_unknown_key_is_told_with_what_was_meant(faults_of, rule_text):
    (fault,) = faults_of(rule_text(WHEN + "severty: low\n"))

    assert fault == (
        "rules/one.yaml:20:1: there is no key 'severty' here\n"
        "    severty: low\n    ^\n    Did you mean 'severity'?"
    )


def test_every_fault_of_a_file_is_told_at_once(faults_of, rule_text):
    text = """
    when:
      all:
        - mass_kg >
        - 'prt = ''O''''NEIL'' and prt2 = ''X'''
        - any: [is_full, is_refer]
    """
    shown = faults_of(rule_text(text, severity="huge", valid_from="2026-02-30"))

    assert [line.split(": ")[0].removeprefix("rules/one.yaml:") for line in shown] == [
        "19:16",
        "20:8",
        "20:32",
        "21:22",
        "14:11",
        "15:13",
    ]


def test_a_caret_stands_under_the_fault_inside_quotes(faults_of, rule_text):
    shown = faults_of(rule_text("when: {all: ['port = ''A'' and prt = ''B''']}\n"))

    line, caret = shown[0].splitlines()[1:3]
    assert line[caret.index("^") :].startswith("prt")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("because: '{mass_kg} kg'\n", "{mass_kg} does not fit"),
        ("because: '{nothing:number}'\n", "there is no field named 'nothing'"),
        ("because: '{mass_kg.__class__}'\n", "a brace stands here"),
        ("because: '{mass_kg:>9999999}'\n", "a brace stands here"),
        ("because: '{port:number}'\n", "does not fit: 'port' holds a text"),
        ("because: {en: ok, fr: '{prt}'}\n", "there is no field named 'prt'"),
        ("because: {de: nein}\n", "there is no key 'de' here"),
        ("tests: [{name: a, expect: maybe, record: {}}]\n", "'maybe' is no expect"),
        ("tests: [{name: a, expect: match, record: {mass_kg: heavy}}]\n", "is a number"),
        ("tests: [{name: a, expect: match, record: {is_full: yes}}]\n", "is true or false"),
        ("tests: [{name: a, expect: match, record: {mas_kg: 1}}]\n", "no field named 'mas_kg'"),
        ("settings: {least: {value: 9, from: 1, to: 5}}\n", "lies between its from and its to"),
        ("settings: {mass_kg: {value: 1, from: 1, to: 5}}\n", "cannot name a setting"),
        ("valid_until: 2025-01-01\n", "ends before it begins"),
        ("guide:\n", ""),
    ],
)
def test_the_parts_of_a_rule_are_checked(faults_of, read, rule_text, lines, told):
    if not told:
        assert read(rule_text(WHEN + lines))[0] is not None
        return
    assert told in "\n".join(faults_of(rule_text(WHEN + lines)))


def test_an_active_rule_needs_a_test_of_each_answer(faults_of, rule_text):
    shown = faults_of(rule_text(WHEN, status="active"))

    assert [line.splitlines()[0].rsplit(" ", 1)[1] for line in shown] == ["match", "no_match"]


def test_a_retired_rule_says_why(faults_of, read, rule_text):
    assert "says why" in faults_of(rule_text(WHEN, status="retired"))[0]
    kept = rule_text(WHEN, status="retired", retired="{reason: copied, on: 2026-03-01}")
    assert read(kept)[0].retirement == "2026-03-01: copied"


def test_a_list_that_the_pack_lacks_is_a_fault(faults_of, rule_text):
    shown = faults_of(rule_text("when: {all: [port in list source_port]}\n"))

    assert "Did you mean 'source_ports'?" in shown[0]


def test_the_digest_follows_the_meaning_and_the_words_not_the_layout(read, rule_text):
    first, _ = read(rule_text(WHEN))
    spaced, _ = read(
        rule_text("# a remark\nwhen:\n  all: ['mass_kg   >  3']\n", status="shadow")
    )
    heavier, _ = read(rule_text(WHEN.replace("3", "4")))
    reworded, _ = read(rule_text(WHEN, why="To look."))

    assert first.sha256 == spaced.sha256
    assert len({first.sha256, heavier.sha256, reworded.sha256}) == 3


def test_settings_are_numbers_in_conditions(read, rule_text):
    text = "settings: {least: {value: 10, from: 5, to: 50}}\nwhen: {all: [mass_kg >= least]}\n"
    rule, faults = read(rule_text(text))

    assert faults == []
    assert rule.settings[0].value == 10


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "…", "\u115f\uffa0 -"])
def test_a_title_in_which_there_is_nothing_to_read_is_refused(faults_of, rule_text, blank):
    (fault,) = faults_of(rule_text(WHEN, title=f"'{blank}'"))
    assert "'title' has no letter and no digit" in fault


def test_a_rule_is_in_force_within_its_dates_and_only_when_it_runs(read, rule_text):
    rule, _ = read(rule_text(WHEN, status="shadow", valid_until="2026-12-31"))

    assert rule.is_in_force(date(2026, 12, 31))
    assert not rule.is_in_force(date(2027, 1, 1))
    assert not rule.is_in_force(date(2025, 12, 31))
    assert not replace(rule, status=type(rule.status).DRAFT).is_in_force(date(2026, 6, 1))


def test_scalars_keep_their_place_and_their_text():
    table = read_shape(Source("f.yaml", "a: NO\nb:\n  - 'it''s'\n"))

    assert table.get("a") == Scalar("NO", 1, 4, "")
    assert table.get("b").items == (Scalar("it's", 3, 5, "'"),)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else_happens(read, rule_text, data):
    lines = rule_text(WHEN + "because: '{mass_kg:number} kg'\n").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    noise = data.draw(
        st.sampled_from(["'", '"', "{", "]", ": ", "\t", "- ", "#", "&a ", "|", "%"])
    )
    lines[at] = lines[at][:cut] + noise + lines[at][cut:]

    rule, faults = read("\n".join(lines))

    assert (rule is None) == bool(faults)
    assert all(str(fault).startswith("rules/one.yaml:") for fault in faults)


def test_a_setting_whose_name_is_none_is_told_the_nearest_that_is_one(read, rule_text):
    text = "settings: {asleep days: {value: 9, from: 1, to: 50}}\nwhen: {all: [mass_kg >= asleep_days]}\n"

    _, (fault,) = read(rule_text(text))

    assert fault.hint == "Write 'asleep_days'."
