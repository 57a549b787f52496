"""Damaged lines and files, and random rules of the whole language; the long runs are in ``benchmarks/rules``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from riskengine.rules import asking

BENCHMARKS = Path(__file__).parents[2] / "benchmarks" / "rules"


def bench(name: str):
    if (module := sys.modules.get(f"bench_{name}")) is not None:
        return module
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCHMARKS / f"{name}.py")
    module = sys.modules[f"bench_{name}"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fuzz():
    return bench("fuzz")


@pytest.fixture(scope="module")
def attempts(fuzz):
    return fuzz.Attempts()


def tried(fuzz, seeds, pieces, read, count):
    tally, mutator = fuzz.Tally(), fuzz.Mutator(3, seeds, pieces)
    for _ in range(count):
        tally.attempt(mutator.next(), read)
    assert tally.escaped == []
    return tally.outcomes


def test_of_damaged_lines_only_refusals_come_out(fuzz, attempts):
    outcomes = tried(fuzz, attempts.lines(), fuzz.PIECES, attempts.line, 5_000)

    assert outcomes["refused"] > 1_000
    assert outcomes["read"] > 100


def test_of_damaged_files_only_refusals_come_out(fuzz, attempts):
    pieces = (*fuzz.PIECES, *fuzz.SHAPES)

    outcomes = tried(fuzz, attempts.files(), pieces, attempts.file, 500)

    assert outcomes["refused"] > 100
    assert outcomes["read"] > 50


HOSTILE = {
    "unknown names": "when: {all: ['"
    + " or ".join(f"gros_mass_{n}" for n in range(40))
    + "']}",
    "unknown keys": "\n".join(f"k{n}: 1" for n in range(6_000)),
    "one key again and again": "a: 1\n" * 9_000,
    "faulty conditions": "when: {all: [" + ", ".join(["x"] * 20_000) + "]}",
    "faulty tests": "when: {all: [is_full]}\ntests: [" + "{name: a}," * 5_000 + "]",
    "empty values": "schema: 1\nvalues: [" + "''," * 16_000 + "]\nname: x\n",
    "open brackets": "[" * 60_000,
    "braces": "when: {all: [is_full]}\nbecause: '" + "{" * 3_900 + "'",
    "blank lines in a text": 'when: {all: ["' + "\n\n" * 20_000 + ' ="]}',
    "not after not": "when: {all: [" + "not " * 100 + "is_full]}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_no_more_faults_than_a_person_can_mend(fuzz, attempts, name):
    source = fuzz.decoded("hostile.yaml", HOSTILE[name].encode())
    is_list = "values:" in HOSTILE[name]
    read = (
        fuzz.read_list(source)
        if is_list
        else fuzz.read_rule(source, attempts.kinds, attempts.lists)
    )

    assert read is None
    assert 1 <= len(source.faults) <= 101


@pytest.mark.parametrize("ways", ["of few containers", "of many containers"])
def test_random_rules_get_the_same_answers_from_duckdb_and_from_plain_python(ways, monkeypatch):
    if ways == "of many containers":
        monkeypatch.setattr(asking, "LEAST_ROWS", 0)
        monkeypatch.setattr(asking, "LEAST_REPEATS", 1)
        monkeypatch.setattr(asking, "MOST_ROWS", 15)
    made = bench("differential").RandomRules(11)
    rules = [made.rule() for _ in range(80)]
    rows = [made.row() for _ in range(25)]

    assert bench("differential").differences(rules, rows) == []
