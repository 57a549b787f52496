"""Measures: what a rule asks of several containers, as authors write it and as containers answer it."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from riskengine.domain import Verdict
from riskengine.errors import RuleError
from riskengine.features.catalog import catalog
from riskengine.messages import LANGUAGES
from riskengine.rules import measuring as measuring_module
from riskengine.rules.across import (
    Surroundings,
    asks_stow_plan,
    fields_across,
    longest_window,
)
from riskengine.rules.across_pairs import pairs_sql
from riskengine.rules.across_reference import Scene, measures_of
from riskengine.rules.check import run_tests
from riskengine.rules.columns import TYPES
from riskengine.rules.evaluate import evaluate
from riskengine.rules.faults import Source
from riskengine.rules.measure_words import measure_said
from riskengine.rules.pack import kinds_of
from riskengine.rules.reference import explain_rule, verdict_of
from riskengine.rules.rule_file import read_rule
from riskengine.rules.sentences import label_of, sentence

KINDS = {**kinds_of(catalog()), "voyage_key": "text", "manifest_key": "text", "on": "date"}
TODAY = date(2026, 3, 31)
PEERS = "peers: counted"
ONE = {"assessed_on": TODAY, "manifest_key": "M1", "voyage_key": "V1"}
SEALS = """
  boxes_with_seal:
    label: {en: Containers with this seal, fr: Conteneurs portant ce scellé}
    count: containers
    same: [seal_numbers]
    within_days: 365
    peers: counted
