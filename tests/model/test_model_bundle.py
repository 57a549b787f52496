from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model import bundle as bundle_module
from riskengine.model.bundle import assemble, load, save
from riskengine.model.card import Calibration, Combination, RuleWeight, Strength
from riskengine.model.card_json import from_json, identity, to_json


@pytest.fixture
def folder(bundle, tmp_path):
    return save(bundle, tmp_path / "shelf" / "one")


@pytest.fixture
def lightgbm_must_not_see_it(monkeypatch):
    def refuse(_):
        pytest.fail("LightGBM was shown a text that had not been checked")

    monkeypatch.setattr(bundle_module, "open_booster", refuse)


def _promise(folder, **changes):
    """Rewrite the card so that its digests fit, as one who means harm would."""
    card = dataclasses.replace(from_json((folder / "card.json").read_text()), **changes)
    for name, key in (("model.txt", "model_sha256"), ("golden.json", "golden_sha256")):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        card = dataclasses.replace(card, **{key: digest})
    card = dataclasses.replace(card, id=identity(card))
    (folder / "card.json").write_text(to_json(card))


def test_a_bundle_reads_back_as_it_was_saved(bundle, folder):
    assert load(folder) == bundle
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json",
        "golden.json",
        "model.txt",
    ]


def test_nothing_half_done_stays_beside_a_saved_bundle(folder):
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_a_bundle_is_never_overwritten(bundle, folder):
    with pytest.raises(ModelError, match="already something"):
        save(bundle, folder)


