"""How often each modus operandi is planted, where it is drawn to, and which of them need an insider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.domain import Typology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.settings import Settings

_T = Typology
_COMMON = 2.0
_PAPERLESS = 0.75
_MIX: Mapping[Typology, float] = {
    _T.RIP_ON_RIP_OFF: 6.0,
    _T.CONCEALED_IN_LOAD: 4.5,
    _T.COLD_ROUTE: _COMMON,
    _T.MISDECLARED_WASTE: _COMMON,
    _T.RELEASE_CODE_FRAUD: _PAPERLESS,
    _T.VESSEL_SIDE_LOADING: _PAPERLESS,
    _T.HIJACK_AFTER_GATE_OUT: _PAPERLESS,
    _T.INLAND_CONTAMINATION: _PAPERLESS,
}
"""How often each typology is planted, 1.5 for the others; invented, with rip-on leading."""
_OTHERS = 1.5

SEIZED: Mapping[str, float] = {
    # Antwerp, cocaine by country of departure, first half of 2020; the rest is split by guess.
    "EC": 37.1,
    "BR": 18.1,
    "PY": 15.5,
    "CR": 4.5,
    "CO": 8.0,
    "PE": 4.0,
    "DO": 3.0,
    "PA": 3.0,
    "GT": 2.0,
}
SEIZED_ELSEWHERE = 0.6

FRUIT_CHAPTERS = ["08", "20"]
FRUIT_TIMES = 4.0
"""How much more often a load of fruit or juice is used than another of its country; set by trying, so that fruit has most."""

SOURCE = ("EC", "CO", "PE", "BR", "PY", "CR", "PA", "GT", "DO")
"""Countries from which drugs are sent in containers."""
SOURCE_AND_TRANSIT = (*SOURCE, "JM", "AR", "UY", "MA", "TR", "PK", "LB", "AE")

BY_SOURCE = frozenset(
    {
        _T.RIP_ON_RIP_OFF,
        _T.CONCEALED_IN_LOAD,
        _T.CARRIER_MATERIAL,
        _T.RELEASE_CODE_FRAUD,
        _T.VESSEL_SIDE_LOADING,
        _T.HIJACK_AFTER_GATE_OUT,
        _T.INLAND_CONTAMINATION,
    }
)
"""Planted in each country in its part of what was seized."""

BY_INSIDERS = frozenset(
    {
        _T.RIP_ON_RIP_OFF,
        _T.REEFER_MACHINERY,
        _T.CONTAINER_STRUCTURE,
        _T.CLONED_CONTAINER,
        _T.TRANSHIPMENT_CONTAMINATION,
        _T.RELEASE_CODE_FRAUD,
        _T.VESSEL_SIDE_LOADING,
        _T.HIJACK_AFTER_GATE_OUT,
        _T.INLAND_CONTAMINATION,
    }
)
"""Those that use somebody else's container: the trader is a victim, somebody at a port or a farm is not."""


def usual_shares(settings: Settings) -> dict[Typology, float]:
    """Return the share of full containers of each typology at the prevalence of the world.

    A typology that only a wave without a share of its own names has its part too.

    >>> from riskengine.simulate import Settings
    >>> round(sum(usual_shares(Settings(prevalence=0.01)).values()), 12)
    0.01
    """
    named = [wave.typology for wave in settings.waves if wave.share is None]
    kinds = dict.fromkeys((*settings.typologies, *named))
    weights = {kind: _MIX.get(kind, _OTHERS) for kind in kinds}
    if settings.insider_share is not None:
        weights = _with_insiders(weights, settings.insider_share)
    total = sum(weights.values())
    return {kind: settings.prevalence * weight / total for kind, weight in weights.items()}


def _with_insiders(weights: Mapping[Typology, float], share: float) -> dict[Typology, float]:
    """Scale both kinds so that insiders have their share; where there is one kind only it has all."""
    inside = sum(weight for kind, weight in weights.items() if kind in BY_INSIDERS)
    outside = sum(weights.values()) - inside
    if not inside or not outside:
        return dict(weights)
    return {
        kind: weight * (share / inside if kind in BY_INSIDERS else (1 - share) / outside)
        for kind, weight in weights.items()
    }
