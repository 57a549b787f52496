"""What a pack covers, and the page that tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskengine.domain import Typology, Verdict
from riskengine.features.catalog import catalog
from riskengine.rules.coverage import (
    _CARRIED,  # pyright: ignore[reportPrivateUsage] - its names are held to the catalogue
    EARLIER_CONTAINERS,
    STOW_PLAN,
    can_match,
    coverage,
)
from riskengine.rules.coverage_page import page
from riskengine.rules.pack import load_pack

ROOT = Path(__file__).parents[2]
PACK = load_pack(ROOT / "rules" / "core", catalog())
FOUND = coverage(PACK)
RULES = {rule.id: rule for rule in PACK.rules}


def test_the_page_is_what_the_rules_say():
    written = (ROOT / "docs" / "core-pack.md").read_text("utf-8")
    assert written == page(FOUND), (
        "run: python -m riskengine.rules.coverage rules/core > docs/core-pack.md"
    )


def test_the_page_names_every_rule_and_every_list():
    told = page(FOUND)
    assert [rule.id for rule in PACK.rules if f"[{rule.id}](" not in told] == []
    assert [entry.name for entry in PACK.lists if f"[{entry.name}](" not in told] == []


def test_the_read_me_of_the_pack_holds_no_tally():
    told = (ROOT / "rules" / "core" / "README.md").read_text("utf-8")
    assert "docs/core-pack.md" in told
    assert f"{len(PACK.rules)} rules" not in told
    assert f"{len(PACK.lists)} lists" not in told


def test_every_modus_operandi_is_told_and_counted():
    assert [part.name for part in FOUND.typologies] == list(Typology)
    for part in FOUND.typologies:
        claiming = [rule for rule in PACK.rules if part.name in rule.typologies]
        assert part.rules == tuple(rule.id for rule in claiming)
        assert sum(part.severities.values()) == len(claiming)
        assert part.first == sum(1 for rule in claiming if rule.typologies[0] == part.name)


def test_what_a_feed_may_lack_is_named_as_in_the_catalogue():
    known = {field.name for field in catalog()} | {STOW_PLAN, EARLIER_CONTAINERS}
    assert {name for names in _CARRIED.values() for name in names} <= known


def test_the_tests_of_a_rule_are_counted_by_what_they_expect():
    needs = next(need for need in FOUND.rules if need.rule.id == "RIP-SEA-001")
    assert sum(needs.tests.values()) == len(RULES["RIP-SEA-001"].tests)
    assert needs.tests[Verdict.MATCH] >= 1


@pytest.mark.parametrize(
    ("rule_id", "lacking", "can"),
    [
        ("RIP-SEA-001", {"is_seal_missing"}, False),
        ("RIP-SEA-001", {"is_full"}, True),  # only excuses
        ("INL-REC-001", {"is_seal_missing"}, True),  # one branch of an `or`
        ("INL-REC-001", {"is_seal_missing", "is_seal_repeated"}, False),
        ("HER-SOU-001", {"port_of_loading_country"}, False),  # behind a `not`
        ("RIP-REG-001", {"is_seal_missing", "is_seal_repeated"}, True),  # a group of `any`
        ("STW-MAS-001", {STOW_PLAN}, False),
        ("STW-MAS-001", {EARLIER_CONTAINERS}, True),
        ("LOD-FRT-001", {EARLIER_CONTAINERS}, False),
        ("SPL-ADR-002", {EARLIER_CONTAINERS}, True),  # the manifest itself counts
        ("SPL-ADR-002", {"consignee_address"}, False),  # what they share
        ("SPL-ADR-002", {"consignee_name"}, False),  # what is counted
        ("SPL-PAR-001", {"container_number"}, True),
    ],
)
def test_a_rule_can_match_only_where_what_it_needs_is_carried(rule_id, lacking, can):
    assert can_match(RULES[rule_id], lacking) is can


def test_a_field_that_is_asked_for_its_absence_is_needed_there():
    # Never carried, `is not missing` can never hold.
    assert not can_match(RULES["CLD-LAN-002"], {"gross_mass_deviation"})


def test_needed_and_also_read_are_apart_and_together_all_that_is_read():
    for need in FOUND.rules:
        assert not set(need.needed) & set(need.also_read)
        named = {*need.needed, *need.also_read} - {STOW_PLAN, EARLIER_CONTAINERS}
        assert named <= set(need.rule.catalogue_fields)


def test_without_a_stow_plan_the_rules_that_compare_with_it_are_silent():
    want = next(want for want in FOUND.wants if want.name == "a stow plan")
    assert set(want.cannot_match) == {rule for rule in RULES if rule.startswith("STW-")}
    assert want.silent == ()


@pytest.mark.parametrize(
    ("lacking", "letters"),
    [("earlier versions of the manifest", "VER-"), ("reports of gates and quays", "GAT-")],
)
def test_without_what_comes_beside_a_manifest_the_rules_named_for_it_are_silent(
    lacking, letters
):
    want = next(want for want in FOUND.wants if want.name == lacking)
    assert set(want.cannot_match) == {rule for rule in RULES if rule.startswith(letters)}
    assert want.silent == ()