"""


@pytest.fixture(scope="session")
def written(rule_text):
    """A function: measures, a condition and what follows, to the text of a rule file."""

    def written(measures, line, rest=""):
        across = textwrap.indent(textwrap.dedent(measures).strip("\n"), "  ")
        return rule_text(f"across:\n{across}\nwhen:\n  all:\n    - {line}\n{rest}")

    return written


@pytest.fixture(scope="session")
def reading():
    """A function: the text of a rule file to the rule and its faults, with the fields of the engine."""

    def reading(text):
        source = Source("rules/one.yaml", text)
        return read_rule(source, kinds_of(catalog()), {}), source.faults

    return reading


@pytest.fixture(scope="session")
def rule_of(written, reading):
    """A function: measures, a condition and what follows, to a rule without faults."""

    def rule_of(measures, line, rest=""):
        rule, faults = reading(written(measures, line, rest))
        assert rule is not None, "\n".join(map(str, faults))
        return rule

    return rule_of


def frame_of(rows):
    names = sorted({name for row in rows for name in row})
    return pl.DataFrame(
        {
            "container_id": pl.Series(range(len(rows)), dtype=pl.Int32),
            **{
                name: pl.Series([row.get(name) for row in rows], dtype=TYPES[KINDS[name]])
                for name in names
            },
        }
    )


def measured(rule, *rows, past=(), plan=None):
    """The only measure of a rule for each row, as DuckDB and the reference say alike."""
    around = Surroundings(
        past=frame_of(past).drop("container_id") if past else None,
        stow_plan=None if plan is None else frame_of(plan).drop("container_id"),
    )
    found = evaluate([rule], frame_of(rows), around)
    assert found.failed == ()
    column = rule.measures[0].column
    values = found.measures[column].to_list()
    scene = Scene(present=rows, past=past, stow_plan=plan)
    assert values == [measures_of(rule, row, scene)[column] for row in rows]
    return values


def before(days, **row):
    return {"on": TODAY - timedelta(days=days), **row}


# The correlations that the trade names.


def test_a_seal_on_another_box_is_counted(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    row = ONE | {"container_number": "C1", "seal_numbers": ["S1", "S2"]}
    past = [
        before(200, container_number="C7", seal_numbers=["S2"]),
        before(366, container_number="C8", seal_numbers=["S2"]),
    ]

    assert measured(rule, row) == [1]
    assert measured(rule, row, past=past) == [2]
    assert measured(rule, row | {"seal_numbers": ["S1"]}, past=past) == [1]
    assert measured(rule, row | {"seal_numbers": []}, row | {"seal_numbers": None}) == [
        None,
        None,
    ]


def test_the_same_container_in_two_places_is_seen(rule_of):
    rule = rule_of(
        """
        ports:
          label: {en: Ports of loading of this container}
          count: port_of_loading
          same: [container_number]
          within_days: 7
          peers: counted
        """,
        "ports >= 2",
    )
    row = ONE | {"container_number": "C1", "port_of_loading": "ECGYE"}

    assert measured(
        rule, row, past=[before(3, container_number="C1", port_of_loading="NLRTM")]
    ) == [2]
    assert measured(
        rule, row, past=[before(3, container_number="C1", port_of_loading="ECGYE")]
    ) == [1]
    assert measured(
        rule, row, past=[before(8, container_number="C1", port_of_loading="NLRTM")]
    ) == [1]


def test_many_consignees_at_one_address_are_counted_once_each(rule_of):
    rule = rule_of(
        """
        names:
          label: {en: Consignees at one address}
          count: consignee_name
          same: [consignee_address]
          within_days: 90
          peers: counted
          where: [is_full]
        """,
        "names >= 3",
    )
    at = {"consignee_address": "DOCK ROAD 1", "is_full": True}
    row = ONE | at | {"consignee_name": "ACME"}
    past = [
        before(90, **at, consignee_name="BEST"),
        before(10, **at, consignee_name="BEST"),
        before(10, consignee_address="DOCK ROAD 1", consignee_name="EMPTY", is_full=False),
        before(10, consignee_address="DOCK ROAD 1", consignee_name="UNKNOWN"),
        before(10, **at),
        before(91, **at, consignee_name="LATE"),
    ]

    assert measured(rule, row, row | {"consignee_name": "CARGO"}, past=past) == [3, 3]
    assert measured(rule, row | {"is_full": False}, past=past) == [1]
    assert measured(rule, row | {"consignee_address": None}, past=past) == [None]


def test_a_shippers_burst_is_told_by_two_windows(rule_of):
    rule = rule_of(
        """
        this_week:
          label: {en: Containers this week}
          count: containers
          same: [shipper_name]
          within_days: 7
          peers: counted
        three_months:
          label: {en: Containers in three months}
          count: containers
          same: [shipper_name]
          within_days: 90
          peers: left_out
        """,
        "this_week > 3 * three_months / 13",
    )
    rows = [
        ONE | {"shipper_name": name, "container_number": f"{name}{number}"}
        for name in ("QUIET", "STEADY")
        for number in range(3)
    ]
    past = [
        before(7 * week, shipper_name="STEADY", container_number=f"OLD{week}.{number}")
        for week in range(1, 13)
        for number in range(3)
    ] + [before(60, shipper_name="QUIET", container_number="OLD")]
    around = Surroundings(past=frame_of(past).drop("container_id"))

    found = evaluate([rule], frame_of(rows), around)

    assert found.measures["TST-ONE-001.1.this_week"].to_list() == [3] * 3 + [6] * 3
    assert found.measures["TST-ONE-001.1.three_months"].to_list() == [1] * 3 + [36] * 3
    assert found.frame["container_id"].to_list() == [0, 1, 2]


def test_a_consignment_split_over_bills_of_one_manifest_is_added_up(rule_of):
    rule = rule_of(
        """
        together:
          label: {en: Gross mass of one pair on this manifest}
          sum: gross_mass_kg
          same: [shipper_name, consignee_name]
          within_days: 0
          peers: counted
        """,
        "together > 20000",
    )
    pair = ONE | {"shipper_name": "A", "consignee_name": "B"}
    rows = [
        pair | {"gross_mass_kg": 0.1},
        pair | {"gross_mass_kg": 0.2},
        pair | {"gross_mass_kg": 9000.0, "manifest_key": "M2"},
        pair | {"gross_mass_kg": 7000.0, "assessed_on": TODAY - timedelta(days=1)},
    ]

    # As on paper: in the binary numbers of the machine 0.1 and 0.2 would be a little more than 0.3.
    assert measured(rule, *rows) == [0.3, 0.3, 9000.0, 7000.0]
    assert measured(rule, rows[0], pair) == [None, None]


def test_weight_twins_of_different_shippers_are_seen(rule_of):
    rule = rule_of(
        """
        shippers:
          label: {en: Shippers of boxes of this very mass}
          count: shipper_name
          same: [gross_mass_kg, port_of_loading]
          within_days: 0
          peers: counted
        """,
        "shippers >= 2",
    )
    row = ONE | {"port_of_loading": "ECGYE", "gross_mass_kg": 21437.0, "shipper_name": "A"}

    assert measured(rule, row, row | {"shipper_name": "B"}) == [2, 2]
    assert measured(rule, row, row | {"gross_mass_kg": 21437.5, "shipper_name": "B"}) == [1, 1]
    assert measured(rule, row | {"gross_mass_kg": float("nan")}) == [None]


PLANNED = """
  planned:
    label: {en: Planned port of discharge}
    of: stow_plan
    value_of: port_of_discharge
    same: [container_number]
