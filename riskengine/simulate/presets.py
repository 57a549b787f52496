"""Worlds with a name: settings that go together, to be named in a settings file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from riskengine.simulate.mix import BY_SOURCE, usual_shares
from riskengine.simulate.settings import Settings, Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FELL_ON = date(2024, 1, 1)
_LEFT_OF_IT = 44 / 116  # tonnes of cocaine seized in Antwerp in 2024 and in 2023
_BY_AN_INSIDER = 0.68  # of the detections that the World Customs Organization looked at in 2025
_A_FEW_IN_100_000 = 3e-5


def _arrivals(settings: Settings) -> Settings:
    """Let about as much be illicit, and as little be opened, as in a large port of the European Union."""
    return replace(
        settings, prevalence=_A_FEW_IN_100_000, random_share=0.002, examined_share=0.018
    )


def _everything(settings: Settings) -> Settings:
    """Switch on what the default world leaves out."""
    return replace(
        settings,
        insider_share=_BY_AN_INSIDER,
        probe_share=0.3,
        displacement=0.5,
        plans=True,
        movements=True,
        versions=True,
    )


def _fall_of_2024(settings: Settings) -> Settings:
    """Let cocaine by the usual ways fall by 62 % with the year 2024; nothing else changes."""
    shares = usual_shares(settings)
    kinds = [kind for kind in settings.typologies if kind in BY_SOURCE]
    before = _FELL_ON - timedelta(days=1)
    waves = [
        wave
        for kind in kinds
        for wave in (
            Wave(typology=kind, ends_on=before, share=shares[kind]),
            Wave(typology=kind, starts_on=_FELL_ON, share=shares[kind] * _LEFT_OF_IT),
        )
    ]
    return replace(
        settings, starts_on=date(2023, 1, 1), months=24, waves=(*settings.waves, *waves)
    )


PRESETS: Mapping[str, Callable[[Settings], Settings]] = {
    "arrivals": _arrivals,
    "everything": _everything,
    "fall_of_2024": _fall_of_2024,
}
"""What a settings file may name under ``presets``; what the file itself sets goes before a preset."""
