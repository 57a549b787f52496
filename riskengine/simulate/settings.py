"""What kind of world to make: how long, how busy, how guilty, how well looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from riskengine.domain import Typology
from riskengine.errors import UsageError

PLANTED: tuple[Typology, ...] = (
    Typology.RIP_ON_RIP_OFF,
    Typology.CONCEALED_IN_LOAD,
    Typology.CARRIER_MATERIAL,
    Typology.CLONED_CONTAINER,
    Typology.TRANSHIPMENT_CONTAMINATION,
    Typology.COLD_ROUTE,
    Typology.STOLEN_IDENTITY,
    Typology.SWITCHED_BILL,
    Typology.SPLIT_CONSIGNMENTS,
    Typology.REEFER_MACHINERY,
    Typology.CONTAINER_STRUCTURE,
    Typology.MISDECLARED_CHEMICALS,
    Typology.MISDECLARED_WASTE,
    Typology.CONCEALED_ARMS,
)
"""The modus operandi that leave something on a manifest; the others have nothing to be seen there."""

_LAST_SEED = 2**63 - 1
_MOST_CONTAINERS = 1_000_000  # an owner's code has a million serial numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What kind of world to make.

    Attributes:
        seed: The same seed gives the same bytes.
        starts_on: The first day on which a vessel may arrive.
        months: How many months of arrivals.
        containers_per_month: About how many containers arrive in a month, in all ports.
        trader_count: How many traders there are, shippers and consignees together.
        prevalence: The share of full containers that are illicit. The default is that of an
            enriched world; a few per 100,000 is nearer to what arrives in a port.
        typologies: What is planted; each of `PLANTED` unless told.
        strength: How often the guilty show their signs, from 0 (never more often than anyone) to 1
            (as the table of signs says).
        random_share: The share of full containers examined by lot.
        examined_share: The share of full containers examined because an officer chose them.
        detection_probability: How often an examination finds what is there.

    Raises:
        UsageError: A number is out of its range, or a typology leaves nothing on a manifest.
    """

    seed: int = 1
    starts_on: date = date(2025, 1, 1)
    months: int = 6
    containers_per_month: int = 3_000
    trader_count: int = 4_000
    prevalence: float = 0.008
    typologies: tuple[Typology, ...] = PLANTED
    strength: float = 1.0
    random_share: float = 0.02
    examined_share: float = 0.06
    detection_probability: float = 0.85

    @property
    def _containers(self) -> int:
        return self.months * self.containers_per_month

    def __post_init__(self) -> None:
        _check_range("seed", self.seed, 0, _LAST_SEED)
        _check_range("months", self.months, 1, 120)
        _check_range("containers_per_month", self.containers_per_month, 20, _MOST_CONTAINERS)
        _check_range(
            "months times containers_per_month", self._containers, 20, _MOST_CONTAINERS
        )
        _check_range("trader_count", self.trader_count, 100, 1_000_000)
        for name in ("prevalence", "strength", "random_share", "examined_share"):
            _check_range(name, getattr(self, name), 0, 1)
        _check_range("detection_probability", self.detection_probability, 0, 1)
        unseen = [typology.value for typology in self.typologies if typology not in PLANTED]
        if unseen:
            raise UsageError(
                f"The simulator cannot plant {', '.join(unseen)}: it leaves nothing on a manifest.",
                remedy=f"Choose among {', '.join(PLANTED)}.",
            )


def _check_range(name: str, number: float, least: float, most: float) -> None:
    if not least <= number <= most:
        raise UsageError(f"{name} is {number}; it must lie between {least} and {most}.")