"""
ON_PLAN = """
  on_plan:
    label: {en: Boxes on the stow plan}
    of: stow_plan
    count: containers
    same: [container_number]
"""


def test_a_stow_plan_that_says_otherwise_is_seen(rule_of):
    rule = rule_of(PLANNED, "planned != port_of_discharge")
    plan = [
        {"container_number": "C1", "port_of_discharge": "NLRTM"},
        {"container_number": "C2", "port_of_discharge": "NLRTM"},
        {"container_number": "C2", "port_of_discharge": "BEANR"},
        {"container_number": "C4"},
    ]
    rows = [{"container_number": f"C{number}"} for number in (1, 2, 3, 4)]

    assert measured(rule, *rows, plan=plan) == ["NLRTM", None, None, None]


def test_a_box_that_is_not_on_the_plan_counts_nought_and_without_a_plan_nothing_is_known(
    rule_of,
):
    rule = rule_of(ON_PLAN, "on_plan = 0")
    rows = [{"container_number": "C1"}, {"container_number": "C9"}, {}]
    plan = [{"container_number": "C1"}]

    assert measured(rule, *rows, plan=plan) == [1, 0, None]
    assert measured(rule, *rows, plan=[{"container_number": None}]) == [0, 0, None]
    assert measured(rule, *rows) == [None, None, None]


# Who counts.

COUNT = """
  seen:
    label: {{en: Containers of this shipper}}
    count: {of}
    same: [shipper_name]
    within_days: {days}
    peers: {peers}
