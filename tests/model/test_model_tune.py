from __future__ import annotations

import dataclasses
import importlib.util
import sys
from types import SimpleNamespace

import pytest
from port_world import FEATURES

from riskengine.errors import TrainingImpossible
from riskengine.model.card import TrainingSettings
from riskengine.model.train import train

SETTINGS = TrainingSettings(
    trees_at_most=21, members=1, noise_is_dropped=False, tuning_trials=3
)


class _Study:
    """Tries the settings given, then ever fewer leaves: as much of optuna as is used."""

    def __init__(self):
        self.trials = []

    def enqueue_trial(self, params):
        self.first = params

    def optimize(self, judge, n_trials, timeout):
        self.timeout = timeout
        for number in range(n_trials):
            trial = _Trial(self.first if number == 0 else {**self.first, "leaves": 9 - number})
            trial.value = judge(trial)
            self.trials.append(trial)

    @property
    def best_trial(self):
        return max(self.trials, key=lambda trial: trial.value)

    @property
    def best_value(self):
        return self.best_trial.value


class _Trial:
    def __init__(self, params):
        self.params = params

    def suggest_int(self, name, low, high, **_):
        assert low <= self.params[name] <= high
        return self.params[name]

    suggest_float = suggest_int


@pytest.fixture
def stub(monkeypatch):
    made = []

    def create_study(**_):
        made.append(_Study())
        return made[-1]

    module = SimpleNamespace(
        logging=SimpleNamespace(set_verbosity=lambda _: None, ERROR=40),
        samplers=SimpleNamespace(TPESampler=lambda seed: seed),
        create_study=create_study,
    )
    monkeypatch.setitem(sys.modules, "optuna", module)
    return made


def _train(past, **settings):
    asked = dataclasses.replace(SETTINGS, **settings)
    return train(past, past["is_find"], past["assessed_on"], FEATURES, asked)


def test_the_best_settings_are_taken_and_the_card_says_of_how_many(past, stub):
    card = _train(past).card
    (study,) = stub
    assert len(study.trials) == 3
    assert card.parameters.leaves == study.best_trial.params["leaves"]
    assert card.parameters.members == 1
    assert any("3 settings were tried" in remark for remark in card.remarks)


def test_the_settings_given_are_the_first_to_be_tried(past, stub):
    _train(past, leaves=11, l2=3.0)
    assert stub[0].trials[0].params["leaves"] == 11
    assert stub[0].trials[0].params["l2"] == 3.0


def test_the_same_trials_give_the_same_model(past, stub):
    assert _train(past).card.id == _train(past).card.id


def test_minutes_end_the_trials(past, stub):
    _train(past, tuning_minutes=0.5)
    assert stub[0].timeout == 30.0


def test_tuning_without_the_extra_is_refused_with_a_remedy(past, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(TrainingImpossible, match="needs optuna") as refusal:
        _train(past)
    assert "riskengine[tuning]" in refusal.value.remedy


@pytest.mark.skipif(
    importlib.util.find_spec("optuna") is None, reason="the extra is not installed"
)
def test_optuna_itself_tries_settings_and_repeats_itself(past):
    one, two = _train(past), _train(past)
    assert one.card.id == two.card.id
    assert any("3 settings were tried" in remark for remark in one.card.remarks)
