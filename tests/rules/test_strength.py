"""The strength of a rule's tests: what they would not notice is named, and nothing that changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.domain import Verdict
from riskengine.errors import Place, RuleError
from riskengine.features.assemble import assemble
from riskengine.features.catalog import catalog
from riskengine.ledger.history import Past
from riskengine.manifest.values import coded_values
from riskengine.messages import LANGUAGES
from riskengine.rules import mutate
from riskengine.rules.faults import Source
from riskengine.rules.language import parse
from riskengine.rules.mutate import mutants
from riskengine.rules.pack import kinds_of
from riskengine.rules.reference import verdict_of
from riskengine.rules.rule import RuleTest
from riskengine.rules.rule_file import read_rule
from riskengine.rules.sameness import CODES, COUNTS, DAYS, meaning, say_the_same
from riskengine.rules.slips import steps
from riskengine.rules.spelling import spelled
from riskengine.rules.strength import strength_of
from riskengine.rules.tree import canonical

FIELDS = kinds_of(catalog())


@pytest.fixture(scope="session")
def rule_of(rule_text):
    """A function: what follows the head of a rule file, to the rule; its lists are taken on trust."""

    def rule_of(body):
        source = Source("rules/one.yaml", rule_text(body))
        rule = read_rule(source, FIELDS, None)
        assert rule is not None, "\n".join(map(str, source.faults))
        return rule

    return rule_of


@pytest.fixture(scope="session")
def with_tests():
    """A function: a rule and containers, to the rule with a test of each that passes."""

    def with_tests(rule, *rows):
        made = [
            RuleTest(
                name=str(row),
                expect=verdict_of(rule, row)[0],
                values=row,
                place=Place(file="x"),
            )
            for row in rows
        ]
        return replace(rule, tests=tuple(made))

    return with_tests


def changes(strength):
    return {(missed.written, missed.changed) for missed in strength.missed}


WEAK = """\
settings:
  mass_difference: {value: 0.05, from: 0.02, to: 0.2}
when:
  all:
    - verified_mass_difference_share > mass_difference
    - is_full
unless:
  - is_personal_effects
tests:
  - name: heavier
    expect: match
    record: {verified_mass_difference_share: 0.3, is_full: true}
  - name: lighter
    expect: no_match
    record: {verified_mass_difference_share: 0.01, is_full: true}
  - name: household goods
    expect: excused
    record: {verified_mass_difference_share: 0.3, is_full: true, is_personal_effects: true}
"""


def test_what_weak_tests_miss_is_named_with_its_place_and_the_test_that_would_notice(rule_of):
    strength = strength_of(rule_of(WEAK))
    row = next(
        n for n, line in enumerate(rule_of(WEAK).source_yaml.splitlines(), 1) if " > " in line
    )
    assert [
        (missed.place.line - row, missed.place.column, missed.written, missed.changed)
        for missed in strength.missed
    ] == [
        (-3, 28, "mass_difference: 0.05", "0.055"),
        (-3, 28, "mass_difference: 0.05", "0.045"),
        (-3, 28, "mass_difference: 0.05", "0.075"),
        (-3, 28, "mass_difference: 0.05", "0.025"),
        (0, 38, ">", ">="),
        (1, 7, "is_full", ""),
    ]
    assert strength.missed[4].sentence() == (
        "`>` could be `>=`, and no test would notice."
        " Add a test with verified_mass_difference_share exactly mass_difference."
    )
    assert str(strength.missed[5].place) == f"rules/one.yaml:{row + 1}:7"
    assert strength.noticed == strength.total - 6
    assert strength.share == strength.noticed / strength.total < 1


def test_the_tests_that_are_asked_for_are_noticed(rule_of):
    strong = (
        WEAK
        + """\
  - name: at the boundary
    expect: no_match
    record: {verified_mass_difference_share: 0.05, is_full: true}
  - name: just above
    expect: match
    record: {verified_mass_difference_share: 0.052, is_full: true}
  - name: an empty box
    expect: no_match
    record: {verified_mass_difference_share: 0.3, is_full: false}
"""
    )
    strength = strength_of(rule_of(strong))
    assert strength.missed == ()
    assert strength.share == 1


def test_a_rule_whose_tests_fail_is_not_measured(rule_of):
    broken = rule_of(WEAK.replace("expect: no_match", "expect: match"))
    with pytest.raises(RuleError, match="'lighter'"):
        strength_of(broken)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_missed_change_is_told_in_every_language(rule_of, language):
    rule = rule_of(EVERYTHING)
    bare = replace(rule, tests=())
    said = [missed.sentence(language) for missed in strength_of(bare).missed]
    assert len(said) == len(mutants(rule).kept)
    assert all("{" not in sentence for sentence in said)


EVERYTHING = """\
settings:
  many: {value: 3, from: 1, to: 9}
  share: {value: 0.5, from: 0.5, to: 1}