"""


def shipped(number, **more):
    return {"shipper_name": "A", "container_number": number, **more}


@pytest.mark.parametrize(("days", "seen"), [(0, 0), (1, 1), (29, 1), (30, 1), (31, 0)])
def test_a_window_ends_on_its_last_day_and_leaves_the_day_itself_out(rule_of, days, seen):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="left_out"), "seen > 0")

    assert measured(rule, ONE | shipped("C1"), past=[before(days, **shipped("C2"))]) == [seen]


def test_a_container_seen_on_several_days_counts_once_in_every_window(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=5, peers="left_out"), "seen > 0")
    past = [before(days, **shipped("C2")) for days in (2, 4, 9)]
    rows = [
        ONE | shipped("C1", assessed_on=TODAY + timedelta(days=d)) for d in (-9, -8, 0, 3, 4)
    ]

    assert measured(rule, *rows, past=past) == [0, 1, 1, 1, 0]


def test_rows_of_the_frame_are_the_past_of_later_rows(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="left_out"), "seen > 0")
    rows = [
        ONE
        | shipped(f"C{days}", assessed_on=TODAY - timedelta(days=days), voyage_key=f"V{days}")
        for days in (40, 20, 10, 0)
    ]

    assert measured(rule, *rows) == [0, 1, 2, 2]


def test_the_same_voyage_on_an_earlier_day_is_no_past(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="left_out"), "seen > 0")
    past = [
        before(3, **shipped("C2"), voyage_key="V1"),
        before(2, **shipped("C3"), voyage_key="V1"),
        before(5, **shipped("C3"), voyage_key="V0"),
        before(1, **shipped("C4"), voyage_key=""),
    ]

    assert measured(rule, ONE | shipped("C1"), past=past) == [2]
    assert measured(rule, ONE | shipped("C1", voyage_key="V2"), past=past) == [3]
    assert measured(rule, ONE | shipped("C1", voyage_key=None), past=past) == [3]


@pytest.mark.parametrize(
    ("peers", "seen"), [("counted", [2, 2, 1, 1]), ("left_out", [0, 0, 0, 0])]
)
def test_peers_count_where_they_are_declared_to(rule_of, peers, seen):
    rule = rule_of(COUNT.format(of="containers", days=30, peers=peers), "seen > 0")
    rows = [
        ONE | shipped("C1"),
        ONE | shipped("C2"),
        ONE | shipped("C3", manifest_key="M2"),
        ONE | shipped("C4", manifest_key=None),
    ]

    assert measured(rule, *rows) == seen


def test_a_peer_seen_before_on_the_same_voyage_still_counts_as_a_peer(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="counted"), "seen > 0")
    past = [
        before(3, **shipped("C1"), voyage_key="V1"),
        before(3, **shipped("C9"), voyage_key="V1"),
    ]

    assert measured(rule, ONE | shipped("C1"), past=past) == [1]


def test_loose_cargo_is_counted_by_its_bills_and_bills_one_by_one(rule_of):
    rows = [
        ONE | shipped(None, bills_of_lading=["B1"]),
        ONE | shipped(None, bills_of_lading=["B1"]),
        ONE | shipped(None, bills_of_lading=["B3", "B2"]),
        ONE | shipped("C1", bills_of_lading=["B3"]),
        ONE | shipped(None, bills_of_lading=None),
    ]

    containers = rule_of(COUNT.format(of="containers", days=0, peers="counted"), "seen > 0")
    bills = rule_of(COUNT.format(of="bills", days=0, peers="counted"), "seen > 0")

    assert measured(containers, *rows) == [3] * 5
    assert measured(bills, *rows) == [3] * 5


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ("smallest: gross_mass_kg", 5.0),
        ("largest: gross_mass_kg", 9.0),
        ("sum: gross_mass_kg", 14.0),
        ("smallest: issued_on", date(2026, 2, 1)),
        ("largest: issued_on", date(2026, 2, 2)),
        ("value_of: vessel_name", "ASTRA"),
        ("value_of: is_full", None),
    ],
)
def test_values_are_taken_of_what_counts(rule_of, taken, found):
    rule = rule_of(
        COUNT.format(of="x", days=30, peers="left_out").replace("count: x", taken),
        "seen is not missing",
    )
    past = [
        before(1, **shipped("C2"), gross_mass_kg=5.0, issued_on=date(2026, 2, 1),
               vessel_name="ASTRA", is_full=True),
        before(2, **shipped("C3"), gross_mass_kg=9.0, issued_on=date(2026, 2, 2), is_full=False),
    ]  # fmt: skip

    assert measured(rule, ONE | shipped("C1"), past=past) == [found]
    assert measured(rule, ONE | shipped("C1")) == [None]


def test_one_missing_value_leaves_a_sum_unknown_but_not_the_count(rule_of):
    rule = rule_of(
        COUNT.replace("count", "sum").format(of="gross_mass_kg", days=9, peers="left_out"),
        "seen > 0",
    )
    past = [before(1, **shipped("C2"), gross_mass_kg=5.0), before(2, **shipped("C3"))]

    assert measured(rule, ONE | shipped("C1"), past=past) == [None]
    assert measured(rule, ONE | shipped("C1"), past=past[:1]) == [5.0]
    for mass in (1e17, -1e300):
        too_large = [before(1, **shipped("C2"), gross_mass_kg=mass)]
        assert measured(rule, ONE | shipped("C1"), past=too_large) == [None]


def test_of_several_texts_the_one_that_finds_most_is_told(rule_of):
    smallest = SEALS.replace("count: containers", "smallest: gross_mass_kg")
    row = ONE | {"container_number": "C1", "seal_numbers": ["S1", "S2", None]}
    past = [
        before(1, container_number="C2", seal_numbers=["S1", "S1"], gross_mass_kg=7.0),
        before(1, container_number="C3", seal_numbers=["S2", "S1"], gross_mass_kg=3.0),
    ]

    assert measured(rule_of(SEALS, "boxes_with_seal > 1"), row, past=past) == [3]
    least = rule_of(smallest.replace(PEERS, "peers: left_out"), "boxes_with_seal > 1")
    assert measured(least, row, past=past) == [3.0]


def test_who_has_no_day_neither_asks_nor_counts(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="counted"), "seen > 0")
    dateless = ONE | shipped("C2", assessed_on=None)

    past = [{"on": None, **shipped("C3")}, before(1, **shipped("C4"))]

    assert measured(rule, ONE | shipped("C1"), dateless, past=past) == [2, None]
    nothing = evaluate([rule], frame_of([shipped("C1")]))
    assert nothing.frame.rows() == [(0, "TST-ONE-001", 1, "unknown", ["TST-ONE-001.1.seen"])]


def test_a_whole_manifest_under_one_seal_asks_one_question(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    boxes = 20_000
    frame = pl.DataFrame(
        {
            "container_id": pl.int_range(boxes, dtype=pl.Int32, eager=True),
            "container_number": [f"C{number}" for number in range(boxes)],
            "seal_numbers": [["S"]] * boxes,
            "assessed_on": [TODAY] * boxes,
        }
    )
    past = frame.select(
        "container_number", "seal_numbers", on=pl.lit(TODAY - timedelta(days=9))
    )

    found = evaluate([rule], frame, Surroundings(past=past))

    assert found.failed == ()
    assert found.measures[rule.measures[0].column].unique().to_list() == [boxes]


# Rules with measures among other rules.


def test_a_measure_that_fails_takes_its_rule_and_no_other(rule_of, monkeypatch):
    broken = rule_of(COUNT.format(of="containers", days=30, peers="counted"), "seen > 0")
    whole = rule_of(SEALS, "boxes_with_seal > 0", "")
    whole = replace(whole, id="TST-TWO-001")

    def sabotage(asked):
        broken_one = any(measure.name == "seen" for measure, _ in asked)
        return "SELECT no_such_column" if broken_one else pairs_sql(asked)

    monkeypatch.setattr(measuring_module, "pairs_sql", sabotage)
    row = ONE | {"container_number": "C1", "seal_numbers": ["S"], "shipper_name": "A"}
    found = evaluate([broken, whole], frame_of([row]))

    assert [(failure.rule_id, failure.version) for failure in found.failed] == [
        ("TST-ONE-001", 1)
    ]
    assert found.failed[0].sentence.startswith("The measure 'seen' cannot be computed: ")
    assert found.frame["rule_id"].to_list() == ["TST-TWO-001"]
    assert found.measures.columns == ["container_id", "TST-ONE-001.1.boxes_with_seal"]


def test_a_column_of_another_type_fails_only_the_rules_whose_measures_read_it(
    rule_of, make_rule
):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="counted"), "seen > 0")
    row = ONE | shipped("C1", is_full=True)
    past = pl.DataFrame({"on": [TODAY], "shipper_name": [7]})

    for frame, around in (
        (frame_of([row]).with_columns(shipper_name=pl.lit(7)), None),
        (frame_of([row]).with_columns(assessed_on=pl.lit("today")), None),
        (frame_of([row]), Surroundings(past=past)),
    ):
        found = evaluate([rule, make_rule("is_full", id="TST-TWO-001")], frame, around)
        assert [failure.rule_id for failure in found.failed] == ["TST-ONE-001"]
        assert found.frame["rule_id"].to_list() == ["TST-TWO-001"]


def test_a_past_without_days_is_refused(rule_of):
    rule = rule_of(COUNT.format(of="containers", days=30, peers="counted"), "seen > 0")

    with pytest.raises(RuleError, match="no day"):
        evaluate(
            [rule], frame_of([ONE]), Surroundings(past=pl.DataFrame({"shipper_name": ["A"]}))
        )


def test_two_versions_of_a_rule_run_side_by_side(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    newer = replace(rule_of(SEALS, "boxes_with_seal >= 1"), version=2)

    found = evaluate(
        [newer, rule], frame_of([ONE | {"container_number": "C", "seal_numbers": ["S"]}])
    )

    assert found.frame.select("version", "verdict").rows() == [(2, "match")]
    assert found.counts["version"].to_list() == [1, 2]
    with pytest.raises(RuleError, match="same id and version"):
        evaluate([rule, rule], frame_of([ONE]))


def test_measures_that_are_known_already_are_not_computed(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    frame = frame_of([ONE | {"seal_numbers": ["S"]}]).with_columns(
        pl.lit(1.0).alias(rule.measures[0].column)
    )
    known = pl.DataFrame({rule.measures[0].column: [5.0]})

    assert evaluate([rule], frame, measured=known).frame["verdict"].to_list() == ["match"]
    assert evaluate([rule], frame, measured=pl.DataFrame()).frame["verdict"].to_list() == [
        "unknown"
    ]


def test_what_the_rules_need_of_the_past_is_told(rule_of, make_rule):
    rules = [
        rule_of(SEALS, "boxes_with_seal >= 2"),
        rule_of(PLANNED, "planned != port_of_discharge"),
        make_rule("is_full"),
    ]

    assert fields_across(rules) == ("bills_of_lading", "container_number", "seal_numbers")
    assert longest_window(rules) == 365
    assert asks_stow_plan(rules)
    assert (longest_window(rules[2:]), asks_stow_plan(rules[:1])) == (0, False)
    assert rules[1].catalogue_fields == ("container_number", "port_of_discharge")


# What people read.


def test_people_read_the_label_and_the_value_of_a_measure(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    said = rule_of(
        SEALS, "boxes_with_seal >= 2", "because: '{boxes_with_seal:integer} boxes'\n"
    )
    row = {"TST-ONE-001.1.boxes_with_seal": 3.0}

    assert sentence(said, row) == "3 boxes"
    assert sentence(said, {}).endswith(" boxes")
    assert "Containers with this seal: at least 2" in sentence(rule, row)
    assert "Conteneurs portant ce scellé" in sentence(rule, row, "fr")
    assert label_of(rule, "TST-ONE-001.1.boxes_with_seal", "pt") == "Containers with this seal"
    assert label_of(rule, "seal_numbers", "en") == label_of(said, "seal_numbers", "en")
    assert rule.short_name("TST-ONE-001.1.boxes_with_seal") == "boxes_with_seal"
    assert explain_rule(rule, row).verdict is Verdict.MATCH
    assert verdict_of(rule, {}) == (Verdict.UNKNOWN, ("TST-ONE-001.1.boxes_with_seal",))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "",
            "",
            "number of containers in the 365 days before and on the same manifest, of those that share: ",
        ),
        ("count: containers", "sum: gross_mass_kg", "this seal: sum (Gross mass) in the 365"),
        ("within_days: 365", "within_days: 1", "on the 1 day before and on the same"),
        ("within_days: 365", "within_days: 0", "number of containers on the same manifest,"),
        ("peers: counted", "peers: left_out", "in the 365 days before, of those"),
        (
            "within_days: 365\n    peers: counted",
            "of: stow_plan",
            "containers on the stow plan, of",
        ),
        ("peers: counted", "peers: counted\n    where: [is_full]", "; counted where: "),
    ],
)
def test_a_measure_is_told_in_words(rule_of, old, new, said):
    rule = rule_of(SEALS.replace(old, new), "boxes_with_seal >= 2")

    assert said in measure_said(rule, rule.measures[0], "en")
    for language in LANGUAGES:
        assert "{" not in measure_said(rule, rule.measures[0], language)


# The file.


def test_tests_give_measures_or_let_them_be_computed(rule_of):
    rest = """\
