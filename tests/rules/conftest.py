"""A small catalogue of fields and a way to write rules in one line, shared by the tests of rules."""

from __future__ import annotations

import textwrap
from datetime import date

import pytest

from riskengine.errors import Place
from riskengine.rules.faults import Source
from riskengine.rules.rule import RuleList
from riskengine.rules.rule_file import read_rule

FIELDS = {
    "mass_kg": "number",
    "value_usd": "number",
    "boxes_7d": "number",
    "usual_week": "number",
    "shipper_name": "text",
    "port": "text",
    "hs_codes": "texts",
    "ports_called": "texts",
    "is_reefer": "boolean",
    "is_full": "boolean",
    "issued_on": "date",
    "departed_on": "date",
}

RULE = """\
schema: 1
id: TST-ONE-001
version: 1
status: draft
title: {en: A test, fr: Un essai, es: Una prueba, pt: Um teste}
why: To see.
innocent: Everybody does.
blind_spot: All else.
source: [{ref: none}]
typology: [cloned_container]
owner: tests
handling: TLP:CLEAR
severity: medium
effect: score
valid_from: 2026-01-01
"""


def a_list(name: str, *values: str) -> RuleList:
    return RuleList(
        name=name,
        values=tuple(sorted(values)),
        source="",
        valid_until=date(2030, 1, 1),
        sha256=f"sha of {name}",
        source_yaml="",
        place=Place(file=f"{name}.yaml"),
    )


LISTS = {
    "source_ports": a_list("source_ports", "ECGYE", "COTRB"),
    "words": a_list("words", "SCRAP", "O'NEIL"),
}


def write(conditions: str, **changed: str) -> str:
    """The text of a whole rule file around ``when:`` (and whatever follows it)."""
    head = RULE
    for key, value in changed.items():
        lines = [line for line in head.splitlines() if not line.startswith(f"{key}:")]
        head = "\n".join([*lines, f"{key}: {value}", ""])
    return head + textwrap.dedent(conditions)


def read_text(text: str):
    source = Source("rules/one.yaml", text)
    return read_rule(source, FIELDS, LISTS), source.faults


@pytest.fixture(scope="session")
def fields():
    """Every field that the tests' conditions may name."""
    return FIELDS


@pytest.fixture(scope="session")
def rule_text():
    """A function: conditions, and keys to change, to the text of a whole rule file."""
    return write


@pytest.fixture(scope="session")
def read():
    """A function: the text of a rule file to the rule and its faults."""
    return read_text


@pytest.fixture(scope="session")
def make_rule():
    """A function: the lines under ``all``, and those under ``unless``, to a rule."""

    def make(*lines: str, unless: tuple[str, ...] = (), **changed: str):
        def written(items):
            return "".join(f"  - >-\n    {line}\n" for line in items)

        excuses = f"unless:\n{written(unless)}" if unless else ""
        rule, faults = read_text(write(f"when:\n all:\n{written(lines)}{excuses}", **changed))
        assert rule is not None, "\n".join(map(str, faults))
        return rule

    return make