def test_a_bundle_that_cannot_be_written_leaves_nothing(bundle, tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_module, "write_synced", no_space)
    with pytest.raises(ModelError, match="No space left"):
        save(bundle, tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_bundle_says_so(tmp_path):
    with pytest.raises(ModelError, match="no model bundle"):
        load(tmp_path)


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
@pytest.mark.parametrize("name", ["model.txt", "golden.json", "card.json"])
def test_a_truncated_file_is_refused_before_lightgbm_sees_it(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BundleDamaged) as refusal:
        load(folder)
    assert refusal.value.remedy


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
@pytest.mark.parametrize("name", ["model.txt", "golden.json"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_before_lightgbm_sees_it(folder, name, place, bit):
    path = folder / name
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[int(place * len(whole))] ^= 1 << bit
    path.write_bytes(damaged)
    try:
        with pytest.raises(BundleDamaged, match="not those its card promises"):
            load(folder)
    finally:
        path.write_bytes(whole)


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
def test_a_card_that_was_edited_is_refused(folder):
    path = folder / "card.json"
    value = json.loads(path.read_text())
    value["calibration"]["intercept"] += 1.0
    path.write_text(json.dumps(value))
    with pytest.raises(BundleDamaged, match="not the one that was written"):
        load(folder)


@pytest.mark.parametrize("name", ["model.txt", "golden.json"])
def test_a_missing_file_is_damage(folder, name):
    (folder / name).unlink()
    with pytest.raises(BundleDamaged, match="cannot be read"):
        load(folder)


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
def test_a_file_beyond_the_cap_is_refused(folder, monkeypatch):
    monkeypatch.setitem(bundle_module._MOST_BYTES, "model.txt", 100)
    with pytest.raises(BundleDamaged, match="larger than the 100 bytes"):
        load(folder)


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("objective=binary sigmoid:1", "objective=regression", "objective"),
        ("num_class=1", "num_class=1000000", "num_class"),
        ("feature_names=gross_mass_kg ", "feature_names=other ", "feature_names"),
        ("max_feature_idx=5", "max_feature_idx=99999", "max_feature_idx"),
        ("end of trees", "end of", "trees"),
    ],
)
def test_a_model_of_another_form_is_refused_even_with_a_fitting_digest(folder, old, new, said):
    path = folder / "model.txt"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    _promise(folder)
    with pytest.raises(BundleDamaged, match=said):
        load(folder)


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
def test_a_card_with_its_features_in_another_order_is_refused(bundle, folder):
    _promise(folder, features=tuple(reversed(bundle.card.features)))
    with pytest.raises(BundleDamaged, match="feature"):
        load(folder)


def test_a_model_that_gives_its_golden_rows_another_last_bit_is_refused(folder):
    path = folder / "golden.json"
    value = json.loads(path.read_text())
    value["margins"][3] *= 1 + 2**-52
    path.write_text(json.dumps(value))
    _promise(folder)
    with pytest.raises(BundleDamaged, match="1 of its 64 golden rows"):
        load(folder)


def test_a_model_whose_leaves_changed_sign_fails_its_golden_rows(bundle, folder):
    lines = bundle.model_text.splitlines(keepends=True)
    turned = [
        "leaf_value=" + " ".join(str(-float(v)) for v in line[11:].split()) + "\n"
        if line.startswith("leaf_value=")
        else line
        for line in lines
    ]
    # LightGBM finds its trees by their sizes in bytes, which have changed: without the list it
    # reads them one after the other.
    text = "".join(line for line in turned if not line.startswith("tree_sizes="))
    (folder / "model.txt").write_text(text)
    _promise(folder)
    with pytest.raises(BundleDamaged, match="golden rows"):
        load(folder)


@pytest.mark.parametrize("text", ["{}", "[]", '{"features":[],"inputs":[],"margins":[]}'])
def test_golden_rows_that_are_none_are_damage(folder, text):
    (folder / "golden.json").write_text(text)
    _promise(folder)
    with pytest.raises(BundleDamaged, match=r"golden\.json"):
        load(folder)


def test_golden_rows_are_no_container_of_the_history(bundle, past):
    masses = set(past["gross_mass_kg"].drop_nulls())
    assert not masses & {row[0] for row in bundle.golden.inputs}


def test_the_id_names_the_last_day_and_the_content(bundle):
    again = assemble(
        dataclasses.replace(bundle.card, id="", model_sha256="", golden_sha256=""),
        model_text=bundle.model_text,
        golden=bundle.golden,
        booster=bundle.booster,
    )
    assert again.card == bundle.card
    assert bundle.card.id.startswith(f"{bundle.card.window.last_on}-")


def test_loading_a_model_imports_neither_pandas_nor_scikit_learn_and_spares_them(folder):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from riskengine.model.bundle import load\n"
        "assert 'lightgbm' not in sys.modules\n"
        f"load(Path({str(folder)!r}))\n"
        "assert not {'pandas', 'sklearn', 'shap', 'numba'} & set(sys.modules)\n"
        "import pandas, sklearn\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("lightgbm_must_not_see_it")
@pytest.mark.parametrize(
    "changes",
    [
        {"base_find_rate": 0.0},
        {"base_find_rate": 1.0},
        {"members": 10**9},
        {"strengths": (Strength(name="another", mean_log_odds=1.0),)},
        {"calibration": Calibration(intercept=0.0, slope=-1.0)},
        {"calibration": Calibration(intercept=1e200, slope=1.0)},
        {"combination": Combination(
            habits_id="", habits_slope=-1.0, weights=(), containers=1, finds=1,
        )},
        {"combination": Combination(
            habits_id="", habits_slope=0.0, containers=1, finds=1,
            weights=(RuleWeight(
                rule_id="r", version=1, sha256="", weight=-9.0, prior=1.0, examined=99, found=0,
            ),),
        )},
    ],
)  # fmt: skip
def test_a_card_with_numbers_that_no_training_gives_is_refused(folder, changes):
    _promise(folder, **changes)
    with pytest.raises(BundleDamaged):
        load(folder)


@pytest.mark.parametrize("number", ["1e999", f"1{'0' * 400}"])
def test_a_number_beyond_all_counting_is_damage(folder, number):
    card = json.loads((folder / "card.json").read_text())
    card["calibration"]["slope"] = "HERE"
    with pytest.raises(BundleDamaged, match="counted with"):
        from_json(json.dumps(card).replace('"HERE"', number))


def test_half_a_letter_is_damage(folder):
    card = json.loads((folder / "card.json").read_text())
    with pytest.raises(BundleDamaged, match="text"):
        from_json(json.dumps(card | {"note": "\ud800"}))