tests:
  - {name: given, expect: match, record: {boxes_with_seal: 2}}
  - {name: not given, expect: unknown, record: {seal_numbers: [S1]}}
  - name: on another box last year
    expect: match
    record: {container_number: C1, seal_numbers: [S1]}
    others:
      - {days_before: 365, record: {container_number: C2, seal_numbers: [S1]}}
  - name: too long ago
    expect: no_match
    record: {container_number: C1, seal_numbers: [S1]}
    others:
      - {days_before: 366, record: {container_number: C2, seal_numbers: [S1]}}
  - name: on the same manifest
    expect: match
    record: {container_number: C1, seal_numbers: [S1], assessed_on: 2026-05-01}
    others: [{days_before: 0, record: {container_number: C3, seal_numbers: [S1]}}]
  - {name: alone, expect: no_match, record: {container_number: C1, seal_numbers: [S1]}, others: []}
  - {name: no seal, expect: unknown, record: {container_number: C1}, others: []}
  - name: no day
    expect: unknown
    record: {container_number: C1, seal_numbers: [S1], assessed_on: }
    others: []
"""
    results = run_tests(rule_of(SEALS, "boxes_with_seal >= 2", rest))

    assert [result.name for result in results if not result.passed] == []
    assert results[1].missing == ("boxes_with_seal",)


def test_tests_bring_a_stow_plan(rule_of):
    rest = """\
