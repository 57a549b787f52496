"""Unknown is not no: a column that a manifest lacks answers no question, neither way."""

from __future__ import annotations

import json

import pytest

from riskengine.engine import Engine
from riskengine.engine.report import as_json_lines
from riskengine.features.catalog import catalog
from riskengine.manifest import read_manifest
from riskengine.model.encode import encode
from riskengine.rules.store import in_force
from riskengine.rules.tree import fields_needed

# What is drawn from each column, and from nothing else.
DRAWN = {
    "seal_numbers": ("is_seal_missing", "seal_count", "is_seal_repeated"),
    "declared_value_usd": ("declared_value_per_kg_usd", "freight_to_value_ratio"),
    "gross_mass_kg": ("mass_per_package_kg", "is_round_gross_mass", "density_kg_per_m3"),
}


@pytest.fixture(scope="module", params=sorted(DRAWN))
def without(request, session_unit, day, voyage_lines, written_lines, tmp_path_factory):
    """The voyage without one column: its name, and the run."""
    column = request.param
    lines = [{k: v for k, v in line.items() if k != column} for line in voyage_lines()]
    file = written_lines(tmp_path_factory.mktemp("without") / "voyage.csv", lines)
    return column, Engine.open(session_unit).assess(read_manifest(file), assessed_on=day)


@pytest.fixture(scope="module")
def needs(session_unit, day):
    """The fields that each rule needs for an answer."""
    return {
        rule.id: {
            field.name for tree in (rule.when, *rule.unless) for field in fields_needed(tree)
        }
        for rule in in_force(session_unit, day).rules
    }


def verdicts(run):
    return {
        (container_id, rule_id): (verdict, missing or [])
        for container_id, rule_id, verdict, missing in run.verdicts.select(
            "container_id", "rule_id", "verdict", "missing"
        ).rows()
    }


def test_what_is_drawn_from_a_missing_column_is_null(without):
    column, run = without
    for name in DRAWN[column]:
        assert run.indicators[name].null_count() == run.indicators.height, name


def test_a_rule_that_matched_and_lost_what_it_needs_is_unknown(without, needs, run):
    """What was a match is a match without the column, or unknown; and some rules have lost their answer."""
    _, poorer = without
    gone = {
        name
        for name in run.indicators.columns
        if poorer.indicators[name].null_count() == run.indicators.height
        and run.indicators[name].null_count() < run.indicators.height
    }
    before, after = verdicts(run), verdicts(poorer)
    lost = {rule for (_, rule), (_, missing) in after.items() if set(missing) & gone}
    assert lost
    assert all(needs[rule] & gone for rule in lost)
    always_known = {field.name for field in catalog() if field.is_always_known}
    for (container_id, rule), (verdict, _) in before.items():
        if verdict == "match" and needs[rule] & gone and not needs[rule] & always_known:
            now, _ = after.get((container_id, rule), ("no_match", []))
            assert now in {"match", "unknown", "excused"}


def test_no_answer_turns_round_because_a_column_is_missing(without, needs, run):
    """A match may become unknown, and so may a no; neither may become the other."""
    _, poorer = without
    # These speak of what was declared at all; a poorer manifest changes them, and should.
    always_known = {field.name for field in catalog() if field.is_always_known}
    before, after = verdicts(run), verdicts(poorer)
    turned = [
        (key, before.get(key, ("no_match",))[0], after.get(key, ("no_match",))[0])
        for key in {*before, *after}
        if not needs[key[1]] & always_known
        and {
            before.get(key, ("no_match",))[0],
            after.get(key, ("no_match",))[0],
        }
        == {"match", "no_match"}
    ]
    assert turned == []


def test_an_unknown_rule_names_what_it_misses(without, needs):
    _, run = without
    for (_, rule), (verdict, missing) in verdicts(run).items():
        if verdict == "unknown":
            assert missing
            assert set(missing) <= needs[rule]


def test_the_model_is_given_null_and_never_zero(without, session_unit):
    column, run = without
    card = Engine.open(session_unit).bundle.card
    encoded = encode(run.indicators, card)
    asked = [name for name in (column, *DRAWN[column]) if name in encoded.columns]
    assert asked
    for name in asked:
        assert encoded[name].null_count() == encoded.height


def test_what_is_missing_is_said_and_counted(without):
    """An unknown rule is in the JSON line of its container."""
    _, run = without
    unknown = sum(1 for verdict, _ in verdicts(run).values() if verdict == "unknown")
    told = sum(len(json.loads(line)["rules"]["unknown"]) for line in as_json_lines(run))
    assert told == unknown > 0
