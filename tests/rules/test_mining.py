"""Draft rules proposed from outcomes: what is planted is found, what is noise is not, and nobody is named."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from riskengine.errors import RuleError
from riskengine.features.catalog import catalog
from riskengine.messages import LANGUAGES
from riskengine.rules.check import run_tests
from riskengine.rules.evaluate import evaluate
from riskengine.rules.faults import Source
from riskengine.rules.mine import mine
from riskengine.rules.mining_search import Labels, evidence
from riskengine.rules.mining_terms import plain_number, readable, terms
from riskengine.rules.pack import kinds_of, read_pack
from riskengine.rules.pseudonyms import Pseudonyms
from riskengine.rules.rule_file import read_rule
from riskengine.rules.tree import IsMissing, nodes

FIELDS = catalog()
KINDS = kinds_of(FIELDS)
DAY = date(2026, 1, 1)


def world(*, planted: bool = True, rows: int = 1500, examined: float = 1.0) -> pl.DataFrame:
    """Containers of two hundred days; those that are vague and booked late hold something, where planted."""
    dice = np.random.default_rng(7)
    is_vague = dice.random(rows) < 0.3
    lead = np.round(dice.gamma(4.0, 4.0, rows))
    mass = dice.normal(18_000, 4_000, rows)
    chance = np.where(is_vague & (lead <= 8) & planted, 0.6, 0.05)
    seen = dice.random(rows) < examined
    found = dice.random(rows) < chance
    return pl.DataFrame(
        {
            "container_id": pl.Series(range(rows), dtype=pl.Int32),
            "assessed_on": [DAY + timedelta(days=n * 200 // rows) for n in range(rows)],
            "is_find": [bool(f) if s else None for f, s in zip(found, seen, strict=True)],
            "is_random": pl.Series([None] * rows, dtype=pl.Boolean),
            "is_vague_description": pl.Series(
                [None if n % 17 == 0 else bool(v) for n, v in enumerate(is_vague)]
            ),
            "booking_lead_days": lead,
            "gross_mass_kg": mass,
            "port_of_loading": dice.choice(["ECGYE", "NLRTM", "CNSHA"], rows),
            "shipper_name": dice.choice(["ACME SA", "BOGUS LTD"], rows),
            "consignee_email": ["A@B.EC" if f else None for f in found],
        }
    )


def mined(frame, rules=(), **more):
    return mine(
        frame, FIELDS, rules, source="a test", valid_from=DAY, **({"shuffles": 5} | more)
    )


@pytest.fixture(scope="module")
def mining():
    return mined(world())


def test_what_is_planted_is_proposed_first(mining):
    first = mining.proposals[0]
    assert {ref.name for ref in first.rule.fields_read} == {
        "is_vague_description",
        "booking_lead_days",
    }
    assert first.rule.settings[0].name == "most_booking_lead_days"
    assert 7 <= first.rule.settings[0].value <= 9
    assert first.as_good == 0
    assert first.search.lift_low > 2
    assert first.later.lift_low > 2


def test_noise_is_not_proposed():
    nothing = mined(world(planted=False))
    assert nothing.proposals == ()
    assert nothing.tried > 0
    assert len(nothing.shuffled_best) == 5


def test_chance_is_told_beside_the_result(mining):
    assert max(mining.shuffled_best) < mining.proposals[0].search.lift_low
    assert mining.shuffled_proposals == (0, 0, 0, 0, 0)
    left = mining.no_better + mining.alike + mining.known + mining.unconfirmed
    assert len(mining.proposals) + left <= mining.best <= mining.tried


def test_the_same_history_gives_the_same_drafts(mining):
    again = mined(world())
    assert [p.text for p in again.proposals] == [p.text for p in mining.proposals]
    assert again.shuffled_best == mining.shuffled_best


def test_what_a_rule_in_force_marks_already_is_not_proposed(mining):
    text = mining.proposals[0].text.replace("status: draft", "status: active")
    known = read_rule(Source("known", text), KINDS, {})
    again = mined(world(), [known])
    assert again.known >= 1
    assert all(p.nearest_share <= 0.5 for p in again.proposals)
    assert mining.proposals[0].rule.id not in {p.rule.id for p in again.proposals}


def test_a_draft_passes_its_checks_and_its_tests(mining, tmp_path):
    for proposal in mining.proposals:
        file = tmp_path / f"{proposal.rule.id.lower()}.yaml"
        file.write_text(proposal.text, "utf-8")
    pack, faults = read_pack(tmp_path, FIELDS)
    assert faults == ()
    assert len(pack.rules) == len(mining.proposals) >= 1
    for rule in pack.rules:
        results = run_tests(rule)
        assert [result for result in results if not result.passed] == []
        assert {test.expect.value for test in rule.tests} == {"match", "no_match", "unknown"}
        assert rule.status.value == "draft"
        assert rule.title.languages() == LANGUAGES
        assert len(set(map(rule.why.in_language, LANGUAGES))) == len(LANGUAGES)


def test_a_draft_says_its_counts_and_the_chance_of_them(mining):
    first = mining.proposals[0]
    why = first.rule.why.en
    assert f"Of {first.search.examined} containers like this" in why
    assert f"{first.later.found} of {first.later.examined}" in why
    assert "as strong: 0 of 5" in why


def test_the_tests_of_a_draft_hold_only_what_the_rule_reads(mining):
    for proposal in mining.proposals:
        read = {ref.name for ref in proposal.rule.fields_read}
        assert {name for test in proposal.rule.tests for name in test.values} <= read
        assert "ACME" not in proposal.text


def test_a_test_of_a_missing_field_comes_from_a_container_that_lacks_it(mining):
    names = [test.name for test in mining.proposals[0].rule.tests]
    assert "is_vague_description is missing" in names or "booking_lead_days left out" in names


def test_a_setting_can_be_tuned_around_its_value(mining):
    for proposal in mining.proposals:
        for setting in proposal.rule.settings:
            assert setting.lowest <= setting.value <= setting.highest
            assert setting.lowest < setting.highest


def test_names_addresses_and_missing_fields_are_never_tried():
    tried = terms(world(), FIELDS, 20)
    assert {t.field.name for t in tried} == {
        "is_vague_description",
        "booking_lead_days",
        "gross_mass_kg",
        "port_of_loading",
    }
    for term in tried:
        rule = read_rule(Source("one", _rule_of(term)), KINDS, {})
        assert not any(isinstance(node, IsMissing) for node in nodes(rule.when))


def test_a_place_is_never_the_whole_rule():
    frame = world(planted=False).with_columns(
        (pl.col("port_of_loading") == "ECGYE").alias("is_find")
    )
    for proposal in mined(frame).proposals:
        names = {ref.name for ref in proposal.rule.fields_read}
        assert names != {"port_of_loading"}


def test_each_condition_marks_what_the_engine_says_it_matches():
    frame = world(rows=300)
    tried = terms(frame, FIELDS, 5)
    rules = [
        read_rule(Source("one", _rule_of(term, number)), KINDS, {})
        for number, term in enumerate(tried)
    ]
    hits = evaluate(rules, frame).frame.filter(pl.col("verdict") == "match")
    for rule, term in zip(rules, tried, strict=True):
        own = hits.filter(pl.col("rule_id") == rule.id)["container_id"].sort().to_list()
        assert own == np.flatnonzero(term.mask(frame)).tolist(), term.written()


def test_too_few_finds_are_refused_with_a_sentence():
    few = world().with_columns(
        pl.when(pl.col("container_id") < 30).then("is_find").alias("is_find")
    )
    with pytest.raises(RuleError, match="too few to mine"):
        mined(few)
    one_day = world().with_columns(pl.lit(DAY).alias("assessed_on"))
    with pytest.raises(RuleError, match="on later days"):
        mined(one_day)


def test_a_container_drawn_at_random_speaks_for_those_that_were_not_opened():
    frame = world(examined=0.4).with_columns(
        pl.when(pl.col("is_find").is_not_null())
        .then(pl.col("container_id") % 2 == 0)
        .alias("is_random")
    )
    weighted = mined(frame)
    assert weighted.is_weighted
    assert "drawn at random for" in weighted.proposals[0].rule.why.en
    labels = Labels(np.array([True, False, False]), np.array([False, True, True]), 9.0)
    told = evidence(np.array([True, True, True]), labels)
    assert (told.examined, told.found) == (3, 1)
    assert told.rate == pytest.approx(1 / 19)
    assert told.low < 1 / 19


def test_numbers_are_written_as_people_write_them():
    assert [readable(x) for x in (0.0312, 1234.5, -7.49)] == [0.031, 1200.0, -7.5]
    assert readable(123.0, is_whole=True) == 120.0
    assert [plain_number(x) for x in (1200.0, 0.031, -0.0)] == ["1200", "0.031", "0"]


def test_whoever_is_named_gets_the_same_stand_in_everywhere():
    names = Pseudonyms()
    assert names.of("bills_of_lading", ["B1", "B2"]) == ["BILL 1", "BILL 2"]
    assert names.of("master_bill_of_lading", "B2") == "BILL 2"
    assert names.of("consignee_email", "X@Y.COM") == "MAILBOX1@EXAMPLE.ORG"
    assert names.of("seal_numbers", ["S", None]) == ["SEAL 1", None]
    assert names.of("port_of_loading", "ECGYE") == "ECGYE"


def _rule_of(term, number: int = 0) -> str:
    setting = ""
    if term.setting:
        at = plain_number(term.number)
        setting = f"settings:\n  {term.setting}: {{value: {at}, from: {at}, to: {at}}}\n"
    return (
        f"schema: 1\nid: TST-{number}\nversion: 1\nstatus: draft\ntitle: t\nwhy: w\ninnocent: i\n"
        "blind_spot: b\nsource: [s]\ntypology: [cold_route]\nowner: o\nhandling: TLP:CLEAR\n"
        f"severity: low\neffect: score\nvalid_from: 2026-01-01\n{setting}"
        f'when:\n  all:\n    - "{term.written()}"\n'
    )


def test_days_are_told_in_the_readers_words(mining):
    why = mining.proposals[0].rule.why
    assert "Jan 1, 2026" in why.en
    assert "1 janv. 2026" in (why.fr or "")
    assert "2026-" not in "".join(why.in_language(language) for language in LANGUAGES)
