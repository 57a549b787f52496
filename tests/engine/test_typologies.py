"""What the reasons say for each modus operandi: specific before broad, possible before impossible, the same every time."""

import math
import random
from pathlib import Path

import polars as pl
import pytest

from riskengine.domain import Typology
from riskengine.engine.typologies import evidence, is_possible_in, typology_scores, weights_of
from riskengine.features.catalog import catalog
from riskengine.rules.pack import load_pack

CORE = Path(__file__).parents[2] / "rules" / "core"
REEFER = {"container_family": "reefer", "is_full": True, "is_loose_cargo": False}
DRY = {**REEFER, "container_family": "dry"}
MATCHES = {
    "container_id": pl.Int32,
    "rule_id": pl.String,
    "version": pl.Int64,
    "points": pl.Float64,
}


@pytest.fixture(scope="module")
def rules():
    return load_pack(CORE, catalog()).rules


def contributed(**moved):
    return pl.DataFrame(
        {"container_id": [1], **{k: [v] for k, v in moved.items()}},
        schema_overrides={"container_id": pl.Int32},
    )


def matched(*rule_ids, points=0.5):
    return pl.DataFrame(
        [(1, rule, 1, points) for rule in rule_ids], schema=MATCHES, orient="row"
    )


def facts(**known):
    return pl.DataFrame(
        {"container_id": [1], **{k: [v] for k, v in known.items()}},
        schema_overrides={"container_id": pl.Int32},
    )


def named(scores):
    if scores.is_empty():
        return {}
    return {one["id"]: one["log_odds"] for one in scores["typologies"][0].to_list()}


def test_a_reason_that_one_method_leaves_says_more_of_it_than_one_that_six_share():
    broad = evidence(1.0, dict.fromkeys(list(Typology)[:6], 1.0))
    narrow = evidence(1.0, {Typology.COLD_ROUTE: 1.0})

    assert narrow[Typology.COLD_ROUTE] > max(broad.values()) > 0


def test_the_first_method_of_a_reason_is_its_main_one():
    told = evidence(0.5, weights_of((Typology.SWITCHED_BILL, Typology.COLD_ROUTE)))

    assert told[Typology.SWITCHED_BILL] > told[Typology.COLD_ROUTE] > 0


def test_what_speaks_against_is_never_turned_into_more_than_it_is():
    told = evidence(-0.4, weights_of((Typology.SWITCHED_BILL, Typology.COLD_ROUTE)))

    assert told == {Typology.SWITCHED_BILL: -0.4, Typology.COLD_ROUTE: -0.2}


def test_a_specific_rule_names_the_method_before_a_broad_indicator_of_the_same_weight(rules):
    told = named(
        typology_scores(contributed(value_per_kg_deviation=0.5), matched("CHM-DES-001"), rules)
    )

    assert next(iter(told)) == "misdeclared_chemicals"


def test_reasons_add_up(rules):
    one = named(typology_scores(contributed(is_seal_repeated=0.7), matched(), rules))
    other = named(typology_scores(contributed(), matched("RIP-SEA-001"), rules))
    both = named(
        typology_scores(contributed(is_seal_repeated=0.7), matched("RIP-SEA-001"), rules)
    )
    usual = 0.5  # counted once, however many reasons there are

    assert both["rip_on_rip_off"] == pytest.approx(
        one["rip_on_rip_off"] + other["rip_on_rip_off"] - usual, abs=1e-8
    )


def test_the_list_is_sorted_and_holds_only_what_something_speaks_for(rules):
    told = named(
        typology_scores(
            contributed(set_point_distance_c=-1.0, value_per_kg_deviation=0.9),
            matched("RIP-SEA-001", "CLD-DET-001"),
            rules,
            facts(**REEFER),
        )
    )

    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert min(told.values()) > 0
    assert "reefer_machinery" not in told


def test_where_nothing_speaks_no_method_is_named_however_usual_it_is(rules):
    scores = typology_scores(
        contributed(value_per_kg_deviation=0.0), matched(), rules, facts(**DRY)
    )

    assert scores.is_empty()


@pytest.mark.parametrize(
    ("box", "rule", "never"),
    [
        (DRY, "RFR-DRY-001", "reefer_machinery"),
        ({**DRY, "container_family": "tank"}, "RIP-SEA-001", "rip_on_rip_off"),
        ({**DRY, "is_full": False}, "CHM-DES-001", "misdeclared_chemicals"),
        ({"is_loose_cargo": True}, "STR-TAR-001", "container_structure"),
    ],
)
def test_what_cannot_be_in_this_box_is_never_named(rules, box, rule, never):
    told = named(typology_scores(contributed(), matched(rule, points=3.0), rules, facts(**box)))

    assert never not in told


def test_an_unknown_box_excludes_nothing(rules):
    nothing = facts(container_family=None, is_full=None, is_loose_cargo=None)
    told = named(typology_scores(contributed(), matched("RFR-DRY-001"), rules, nothing))

    assert next(iter(told)) == "reefer_machinery"
    assert all(is_possible_in(one, "unknown", is_empty=False) for one in Typology)


def test_a_sign_that_is_not_there_speaks_for_no_method(rules):
    moved = contributed(is_seal_repeated=0.4)

    assert not named(typology_scores(moved, matched(), rules, facts(is_seal_repeated=False)))
    assert not named(typology_scores(moved, matched(), rules, facts(is_seal_repeated=None)))
    assert named(typology_scores(moved, matched(), rules, facts(is_seal_repeated=True)))


def test_goods_that_may_be_waste_make_the_waste_method_lead(rules):
    moved = contributed(value_per_kg_deviation=0.8)
    waste = facts(**DRY, is_waste_prone_cargo=True, is_second_hand_goods=True)
    fruit = facts(**DRY, is_waste_prone_cargo=False, is_second_hand_goods=False)

    assert (
        next(iter(named(typology_scores(moved, matched(), rules, waste))))
        == "misdeclared_waste"
    )
    assert (
        next(iter(named(typology_scores(moved, matched(), rules, fruit))))
        == "concealed_in_load"
    )


def test_the_order_in_which_rows_come_moves_no_bit(rules):
    dice = random.Random(7)  # noqa: S311 - a fixed draw, not a secret
    ids = list(range(200))
    moved = pl.DataFrame(
        {
            "container_id": ids,
            "value_per_kg_deviation": [dice.gauss(0, 1) for _ in ids],
            "is_seal_repeated": [dice.gauss(0, 1) for _ in ids],
        },
        schema_overrides={"container_id": pl.Int32},
    )
    names = [rule.id for rule in rules][:40]
    rows = [(i, name, 1, 0.3) for i in ids for name in dice.sample(names, 5)]
    first = pl.DataFrame(rows, schema=MATCHES, orient="row")
    dice.shuffle(rows)
    again = pl.DataFrame(rows, schema=MATCHES, orient="row")

    one = typology_scores(moved, first, rules).sort("container_id")
    other = typology_scores(moved.sample(fraction=1, shuffle=True, seed=3), again, rules)
    assert one.equals(other.sort("container_id"))


def test_a_judged_rule_that_outcomes_turned_against_speaks_against(rules):
    told = named(
        typology_scores(
            contributed(is_seal_repeated=0.7), matched("RIP-SEA-001", points=-3.0), rules
        )
    )

    assert "rip_on_rip_off" not in told


def test_numbers_are_finite_for_the_strongest_reasons(rules):
    told = named(typology_scores(contributed(is_seal_repeated=30.0), matched(), rules))

    assert all(math.isfinite(value) for value in told.values())
