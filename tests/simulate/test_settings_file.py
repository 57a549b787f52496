"""A world in a TOML file, and the few flags of the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from riskengine.domain import Typology
from riskengine.errors import UsageError
from riskengine.simulate import PRESETS, Settings, Wave, load_settings, simulate, wave_of

WHOLE = """
seed = 7
starts_on = 2024-06-01
months = 2
prevalence = 0.01
insider_share = 1
typologies = ["cold_route", "rip_on_rip_off"]
movements = true

[[wave]]
typology = "switched_bill"
starts_on = 2024-07-01
share = 0.002

[[wave]]
typology = "cold_route"
ends_on = 2024-07-15
strength = 0.5
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "world.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_file_sets_what_it_names_and_nothing_else(written):
    assert load_settings(written(WHOLE)) == Settings(
        seed=7,
        starts_on=date(2024, 6, 1),
        months=2,
        prevalence=0.01,
        insider_share=1.0,
        typologies=(Typology.COLD_ROUTE, Typology.RIP_ON_RIP_OFF),
        movements=True,
        waves=(
            Wave(typology=Typology.SWITCHED_BILL, starts_on=date(2024, 7, 1), share=0.002),
            Wave(typology=Typology.COLD_ROUTE, ends_on=date(2024, 7, 15), strength=0.5),
        ),
    )


def test_what_is_told_goes_before_the_file_and_waves_are_added(written):
    wave = wave_of("cloned_container=2024-07-01..")
    made = load_settings(written(WHOLE), months=1, waves=(wave,))
    assert made.months == 1
    assert [each.typology for each in made.waves] == [
        Typology.SWITCHED_BILL,
        Typology.COLD_ROUTE,
        Typology.CLONED_CONTAINER,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("month = 3", "no setting"),
        ("months = 3.5", "of type int"),
        ("months = true", "of type int"),
        ("plans = 1", "of type bool"),
        ('starts_on = "2024-06-01"', "of type date"),
        ("prevalence = 7", "must lie between"),
        ('typologies = ["smuggling"]', "no typology"),
        ('presets = ["paradise"]', "no preset"),
        ('presets = "everything"', "no preset"),
        ("wave = 3", r"\[\[wave\]\]"),
        ("[[wave]]\nshare = 0.1", "needs typology"),
        ('[[wave]]\ntypology = "cold_route"\nsize = 1', "no setting"),
        ("months = ", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong(written, text, said):
    with pytest.raises(UsageError, match=said):
        load_settings(written(text))


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "first", "last", "strength"),
    [
        ("cold_route", None, None, 1.0),
        ("cold_route=2025-03-01..2025-04-01:0.4", date(2025, 3, 1), date(2025, 4, 1), 0.4),
        ("cold_route=..2025-04-01", None, date(2025, 4, 1), 1.0),
    ],
)
def test_a_wave_is_written_in_one_word(text, first, last, strength):
    wave = wave_of(text)
    assert (wave.starts_on, wave.ends_on, wave.strength) == (first, last, strength)


@pytest.mark.parametrize("text", ["smuggling", "cold_route=March", "cold_route=..:much"])
def test_a_word_that_is_no_wave_is_refused(text):
    with pytest.raises(UsageError) as refusal:
        wave_of(text)
    assert refusal.value.remedy


@pytest.mark.parametrize("name", PRESETS)
def test_what_the_file_says_goes_before_a_preset(written, name):
    made = load_settings(written(f'presets = ["{name}"]\nmonths = 5\nrandom_share = 0.3'))
    assert (made.months, made.random_share) == (5, 0.3)
    assert made != Settings(months=5, random_share=0.3)


def test_the_fall_of_2024_takes_away_three_fifths_of_the_cocaine(written):
    path = written(
        'presets = ["fall_of_2024"]\ncontainers_per_month = 350\nprevalence = 0.3\n'
        'typologies = ["rip_on_rip_off", "stolen_identity"]'
    )
    world = simulate(load_settings(path))
    days = world.lines.unique(["voyage_number", "container_number"]).select(
        "voyage_number", "container_number", "arrival_expected_on"
    )
    kinds = world.truth.join(days, on=["voyage_number", "container_number"]).filter(
        "is_illicit"
    )
    years = kinds.group_by("typology", pl.col("arrival_expected_on").dt.year()).len()
    counts = {(kind, year): count for kind, year, count in years.rows()}
    fell = counts["rip_on_rip_off", 2024] / counts["rip_on_rip_off", 2023]
    stayed = counts["stolen_identity", 2024] / counts["stolen_identity", 2023]
    assert fell == pytest.approx(44 / 116, abs=0.08)
    assert stayed == pytest.approx(1, abs=0.3)


def test_the_command_line_makes_the_world_of_a_file(written, tmp_path, command):
    path = written('months = 1\ncontainers_per_month = 40\npresets = ["everything"]')
    said = command(
        "simulate", tmp_path / "world", "--settings", path, "--wave", "cold_route=2025-01-10.."
    )
    assert said.code == 0, said.err
    made = {folder.name for folder in (tmp_path / "world").iterdir()}
    assert made == {"manifests", "history", "truth", "plans", "movements", "earlier", "received.csv"}  # fmt: skip


@pytest.mark.parametrize("wrong", [("--wave", "smuggling"), ("--settings", "wrong.toml")])
def test_a_wrong_wave_or_file_is_a_usage_error(written, tmp_path, command, wrong):
    option, value = wrong
    if option == "--settings":
        value = written("month = 3")
    assert command("simulate", tmp_path / "world", option, value).code == 2
    assert not (tmp_path / "world").exists()
