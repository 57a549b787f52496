from __future__ import annotations

import dataclasses

from riskengine.model.card import Dropped, Leak
from riskengine.model.describe import describe
from riskengine.model.figures import Slice


def test_the_description_says_what_it_learned_and_how_it_did(bundle):
    text = describe(bundle.card)
    card = bundle.card
    assert f"# Model {card.id}" in text
    assert f"{card.window.containers:,} examined containers" in text
    assert f"from {card.window.first_on} to {card.window.last_on}" in text
    assert f"Average precision {card.metrics.average_precision:.4f}" in text
    assert all(f"`{name}`" in text for name in card.feature_names)
    assert card.model_sha256 in text


def test_the_description_names_what_was_left_out_and_what_looks_too_good(bundle):
    card = dataclasses.replace(
        bundle.card,
        dropped=(Dropped(name="twin", why="has everywhere the value of gross_mass_kg"),),
        leaks=(
            Leak(name="remark", kind="too good", measure=0.9991, why="tells finds too well"),
        ),
        remarks=("Too few finds.",),
    )
    text = describe(card)
    assert "- `twin` has everywhere the value of gross\\_mass\\_kg." in text
    assert "- `remark` tells finds too well." in text
    assert "- Too few finds." in text


def test_a_note_cannot_become_markup(bundle):
    card = dataclasses.replace(bundle.card, note="<script>\n# [x](y) | z")
    line = describe(card).splitlines()[2]
    assert line == "\\<script\\> \\# \\[x\\](y) \\| z"


def test_an_unmeasured_model_says_so(bundle):
    metrics = dataclasses.replace(bundle.card.metrics, validation="none", base_rate=None)
    assert "Not measured" in describe(dataclasses.replace(bundle.card, metrics=metrics))


def test_the_description_names_the_parts_where_expected_finds_are_wrong(bundle):
    wrong = Slice(
        dimension="lane", name="A > B", containers=400, finds=0, expected_finds=40.0, auc=None
    )
    right = dataclasses.replace(wrong, name="C > D", finds=40)
    text = describe(dataclasses.replace(bundle.card, slices=(wrong, right)))
    assert "- lane A \\> B: 0 finds where 40.0 were expected of 400 containers." in text
    assert "C \\> D" not in text
