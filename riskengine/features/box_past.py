"""Indicators of the box's own past: may this be the box that bore the number before?"""

from __future__ import annotations

from typing import Final

import polars as pl

from riskengine.codes import size_types
from riskengine.domain import Typology
from riskengine.features.field import Register

register = Register("box")
indicator = register.indicator

FIRST_SEEN_AFTER_DAYS: Final = 180
"""A box comes round every two or three months: after half a year of history, one that was never seen is new here."""
GRACE_DAYS: Final = 2
"""An expected arrival is no arrival: ships come a day or two before it."""
TARE_MARGIN: Final = 0.10
"""Tares are rounded, or taken from a table of types: only what differs by more than a tenth is another's."""


def is_size_type_other(now: str, before: str) -> pl.Expr:
    """Tell whether two codes name boxes of another length or family; null where one cannot be read.

    >>> codes = pl.DataFrame({"now": ["22G1", "45R1", "L5G1", None], "then": ["22G0", "45G1", "45G1", "22G1"]})
    >>> codes.select(is_size_type_other("now", "then")).to_series().to_list()
    [False, True, True, None]
    """
    lengths = [size_types.length_feet(pl.col(name)) for name in (now, before)]
    families = [size_types.size_type_family(pl.col(name)) for name in (now, before)]
    return (lengths[0] != lengths[1]) | (families[0] != families[1])


def is_tare_other(now: str, before: str) -> pl.Expr:
    """Tell whether two tares are those of two boxes; null where one is not known.

    >>> tares = pl.DataFrame({"now": [2250.0, 3900.0, None], "then": [2200.0, 2200.0, 2200.0]})
    >>> tares.select(is_tare_other("now", "then")).to_series().to_list()
    [False, True, None]
    """
    return (pl.col(now) - pl.col(before)).abs() > TARE_MARGIN * pl.max_horizontal(now, before)


@indicator(typologies=(Typology.CLONED_CONTAINER,))
def is_first_seen() -> pl.Expr:
    """The unit has never seen this container number, and has kept its history for half a year.

    Usual for a new box or a new carrier; an invented number is always new. Null without a container number, and as
    long as the history is younger than 180 days: then everybody is new. Source: common profiling practice.
    """
    is_old = pl.col("box_history_days") >= FIRST_SEEN_AFTER_DAYS
    was_seen = pl.col("earlier_voyage_count") > 0
    return pl.when(was_seen | is_old).then(~was_seen)


@indicator(unit="days", typologies=(Typology.CLONED_CONTAINER,))
def days_since_last_seen() -> pl.Expr:
    """Days since the container was last declared here on another voyage, or reported by a gate or a quay.

    Too few days for a voyage point to two boxes with one number. Null when it was never seen.
    Source: common profiling practice.
    """
    return (pl.col("assessed_on") - pl.col("last_seen_on")).dt.total_days()


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER, Typology.CONTAINER_STRUCTURE))
def is_size_type_unlike_before() -> pl.Expr:
    """The container is of another length or family than when it was last declared.

    A dry box does not become a reefer, nor twenty feet forty. Heights and details are not compared: clerks confuse
    them. Null when the type is unknown now or was never declared. Source: UNODC-WCO container programme practice.
    """
    return is_size_type_other("size_type", "earlier_size_type")


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER, Typology.CONTAINER_STRUCTURE))
def is_tare_unlike_before() -> pl.Expr:
    """The tare differs by more than a tenth from the one that was last declared.

    The tare is welded to the door; what was built into walls or floor weighs too. Null when the tare is unknown now
    or was never declared. Source: UNODC-WCO container programme practice.
    """
    return is_tare_other("tare_mass_kg", "earlier_tare_mass_kg")


@indicator(
    unit="kg",
    typologies=(Typology.CLONED_CONTAINER, Typology.CONTAINER_STRUCTURE),
    companions=(("declared", "tare_mass_kg"), ("before", "earlier_tare_mass_kg")),
)
def tare_change_kg() -> pl.Expr:
    """By how much the tare lies above the one that was last declared for this container.

    Zero is the same plate; a repair adds some ten kilograms, a second floor some hundred. Null when the tare is
    unknown now or was never declared. Source: UNODC-WCO container programme practice.
    """
    return pl.col("tare_mass_kg") - pl.col("earlier_tare_mass_kg")


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER,))
def is_seen_elsewhere_at_same_time() -> pl.Expr:
    """The number was on another ship, or at a gate ashore, while this voyage was at sea.

    One load that is transhipped under two bills does not count, nor days that only touch. Null when no earlier voyage
    or report gives the days to compare. Source: TT Club and Signum Services on cloned containers.
    """
    return pl.col("overlapping_voyage_count") > 0


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER,))
def is_travel_impossibly_fast() -> pl.Expr:
    """The box would have had to go faster than a ship from where it was left to where it was loaded.

    By the great circle and at 1,200 km a day, with two days of grace. Null when a port or a day of either voyage is
    not known. Source: TT Club and Signum Services on cloned containers.
    """
    return pl.col("travel_days_lacking") > GRACE_DAYS


@indicator(monotone=1, typologies=(Typology.RIP_ON_RIP_OFF, Typology.CLONED_CONTAINER))
def is_seal_seen_before() -> pl.Expr:
    """A seal of the container was on another box before, or on this one with another load.

    A seal is cut when the box is opened, and its number is used once. Looked back on a year; numbers shorter than six
    signs, and numbers on more than twenty boxes, are no seals. Null when no seal is declared, or the unit has no
    history yet. Source: UNODC-WCO container programme practice.
    """
    return pl.col("seals_seen_before_count") > 0


@indicator(monotone=1, typologies=(Typology.CONTAINER_STRUCTURE, Typology.CLONED_CONTAINER))
def is_find_in_box_before() -> pl.Expr:
    """Something was found in this container on an earlier day.

    A box that was prepared once may be used again. Null without a container number, or without history.
    Source: UNODC-WCO container programme practice.
    """
    return pl.col("earlier_find_count") > 0


@indicator(monotone=1, typologies=(Typology.CLONED_CONTAINER,))
def is_number_near_known_box() -> pl.Expr:
    """The check digit is wrong, and one slip away there is a number that the unit has seen before.

    A slip of the pen, or the number of a real box made nearly right. False where the check digit is right; null
    without a container number or without history. Source: ISO 6346.
    """
    is_known = pl.col("near_container_number").is_not_null()
    return pl.when(pl.col("box_history_days") > 0).then(is_known)
