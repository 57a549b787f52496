"""``plan`` from outside: the list, its words, its JSON, and what it refuses."""

from __future__ import annotations

import json

import pytest

DAY = ("--for", "2026-03-04")


def test_the_plan_names_doors_and_is_worth_more_than_blind_draws(command, scored):
    """What an officer reads first: which boxes, by which door, and what they are expected to yield."""
    said = command("plan", "--slots", "12", *DAY, "--workspace", str(scored.root))
    assert said.code == 0
    assert "Examinations for Mar 4, 2026: room for 12" in said.out
    assert "Finds expected" in said.out
    assert "As many drawn blindly" in said.out
    assert "Added to the plan of Mar 4, 2026: 12." in said.err


def test_one_object_a_container_and_the_same_again(command, scored):
    """Scripts read the same plan twice, and only the first time it is new."""
    asked = (
        "plan",
        "--slots",
        "scanner=9,physical=3",
        *DAY,
        "--json",
        "--workspace",
        str(scored.root),
    )
    first = [json.loads(line) for line in command(*asked).out.splitlines()]
    again = [json.loads(line) for line in command(*asked).out.splitlines()]
    assert [one["place"] for one in first] == list(range(1, 13))
    assert {one["means"] for one in first} == {"scanner", "physical"}
    assert all(0 < one["probability"] <= 1 for one in first)
    assert [one | {"is_new": True} for one in again] == first
    assert not any(one["is_new"] for one in again)


@pytest.mark.parametrize("language", ["fr", "es", "pt"])
def test_the_plan_speaks_the_language_of_its_reader(command, scored, language):
    """No English word is left over."""
    asked = ("plan", "--slots", "6", *DAY, "--dry-run", "--lang", language)
    said = command(*asked, "--workspace", str(scored.root))
    assert said.code == 0
    assert "Why" not in said.out
    assert "recorded" not in said.err


@pytest.mark.parametrize("slots", ["many", "-3", "scanner=", "=4", "scanner=2,7", "9999999"])
def test_slots_that_mean_nothing_are_refused(command, scored, slots):
    """A misspelt number of slots is no plan."""
    said = command("plan", f"--slots={slots}", *DAY, "--workspace", str(scored.root))
    assert said.code == 2


def test_a_day_on_which_nothing_was_assessed(command, scored):
    """One sentence, and what to try."""
    said = command("plan", "--for", "2031-01-01", "--workspace", str(scored.root))
    assert said.code == 3
    assert "riskengine score" in said.err
