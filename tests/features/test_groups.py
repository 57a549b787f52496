"""Every feature of a model is told in one group, and every group has a name in four languages."""

from __future__ import annotations

import polars as pl
import pytest

from riskengine import messages
from riskengine.errors import UsageError
from riskengine.features import groups
from riskengine.features.attributes import attribute_fields_of
from riskengine.features.catalog import catalog
from riskengine.features.groups import (
    ATTRIBUTE,
    GROUPS,
    group_of,
    label_of_group,
    members,
    unplaced,
)

FEATURES = [field.name for field in catalog() if field.is_model_feature]


def test_every_feature_of_the_catalogue_is_placed():
    """Who makes an indicator says where it is told; nothing falls into a rest."""
    assert unplaced() == frozenset()
    assert {group_of(name) for name in FEATURES} == set(GROUPS) - {ATTRIBUTE}


def test_every_feature_is_in_one_group_and_nothing_else_is():
    placed = [name for group in GROUPS for name in members(group)]
    assert sorted(placed) == sorted(FEATURES)


def test_a_feature_nobody_placed_is_refused():
    with pytest.raises(UsageError, match="no group"):
        group_of("is_new_here")
    with pytest.raises(UsageError, match="no group"):
        group_of("container_number")


def test_a_feature_in_two_groups_is_refused(monkeypatch):
    monkeypatch.setattr(groups, "_MEMBERS", {"seal": "seal_count", "box_past": "seal_count"})
    groups._places.cache_clear()
    try:
        with pytest.raises(UsageError, match="two groups"):
            group_of("seal_count")
    finally:
        monkeypatch.undo()
        groups._places.cache_clear()


def test_what_a_mapping_file_brings_is_a_group_of_its_own():
    kinds = ["category", "number", "key"]
    brought = attribute_fields_of(pl.DataFrame({"name": ["genus"] * 3, "kind": kinds}))
    assert len(brought) > len(kinds)
    assert {group_of(field.name) for field in brought} == {ATTRIBUTE}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_group_has_a_name_of_its_own(language):
    names = [label_of_group(group, language) for group in GROUPS]
    assert all(names)
    assert len(set(names)) == len(names)