across:
  others_there:
    label: Others
    count: consignee_name
    same: [consignee_address, port_of_discharge]
    within_days: 90
    peers: left_out
    where:
      - is_full
      - amendment_count >= many
  lightest:
    label: Lightest
    smallest: gross_mass_kg
    same: [consignee_name]
    within_days: 0
    peers: counted
when:
  all:
    - shipper_containers_before >= many
    - others_there > many
    - lightest < 100
    - any:
        - booking_lead_days between 0 and 2
        - not is_reefer and (is_full or is_shipper_owned)
        - days_between(departed_on, issued_on) > 3
    - none:
        - port_of_loading in list source_ports
        - goods_description contains any of list words
        - hs_codes contains '080390'
    - size_type starts with '22G'
    - issued_on >= 2026-01-01
    - cargo_nature in ['TRANSIT', 'TRANSHIPMENT']
    - smaller_of(gross_mass_kg, net_mass_kg) > share * abs(tare_mass_kg - 4)
    - consignee_email is missing
unless:
  - not is_full
  - any:
      - is_personal_effects
      - transhipment_count = 0
"""


def test_every_kind_of_slip_is_made(rule_of):
    made = {(m.change.written, m.change.changed) for m in mutants(rule_of(EVERYTHING)).kept}
    assert made >= {
        (">=", ">"),
        (">=", "<="),
        ("many: 3", "4"),
        ("many: 3", "2"),
        ("many: 3", "5"),
        ("share: 0.5", "0.55"),
        ("0", "1"),
        ("2", "3"),
        ("booking_lead_days between 0 and 2", "booking_lead_days >= 0"),
        ("booking_lead_days between 0 and 2", "booking_lead_days <= 2"),
        ("2026-01-01", "2026-01-02"),
        ("2026-01-01", "2025-12-31"),
        ("and", "or"),
        ("or", "and"),
        ("not is_reefer", "is_reefer"),
        ("any", "all"),
        ("any", "none"),
        ("none", "any"),
        ("'TRANSIT'", ""),
        ("cargo_nature in ['TRANSIT', 'TRANSHIPMENT']", "cargo_nature not in ['TRANSIT', 'TRANSHIPMENT']"),
        ("port_of_loading in list source_ports", "port_of_loading in list words"),
        ("hs_codes contains '080390'", "hs_codes contains '08039'"),
        ("size_type starts with '22G'", "size_type starts with '22'"),
        ("size_type starts with '22G'", "size_type ends with '22G'"),
        ("consignee_email is missing", "consignee_email is not missing"),
        ("smaller_of(gross_mass_kg, net_mass_kg)", "larger_of(gross_mass_kg, net_mass_kg)"),
        ("abs(tare_mass_kg - 4)", "tare_mass_kg - 4"),
        ("tare_mass_kg - 4", "tare_mass_kg + 4"),
        ("days_between(departed_on, issued_on)", "days_between(issued_on, departed_on)"),
        ("gross_mass_kg", "net_mass_kg"),
        ("is_full", "is_reefer"),
        ("is_full", ""),
        ("not is_full", ""),
        ("within_days: 90", "91"),
        ("within_days: 90", "89"),
        ("peers: left_out", "counted"),
        ("count: consignee_name", "count: containers"),
        ("smallest: gross_mass_kg", "largest: gross_mass_kg"),
        ("port_of_discharge", ""),
        ("amendment_count >= many", ""),
    }  # fmt: skip


def test_a_setting_stays_within_the_bounds_of_its_author(rule_of):
    made = {
        mutant.change.changed
        for mutant in mutants(rule_of(EVERYTHING)).kept
        if mutant.change.spot == ("settings", "share", "value")
    }
    assert made == {"0.55", "0.75"}


def test_numbers_move_by_the_smallest_step_that_means_something():
    assert steps(1, is_whole=True) == (2.0, 0.0, 3.0, -1.0)
    assert steps(0.05, is_whole=False) == (0.055, 0.045, 0.075, 0.025)
    assert steps(3000, is_whole=False) == (3001.0, 2999.0, 4500.0, 1500.0)
    assert steps(0, is_whole=False) == (0.1, -0.1, 0.5, -0.5)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        # Counts are whole and never below zero.
        ("shipper_containers_before = 0", ("=", "<=")),
        ("shipper_containers_before > 0", (">", "!=")),
        ("amendment_count < 1", ("1", "0.9")),
        # A size and type has no letter where the 2 of 22G would stand.
        ("size_type starts with '22G'", ("size_type starts with '22G'", "size_type contains '22G'")),
    ],
)  # fmt: skip
def test_a_change_that_certainly_changes_nothing_is_not_reported(rule_of, line, same):
    made = mutants(rule_of(f"when:\n  all:\n    - {line}\n"))
    assert same not in {(m.change.written, m.change.changed) for m in made.kept}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        # Masses are not whole, and days may lie below zero.
        ("gross_mass_kg <= 0", ("<=", "<")),
        ("booking_lead_days = 0", ("=", "<=")),
        ("shipper_find_rate > 0", (">", ">=")),
        ("shipper_containers_before >= 1", (">=", ">")),
        ("size_type starts with 'G1'", ("size_type starts with 'G1'", "size_type contains 'G1'")),
        ("goods_description starts with 'A'", ("goods_description starts with 'A'", "goods_description contains 'A'")),
    ],
)  # fmt: skip
def test_a_change_that_may_change_something_is_tried(rule_of, line, told):
    made = mutants(rule_of(f"when:\n  all:\n    - {line}\n"))
    assert told in {(m.change.written, m.change.changed) for m in made.kept}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("is_full and is_reefer", "is_reefer and is_full"),
        ("is_full and is_full", "is_full"),
        ("not (is_full or is_reefer)", "not is_full and not is_reefer"),
        ("not (gross_mass_kg > 5)", "gross_mass_kg <= 5"),
        ("gross_mass_kg between 1 and 5", "gross_mass_kg >= 1 and 5 >= gross_mass_kg"),
        ("port_of_loading not in ['A', 'B']", "not (port_of_loading in ['B', 'A'])"),
    ],
)
def test_two_writings_of_one_meaning_are_one(rule_of, one, two):
    rules = [rule_of(f'when:\n  all:\n    - "{line}"\n') for line in (one, two)]
    assert meaning(rules[0]) == meaning(rules[1])


def test_a_group_of_one_line_is_the_same_under_all_and_any(rule_of):
    made = mutants(rule_of("when:\n  all:\n    - is_full\n"))
    assert ("all", "any") not in {(m.change.written, m.change.changed) for m in made.kept}


def test_counted_fields_are_whole_numbers_in_the_assembled_frame(reading, day):
    types = assemble(reading.manifest, Past.empty(), day).schema
    assert all(types[name].is_integer() for name in COUNTS | DAYS)


def test_the_codes_of_reading_have_the_form_that_is_relied_on():
    for code in set(coded_values("size_type").values()):
        assert len(code) == len(CODES["size_type"])
        assert all(
            letter in form for letter, form in zip(code, CODES["size_type"], strict=True)
        )


_NUMBERS = st.sampled_from(["0", "1", "2", "0.5", "many", "1.5"])
_BOUNDS = st.sampled_from(["1", "1.5", "2", "many"])
_ATOMS = st.one_of(
    st.sampled_from(["is_full", "is_reefer", "not is_full", "seal_count is missing"]),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(
            ["seal_count", "amendment_count", "voyage_days", "payload_utilisation"]
        ),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        _NUMBERS,
    ),
    st.builds("voyage_days between {} and {}".format, st.integers(0, 1), _BOUNDS),
    st.builds(
        "size_type {} '{}'".format,
        st.sampled_from(["starts with", "ends with", "contains"]),
        st.sampled_from(["22G", "G1", "2", "G"]),
    ),
    st.builds("seal_count in [{}, {}]".format, st.integers(0, 3), st.integers(0, 3)),
)
_LINES = st.one_of(
    _ATOMS,
    st.builds("{} and {}".format, _ATOMS, _ATOMS),
    st.builds("{} or {}".format, _ATOMS, _ATOMS),
)
_SHARES = st.sampled_from([None, 0.0, 0.45, 0.5, 0.55, 1.0, 1.5, 1.65, 2.0])
_ROWS = st.fixed_dictionaries(
    {
        "is_full": st.sampled_from([None, True, False]),
        "is_reefer": st.sampled_from([None, True, False]),
        "seal_count": st.sampled_from([None, 0.0, 1.0, 2.0, 3.0, 4.0]),
        "amendment_count": st.sampled_from([None, 0.0, 1.0, 2.0, 3.0]),
        "voyage_days": st.sampled_from([None, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]),
        "payload_utilisation": _SHARES,
        "size_type": st.sampled_from([None, "22G1", "22G2", "42G1", "G2G1", "2GG1", "22R1"]),
    }
)


def _written(lines, excuse):
    listed = "".join(f'    - "{line}"\n' for line in lines)
    return (
        "settings:\n  many: {value: 2, from: 0, to: 5}\n"
        f'when:\n  all:\n{listed}unless:\n  - "{excuse}"\n'
    )


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(_LINES, min_size=1, max_size=3),
    excuse=_ATOMS,
    rows=st.lists(_ROWS, max_size=6),
)
def test_the_rule_as_it_stands_passes_and_every_change_is_one(
    rule_of, with_tests, lines, excuse, rows
):
    rule = with_tests(rule_of(_written(lines, excuse)), *rows)
    tried = mutants(rule)
    strength = strength_of(rule)
    assert strength.total == len(tried.kept)
    as_written = [canonical(rule.when), *map(canonical, rule.unless)]
    for mutant in tried.kept:
        assert [canonical(mutant.rule.when), *map(canonical, mutant.rule.unless)] != as_written
        assert mutant.change.written != mutant.change.changed


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(_LINES, min_size=1, max_size=2),
    excuse=_ATOMS,
    rows=st.lists(_ROWS, max_size=8),
)
def test_what_is_set_aside_answers_the_same_of_every_container(rule_of, lines, excuse, rows):
    rule = rule_of(_written(lines, excuse))
    said = [verdict_of(rule, row)[0] for row in rows]
    for mutant in mutate._all(rule):
        if meaning(mutant.rule) == meaning(rule) or say_the_same(rule, mutant.rule):
            assert [verdict_of(mutant.rule, row)[0] for row in rows] == said


@settings(deadline=None)
@given(line=_LINES)
def test_a_condition_is_spelled_as_it_is_read(line):
    fields = {**FIELDS, "many": "number"}
    tree = parse(line, fields).tree
    assert canonical(parse(spelled(tree), fields).tree) == canonical(tree)


def test_a_day_before_and_after_is_told_by_a_test_on_the_day(rule_of, with_tests):
    rule = rule_of("when:\n  all:\n    - issued_on >= 2026-03-01\n")
    rows = [{"issued_on": date(2026, 3, day)} for day in (1, 2)]
    early = with_tests(rule, *rows, {"issued_on": date(2026, 2, 28)})
    assert strength_of(early).missed == ()
    assert changes(strength_of(with_tests(rule, rows[1]))) == {
        (">=", ">"),
        ("2026-03-01", "2026-03-02"),
        ("2026-03-01", "2026-02-28"),
        ("2026-03-01", "2026-01-30"),
    }


MEASURED = """\
settings:
  many: {value: 3, from: 2, to: 9}
