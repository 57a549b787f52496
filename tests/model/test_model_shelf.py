from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime

import pytest

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model import shelf
from riskengine.model.bundle import assemble, load
from riskengine.workspace import Workspace

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def other(bundle):
    return assemble(
        dataclasses.replace(bundle.card, note="another"),
        model_text=bundle.model_text,
        golden=bundle.golden,
        booster=bundle.booster,
    )


def test_a_bundle_lies_under_its_id(workspace, bundle):
    folder = shelf.put(workspace, bundle)
    assert folder == workspace.models_folder / bundle.card.id
    assert load(folder) == bundle


def test_the_same_bundle_may_be_put_twice(workspace, bundle):
    assert shelf.put(workspace, bundle) == shelf.put(workspace, bundle)


def test_a_damaged_bundle_is_not_taken_for_the_same(workspace, bundle):
    (shelf.put(workspace, bundle) / "model.txt").write_text("tree")
    with pytest.raises(BundleDamaged):
        shelf.put(workspace, bundle)


def test_nothing_is_in_force_until_someone_says_so(workspace, bundle):
    shelf.put(workspace, bundle)
    with pytest.raises(ModelError, match="No model is in force"):
        shelf.in_force(workspace)


def test_a_promoted_model_is_in_force_by_the_word_of_a_person(workspace, bundle):
    folder = shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, "r.silva", at=NOON)
    pointer = shelf.read_pointer(workspace)
    assert shelf.in_force(workspace) == folder
    assert (pointer.id, pointer.by, pointer.promoted_at) == (bundle.card.id, "r.silva", NOON)


def test_putting_another_bundle_leaves_the_one_in_force(workspace, bundle, other):
    folder = shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, "r.silva")
    shelf.put(workspace, other)
    assert shelf.in_force(workspace) == folder


def test_an_earlier_model_can_be_promoted_again(workspace, bundle, other):
    for one in (bundle, other):
        shelf.put(workspace, one)
        shelf.promote(workspace, one.card.id, "r.silva")
    shelf.promote(workspace, bundle.card.id, "r.silva")
    assert shelf.in_force(workspace).name == bundle.card.id


@pytest.mark.parametrize("model_id", ["../outside", "", ".half-done-x", "a/b", "nul\0"])
def test_an_id_cannot_lead_out_of_the_shelf(workspace, model_id):
    with pytest.raises(ModelError, match="is no model id"):
        shelf.promote(workspace, model_id, "r.silva")


def test_a_model_that_is_not_there_cannot_be_promoted(workspace):
    with pytest.raises(ModelError, match="no model bundle"):
        shelf.promote(workspace, "2026-01-01-0123456789", "r.silva")


def test_a_damaged_model_cannot_be_promoted(workspace, bundle, other):
    shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, "r.silva")
    (shelf.put(workspace, other) / "model.txt").write_text("tree")
    with pytest.raises(BundleDamaged):
        shelf.promote(workspace, other.card.id, "r.silva")
    assert shelf.in_force(workspace).name == bundle.card.id


def test_a_promotion_that_cannot_be_written_leaves_the_earlier_one(
    workspace, bundle, other, monkeypatch
):
    for one in (bundle, other):
        shelf.put(workspace, one)
    shelf.promote(workspace, bundle.card.id, "r.silva")

    def fails(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ModelError, match="Read-only"):
        shelf.promote(workspace, other.card.id, "r.silva")
    assert shelf.in_force(workspace).name == bundle.card.id
    assert not list(workspace.models_folder.glob(".half-done-*"))


def test_a_card_changed_since_its_promotion_is_noticed(workspace, bundle):
    folder = shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, "r.silva")
    with (folder / "card.json").open("a") as file:
        file.write("\n")
    with pytest.raises(BundleDamaged, match=r"not the one that r\.silva promoted"):
        shelf.in_force(workspace)


def test_a_model_in_force_that_was_taken_away_is_noticed(workspace, bundle):
    folder = shelf.put(workspace, bundle)
    shelf.promote(workspace, bundle.card.id, "r.silva")
    (folder / "card.json").unlink()
    with pytest.raises(BundleDamaged, match="not on the shelf"):
        shelf.in_force(workspace)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id":"a","sha256":"b","promoted_at":1}'])
def test_a_damaged_pointer_is_noticed(workspace, text):
    workspace.models_folder.mkdir()
    (workspace.models_folder / "in_force.json").write_text(text)
    with pytest.raises(BundleDamaged):
        shelf.in_force(workspace)


def test_the_list_shows_every_bundle_and_says_which_are_damaged(workspace, bundle, other):
    assert shelf.list_bundles(workspace) == ()
    shelf.put(workspace, bundle)
    (shelf.put(workspace, other) / "card.json").write_text("{}")
    (workspace.models_folder / ".half-done-x").mkdir()
    shelf.promote(workspace, bundle.card.id, "r.silva")
    held = {one.id: one for one in shelf.list_bundles(workspace)}
    assert set(held) == {bundle.card.id, other.card.id}
    assert held[bundle.card.id].card == bundle.card
    assert held[bundle.card.id].is_in_force
    assert held[other.card.id].card is None
    assert "damaged" in held[other.card.id].fault
