"""Whether the consignees at one address are several parties, or spellings of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.names import keys_near

if TYPE_CHECKING:
    from collections.abc import Iterable

NEAR = 0.75
"""Two names at one address that are as alike as this are one party; elsewhere more is asked."""

_ADDRESS = ["_voyage_id", "consignee_address"]
_KEY = "_consignee_key"


def with_shared_addresses(facts: pl.DataFrame) -> pl.DataFrame:
    """Return *facts* with ``_are_consignees_at_address_several``, null without a name or an address.

    Consignees of one voyage are looked at. Only addresses with more than one name, which are few, are
    compared name by name.
    """
    named = facts.drop_nulls([*_ADDRESS, _KEY])
    names = named.group_by(_ADDRESS).agg(pl.col(_KEY).unique().sort().alias("names"))
    several = pl.Series(
        "_are_consignees_at_address_several",
        [are_several_parties(keys) for keys in names["names"].to_list()],
        dtype=pl.Boolean,
    )
    told = names.select(_ADDRESS).with_columns(several)
    joined = facts.join(told, on=_ADDRESS, how="left", maintain_order="left")
    return joined.with_columns(pl.when(pl.col(_KEY).is_not_null()).then(several.name))


def are_several_parties(keys: Iterable[str]) -> bool:
    """Tell whether name keys belong to more than one party.

    Two keys are one party where they are near each other, or the words of one are all in the other;
    so is what is one party with a third.

    >>> are_several_parties(["fruit scheldt terminal", "fruit imports scheldt terminal"])
    False
    >>> are_several_parties(["fruit scheldt terminal", "aurora toys"])
    True
    """
    apart = list(keys)
    reached = apart[:1]
    apart = apart[1:]
    while reached and apart:
        near = keys_near(reached.pop(), apart, cutoff=NEAR)
        reached += near
        taken = set(near)
        apart = [key for key in apart if key not in taken]
    return bool(apart)
