"""The grammar by example, and the errors that authors see."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from riskengine.errors import RulesRefused
from riskengine.rules.language import Vocabulary, parse, read_condition
from riskengine.rules.tree import canonical


def meaning(text, fields) -> str:
    return canonical(parse(text, fields).tree)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mass_kg > 1 or mass_kg < 0 and is_full", "mass_kg > 1 or (mass_kg < 0 and is_full)"),
        ("not is_full and is_reefer", "(not is_full) and is_reefer"),
        ("mass_kg + value_usd * 2 > 3", "mass_kg + (value_usd * 2) > 3"),
        ("mass_kg - 1 - 2 > 0", "(mass_kg - 1) - 2 > 0"),
        ("mass_kg > 97%", "mass_kg > 0.97"),
        ("mass_kg > 97 %", "mass_kg > 0.97"),
        ("port not in ['A', 'B']", "not (port in ['A', 'B'])"),
        ("port is not missing", "not (port is missing)"),
        ("shipper_name = 'acme  ltd'", 'shipper_name = "ACME LTD"'),
        ("shipper_name contains 'cafe\u0301'", "shipper_name contains 'CAFÉ'"),
        ("mass_kg   =\n 3", "mass_kg = 3"),
    ],
)
def test_two_ways_of_writing_mean_the_same(one, other, fields):
    assert meaning(one, fields) == meaning(other, fields)


@pytest.mark.parametrize(
    "text",
    [
        "hs_codes contains any of list anything",
        "hs_codes contains '010121'",
        "length(hs_codes) >= 2 and length(shipper_name) < 5",
        "days_between(issued_on, departed_on) not between -1 and 3",
        "issued_on > 2026-01-31",
        "issued_on in [2026-01-31, 2026-02-01]",
        "mass_kg in [-1, 2.5, 3%]",
        "is_full = (mass_kg > 3)",
        "smaller_of(mass_kg, value_usd, 3) > larger_of(1, 2)",
        "-mass_kg < -(-1)",
        "shipper_name starts with 'O''NEIL' or shipper_name not ends with 'LTD'",
        "(mass_kg / value_usd) is missing",
        "abs(round(mass_kg)) = 3",
    ],
)
def test_the_language_says_what_rules_need(fields, text):
    assert parse(text, fields).text == text


REFUSALS = {
    "mass_kg > and mass_kg < 3": """\
condition:1:11: expected a field or a value here, found 'and'
    mass_kg > and mass_kg < 3
              ^
    Write a field, a number, a text in quotes or a day before it.""",
    "shiper_name = 'X'": """\
condition:1:1: there is no field named 'shiper_name'
    shiper_name = 'X'
    ^
    Did you mean 'shipper_name'?""",
    "mass_kg == 3": """\
condition:1:9: '==' is no part of a condition
    mass_kg == 3
            ^
    Equality is one '='.""",
    "hs_codes in ['010121']": """\
condition:1:1: 'in' asks for one value; this is several texts
    hs_codes in ['010121']
    ^
    It holds several texts: write "contains 'X'" or "contains any of list NAME".""",
    "departed_on - issued_on > 3": """\
condition:1:13: dates are not added or subtracted
    departed_on - issued_on > 3
                ^
    Write days_between(earlier, later).""",
    "mass_kg > '5'": """\
condition:1:9: a number is compared with a text
    mass_kg > '5'
            ^
    Write the text in quotes, the number without.""",
    "1 < mass_kg < 5": """\
condition:1:13: two comparisons stand in one
    1 < mass_kg < 5
                ^
    Write 'x between 1 and 5', or join two comparisons with 'and'.""",
    "mass_kg": """\
condition:1:1: this is a number, not a condition
    mass_kg
    ^
    Compare it with something, or write 'is missing'.""",
    "1 > 2": """\
condition:1:3: this condition reads no field: it says the same of every container
    1 > 2
      ^
    Compare a field with something.""",
    "port = “ECGYE”": """\
condition:1:8: '“' is no part of a condition
    port = “ECGYE”
           ^
    Put texts between straight quotes: 'like this'.""",
    "port = 'ECGYE": """\
condition:1:8: this text has no closing quote
    port = 'ECGYE
           ^
    End it with '""",
    "issued_on > 2026-02-30": """\
condition:1:13: 2026-02-30 is no day of the calendar
    issued_on > 2026-02-30
                ^
    A day is written year-month-day; is there such a day in that month?""",
    "mass_kg > 26 000": """\
condition:1:14: did not expect '000' here
    mass_kg > 26 000
                 ^
    Numbers are written without separators, and with a point: 26000, 26.5.""",
    "mass_kg > 10kg": """\
condition:1:11: 10kg is neither a number nor a name
    mass_kg > 10kg
              ^
    Write the number alone; the unit is that of the field.""",
    "lenght(port) > 3": """\
condition:1:1: there is no function 'lenght'
    lenght(port) > 3
    ^
    Did you mean 'length'?""",
}


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_shows_the_place_the_line_and_a_way_out(fields, text):
    with pytest.raises(RulesRefused) as refused:
        parse(text, fields)

    assert "\n".join(map(str, refused.value.faults)) == REFUSALS[text]


def test_every_fault_of_a_line_is_told_at_once(fields):
    with pytest.raises(RulesRefused) as refused:
        parse("wieght > 3 and port and abs(issued_on) = 1", fields)

    assert [fault.place.column for fault in refused.value.faults] == [1, 16, 29]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "mass_kg > 1 -- comment",
        "mass_kg > 1; DROP TABLE containers",
        "port = (SELECT 1)",
        "pg_sleep(3) > 1",
        "port contains ''",
        "port contains 'a\u202eb'",
        "port contains 'a\x00b'",
        "(" * 40 + "mass_kg" + ")" * 40 + " > 1",
        "not " * 40 + "is_full",
        "mass_kg > " + "9" * 400,
        "mass_kg > " + "1 + " * 200 + "1",
        "is_full or " * 70 + "is_full",
        "mass_kg in [" + "1, " * 101 + "1]",
        "is_full" + " " * 700,
        "port > 'A'",
        "is_full in [true]",
        "port between 'A' and 'B'",
        "list in port",
        "mass_kg AND is_full",
        "\u0663 > mass_kg",
    ],
)
def test_what_is_no_condition_is_refused(fields, text):
    with pytest.raises(RulesRefused):
        parse(text, fields)


_PIECES = st.sampled_from(
    [
        "mass_kg",
        "port",
        "hs_codes",
        "is_full",
        "issued_on",
        ">",
        "=",
        "!=",
        "(",
        ")",
        "[",
        "]",
        ",",
        "-",
        "+",
        "*",
        "/",
        "%",
        "and",
        "or",
        "not",
        "in",
        "list",
        "between",
        "contains",
        "any",
        "of",
        "starts",
        "ends",
        "with",
        "is",
        "missing",
        "'X'",
        '"Y"',
        "3",
        "2.5",
        "2026-01-31",
        "true",
        "length(",
        "abs(",
        "days_between(",
        "\u202e",
        "\x00",
        ";",
        "--",
        "'",
        "é",
        "1e5",
    ]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(_PIECES, max_size=30).map(" ".join) | st.text(max_size=80))
@example("in")
@example("not")
@example("mass_kg is not")
@example("mass_kg not")
def test_only_refusals_come_out_of_any_text_at_all(fields, text):
    vocabulary = Vocabulary(fields=fields)

    tree, faults = read_condition(text, vocabulary)

    assert (tree is None) <= bool(faults)
    assert all(fault.sentence and 0 <= fault.at <= len(text) for fault in faults)
    assert tree is None or canonical(tree)
