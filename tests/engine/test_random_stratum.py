"""A random stratum is always drawn: pinned by a secret seed, promised in the audit chain, reproducible."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import polars as pl
import pytest

from riskengine.engine import Engine
from riskengine.errors import AuditChainBroken, WorkspaceError
from riskengine.manifest import read_manifest
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.register.seeds import commitment, stratum_seed
from riskengine.selectivity import Policy, read_policy
from riskengine.selectivity.stratum import is_drawn


@pytest.fixture
def half_drawn(unit):
    """The unit with half of all containers drawn blindly, so that a draw has something to show."""
    text = unit.settings_file.read_text("utf-8")
    assert "random_share = 0.02" in text
    unit.settings_file.write_text(text.replace("random_share = 0.02", "random_share = 0.5"))
    return unit


def drawn(run):
    return set(run.assessments.filter("is_random")["container_id"])


def test_what_is_drawn_is_red_and_says_so_unless_it_was_red_on_its_merits(
    half_drawn, reading, day
):
    run = Engine.open(half_drawn).assess(reading, assessed_on=day)
    rows = run.assessments.filter("is_random")
    assert 10 < rows.height < 40
    assert set(rows["lane"]) == {"red"}
    red_lift = read_policy(half_drawn.settings_file).red_lift
    below = rows.filter(pl.col("lift_log_odds").exp() < red_lift)
    assert set(below["basis"]) == {"random"}
    rest = run.assessments.filter(~pl.col("is_random"))
    assert "random" not in set(rest["basis"])


def test_the_draw_is_made_from_ship_voyage_and_box_alone(half_drawn, reading, day):
    """Whoever is given the seed can check each draw with no more than the manifest."""
    run = Engine.open(half_drawn).assess(reading, assessed_on=day)
    seed = stratum_seed(half_drawn)
    numbered = run.assessments.filter(pl.col("container_number").is_not_null())
    for number, is_random in numbered.select("container_number", "is_random").rows():
        assert is_random == is_drawn(f"EXAMPLE ANDES|609E|{number}", seed, 0.5)


def test_the_same_workspace_draws_the_same(half_drawn, reading, day):
    first, second = (Engine.open(half_drawn).assess(reading, assessed_on=day) for _ in range(2))
    assert drawn(first) == drawn(second)


def test_another_line_moves_no_draw(
    half_drawn, reading, day, tmp_path, voyage_lines, written_lines
):
    """A sender who adds boxes until the draw suits him draws each box anew by itself."""
    lines = voyage_lines()
    fewer = read_manifest(written_lines(tmp_path / "fewer.csv", lines[5:]))
    engine = Engine.open(half_drawn)
    all_of_it, part = (
        engine.assess(each, assessed_on=day).assessments for each in (reading, fewer)
    )
    both = all_of_it.join(part, on="container_number")
    assert both.height > 40
    assert both["is_random"].equals(both["is_random_right"], check_names=False)


def test_another_seed_draws_others(half_drawn, reading, day, found_with_seed, tmp_path):
    other = found_with_seed(
        tmp_path / "other", b"another secret of 32 bytes, made".ljust(32, b".")
    )
    other.settings_file.write_text(half_drawn.settings_file.read_text("utf-8"), "utf-8")
    here, there = (
        Engine.open(unit).assess(reading, assessed_on=day) for unit in (half_drawn, other)
    )
    assert drawn(here) != drawn(there)
    assert here.card.digests.policy != there.card.digests.policy


def test_the_promise_in_the_audit_chain_is_the_digest_of_the_seed(unit):
    promise = hashlib.sha256(stratum_seed(unit)).hexdigest()
    (entry,) = audit.entries(unit, action="stratum_secret_committed")
    assert json.loads(entry.payload) == {"sha256": promise}
    assert commitment(unit) == promise
    audit.verify(unit)


def test_the_digest_of_the_policy_holds_the_promise(unit, run):
    """A run names the seed it was drawn with, without giving it away."""
    policy = read_policy(unit.settings_file)
    assert run.card.digests.policy == policy.digest(commitment(unit))
    assert policy.digest("0" * 64) != run.card.digests.policy
    changed = replace(policy, random_share=0.03)
    assert changed.digest(commitment(unit)) != run.card.digests.policy


def test_no_run_holds_the_seed(run, unit):
    seed = stratum_seed(unit)
    for frame in run.frames().values():
        assert seed not in frame.write_json().encode()


def test_a_seed_that_was_exchanged_is_noticed(unit, reading, day):
    """Whoever swaps the secret swaps it against the promise."""
    with open_register(unit) as connection:
        connection.execute("UPDATE stratum_secret SET secret = ?", (b"x" * 32,))
    with pytest.raises(AuditChainBroken, match="committed"):
        Engine.open(unit).assess(reading, assessed_on=day)


def test_nobody_can_switch_the_draw_off():
    for share in (0.0, 0.004, 0.6):
        with pytest.raises(WorkspaceError, match="random_share"):
            Policy(random_share=share)