across:
  consignees:
    label: Consignees at one address
    count: consignee_name
    same: [consignee_address]
    within_days: 30
    peers: counted
when:
  all:
    - consignees >= many
tests:
  - name: three at one address
    expect: match
    record: {consignee_address: DOCK ROAD 4, consignee_name: A}
    others:
      - {days_before: 5, record: {consignee_address: DOCK ROAD 4, consignee_name: B}}
      - {days_before: 30, record: {consignee_address: DOCK ROAD 4, consignee_name: C}}
  - name: two at one address
    expect: no_match
    record: {consignee_address: DOCK ROAD 4, consignee_name: A}
    others:
      - {days_before: 5, record: {consignee_address: DOCK ROAD 4, consignee_name: B}}
"""


def test_the_window_and_the_peers_of_a_measure_are_tried_on_the_containers_beside(rule_of):
    strength = strength_of(rule_of(MEASURED))
    assert {change for change in changes(strength) if ":" in change[0]} == {
        ("within_days: 30", "31"),
        ("within_days: 30", "45"),
    }
    window = next(missed for missed in strength.missed if missed.changed == "31")
    row = next(
        n
        for n, line in enumerate(rule_of(MEASURED).source_yaml.splitlines(), 1)
        if "within" in line
    )
    assert (window.place.line, window.place.column) == (row, 18)
    assert (
        window.remedy() == "Add another container beside one, seen from 30 to 31 days before."
    )


def test_every_answer_is_compared_not_only_match_and_no_match(rule_of, with_tests):
    rule = rule_of("when:\n  all:\n    - is_full\n    - is_reefer\n")
    unknown = with_tests(rule, {"is_full": True})
    assert unknown.tests[0].expect is Verdict.UNKNOWN
    dropped = {missed.written for missed in strength_of(unknown).missed if not missed.changed}
    assert dropped == {"is_full"}


def test_a_line_in_quotes_or_over_two_rows_is_found_again(rule_of):
    rule = rule_of(
        'when:\n  all:\n    - "seal_count >= 1"\n    - >-\n      is_full\n      or is_reefer\n'
    )
    places = {
        (missed.written, missed.changed): (missed.place.line, missed.place.column)
        for missed in strength_of(rule).missed
    }
    first = next(
        n
        for n, line in enumerate(rule.source_yaml.splitlines(), 1)
        if re.search("seal_count", line)
    )
    assert places[">=", ">"] == (first, 19)
    assert places["or", "and"] == (first + 3, 7)
