"""What an editor is told of rule, list, exception and pack files agrees with what the reader takes."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from riskengine.domain import Typology
from riskengine.features.catalog import catalog
from riskengine.rules import across, exception_file, pack, rule_file, rule_tests
from riskengine.rules.draft import draft
from riskengine.rules.schema import schemas, write_schemas, written_schema

ROOT = Path(__file__).parents[2]
CORE = ROOT / "rules" / "core"
SHIPPED = ROOT / "rules" / "schema"
SCHEMAS = schemas(catalog())


class AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `no` is a text, and so is a day."""


AsEditorsRead.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", ["t", "f"]),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("tag:yaml.org,2002:float", r"^[-+]?[0-9]+\.[0-9]+$", list("-+0123456789")),
):
    AsEditorsRead.add_implicit_resolver(tag, re.compile(pattern), first)


def judge(kind: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(SCHEMAS[kind])


JUDGES = {kind: judge(kind) for kind in SCHEMAS}


def slips(kind: str, text: str) -> list[str]:
    return [error.message for error in JUDGES[kind].iter_errors(yaml.load(text, AsEditorsRead))]  # noqa: S506


def rule(**changed: str) -> str:
    text = draft("TST-ONE-001", [Typology.COLD_ROUTE], catalog(), valid_from=date(2026, 1, 1))
    for key, value in changed.items():
        assert f"\n{key}: " in text
        text = "\n".join(
            f"{key}: {value}" if line.startswith(f"{key}: ") else line
            for line in text.splitlines()
        )
    return text


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_each_schema_is_one(kind):
    jsonschema.Draft7Validator.check_schema(SCHEMAS[kind])


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_the_shipped_schema_is_current(kind):
    kept = (SHIPPED / f"{kind}.schema.json").read_text("utf-8")
    assert kept == written_schema(SCHEMAS[kind]), "riskengine rules schema --out rules/schema"


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("rule", "*/*.yaml"), ("list", "lists/*.yaml"), ("pack", "pack.yaml")],
)
def test_every_file_of_the_core_pack_fits_its_schema(kind, pattern):
    files = [
        file
        for file in sorted(CORE.glob(pattern))
        if kind != "rule" or file.parent.name not in {"lists", "exceptions"}
    ]
    assert files
    wrong = {
        file.name: found for file in files if (found := slips(kind, file.read_text("utf-8")))
    }
    assert wrong == {}


def test_the_schemas_know_every_key_that_the_reader_knows():
    known = SCHEMAS["rule"]["properties"]
    assert list(known) == rule_file.KEYS
    assert set(SCHEMAS["list"]["properties"]) == set(rule_file.LIST_KEYS)
    assert set(SCHEMAS["pack"]["properties"]) == {"schema", *pack.HEAD_KEYS, pack.HEAD_REMARK}
    alone = SCHEMAS["exception"]["else"]["properties"]
    assert set(alone) == {"schema", *exception_file.KEYS}
    measure = known["across"]["anyOf"][0]["additionalProperties"]["properties"]
    assert tuple(measure) == across.MEASURE_KEYS
    test = SCHEMAS["rule"]["definitions"]["test_of_measures"]["properties"]
    assert tuple(test) == rule_tests.TEST_KEYS
    assert set(SCHEMAS["rule"]["definitions"]["field"]["enum"]) == {f.name for f in catalog()}


def test_a_new_rule_fits_as_it_stands():
    assert slips("rule", rule()) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("severity", "enormous"),
        ("status", "aktiv"),
        ("effect", "scan"),
        ("typology", "[smuggling]"),
        ("id", "crg-1"),
        ("version", "0"),
        ("handling", "TLP:WHITE"),
        ("valid_from", "01.02.2026"),
        ("schema", "2"),
    ],
)
def test_a_slip_in_a_key_is_marked(key, value):
    assert slips("rule", rule(**{key: value}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("severity:", "severeness:"),
        ("  all:", "  every:"),
        ("expect: match", "expect: yes"),
        ("record: {is_", "record: {was_"),
        (": true}", ": maybe}"),
        ("owner: analysis desk\n", ""),
    ],
)
def test_a_slip_inside_a_rule_is_marked(old, new):
    text = rule()
    assert old in text
    assert slips("rule", text.replace(old, new, 1))


def test_tests_may_give_measures_only_where_the_rule_has_some():
    text = rule().replace("record: {}", "record: {at_address: 3}")
    assert slips("rule", text)
    measures = """
across:
  at_address:
    label: {en: Consignees at one address}
    count: consignee_name
    same: [consignee_address]
    within_days: 90
    peers: counted
"""
    assert slips("rule", text + measures) == []
    assert slips("rule", text + measures.replace("count:", "sum:"))  # a name cannot be summed
    assert slips("rule", text + measures.replace("    peers: counted\n", ""))
    of_plan = measures.replace("    within_days: 90\n    peers: counted", "    of: stow_plan")
    assert slips("rule", text + of_plan) == []
    assert slips("rule", text + of_plan + "    peers: counted\n")


def test_exceptions_stand_alone_or_several_in_a_file():
    one = """
id: EXC-2026-014
rules: [CRG-VEL-001]
field: consignee_name
values: ['ACME LTD']
reason: known for years
approved_by: ANA
from: 2026-01-01
expires: 2026-12-31
"""
    several = "schema: 1\nexceptions:\n  -" + one.replace("\n", "\n    ").rstrip().removeprefix(
        "\n   "
    )
    assert slips("exception", f"schema: 1{one}") == []
    assert slips("exception", several) == []
    assert slips("exception", f"schema: 1{one}".replace("expires: 2026-12-31", ""))
    assert slips("exception", several.replace("consignee_name", "is_reefer"))
    assert slips("exception", f"schema: 1{one}typologies: [cold_route]\n")


def test_a_list_may_have_a_title():
    one = "schema: 1\nname: ports\nvalues: ['ECGYE']\nsource: x\nvalid_until: 2030-01-01\n"
    assert slips("list", one) == []
    assert slips("list", f"{one}title: {{en: ports, fr: ports}}\n") == []
    assert slips("list", f"{one}title: {{fr: ports}}\n")


def test_every_field_says_in_the_editor_what_it_is():
    fields = SCHEMAS["rule"]["definitions"]["record_of_measures"]["properties"]
    assert fields["gross_mass_kg"]["description"].startswith("Gross mass (number, kg).")
    assert [name for name, field in fields.items() if "(" not in field["description"]] == []


def test_the_schemas_are_written_where_asked(tmp_path):
    files = write_schemas(tmp_path / "made" / "here", catalog())
    assert [file.name for file in files] == [f"{kind}.schema.json" for kind in SCHEMAS]
    assert json.loads(files[0].read_text("utf-8"))["title"] == "A rule"
