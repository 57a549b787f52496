"""The random stratum: containers drawn blindly, so that what the engine misses can be measured.

Whether a container is drawn depends on a secret seed and on the container alone: nobody who lacks
the seed can foretell it, adding or removing another line cannot move it, and whoever is given the
seed later can check every draw.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

_RANGE = 2**64


def is_drawn(identity: str, seed: bytes, share: float) -> bool:
    """Tell whether the container of this identity belongs to the random stratum.

    >>> is_drawn("9321483|112W|CSQU3054383", b"0" * 32, 1.0)
    True
    >>> is_drawn("9321483|112W|CSQU3054383", b"0" * 32, 0.0)
    False
    """
    mark = hmac.new(seed, identity.encode(), hashlib.sha256).digest()[:8]
    return int.from_bytes(mark, "big") < share * _RANGE


def marks(identities: Iterable[str], seed: bytes) -> list[float]:
    """Return where each identity falls between 0 and 1; drawn is whose mark lies below the share.

    >>> 0 <= marks(["9321483|112W|CSQU3054383"], b"0" * 32)[0] <= 1
    True
    """
    return [
        int.from_bytes(hmac.new(seed, one.encode(), hashlib.sha256).digest()[:8], "big")
        / _RANGE
        for one in identities
    ]


def drawn_at_random(identities: Iterable[str], seed: bytes, share: float) -> pl.Series:
    """Return for each identity whether it is drawn, in their order."""
    drawn = [is_drawn(identity, seed, share) for identity in identities]
    return pl.Series("is_random", drawn, dtype=pl.Boolean)
