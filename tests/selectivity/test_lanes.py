"""Scores become lanes, ranks and bases."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import WorkspaceError
from riskengine.selectivity import Policy, assign_lanes, combine, drawn_at_random, read_policy
from riskengine.selectivity.policy import settings_text

POLICY = Policy()


def scored(**columns: list[object]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    usual: dict[str, list[object]] = {
        "container_id": list(range(count)),
        "model_log_odds": [0.0] * count,
        "rule_log_odds": [0.0] * count,
        "lift_log_odds": [-1.0] * count,
        "is_random": [False] * count,
        "is_defective": [False] * count,
        "is_inspection_demanded": [False] * count,
    }
    frame = pl.DataFrame(usual | columns)
    return frame.with_columns((pl.col("lift_log_odds") - 4.0).alias("log_odds"))


def lanes_of(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return assign_lanes(frame, POLICY).sort("container_id").select("lane", "basis").rows()


def test_a_lane_begins_at_its_lift():
    """Exactly twenty times the base rate is red; a hair below is yellow."""
    lifts = [
        math.log(20),
        math.log(20) - 1e-9,
        math.log(6),
        math.log(2.5),
        math.log(2.5) - 1e-9,
    ]
    assert [lane for lane, _ in lanes_of(scored(lift_log_odds=lifts))] == [
        "red",
        "yellow",
        "yellow",
        "blue",
        "green",
    ]


def test_what_cannot_be_read_is_at_least_yellow():
    """A defect lifts a green container to yellow and never lowers a red one."""
    frame = scored(lift_log_odds=[-5.0, 9.0], is_defective=[True, True])
    assert lanes_of(frame) == [("yellow", "defect"), ("red", "model")]


def test_a_drawn_container_is_examined_and_says_so():
    """The random stratum goes to red; who was red anyway keeps its own reason."""
    frame = scored(lift_log_odds=[-5.0, 9.0], is_random=[True, True])
    assert lanes_of(frame) == [("red", "random"), ("red", "model")]


def test_a_rule_that_demands_inspection_sends_to_red():
    """Such a rule stands outside the score."""
    assert lanes_of(scored(is_inspection_demanded=[True])) == [("red", "rule")]


def test_the_basis_is_the_rules_when_they_carry_the_lift():
    """Half of the lift or more from rules makes rules the basis."""
    frame = scored(lift_log_odds=[4.0, 4.0], rule_log_odds=[2.0, 1.9])
    assert [basis for _, basis in lanes_of(frame)] == ["rule", "model"]


def test_what_cannot_be_is_at_least_yellow_by_the_rule_that_says_so():
    """A box in two places at once is not green, however little the points of the rule."""
    frame = scored(lift_log_odds=[-5.0, -5.0, 9.0], is_impossible=[True, False, True])
    assert lanes_of(frame) == [("yellow", "rule"), ("green", "model"), ("red", "model")]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.data())
def test_a_lane_is_the_same_alone_or_in_a_batch(lifts: list[float], data: st.DataObject):
    """Neighbours change a container's rank, never its lane or basis."""
    frame = scored(lift_log_odds=lifts)
    chosen = data.draw(st.integers(0, len(lifts) - 1))
    alone = frame.filter(pl.col("container_id") == chosen)
    assert lanes_of(alone) == [lanes_of(frame)[chosen]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-8, 8), min_size=2, max_size=30))
def test_rank_and_score_agree_with_log_odds(log_odds: list[float]):
    """Score is a monotone function of log-odds."""
    model = pl.DataFrame(
        {"container_id": range(len(log_odds)), "model_log_odds": log_odds}
    ).with_columns(pl.lit(None, pl.Float64).alias("habits_log_odds"))
    points = pl.DataFrame(
        schema={"container_id": pl.Int64, "rule_id": pl.String, "points": pl.Float64}
    )
    scores = combine(model, points, typical_find_rate=0.05, policy=POLICY).scores.sort(
        "log_odds"
    )
    assert scores["score"].is_sorted()
    assert scores["score"].is_between(0, 1).all()


def test_the_score_of_a_typical_container_is_the_units_own_find_rate():
    """A model from a richer world does not inflate what a unit expects to find."""
    model = pl.DataFrame(
        {
            "container_id": [1],
            "model_log_odds": [math.log(0.05 / 0.95)],
            "habits_log_odds": [0.0],
        }
    )
    points = pl.DataFrame(
        schema={"container_id": pl.Int64, "rule_id": pl.String, "points": pl.Float64}
    )
    scores = combine(model, points, typical_find_rate=0.05, policy=POLICY).scores
    assert scores["score"].to_list() == [pytest.approx(POLICY.random_find_rate)]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.text(min_size=1), unique=True, min_size=1),
    st.binary(min_size=32, max_size=32),
    st.randoms(),
)
def test_a_draw_depends_on_the_container_alone(
    identities: list[str], seed: bytes, random: object
):
    """No other line of the manifest, and no order, can move a draw."""
    together = dict(zip(identities, drawn_at_random(identities, seed, 0.3), strict=True))
    random.shuffle(identities)  # type: ignore[attr-defined]
    assert all(
        drawn_at_random([identity], seed, 0.3)[0] == together[identity]
        for identity in identities
    )


def test_the_share_drawn_is_the_share_asked_for():
    """20,000 containers at 2 %: within four standard deviations of 400."""
    drawn = drawn_at_random((f"9321483|1|{n}" for n in range(20_000)), b"s" * 32, 0.02)
    assert abs(drawn.sum() - 400) < 4 * math.sqrt(20_000 * 0.02 * 0.98)


def test_another_seed_draws_other_containers():
    """Who lacks the seed cannot foretell the draw."""
    identities = [f"9321483|1|{n}" for n in range(2_000)]
    assert (
        drawn_at_random(identities, b"a" * 32, 0.1).to_list()
        != drawn_at_random(identities, b"b" * 32, 0.1).to_list()
    )


def test_the_settings_of_a_fresh_workspace_are_the_defaults(tmp_path: Path):
    """What `init` writes is what the documentation of the policy says, key by key."""
    file = tmp_path / "riskengine.toml"
    file.write_text(settings_text())
    assert read_policy(file) == Policy()


def test_an_unknown_setting_is_named_with_its_neighbour(tmp_path: Path):
    """A mistyped key would otherwise silently keep the default."""
    file = tmp_path / "riskengine.toml"
    file.write_text("[policy]\nred_lyft = 3\n")
    with pytest.raises(WorkspaceError, match="did you mean 'red_lift'"):
        read_policy(file)


def test_the_random_share_cannot_be_switched_off(tmp_path: Path):
    """No setting goes below half a percent."""
    file = tmp_path / "riskengine.toml"
    file.write_text("[policy]\nrandom_share = 0\n")
    with pytest.raises(WorkspaceError, match="random_share"):
        read_policy(file)


@pytest.mark.parametrize(
    "key",
    ["random_share", "random_find_rate", "red_lift", "yellow_lift", "blue_lift", "rule_credit"],
)
def test_every_setting_changes_the_digest(key: str):
    """An assessment names the policy it followed."""
    changed = {key: getattr(POLICY, key) * 0.9 if key != "yellow_lift" else 7.0}
    assert Policy(**changed).digest("c") != POLICY.digest("c")
