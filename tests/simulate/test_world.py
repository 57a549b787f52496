"""The standing world: what holds before anything sails."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from riskengine.codes import commodities as codes
from riskengine.codes import containers
from riskengine.codes.vessels import is_imo_number
from riskengine.domain import Typology
from riskengine.errors import UsageError
from riskengine.simulate import PLANTED, Settings, Wave, make_world
from riskengine.simulate.mix import BY_INSIDERS, usual_shares
from riskengine.simulate.signs import CASTING, SIGNS
from riskengine.simulate.tables import (
    BOXES,
    beside_rates,
    commodities,
    countries,
    deliveries,
    difficulties,
    hinterlands,
    origins,
    services,
    sign_rates,
)

WORLD = make_world(Settings(seed=4, trader_count=400))


def test_every_vessel_has_a_valid_imo_number():
    assert [imo for imo in WORLD.vessels["vessel_imo"] if not is_imo_number(imo)] == []


def test_no_two_vessels_share_an_imo_number():
    assert WORLD.vessels["vessel_imo"].is_unique().all()


def test_the_lanes_together_carry_everything():
    assert sum(service.share for service in services()) == pytest.approx(
        WORLD.lanes["share"].sum(), rel=0.02
    )


def test_every_relation_names_a_shipper_of_its_country():
    shippers = WORLD.shippers[WORLD.relations["shipper_id"].to_list()]
    assert shippers["country"].to_list() == WORLD.relations["country"].to_list()


def test_every_heading_is_one_of_the_harmonized_system():
    listed = commodities()["hs_code"].drop_nulls()
    assert [code for code in listed if not codes.is_hs6(code)] == []


def test_every_origin_loads_goods_that_the_table_knows():
    assert set(origins()["commodity"]) <= set(commodities()["commodity"])


def test_every_country_of_the_lanes_has_goods_and_people():
    homes = {country for shares in hinterlands().values() for country in shares}
    ends = {place[:2] for shares in deliveries().values() for place in shares}
    assert homes <= set(origins()["country"])
    assert homes | ends <= set(countries())


def test_every_port_of_the_services_has_a_hinterland():
    for service in services():
        assert set(service.loading) <= set(hinterlands())
        assert set(service.discharge) <= set(deliveries())


def test_every_usual_load_fits_into_its_usual_box():
    listed = commodities().select("size_type", "box_kg").rows()
    assert [row for row in listed if row[1] > BOXES[row[0]][1]] == []


def test_no_box_bears_more_than_the_standard_lets_it():
    frame = pl.DataFrame(
        {"size_type": list(BOXES), "payload": [box[1] for box in BOXES.values()]}
    )
    heavy = frame.filter(pl.col("payload") > containers.max_payload_kg(pl.col("size_type")))
    assert heavy.is_empty()


def test_every_sign_of_the_table_can_be_put_on_and_the_reverse():
    assert set(sign_rates()) == set(SIGNS) | set(CASTING)


def test_every_rate_of_the_table_of_signs_is_a_chance_of_a_planted_typology():
    for name, rates in sign_rates().items():
        kinds = {key: rate for key, rate in rates.items() if key not in {"level", "innocent"}}
        assert set(kinds) <= {kind.value for kind in PLANTED}, name
        assert all(0 <= rates["innocent"] <= rate < 1 for rate in kinds.values()), name


def test_every_modus_operandi_can_be_planted():
    assert set(PLANTED) == set(Typology)


def test_every_planted_typology_has_signs():
    tables = (sign_rates(), beside_rates())
    kinds = {key for table in tables for rates in table.values() for key in rates}
    assert {kind.value for kind in PLANTED} <= kinds


def test_what_shows_beside_a_manifest_is_never_sure_and_never_only_on_the_guilty():
    for name, rates in beside_rates().items():
        kinds = {key: rate for key, rate in rates.items() if key != "innocent"}
        assert set(kinds) <= {kind.value for kind in PLANTED}, name
        assert all(0 < rates["innocent"] < rate < 0.6 for rate in kinds.values()), name


def test_the_four_that_leave_nothing_on_paper_show_beside_it():
    shown = {key for rates in beside_rates().values() for key in rates}
    assert {kind.value for kind in PLANTED[-4:]} <= shown


def test_how_hard_each_modus_operandi_is_to_find_is_told():
    assert set(difficulties()) == {kind.value for kind in PLANTED}
    for kind, each in difficulties().items():
        assert each["opened"] <= each["scanned"], kind


def test_the_mix_gives_insiders_the_share_that_was_asked_for():
    shares = usual_shares(Settings(insider_share=0.68, prevalence=0.01))
    inside = sum(share for kind, share in shares.items() if kind in BY_INSIDERS)
    assert inside == pytest.approx(0.0068)
    assert sum(shares.values()) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 2},
        {"share": -0.1},
        {"starts_on": date(2025, 3, 1), "ends_on": date(2025, 2, 1)},
    ],
)
def test_a_wave_out_of_range_is_refused(wrong):
    with pytest.raises(UsageError):
        Wave(typology=Typology.COLD_ROUTE, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"prevalence": 1.2},
        {"months": 0},
        {"strength": -0.1},
        {"containers_per_month": 1},
        {"typologies": (Typology.COLD_ROUTE, Typology.COLD_ROUTE)},
        {"insider_share": 1.5},
        {"displacement": -1},
        {"displacement_lag_days": 1_000},
        {"mistake_strength": 9},
        {"false_discrepancy_share": 2},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        Settings(**wrong)


def test_adding_traders_leaves_the_vessels_alone():
    """Each purpose has its own dice."""
    other = make_world(Settings(seed=4, trader_count=600))
    assert other.vessels.equals(WORLD.vessels)


def test_another_seed_makes_other_people():
    other = make_world(Settings(seed=5, trader_count=400))
    assert set(other.shippers["tax_id"]).isdisjoint(WORLD.shippers["tax_id"])


def test_sizes_of_traders_are_uneven():
    """The busiest tenth of relations carry most of the trade, as in life."""
    weight = WORLD.relations["weight"].sort(descending=True)
    assert weight.head(weight.len() // 10).sum() > 0.4 * float(weight.sum())


def test_relations_are_born_and_die():
    assert WORLD.relations.select(
        (pl.col("born_month") > 0).any(), (pl.col("gone_month") < 10_000).any()
    ).row(0) == (True, True)
