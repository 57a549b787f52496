"""Which containers are examined where there is less room than reasons: laws of the doors and their chances."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import UsageError, WorkspaceError
from riskengine.selectivity import Door, Policy, choose, drawn_at_random
from riskengine.selectivity.policy import read_policy, settings_text
from riskengine.selectivity.quotas import quotas

SEED = b"what a test may know of the draw"
EVERY_DOOR = Policy(
    blind_share=0.1, trial_share=0.1, uncertain_share=0.1, new_share=0.1, demand_share=0.5
)


def world(count: int, **columns: list[object]) -> pl.DataFrame:
    usual: dict[str, list[object]] = {
        "container_id": list(range(count)),
        "identity": [f"MV {n % 3}|V|BOX{n}" for n in range(count)],
        "log_odds": [-5.0 + 0.05 * n for n in range(count)],
        "demand_rank": [1 + n % 4 if n % 17 == 3 else None for n in range(count)],
        "rules": [
            ["A"] if n % 7 == 1 else ["A", "B"] if n % 11 == 2 else [] for n in range(count)
        ],
        "spread": [0.4 if n % 2 else None for n in range(count)],
        "novelty": [1.0 if n % 9 == 4 else 0.2 if n % 5 == 0 else 0.0 for n in range(count)],
    }
    return pl.DataFrame(usual | columns, schema_overrides={"demand_rank": pl.Int64})


@st.composite
def worlds(draw: st.DrawFn) -> pl.DataFrame:
    count = draw(st.integers(0, 40))

    def many(one: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(one, min_size=count, max_size=count))

    number = st.floats(-8, 8).map(lambda x: round(x, 1))
    return world(
        count,
        log_odds=many(number),
        demand_rank=many(st.none() | st.integers(1, 3)),
        rules=many(st.lists(st.sampled_from(["A", "B", "C"]), unique=True)),
        spread=many(st.none() | st.floats(0, 2)),
        novelty=many(st.none() | st.floats(0, 3)),
    )


policies = st.builds(
    Policy,
    blind_share=st.floats(0.02, 0.2),
    trial_share=st.floats(0, 0.1),
    uncertain_share=st.floats(0, 0.1),
    new_share=st.floats(0, 0.1),
    demand_share=st.floats(0, 1),
)


@settings(max_examples=80, deadline=None)
@given(
    frame=worlds(),
    capacity=st.integers(0, 50),
    policy=policies,
    seed=st.binary(min_size=32, max_size=32),
)
def test_as_many_as_there_is_room_for_and_none_twice(
    frame: pl.DataFrame, capacity: int, policy: Policy, seed: bytes
):
    """Whatever the doors take, the room is used, no container twice, and each with a chance above 0."""
    chosen = choose(frame, capacity, policy, seed=seed)
    assert chosen.height == min(capacity, frame.height)
    assert chosen["container_id"].n_unique() == chosen.height
    assert chosen["probability"].is_between(0, 1, closed="right").all()


@settings(max_examples=30, deadline=None)
@given(frame=worlds(), capacity=st.integers(0, 50), order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_irrelevant(frame: pl.DataFrame, capacity: int, order):
    """The same containers in another order, and the same secret, give the same choice."""
    places = list(range(frame.height))
    order.shuffle(places)
    first = choose(frame, capacity, EVERY_DOOR, seed=SEED, day="2026-03-04")
    again = choose(frame[places], capacity, EVERY_DOOR, seed=SEED, day="2026-03-04")
    assert first.equals(again)


@pytest.mark.parametrize("capacity", [3, 15])
def test_inverse_chances_stand_for_everything(capacity: int):
    """Over many secrets, the chosen weighted by their inverse chances count the whole population."""
    frame = world(60)
    sums = []
    for number in range(300):
        chosen = choose(
            frame, capacity, EVERY_DOOR, seed=bytes([number % 256, number // 256]) * 16
        )
        sums.append(float((1 / chosen["probability"]).sum()))
    mean = math.fsum(sums) / len(sums)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in sums) / len(sums))
    assert abs(mean - 60) < 4 * deviation / math.sqrt(len(sums)) + 1.5


def test_the_chance_is_how_often_it_happens():
    """Every container is chosen about as often as its chance says."""
    frame = world(60)
    times: dict[int, int] = {}
    chances: dict[int, list[float]] = {}
    rounds = 400
    for number in range(rounds):
        chosen = choose(frame, 12, EVERY_DOOR, seed=bytes([number % 256, number // 256]) * 16)
        for container, _, probability in chosen.rows():
            times[container] = times.get(container, 0) + 1
            chances.setdefault(container, []).append(probability)
    for container, many in chances.items():
        told = math.fsum(many) / len(many)
        assert abs(times[container] / rounds - told) < 0.15, container


def test_the_blind_share_holds_on_average_however_few_examinations_there_are():
    """With two examinations a day and a share of 5 %, every tenth day has a blind draw."""
    frame = world(200, demand_rank=[None] * 200)
    drawn = 0
    for day in range(200):
        dated = frame.with_columns(pl.col("identity") + f"|{day}")
        chosen = choose(dated, 2, Policy(blind_share=0.05), seed=SEED)
        drawn += (chosen["door"] == Door.RANDOM).sum()
    assert 8 <= drawn <= 35


def test_the_blind_draw_is_that_of_the_lanes():
    """Who is drawn under a smaller share is drawn under a larger one too: lane and plan agree."""
    frame = world(300, demand_rank=[None] * 300, log_odds=[0.0] * 300)
    chosen = choose(frame, 60, Policy(blind_share=0.05), seed=SEED)
    blind = set(chosen.filter(pl.col("door") == Door.RANDOM)["container_id"])
    by_lane = drawn_at_random(frame["identity"], SEED, 0.02)
    of_lane = set(frame.filter(by_lane)["container_id"])
    smaller = drawn_at_random(frame["identity"], SEED, 0.05 * 60 / 300)
    assert blind == set(frame.filter(smaller)["container_id"])
    assert blind <= of_lane


def test_demands_go_first_and_the_newest_of_them():
    """Three rules demand more than their half of four examinations: the two newest get it."""
    frame = world(20, demand_rank=[3, 1, 2] + [None] * 17, rules=[[]] * 20, novelty=[0.0] * 20)
    chosen = choose(frame, 4, Policy(trial_share=0), seed=SEED)
    demanded = chosen.filter(pl.col("door") == Door.DEMAND)
    assert sorted(demanded["container_id"]) == [1, 2]
    assert demanded["probability"].to_list() == [1.0, 1.0]


def test_a_rule_with_enough_evidence_needs_no_trial():
    """Thirty examined matches are enough; and a rule that the score serves anyway has had its turn."""
    frame = world(100, demand_rank=[None] * 100, novelty=[0.0] * 100)
    policy = Policy(trial_share=0.3, blind_share=0.02)

    def rules_tried(examined: dict[str, int], rows: pl.DataFrame) -> set[str]:
        chosen = choose(rows, 10, policy, seed=SEED, examined_by_rule=examined)
        tried = chosen.filter(pl.col("door") == Door.TRIAL).join(rows, on="container_id")
        return {rule for many in tried["rules"] for rule in many}

    low = frame.with_columns(
        pl.when(pl.col("container_id") >= 85).then([]).otherwise("rules").alias("rules")
    )
    assert "A" in rules_tried({}, low)
    assert rules_tried({"A": 30, "B": 30}, low) == set()
    assert rules_tried({"A": 30, "B": 2}, low) == {"A", "B"}  # B's matches match A too


def test_doubt_is_explored_near_the_cut_only():
    """A container far below the cut is not in doubt, however the members differ a little."""
    spreads = [0.3] * 100
    frame = world(100, spread=spreads, demand_rank=[None] * 100, novelty=[0.0] * 100)
    policy = Policy(uncertain_share=0.3, trial_share=0, blind_share=0.02)
    chosen = choose(frame, 10, policy, seed=SEED)
    doubted = chosen.filter(pl.col("door") == Door.UNCERTAIN)
    assert doubted.height == 3
    assert doubted["container_id"].min() >= 80
    assert (doubted["probability"] < 1).all()


def test_equals_at_the_cut_are_drawn_by_lot():
    """On a day without a model all are equal: each has the same chance."""
    frame = world(50, log_odds=[-6.0] * 50, demand_rank=[None] * 50)
    chosen = choose(frame, 10, Policy(trial_share=0, blind_share=0.1), seed=SEED)
    assert chosen["probability"].n_unique() == 1
    assert 0.15 < chosen["probability"][0] < 0.25


def test_quotas_are_right_on_average():
    """Half an examination a day is one every other day, and the sum is never more than one off."""
    days = 1000
    counted = [quotas([0.5, 0.25, 0.5], day / days, 9) for day in range(days)]
    means = [sum(one[place].count for one in counted) / days for place in range(3)]
    assert means == pytest.approx([0.5, 0.25, 0.5], abs=0.01)
    assert {sum(quota.count for quota in one) for one in counted} <= {1, 2}


def test_a_container_that_stands_twice_or_has_no_score_is_refused():
    """Neither can be chosen fairly."""
    frame = world(3)
    with pytest.raises(UsageError, match="twice"):
        choose(pl.concat([frame, frame]), 2, EVERY_DOOR, seed=SEED)
    with pytest.raises(UsageError, match="score"):
        choose(frame.with_columns(pl.lit(math.nan).alias("log_odds")), 2, EVERY_DOOR, seed=SEED)
    with pytest.raises(UsageError, match="identity"):
        choose(frame.drop("identity"), 2, EVERY_DOOR, seed=SEED)


def test_the_policy_keeps_room_for_the_blind_draw_and_for_the_score(tmp_path):
    """The blind share has a floor, and exploring may not eat up the day."""
    with pytest.raises(WorkspaceError, match="blind_share"):
        Policy(blind_share=0.01)
    with pytest.raises(WorkspaceError, match="together"):
        Policy(blind_share=0.3, new_share=0.3)
    with pytest.raises(WorkspaceError, match="habits_credit"):
        Policy(habits_credit=2)
    file = tmp_path / "riskengine.toml"
    file.write_text(settings_text())
    assert read_policy(file) == Policy()


def test_a_plan_that_is_added_to_draws_as_much_blindly_as_one_made_at_once():
    """A mark is drawn once: the addition takes those that the whole plan's share reaches, and all stand for everything."""
    frame = world(40, demand_rank=[None] * 40).drop("rules", "spread", "novelty")
    policy = Policy(blind_share=0.2, trial_share=0.0)
    drawn, population, days = 0, 0.0, 800
    for day in range(days):
        seed = day.to_bytes(32, "big")
        first = choose(frame, 4, policy, seed=seed)
        planned = frame.join(
            first.select("container_id", pl.col("door").alias("planned")),
            on="container_id",
            how="left",
        )
        whole = choose(planned, 8, policy, seed=seed)
        assert whole.height == 8
        assert set(first.select("container_id", "door").rows()) <= set(
            whole.select("container_id", "door").rows()
        )
        drawn += whole.filter(pl.col("door") == Door.RANDOM.value).height
        population += math.fsum((1 / whole["probability"]).to_list())
    assert drawn / days == pytest.approx(0.2 * 8, rel=0.1)
    assert population / days == pytest.approx(40, rel=0.1)
