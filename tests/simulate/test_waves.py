"""What comes and goes with time: waves, insiders, probes, displacement, seasons, mistakes and what an opening finds."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from riskengine.domain import Outcome, Typology
from riskengine.simulate import Settings, Wave, simulate
from riskengine.simulate.mix import BY_INSIDERS, SOURCE
from riskengine.simulate.signs import chances
from riskengine.simulate.tables import sign_rates

KEYS = ["voyage_number", "bill_of_lading", "container_number"]
BOX = ["voyage_number", "container_number"]
COMES_ON, GOES_ON = date(2025, 3, 1), date(2025, 2, 15)
WAVES = (
    Wave(typology=Typology.CARRIER_MATERIAL, starts_on=COMES_ON, share=0.02),
    Wave(typology=Typology.RIP_ON_RIP_OFF, ends_on=GOES_ON, strength=0.0),
)


def made(**changes: object):
    usual = {
        "seed": 12,
        "months": 4,
        "containers_per_month": 1_000,
        "trader_count": 1_000,
        "prevalence": 0.05,
    }
    return simulate(Settings(**(usual | changes)))


def boxes(simulated) -> pl.DataFrame:
    """Return one row a container with its truth, day and ports."""
    lines = simulated.lines.unique(KEYS, keep="first", maintain_order=True)
    return simulated.truth.join(lines, on=KEYS, how="left", maintain_order="left").unique(
        BOX, keep="first", maintain_order=True
    )


IN_WAVES = made(waves=WAVES)
INSIDE = made(
    insider_share=0.68,
    typologies=(Typology.RIP_ON_RIP_OFF, Typology.CONCEALED_IN_LOAD, Typology.REEFER_MACHINERY),
)
PROBED = made(probe_share=1.0, typologies=(Typology.CONCEALED_IN_LOAD, Typology.COLD_ROUTE))


def of_kind(kind: Typology) -> pl.DataFrame:
    return boxes(IN_WAVES).filter(pl.col("typology") == kind.value)


def test_a_wave_plants_in_its_days_and_at_no_other_time():
    assert of_kind(Typology.CARRIER_MATERIAL)["arrival_expected_on"].min() >= COMES_ON
    assert of_kind(Typology.RIP_ON_RIP_OFF).height > 5
    # What fits no other typology falls to rip-on/rip-off, and is of no wave.
    faded = of_kind(Typology.RIP_ON_RIP_OFF).filter(pl.col("wave") == 2)
    assert faded["arrival_expected_on"].max() <= GOES_ON


def test_a_wave_has_its_own_share_of_the_full_boxes_of_its_days():
    after = boxes(IN_WAVES).filter(
        pl.col("is_full") & (pl.col("arrival_expected_on") >= COMES_ON)
    )
    planted = (after["wave"] == 1).sum()
    assert abs(planted - 0.02 * after.height) < 5 * (0.02 * after.height) ** 0.5


def test_the_truth_names_the_wave_of_what_a_wave_planted():
    named = IN_WAVES.truth.drop_nulls("wave")
    assert set(named["typology"]) == {WAVES[0].typology.value, WAVES[1].typology.value}
    assert IN_WAVES.truth.filter(~pl.col("is_illicit"))["wave"].null_count() > 0


def test_a_wave_leaves_the_typologies_that_it_does_not_name_alone():
    """Their number stays what the prevalence gives them."""
    usual = {
        kind.value
        for kind in set(Typology) - {Typology.CARRIER_MATERIAL, Typology.RIP_ON_RIP_OFF}
    }
    counts = [boxes(one)["typology"].is_in(list(usual)).sum() for one in (IN_WAVES, made())]
    assert abs(counts[0] - counts[1]) < 5 * max(counts) ** 0.5


def test_a_wave_without_strength_shows_no_sign_more_often_than_anyone():
    silent = made(
        months=1,
        prevalence=0.0,
        waves=(Wave(typology=Typology.SWITCHED_BILL, share=0.15, strength=0.0),),
    )
    changed = (pl.col("amendment_count") > 1).mean()
    assert boxes(silent).filter("is_illicit").select(changed).item() < 0.1


def test_insiders_take_the_boxes_of_traders_whom_everybody_knows():
    truth = boxes(INSIDE).filter("is_illicit")
    assert truth["is_insider"].mean() == pytest.approx(0.68, abs=0.12)
    inside = truth.filter("is_insider")
    assert set(inside["typology"]) <= {kind.value for kind in BY_INSIDERS}


def test_insiders_leave_the_parties_as_clean_as_anyones():
    """They show what a box, a seal and a route can show, and no sign of a trader."""
    frame = pl.DataFrame(
        {
            "typology": [Typology.REEFER_MACHINERY.value] * 2 + [None],
            "is_insider": [True, False, False],
            "sign_strength": [1.0, 1.0, 0.0],
        }
    )
    care = np.ones(3)

    def chance(sign: str) -> list[float]:
        return chances(Settings(), frame, sign_rates()[sign], care, sign).tolist()

    inside, outside, honest = chance("new_consignee")
    assert inside == honest < outside
    inside, outside, honest = chance("odd_set_point")
    assert honest < inside == outside


def test_probes_are_clean_loads_of_the_same_pair_before_the_other_one():
    lines = PROBED.lines.unique(KEYS, keep="first", maintain_order=True)
    seen = PROBED.truth.join(lines, on=KEYS, how="left", maintain_order="left")
    probes = seen.filter("is_probe")
    assert probes.height > 20
    assert not probes["is_illicit"].any()
    loads = seen.filter("is_illicit").select(
        "shipper_name", "consignee_name", dirty_on=pl.col("arrival_expected_on")
    )
    pairs = probes.join(loads, on=["shipper_name", "consignee_name"], how="left")
    assert pairs["dirty_on"].null_count() < 0.1 * pairs.height
    days = (pairs["dirty_on"] - pairs["arrival_expected_on"]).dt.total_days().drop_nulls()
    assert 7 <= days.min() <= days.max() <= 70


def test_no_pair_of_a_probe_traded_before():
    lines = PROBED.lines.unique(KEYS, keep="first", maintain_order=True)
    seen = PROBED.truth.join(lines, on=KEYS, how="left", maintain_order="left")
    pair = ["shipper_name", "consignee_name"]
    probed = seen.filter("is_probe").select(pair).unique()
    honest = seen.filter(~pl.col("is_probe") & ~pl.col("is_illicit"))
    assert honest.join(probed, on=pair, how="semi").height == 0


def test_from_a_day_on_loads_leave_the_ports_of_source_countries():
    kinds = (Typology.RIP_ON_RIP_OFF, Typology.CONCEALED_IN_LOAD)
    moved = made(displacement=1.0, displaced_from=date(2024, 12, 20), typologies=kinds)
    seen = boxes(moved).filter("is_illicit")
    source = pl.col("port_of_loading").str.head(2).is_in(SOURCE)
    assert seen.filter(pl.col("is_displaced")).select(source.any()).item() is False
    assert seen["is_displaced"].sum() > 20
    # Those who book late, as a sign, decided before.
    warned = seen.filter(pl.col("booked_on") >= date(2024, 12, 20) + timedelta(days=21))
    assert warned["is_displaced"].mean() > 0.85
    early = seen.filter(pl.col("booked_on") < date(2024, 12, 20) + timedelta(days=21))
    assert not early["is_displaced"].any()


def test_finds_drive_later_loads_away_from_a_port():
    kinds = (Typology.RIP_ON_RIP_OFF,)
    changes = {
        "typologies": kinds,
        "months": 8,
        "containers_per_month": 500,
        "random_share": 0.5,
    }
    stays, leaves = made(**changes), made(displacement=1.0, **changes)
    assert not stays.truth["is_displaced"].any()
    moved = boxes(leaves).filter("is_displaced")
    assert moved.height > 10
    assert moved["arrival_expected_on"].min() > date(2025, 2, 1)
    assert moved["port_of_loading"].str.head(2).is_in(SOURCE).sum() == 0


def test_displacement_changes_where_and_not_how_many():
    kinds = (Typology.RIP_ON_RIP_OFF,)
    moved = made(displacement=1.0, displaced_from=date(2024, 12, 1), typologies=kinds)
    assert boxes(moved)["is_illicit"].sum() == boxes(made(typologies=kinds))["is_illicit"].sum()


def peaks(**changes: object) -> float:
    world = made(prevalence=0.0, months=12, containers_per_month=400, **changes)
    grapes = world.lines.filter(pl.col("hs_code") == "080610")
    months = grapes["arrival_expected_on"].dt.month()
    return months.is_in([10, 11, 12, 1, 2, 3, 4]).mean()


def test_fruit_follows_its_season_as_strongly_as_asked():
    assert peaks(season_strength=1.0) > 0.85
    assert peaks(season_strength=0.0) < 0.75


def test_without_mistakes_and_gaps_only_the_guilty_show_signs():
    clean = made(mistake_strength=0.0, missing_strength=0.0, months=1, prevalence=0.3)
    guilty = boxes(clean).filter("is_illicit")
    honest = boxes(clean).filter("is_full").join(guilty, on="bill_of_lading", how="anti")
    for column in ("seal_numbers", "hs_code", "net_mass_kg", "booked_on", "tare_mass_kg"):
        assert honest[column].null_count() == 0, column
    assert honest["amendment_count"].sum() == 0
    assert guilty["seal_numbers"].null_count() > 0


def test_every_container_has_an_outcome_whoever_opens_it():
    one, other = made(months=1, examined_share=0.01), made(months=1, examined_share=0.6)
    assert one.truth.equals(other.truth)
    assert one.truth["outcome_if_opened"].null_count() == 0
    for world in (one, other):
        opened = world.outcomes.join(world.truth, on=KEYS, how="left")
        assert opened["outcome"].equals(opened["outcome_if_opened"].alias("outcome"))


def test_an_opening_errs_both_ways_and_a_scan_sees_less():
    truth = boxes(made(months=2, prevalence=0.4))
    seized = pl.col("outcome_if_opened") == Outcome.SEIZURE.value
    found = pl.col("outcome_if_opened") != Outcome.NIL.value
    scanned = pl.col("outcome_if_scanned") != Outcome.NIL.value
    guilty, honest = truth.filter("is_illicit"), truth.filter(~pl.col("is_illicit"))
    assert 0.7 < guilty.select(found.mean()).item() < 0.95
    assert guilty.select(scanned.mean()).item() < guilty.select(found.mean()).item() - 0.1
    assert guilty.filter(scanned & ~found).height == 0
    assert honest.select(seized.any(), scanned.any()).row(0) == (False, False)
    assert 0 < honest.select(found.mean()).item() < 0.05


def test_perfect_eyes_find_everything_and_nothing_else():
    truth = boxes(
        made(months=1, prevalence=0.2, detection_probability=1.0, false_discrepancy_share=0.0)
    )
    found = truth["outcome_if_opened"] != Outcome.NIL.value
    assert found.equals(truth["is_illicit"].alias("outcome_if_opened"))


def test_carriers_material_is_harder_to_find_than_bags_behind_the_door():
    kinds = (Typology.RIP_ON_RIP_OFF, Typology.CARRIER_MATERIAL)
    truth = boxes(made(prevalence=0.3, typologies=kinds)).filter("is_illicit")
    found = (pl.col("outcome_if_opened") != Outcome.NIL.value).mean()
    rates = dict(truth.group_by("typology").agg(found).rows())
    assert rates[Typology.CARRIER_MATERIAL.value] < rates[Typology.RIP_ON_RIP_OFF.value] - 0.15
