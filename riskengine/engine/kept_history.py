"""What of the history a run looked at, kept with the run: five years later the ledger has grown, and this has not.

The digest of the history that the run names is that of these frames: whoever changes one of them is found out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from riskengine.engine.beside import Beside, beside_digest
from riskengine.engine.surroundings import digest_of
from riskengine.ledger.history import Past
from riskengine.rules.across import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from riskengine.domain import Defect

_OF_PAST: Final = ("counts", "habits", "kinds")
_SEEN: Final = "seen"
_BESIDE: Final = "beside"
HISTORY_FRAMES: Final = (*_OF_PAST, _SEEN, _BESIDE)
"""The counts of the keys, the usual measures, the days of each kind; earlier containers; facts found beside."""


def kept_history(past: Past, around: Surroundings, beside: Beside) -> dict[str, pl.DataFrame]:
    """Return the frames that a run keeps of the history it looked at, by the names of `HISTORY_FRAMES`."""
    frames = {name: getattr(past, name) for name in _OF_PAST}
    looked_up = {_SEEN: around.past, _BESIDE: beside.facts}
    return frames | {name: frame for name, frame in looked_up.items() if frame is not None}


def is_kept(frames: Mapping[str, pl.DataFrame]) -> bool:
    """Tell whether a run kept its history; those recorded before it was kept did not."""
    return all(name in frames for name in _OF_PAST)


def past_kept(frames: Mapping[str, pl.DataFrame]) -> Past:
    """Return the past of the keys of a run, as it was counted that morning."""
    return Past(counts=frames["counts"], habits=frames["habits"], kinds=frames["kinds"])


def around_kept(
    frames: Mapping[str, pl.DataFrame], stow_plan: pl.DataFrame | None
) -> Surroundings:
    """Return what the rules of a run saw around its containers."""
    return Surroundings(past=frames.get(_SEEN), stow_plan=stow_plan)


def beside_kept(
    frames: Mapping[str, pl.DataFrame],
    shown: Mapping[str, pl.DataFrame],
    defects: Sequence[Defect],
) -> Beside:
    """Return what was found beside a run's manifest.

    Args:
        frames: Those of `HISTORY_FRAMES`.
        shown: What the run keeps of it to be shown.
        defects: The boxes that other papers named and the manifest did not.
    """
    facts = frames.get(_BESIDE)
    if facts is None:
        return Beside()
    return Beside(
        facts=facts, frames=shown, defects=tuple(defects), digest=beside_digest(facts, shown)
    )


def past_digest(past: Past) -> str:
    """Return the sha256 of a past, whatever the order in which it was kept."""
    marks = (
        frame.sort(frame.columns).write_csv().encode()
        for frame in (past.counts, past.habits, past.began)
    )
    return hashlib.sha256(b"\n".join(marks)).hexdigest()


def history_digest(past: Past, around: Surroundings, beside: Beside) -> str:
    """Return the sha256 of all the history that a run looked at, as its card names it."""
    return digest_of(past_digest(past), around, beside.digest)
