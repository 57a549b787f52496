"""Who puts a model in force answers for it in the audit chain."""

from __future__ import annotations

import json

import pytest

from riskengine.errors import ModelError
from riskengine.model import shelf
from riskengine.register import audit
from riskengine.review import promote_model, promotion


def test_a_promotion_is_in_the_audit_chain(unit):
    model_id = shelf.read_pointer(unit).id
    entry = promote_model(unit, model_id, "Chief Ama")
    assert shelf.read_pointer(unit) == entry
    assert entry.by == "Chief Ama"
    (kept,) = audit.entries(unit, about=model_id)
    assert kept.actor == "Chief Ama"
    assert json.loads(kept.payload) == {"card_sha256": entry.sha256, "doubt": "", "reason": ""}
    audit.verify(unit)


def test_a_model_whose_figures_say_little_needs_a_reason(unit, monkeypatch):
    """Measured on three finds it may rank no better than a draw; whoever insists is kept in the chain."""
    model_id = shelf.read_pointer(unit).id
    monkeypatch.setattr(promotion, "_FEWEST_FINDS", 10_000)
    with pytest.raises(ModelError, match="finds only"):
        promote_model(unit, model_id, "Chief Ama")
    promote_model(unit, model_id, "Chief Ama", reason="the only one of our own port")
    (kept,) = audit.entries(unit, about=model_id)
    assert json.loads(kept.payload)["reason"] == "the only one of our own port"


def test_what_is_not_on_the_shelf_is_not_promoted_and_leaves_no_trace(unit):
    before, pointer = audit.verify(unit), shelf.read_pointer(unit)
    with pytest.raises(ModelError):
        promote_model(unit, "nothing-here", "Chief Ama")
    assert audit.verify(unit) == before
    assert shelf.read_pointer(unit) == pointer
