"""How near a container is to a rule, and how many others stand as near: both evaluators count alike."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from riskengine.rules.nearness import asks_for_words, count_as_near
from riskengine.rules.reference import explain_rule
from riskengine.rules.spoken import lines_to_turn, turn_in_words

ROWS = {
    "mass_kg": [100.0, 95.0, 50.0, 0.0, None, 120.0, 100.0, -100.0],
    "value_usd": [1.0, 5.0, 5.0, 5.0, 5.0, 0.0, 5.0, 100.0],
    "port": ["ECGYE", "NLRTM", "NLRTM", None, "NLRTM", "COTRB", "ECGYE", "NLRTM"],
    "is_full": [True, True, False, None, True, False, True, True],
    "hs_codes": [["1"], ["2"], [], None, ["1", "3"], ["9"], [None], ["1"]],
    "issued_on": [date(2026, 1, day) for day in (1, 2, 3, 4, 5, 6, 7)] + [None],
}


@pytest.mark.parametrize(
    "lines",
    [
        ("mass_kg > 100",),
        ("mass_kg > 100", "is_full"),
        ("mass_kg between 110 and 130", "value_usd > 3"),
        ("not mass_kg > 90", "port in list source_ports"),
        ("is_full or mass_kg > 110", "value_usd >= 5"),
        ("issued_on < 2026-01-04", "is_full"),
        ("hs_codes contains '1'", "value_usd + mass_kg < 100"),
        ("is_full is missing", "mass_kg / value_usd > 40"),
    ],
)
def test_others_are_counted_as_line_by_line(make_rule, lines):
    rule = make_rule(*lines)
    rows = [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]
    frame = pl.DataFrame(ROWS).with_row_index("container_id")
    short = [
        lines_to_turn(rule, row)[0].distance
        for row in rows
        if explain_rule(rule, row).is_near_miss
    ]
    assert short
    for distance in short:
        expected = sum(other <= distance for other in short)
        assert count_as_near([(rule, distance)], frame) == (expected,)


@pytest.mark.parametrize("mode", ["any", "none"])
def test_groups_are_counted_as_line_by_line(read, rule_text, mode):
    inner = "".join(f"     - {line}\n" for line in ("mass_kg > 99", "value_usd > 3"))
    rule, _ = read(rule_text(f"when:\n all:\n  - is_full\n  - {mode}:\n{inner}"))
    rows = [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]
    frame = pl.DataFrame(ROWS).with_row_index("container_id")
    short = [
        lines_to_turn(rule, row)[0].distance
        for row in rows
        if explain_rule(rule, row).is_near_miss
    ]
    assert short
    for distance in short:
        expected = sum(other <= distance for other in short)
        assert count_as_near([(rule, distance)], frame) == (expected,)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("port in list source_ports", True),
        ("port in ['ECGYE']", True),
        ("port = 'ECGYE'", True),
        ("port starts with 'EC' or hs_codes contains '1'", True),
        ("not port != 'ECGYE'", True),
        ("not port in list source_ports", False),
        ("port != 'ECGYE'", False),
        ("mass_kg > 3", False),
        ("is_full", False),
        ("port in ['ECGYE'] and mass_kg > 3", False),
    ],
)
def test_a_line_that_only_another_word_would_turn_is_known(make_rule, line, asks):
    rule = make_rule(line)
    assert asks_for_words(rule.when.members[0].tree, wanted=True) is asks


@pytest.mark.parametrize(
    ("line", "mass", "is_at_limit"),
    [
        ("mass_kg > 100", 100.0, True),
        ("mass_kg > 100", 99.9, False),
        ("mass_kg != 100", 100.0, False),
        ("not mass_kg >= 100", 100.0, False),
    ],
)
def test_what_is_exactly_at_the_limit_says_so(make_rule, line, mass, is_at_limit):
    rule = make_rule(line)
    row = {"mass_kg": mass}
    (turn,) = lines_to_turn(rule, row)
    assert turn.is_at_limit is is_at_limit
    assert ("exactly at the limit" in turn_in_words(rule, row, turn)) is is_at_limit
