"""What comes with the engine: a baseline that says what it is, and a pack over every modus operandi."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from riskengine.domain import Typology
from riskengine.engine.founding import shipped
from riskengine.engine.naming import own_name
from riskengine.errors import RunNotFound, UsageError
from riskengine.features.catalog import catalog
from riskengine.model.bundle import load
from riskengine.rules.pack import load_pack

CONTAINERS = pl.DataFrame(
    {
        "container_number": ["CSQU3054383", None, "MSCU1234566"],
        "bills_of_lading": [["B1"], ["B2"], ["B1"]],
    }
)


def test_the_baseline_is_small_and_says_that_its_world_is_simulated():
    """Under three megabytes, and nobody can mistake it for a model of a real port."""
    folder = shipped("models/baseline")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3_000_000
    assert "simulated port world, not from any real one" in load(folder).card.note


def test_the_baseline_reads_only_what_the_catalogue_offers():
    """A feature that is no longer drawn would make every score refuse."""
    offered = {field.name for field in catalog() if field.is_model_feature}
    assert set(load(shipped("models/baseline")).card.feature_names) <= offered


def test_the_core_pack_speaks_of_every_modus_operandi():
    """At least one rule for each of the eighteen."""
    rules = load_pack(shipped("rules/core"), catalog()).rules
    assert {typology for rule in rules for typology in rule.typologies} == set(Typology)


def test_what_did_not_ship_is_an_incomplete_installation():
    """The sentence says what to do."""
    with pytest.raises(Exception, match="Install the engine again"):
        shipped("models/no-such-model")


@pytest.mark.parametrize("typed", ["CSQU3054383", "csqu 305438-3", "CSQU 3054383"])
def test_a_number_is_found_in_any_form(typed: str):
    """Blanks, dashes and small letters do no harm."""
    assert own_name(CONTAINERS, typed) == "CSQU3054383"


def test_loose_cargo_is_named_by_its_bill():
    """It has no number."""
    assert own_name(CONTAINERS, "B2") == "B2"


def test_a_bill_of_several_containers_is_ambiguous():
    """An outcome must not silently count for the first box of a bill."""
    with pytest.raises(UsageError, match="CSQU3054383, MSCU1234566"):
        own_name(CONTAINERS, "B1")


def test_a_container_the_run_has_not_assessed_is_said_so():
    """And not explained by another one."""
    with pytest.raises(RunNotFound, match="TGHU0000000"):
        own_name(CONTAINERS, "TGHU0000000")


def test_the_history_pages_of_the_repository_are_linked():
    """Every decision note has a number of its own."""
    notes = sorted(Path(__file__).parents[2].joinpath("docs", "decisions").glob("*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1))
