"""The standing world: what holds before anything sails."""

from __future__ import annotations

import polars as pl
import pytest

from riskengine.codes import commodities as codes
from riskengine.codes import containers
from riskengine.codes.vessels import is_imo_number
from riskengine.domain import Typology
from riskengine.errors import UsageError
from riskengine.simulate import PLANTED, Settings, make_world
from riskengine.simulate.signs import CASTING, SIGNS
from riskengine.simulate.tables import (
    BOXES,
    commodities,
    countries,
    deliveries,
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


def test_every_planted_typology_has_signs():
    kinds = {key for rates in sign_rates().values() for key in rates}
    assert {kind.value for kind in PLANTED} - kinds <= {Typology.SPLIT_CONSIGNMENTS.value}


@pytest.mark.parametrize(
    "wrong",
    [
        {"prevalence": 1.2},
        {"months": 0},
        {"strength": -0.1},
        {"containers_per_month": 1},
        {"typologies": (Typology.RELEASE_CODE_FRAUD,)},
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