tests:
  - name: elsewhere on the plan
    expect: match
    record: {container_number: C1, port_of_discharge: NLRTM}
    others: [{is_of_stow_plan: true, record: {container_number: C1, port_of_discharge: BEANR}}]
  - name: not on the plan
    expect: unknown
    record: {container_number: C1, port_of_discharge: NLRTM}
    others: [{is_of_stow_plan: true, record: {container_number: C2, port_of_discharge: BEANR}}]
  - name: no plan
    expect: unknown
    record: {container_number: C1, port_of_discharge: NLRTM}
    others: [{days_before: 2, record: {container_number: C1, port_of_discharge: BEANR}}]
"""
    results = run_tests(rule_of(PLANNED, "planned != port_of_discharge", rest))

    assert [result.name for result in results if not result.passed] == []


def test_a_measure_is_part_of_what_a_rule_means_and_layout_is_not(rule_of):
    rule = rule_of(SEALS, "boxes_with_seal >= 2")
    turned = SEALS.replace(
        "    within_days: 365\n    peers: counted\n",
        "    peers: counted\n    within_days: 365\n",
    )

    assert rule_of(turned, "boxes_with_seal >= 2").sha256 == rule.sha256
    for old, new in (("365", "364"), ("containers", "bills"), ("[seal_numbers]", "[shipper_name]"),
                     ("counted", "left_out"), ("this seal", "that seal")):  # fmt: skip
        assert rule_of(SEALS.replace(old, new), "boxes_with_seal >= 2").sha256 != rule.sha256


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("count: containers", "cuont: containers", "there is no key 'cuont' here"),
        ("count: containers", "", "this measure does not say what it takes"),
        ("count: containers", "count: containers\n    sum: gross_mass_kg", "takes two things at once"),
        ("count: containers", "count: container_numbr", "there is no field named 'container_numbr'"),
        ("count: containers", "sum: containers", "there is no field named 'containers'"),
        ("count: containers", "sum: shipper_name", "'sum' needs a number; 'shipper_name' holds a text"),
        ("count: containers", "largest: is_full", "needs a number or a date"),
        ("count: containers", "value_of: hs_codes", "'value_of' needs one value"),
        ("count: containers", "value_of: shipper_name", "cannot be taken over a field of several texts"),
        ("[seal_numbers]", "[seal_numbers, hs_codes]", "only one field of several texts"),
        ("[seal_numbers]", "[seal_number]", "there is no field named 'seal_number'"),
        ("[seal_numbers]", "[seal_numbers, seal_numbers]", "stands above already"),
        ("[seal_numbers]", "[]", "'same' is empty"),
        ("[seal_numbers]", "[shipper_name, consignee_name, port_of_loading, is_full, vessel_name]",
         "at most 4 fields can be shared"),
        ("within_days: 365", "within_days: 401", "from 0 to 400, not '401'"),
        ("within_days: 365", "within_days: 1.5", "is a whole number of days"),
        ("within_days: 365", "", "the key 'within_days' is needed here"),
        ("peers: counted", "", "the key 'peers' is needed here"),
        ("peers: counted", "peers: yes", "'peers' is 'counted' or 'left_out', not 'yes'"),
        ("within_days: 365\n    peers: counted", "within_days: 0\n    peers: left_out", "nothing to look at"),
        ("peers: counted", "peers: counted\n    of: stow_plan", "a stow plan has neither days nor peers"),
        ("peers: counted", "peers: counted\n    of: manifest", "a measure cannot look at 'manifest'"),
        ("peers: counted", "peers: counted\n    where: [is_ful]", "there is no field named 'is_ful'"),
        ("peers: counted", "peers: counted\n    where: [boxes_with_seal > 1]", "no field named 'boxes_with_seal'"),
        ("peers: counted", "peers: counted\n    where: [{any: [is_full]}]", "'where' holds conditions, one a line"),
        ("peers: counted", f"peers: counted\n    where: [{', '.join(['is_full'] * 11)}]", "has at most 10 lines"),
        ("label: {en: Containers with this seal, fr: Conteneurs portant ce scellé}", "", "'label' is needed"),
        ("en: Containers with this seal, ", "", "the key 'en' is needed here"),
        ("boxes_with_seal:", "seal_count:", "'seal_count' is a field already"),
        ("boxes_with_seal:", "least:", "'least' is a setting already"),
        ("boxes_with_seal:", "missing:", "'missing' is a word of the language"),
        ("boxes_with_seal:", "length:", "'length' is a word of the language"),
        ("boxes_with_seal:", "Boxes:", "'Boxes' cannot name a measure"),
        ("boxes_with_seal:", "other_boxes:", "nothing uses the measure 'other_boxes'"),
    ],
)  # fmt: skip
def test_a_fault_in_a_measure_is_told_where_it_stands(written, reading, old, new, told):
    assert old in SEALS
    rest = "settings: {least: {value: 2, from: 1, to: 9}}\n"
    rule, faults = reading(written(SEALS.replace(old, new), "boxes_with_seal >= least", rest))

    assert rule is None
    fitting = [fault for fault in faults if told in fault.sentence]
    assert fitting, [fault.sentence for fault in faults]
    assert fitting[0].place.line
    assert fitting[0].line


@pytest.mark.parametrize(
    ("across", "told"),
    [
        ("across: []\n", "'across' holds named measures"),
        ("across: {}\n", "'across' holds named measures"),
        ("across: {seen: 3}\n", "a measure has label, count, same"),
        ("across: {" + ", ".join(f"m{n}: 3" for n in range(9)) + "}\n", "at most 8 measures"),
    ],
)
def test_a_block_of_measures_has_its_shape_and_its_limit(reading, rule_text, across, told):
    rule, faults = reading(rule_text(f"{across}when: {{all: [is_full]}}\n"))

    assert rule is None
    assert any(told in fault.sentence for fault in faults)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("record: {boxes_with_seal: 2}, others: []", "is computed from the other containers"),
        ("record: {}, others: [3]", "another container has days_before and record"),
        ("record: {}, others: [{record: {}}]", "the key 'days_before' is needed here"),
        (
            "record: {}, others: [{days_before: -1, record: {}}]",
            "a whole number of days from 0",
        ),
        ("record: {}, others: [{days_before: 1}]", "'record' holds fields"),
        (
            "record: {}, others: [{days_before: 1, record: {seals: [S]}}]",
            "no field named 'seals'",
        ),
        (
            "record: {}, others: [{days_before: 1, record: {boxes_with_seal: 2}}]",
            "is computed from",
        ),
        (
            "record: {}, others: [{days_before: 1, record: {assessed_on: 2026-01-01}}]",
            "follows from",
        ),
        (
            "record: {}, others: [{days_before: 1, is_of_stow_plan: true, record: {}}]",
            "no days before",
        ),
        ("record: {}, others: [{is_of_stow_plan: yes, record: {}}]", "is true or false"),
        ("record: {boxes_with_seal: many}", "is a number"),
    ],
)
def test_a_fault_in_the_others_of_a_test_is_told(written, reading, test, told):
    rest = f"tests: [{{name: a, expect: match, {test}}}]\n"
    rule, faults = reading(written(SEALS, "boxes_with_seal >= 2", rest))

    assert rule is None
    assert any(told in fault.sentence for fault in faults), [fault.sentence for fault in faults]


def test_others_mean_nothing_without_measures(reading, rule_text):
    text = "when: {all: [is_full]}\ntests: [{name: a, expect: match, record: {}, others: []}]\n"
    rule, faults = reading(rule_text(text))

    assert rule is None
    assert "mean nothing to a rule without measures" in faults[0].sentence
