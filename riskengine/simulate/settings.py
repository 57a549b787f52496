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
    Typology.RELEASE_CODE_FRAUD,
    Typology.VESSEL_SIDE_LOADING,
    Typology.HIJACK_AFTER_GATE_OUT,
    Typology.INLAND_CONTAMINATION,
)
"""Every modus operandi; the last four show next to nothing on a manifest, more on plans and movements."""

_LAST_SEED = 2**63 - 1
_MOST_CONTAINERS = 1_000_000  # an owner's code has a million serial numbers
_MOST_TIMES = 5.0
_LONGEST_LAG_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A modus operandi that comes, or goes, on a day.

    A typology that a wave names is planted in the days of its waves and at no other time; several
    waves of one typology add up. Days are days of arrival.

    Attributes:
        typology: What is planted.
        starts_on: The first day of the wave; the first of the world unless told.
        ends_on: The last day of the wave; the last of the world unless told.
        strength: How often its consignments show their signs, from 0 to 1, times the strength of the world.
        share: The share of full containers, arriving in these days, that it makes illicit. Unless told it
            is what the typology would have at the prevalence of the world.

    Raises:
        UsageError: A number is out of its range, or the wave ends before it starts.
    """

    typology: Typology
    starts_on: date | None = None
    ends_on: date | None = None
    strength: float = 1.0
    share: float | None = None

    def __post_init__(self) -> None:
        _check_range("strength of a wave", self.strength, 0, 1)
        if self.share is not None:
            _check_range("share of a wave", self.share, 0, 1)
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise UsageError(
                f"A wave of {self.typology} ends on {self.ends_on}, before it starts on {self.starts_on}."
            )


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
        typologies: What is planted all the time; each of `PLANTED` unless told.
        waves: What is planted from a day, or until a day.
        strength: How often the guilty show their signs, from 0 (never more often than anyone) to 1
            (as the table of signs says).
        insider_share: The share of illicit containers (waves with a share of their own apart) that insiders put onto
            an established trader's box: its parties and papers are as clean as anyone's. Unless told, nobody is an
            insider: each typology shows what the tables say, and its usual part of the mix.
        probe_share: The share of fronts that send clean, small loads for some weeks before the illicit one.
        displacement: How often the next consignments leave a lane for a colder one after a find there.
        displacement_lag_days: How long after the day on which a find was known.
        displaced_from: From this day every lane of a source country counts as one where something was found.
        season_strength: How strongly trade follows the seasons: 0 not at all, 1 as the table of goods says.
        mistake_strength: How often the honest make mistakes, in their papers, plans and movements: 0 never, 1 as
            the tables say, at most 5 times that.
        missing_strength: How often a carrier's feed leaves cells and events out: 0 never, 1 as usual.
        random_share: The share of full containers examined by lot.
        examined_share: The share of full containers examined because an officer chose them.
        detection_probability: How often an opening finds what is there, for a load that is neither easy nor
            hard to find; 1 finds everything.
        false_discrepancy_share: How often the opening of an honest, careful trader's container ends as a discrepancy.
        plans: Whether the world makes stow plans.
        movements: Whether the world makes reports of gates and quays.
        versions: Whether the world makes the earlier versions of its manifests.

    Raises:
        UsageError: A number is out of its range.
    """

    seed: int = 1
    starts_on: date = date(2025, 1, 1)
    months: int = 6
    containers_per_month: int = 3_000
    trader_count: int = 4_000
    prevalence: float = 0.008
    typologies: tuple[Typology, ...] = PLANTED
    waves: tuple[Wave, ...] = ()
    strength: float = 1.0
    insider_share: float | None = None
    probe_share: float = 0.0
    displacement: float = 0.0
    displacement_lag_days: int = 21
    displaced_from: date | None = None
    season_strength: float = 1.0
    mistake_strength: float = 1.0
    missing_strength: float = 1.0
    random_share: float = 0.02
    examined_share: float = 0.06
    detection_probability: float = 0.85
    false_discrepancy_share: float = 0.012
    plans: bool = False
    movements: bool = False
    versions: bool = False

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
        for name in ("prevalence", "strength", "random_share", "examined_share", *_SHARES):
            _check_range(name, getattr(self, name), 0, 1)
        for name in ("season_strength", "mistake_strength", "missing_strength"):
            _check_range(name, getattr(self, name), 0, _MOST_TIMES)
        _check_range("displacement_lag_days", self.displacement_lag_days, 0, _LONGEST_LAG_DAYS)
        if self.insider_share is not None:
            _check_range("insider_share", self.insider_share, 0, 1)
        if len(set(self.typologies)) < len(self.typologies):
            raise UsageError("A typology is named twice among those that are planted.")


_SHARES = ("detection_probability", "false_discrepancy_share", "probe_share", "displacement")


def _check_range(name: str, number: float, least: float, most: float) -> None:
    if not least <= number <= most:
        raise UsageError(f"{name} is {number}; it must lie between {least} and {most}.")
