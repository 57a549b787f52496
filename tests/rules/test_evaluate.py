"""What rules say of containers: three-valued logic, hostile texts, broken rules, and two evaluators."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.domain import Verdict
from riskengine.errors import Place, RuleError
from riskengine.rules import asking
from riskengine.rules import evaluate as evaluate_module
from riskengine.rules.check import run_tests
from riskengine.rules.compile import tree_sql
from riskengine.rules.evaluate import evaluate
from riskengine.rules.language import Vocabulary, read_condition
from riskengine.rules.reference import explain_rule, verdict_of
from riskengine.rules.tree import Condition, FieldRef, Group, Mode

TYPES = {
    "number": pl.Float64,
    "text": pl.String,
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean,
    "date": pl.Date,
}


@pytest.fixture(scope="session")
def frame_of(fields):
    """A function: containers as mappings to the frame that rules are asked of."""

    def frame_of(*rows):
        columns = {
            name: pl.Series([row.get(name) for row in rows], dtype=TYPES[kind])
            for name, kind in fields.items()
        }
        return pl.DataFrame(
            {"container_id": pl.Series(range(len(rows)), dtype=pl.Int32), **columns}
        )

    return frame_of


@pytest.fixture(scope="session")
def says(frame_of):
    """A function: what both evaluators say of one container; they must agree."""

    def says(rule, **row):
        verdicts = evaluate([rule], frame_of(row))
        assert verdicts.failed == ()
        found = verdicts.frame.row(0, named=True) if verdicts.frame.height else None
        verdict, missing = verdict_of(rule, row)
        assert verdict == (found["verdict"] if found else "no_match")
        assert list(missing) == (found["missing"] if found else [])
        return verdict.value

    return says


@pytest.mark.parametrize(
    ("line", "row", "answer"),
    [
        ("mass_kg > 3", {}, "unknown"),
        ("mass_kg > 3", {"mass_kg": 4.0}, "match"),
        ("mass_kg > 3", {"mass_kg": 3.0}, "no_match"),
        ("mass_kg > 3", {"mass_kg": math.nan}, "unknown"),
        ("mass_kg > 3", {"mass_kg": math.inf}, "unknown"),
        ("mass_kg is missing", {}, "match"),
        ("mass_kg is missing", {"mass_kg": 0.0}, "no_match"),
        ("mass_kg is not missing", {}, "no_match"),
        ("mass_kg > 3 or is_full", {"is_full": True}, "match"),
        ("mass_kg > 3 and is_full", {"is_full": False}, "no_match"),
        ("mass_kg > 3 and is_full", {"is_full": True}, "unknown"),
        ("not (mass_kg > 3 or is_full)", {"is_full": True}, "no_match"),
        ("mass_kg / value_usd > 3", {"mass_kg": 9.0, "value_usd": 0.0}, "unknown"),
        ("(mass_kg / value_usd) is missing", {"mass_kg": 9.0, "value_usd": 0.0}, "match"),
        ("mass_kg * mass_kg > 3", {"mass_kg": 1e300}, "unknown"),
        ("mass_kg between 1 and value_usd", {"mass_kg": 0.5}, "no_match"),
        ("mass_kg between 1 and value_usd", {"mass_kg": 5.0}, "unknown"),
        ("mass_kg in [1, 2]", {"mass_kg": 2.0}, "match"),
        ("mass_kg not in [1, 2]", {}, "unknown"),
        ("smaller_of(mass_kg, value_usd) < 9", {"mass_kg": 1.0}, "unknown"),
        ("smaller_of(mass_kg, value_usd) = 1", {"mass_kg": 1.0, "value_usd": 2.0}, "match"),
        ("larger_of(mass_kg, value_usd) = 2", {"mass_kg": 1.0, "value_usd": 2.0}, "match"),
        ("round(mass_kg) = -3", {"mass_kg": -2.5}, "match"),
        ("round(mass_kg) = 0", {"mass_kg": 0.49999999999999994}, "match"),
        ("mass_kg / 2.5 = 0.36", {"mass_kg": 0.9}, "match"),
        ("mass_kg + value_usd = 0.3", {"mass_kg": 0.1, "value_usd": 0.2}, "no_match"),
        ("port in list source_ports", {"port": "ECGYE"}, "match"),
        ("port not in list source_ports", {"port": "NLRTM"}, "match"),
        ("port in list source_ports", {}, "unknown"),
        ("port != 'ecgye'", {"port": "ECGYE"}, "no_match"),
        ("shipper_name contains any of list words", {"shipper_name": "OLD SCRAP LTD"}, "match"),
        ("shipper_name contains any of list words", {"shipper_name": "X"}, "no_match"),
        ("shipper_name contains any of list words", {}, "unknown"),
        ("shipper_name contains 'o''neil'", {"shipper_name": "O'NEIL"}, "match"),
        ("shipper_name starts with 'A' and port ends with 'E'", {"shipper_name": "AB", "port": "XE"}, "match"),
        ("ports_called contains any of list source_ports", {"ports_called": ["COTRB"]}, "match"),
        ("ports_called contains any of list source_ports", {"ports_called": ["COTRB", None]}, "match"),
        ("ports_called contains any of list source_ports", {"ports_called": ["X", None]}, "unknown"),
        ("ports_called contains 'X'", {"ports_called": []}, "no_match"),
        ("ports_called contains 'X'", {"ports_called": ["XY"]}, "no_match"),
        ("ports_called contains 'X'", {}, "unknown"),
        ("length(hs_codes) = 2", {"hs_codes": ["1", "2"]}, "match"),
        ("length(shipper_name) = 4", {"shipper_name": "É😀A\u0301"}, "match"),
        ("days_between(issued_on, departed_on) = -3",
         {"issued_on": date(2026, 3, 1), "departed_on": date(2026, 2, 26)}, "match"),
        ("issued_on > 2026-01-31", {"issued_on": date(2026, 1, 31)}, "no_match"),
    ],
)  # fmt: skip
def test_a_condition_is_answered_by_kleenes_logic(make_rule, says, line, row, answer):
    assert says(make_rule(line), **row) == answer


def test_a_missing_value_never_excuses(make_rule, says):
    rule = make_rule("mass_kg > 3", unless=("is_reefer", "port = 'ECGYE'"))

    assert says(rule, mass_kg=4.0) == "match"
    assert says(rule, mass_kg=4.0, is_reefer=False, port="ECGYE") == "excused"
    assert says(rule, mass_kg=1.0, is_reefer=True) == "no_match"
    assert says(rule, is_reefer=True) == "unknown"


def test_groups_stand_in_each_other(read, rule_text, says):
    rule, _ = read(rule_text("when: {any: [is_full, {none: [is_reefer, mass_kg > 3]}]}\n"))

    assert says(rule, is_full=True) == "match"
    assert says(rule, is_full=False, is_reefer=False, mass_kg=1.0) == "match"
    assert says(rule, is_full=False, mass_kg=9.0) == "no_match"
    assert says(rule, is_full=False, is_reefer=False) == "unknown"


def test_a_field_that_the_frame_lacks_is_missing(make_rule):
    frame = pl.DataFrame({"container_id": pl.Series([7], dtype=pl.Int32)})

    verdicts = evaluate([make_rule("mass_kg > 3 and hs_codes contains 'X'")], frame)

    assert verdicts.frame.rows() == [(7, "TST-ONE-001", 1, "unknown", ["mass_kg", "hs_codes"])]
    assert verdicts.counts.rows() == [("TST-ONE-001", 1, 0, 0, 1, 0)]


def test_the_missing_fields_are_named_but_not_those_only_tested_for_it(make_rule, frame_of):
    rule = make_rule("mass_kg > 3 and value_usd > 1 and not port is missing or is_full")

    verdicts = evaluate([rule], frame_of({"value_usd": 2.0, "port": "X"}))

    assert verdicts.frame["missing"].to_list() == [["mass_kg", "is_full"]]


def test_all_four_answers_are_counted(make_rule, frame_of):
    rule = make_rule("mass_kg > 3", unless=("is_full",))
    rows = [{"mass_kg": 4.0}, {"mass_kg": 4.0, "is_full": True}, {"mass_kg": 1.0}, {}, {}]

    counts = evaluate([rule], frame_of(*rows)).counts

    assert counts.row(0, named=True) == {
        "rule_id": "TST-ONE-001",
        "version": 1,
        "match": 1,
        "no_match": 1,
        "unknown": 2,
        "excused": 1,
    }


def test_one_broken_rule_does_not_stop_the_others(make_rule, frame_of, monkeypatch):
    rules = [
        make_rule("mass_kg > 3", f"value_usd != {n}", id=f"TST-BAT-{n:03}") for n in range(120)
    ]

    def sabotage(tree, lists):
        return tree_sql(tree, lists).replace("60.0e0", "no_such_column")

    monkeypatch.setattr(asking, "tree_sql", sabotage)
    verdicts = evaluate(rules, frame_of({"mass_kg": 4.0, "value_usd": -1.0}))

    assert [failure.rule_id for failure in verdicts.failed] == ["TST-BAT-060"]
    assert "no_such_column" in verdicts.failed[0].sentence
    assert verdicts.frame.height == verdicts.counts.height == 119


def test_a_rule_whose_list_is_not_known_fails_alone(make_rule, frame_of):
    lost = replace(make_rule("port in list source_ports"), lists=())
    whole = make_rule("port = 'X'", id="TST-TWO-001")

    verdicts = evaluate([lost, whole], frame_of({"port": "X"}))

    assert verdicts.failed == (
        ("TST-ONE-001", 1, "The list 'source_ports' is not known here."),
    )
    assert verdicts.frame["rule_id"].to_list() == ["TST-TWO-001"]


def test_a_column_of_another_type_fails_only_the_rules_that_read_it(make_rule):
    frame = pl.DataFrame({"container_id": [1], "mass_kg": ["12"], "is_full": [True]})

    verdicts = evaluate(
        [make_rule("mass_kg > 3"), make_rule("is_full", id="TST-TWO-001")], frame
    )

    assert [failure.rule_id for failure in verdicts.failed] == ["TST-ONE-001"]
    assert verdicts.frame["rule_id"].to_list() == ["TST-TWO-001"]


def test_no_rules_and_no_containers_give_no_verdicts(make_rule, frame_of):
    assert evaluate([], frame_of({})).frame.height == 0
    nothing = evaluate([make_rule("is_full")], frame_of())
    assert nothing.frame.schema == evaluate_module.VERDICTS
    assert nothing.counts.rows() == [("TST-ONE-001", 1, 0, 0, 0, 0)]


def test_two_rules_of_one_id_are_refused(make_rule, frame_of):
    with pytest.raises(RuleError, match="same id and version"):
        evaluate([make_rule("is_full"), make_rule("is_full")], frame_of({}))


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE containers; --",
        "' OR 1=1 --",
        "\\' OR TRUE --",
        "$$ OR TRUE $$",
        "X'||(SELECT 1)||'",
        "%_*",
        "E'\\x27'",
    ],
)
def test_a_text_stays_a_text(make_rule, says, text):
    quoted = text.replace("'", "''")
    rule = make_rule(f"shipper_name = '{quoted}'")
    upper = text.upper()

    assert says(rule, shipper_name=upper) == "match"
    assert says(rule, shipper_name="ANYBODY") == "no_match"
    assert (
        says(make_rule(f"shipper_name contains '{quoted}'"), shipper_name=f"<{upper}>")
        == "match"
    )


def test_a_name_is_quoted_in_sql(make_rule):
    odd = Condition(text="", tree=FieldRef('x" OR TRUE --', "boolean"), place=Place(file="x"))
    rule = replace(make_rule("is_full"), when=Group(mode=Mode.ALL, members=(odd,)))

    assert tree_sql(rule.when, {}) == '("x"" OR TRUE --")'


def test_an_explanation_reads_every_line_and_tells_a_near_miss(make_rule):
    rule = make_rule("mass_kg > 3", "value_usd < mass_kg", "port = 'X'", unless=("is_full",))

    reading = explain_rule(rule, {"mass_kg": 4.0, "value_usd": 9.0, "port": "X"})

    assert reading.verdict is Verdict.NO_MATCH
    assert [leaf.holds for leaf in reading.leaves] == [True, False, True, None]
    assert reading.leaves[1].values == (("value_usd", 9.0), ("mass_kg", 4.0))
    assert reading.leaves[3].is_excuse
    assert reading.is_near_miss


def test_the_tests_of_a_rule_run_through_both_evaluators(read, rule_text):
    rule, _ = read(
        rule_text(
            "when: {all: [mass_kg > 3]}\n"
            "tests:\n"
            "  - {name: heavy, expect: match, record: {mass_kg: 4}}\n"
            "  - {name: wrong, expect: match, record: {mass_kg: 3}}\n"
            "  - {name: nothing, expect: unknown, record: {}}\n"
        )
    )

    results = run_tests(rule)

    assert [result.passed for result in results] == [True, False, True]
    assert (results[1].found, results[1].found_by_reference) == ("no_match", Verdict.NO_MATCH)
    assert results[2].missing == ("mass_kg",)


# Random typed conditions over random containers: DuckDB and plain Python must not differ in one answer.

_NUMBERS = st.sampled_from(
    [0.0, -0.0, 0.1, 0.2, 0.3, 0.36, 0.9, 1.0, 2.5, -2.5, 3.0, 1e-7, 1e16, 1e200]
)
_WRITTEN = st.sampled_from(
    ["0", "0.1", "0.3", "0.36", "1", "2.5", "3", "97%", "100000", "0.0000001"]
)
_TEXTS = st.sampled_from(["A", "B", "AB", "ECGYE", "O'NEIL", "É", "SCRAP A", ""])
_DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
_ROWS = st.fixed_dictionaries(
    {
        "mass_kg": st.none() | _NUMBERS | st.floats(),
        "value_usd": st.none() | _NUMBERS,
        "boxes_7d": st.none() | _NUMBERS,
        "shipper_name": st.none() | _TEXTS,
        "port": st.none() | _TEXTS,
        "hs_codes": st.none() | st.lists(st.none() | _TEXTS, max_size=3),
        "is_full": st.none() | st.booleans(),
        "is_reefer": st.none() | st.booleans(),
        "issued_on": st.none() | _DAYS,
        "departed_on": st.none() | _DAYS,
    }
)
_FIELD_OF_DATE = st.sampled_from(["issued_on", "departed_on"])
_DATE = _FIELD_OF_DATE | st.sampled_from(["2026-01-02", "2026-01-05"])
_NUMBER = st.recursive(
    st.sampled_from(["mass_kg", "value_usd", "boxes_7d", "length(port)", "length(hs_codes)",
                     "days_between(issued_on, departed_on)", "days_between(issued_on, 2026-01-04)", "least"]) | _WRITTEN,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({' '.join(t)})"),
        inner.map(lambda n: f"abs({n})"),
        inner.map(lambda n: f"round({n})"),
        inner.map(lambda n: f"-({n})"),
        st.tuples(st.sampled_from(["smaller_of", "larger_of"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
    ),
    max_leaves=4,
)  # fmt: skip
_SIGN = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_NEGATION = st.sampled_from(["", "not "])
_LITERAL = st.sampled_from(["'A'", "'B'", "'O''NEIL'", "'é'", "'SCRAP'"])
_ATOM = st.one_of(
    st.sampled_from(["is_full", "is_reefer"]),
    st.tuples(_NUMBER, _SIGN, _NUMBER).map(lambda t: f"mass_kg * 0 = 1 or {' '.join(t)}"),
    st.tuples(_NUMBER, _NEGATION, _NUMBER, _NUMBER).map(
        lambda t: f"value_usd + {t[0]} {t[1]}between {t[2]} and {t[3]}"
    ),
    st.tuples(_NUMBER, _NEGATION, _WRITTEN).map(lambda t: f"boxes_7d / {t[0]} {t[1]}in [{t[2]}, -1]"),
    st.tuples(st.sampled_from(["port", "shipper_name"]), st.sampled_from(["=", "!="]), _LITERAL).map(" ".join),
    st.tuples(_NEGATION, st.sampled_from(["contains", "starts with", "ends with"]), _LITERAL).map(
        lambda t: f"port {t[0]}{t[1]} {t[2]}"
    ),
    _NEGATION.map(lambda no: f"port {no}in list source_ports"),
    _NEGATION.map(lambda no: f"port {no}in ['A', 'É']"),
    _NEGATION.map(lambda no: f"port {no}contains any of list words"),
    st.tuples(_NEGATION, _LITERAL).map(lambda t: f"hs_codes {t[0]}contains {t[1]}"),
    _NEGATION.map(lambda no: f"hs_codes {no}contains any of list source_ports"),
    st.tuples(st.sampled_from(["mass_kg", "port", "hs_codes", "issued_on", "is_full"]), _NEGATION).map(
        lambda t: f"{t[0]} is {t[1]}missing"
    ),
    _NUMBER.map(lambda n: f"(mass_kg + {n}) is missing"),
    st.tuples(_SIGN, st.sampled_from(["departed_on", "2026-01-05"])).map(
        lambda t: f"issued_on {t[0]} {t[1]}"
    ),
    st.tuples(_DATE, _NEGATION, _DATE, _DATE).map(lambda t: f"{t[0]} {t[1]}between {t[2]} and {t[3]}"),
    st.tuples(_FIELD_OF_DATE, _NEGATION).map(lambda t: f"{t[0]} {t[1]}in [2026-01-02, 2026-01-05]"),
    st.sampled_from(["port = shipper_name", "shipper_name != port"]),
    st.tuples(_NEGATION, st.sampled_from(["starts", "ends"]), _LITERAL).map(
        lambda t: f"shipper_name {t[0]}{t[1]} with {t[2]}"
    ),
    st.tuples(_NUMBER, _SIGN).map(lambda t: f"mass_kg + {t[0]} {t[1]} least"),
    st.sampled_from(["is_full = (mass_kg > 1)", "is_full != is_reefer", "(port = 'A') is missing"]),
)  # fmt: skip
_LINE = st.recursive(
    _ATOM,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(
            lambda t: f"({''.join(t)})"
        ),
        inner.map(lambda line: f"not ({line})"),
    ),
    max_leaves=4,
)
_MODE = st.sampled_from(list(Mode))
_GROUP = st.recursive(
    st.tuples(_MODE, st.lists(_LINE, min_size=1, max_size=2)),
    lambda inner: st.tuples(_MODE, st.lists(_LINE | inner, min_size=1, max_size=2)),
    max_leaves=3,
)


def condition_of(text, fields):
    """A drawn line as it is read in a rule with one setting."""
    # A line that decides nothing is refused of an author; the evaluators must agree on it all the same.
    tree, _ = read_condition(text, Vocabulary(fields=fields, settings={"least": 2.5}))
    assert tree is not None
    return Condition(text=text, tree=tree, place=Place(file="drawn"))


def group_of(drawn, fields):
    """A drawn group, or a drawn line, as the tree that a rule holds."""
    if isinstance(drawn, str):
        return condition_of(drawn, fields)
    mode, members = drawn
    return Group(mode=mode, members=tuple(group_of(member, fields) for member in members))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(_GROUP, _LINE | _GROUP), min_size=1, max_size=6),
    st.lists(_ROWS, min_size=1, max_size=12),
)
def test_duckdb_and_the_reference_never_differ(make_rule, fields, frame_of, drawn, rows):
    template = make_rule("port in list source_ports or port contains any of list words")
    rules = []
    for number, (when, excuse) in enumerate(drawn):
        trees = (group_of(when, fields), group_of(excuse, fields))
        rules.append(replace(template, id=f"TST-{number}", when=trees[0], unless=(trees[1],)))

    verdicts = evaluate(rules, frame_of(*rows))

    assert verdicts.failed == ()
    by_duckdb = {
        (container, rule): (verdict, tuple(missing))
        for container, rule, _, verdict, missing in verdicts.frame.rows()
    }
    by_reference = {
        (container, rule.id): verdict_of(rule, row)
        for rule in rules
        for container, row in enumerate(rows)
    }
    assert by_duckdb == {
        key: answer for key, answer in by_reference.items() if answer[0] is not Verdict.NO_MATCH
    }


@settings(max_examples=15, deadline=None)
@given(_LINE, st.lists(_ROWS, min_size=2, max_size=4))
def test_a_container_alone_gets_the_answer_it_gets_in_a_batch(
    make_rule, fields, frame_of, line, rows
):
    template = make_rule("port in list source_ports or port contains any of list words")
    rule = replace(template, when=Group(mode=Mode.ALL, members=(condition_of(line, fields),)))
    frame = frame_of(*rows)

    together = evaluate([rule], frame).frame
    alone = [evaluate([rule], frame[n : n + 1]).frame for n in range(len(rows))]

    assert together.equals(pl.concat(alone))
