"""A recorded run computed again from what it followed from, and compared to the last bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine import __version__
from riskengine.engine.assess import assess
from riskengine.engine.recorded import read_run
from riskengine.engine.restored import restored
from riskengine.errors import RunNotFound
from riskengine.ledger.run_register import find_run, recorded_runs
from riskengine.ledger.runs import SHADOW_FRAME, read_frame
from riskengine.messages import visible
from riskengine.model.libraries import libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from riskengine.engine.run import Run, RunCard
    from riskengine.ledger.run_register import RunEntry
    from riskengine.workspace import Workspace

MOST_NAMED: Final = 20
RUNS_NAMED: Final = 3
"""So many of the last runs are named to who asks for one that is not recorded."""
ROUNDING: Final = 1e-9
"""Below this, a difference is that of another machine or library, not of another assessment."""
CARD: Final = "card"
_ROWS: Final = "rows"
_COMPUTED: Final = ("base_log_odds", "typical_log_odds", "record_count")
_SORTED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "assessments": ("container_id",),
    "verdicts": ("container_id", "rule_id", "version"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that came out otherwise.

    Attributes:
        frame: The frame of the run, or ``card``.
        column: The column, or ``rows`` where there are more or fewer of them.
        container: The container's number or bill; empty where the row is of none.
        was: What is recorded, as text.
        now: What came out.
        is_rounding: Whether two numbers are less than `ROUNDING` apart.
    """

    frame: str
    column: str
    container: str
    was: str
    now: str
    is_rounding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of computing a run again.

    Attributes:
        run_id: The run.
        is_same: Whether all could be restored and every value came out the same, to the last bit.
        is_rounding_only: Whether values differ, and none by `ROUNDING` or more.
        is_computed: Whether it could be computed again; not without its model.
        lost: The texts that name what cannot be restored (``verify.lost.…``).
        differences: The first `MOST_NAMED` values that differ.
        different: How many differ in all.
        values: How many were compared.
        containers: Containers of the run.
        added: Columns that this engine computes and the run does not hold.
        engine_then: The engine's version when it was recorded; empty where it was not kept.
        engine_now: The version of this engine.
        libraries: Of each library the version then, empty where it was not kept, and now.
    """

    run_id: str
    is_same: bool
    is_rounding_only: bool
    is_computed: bool
    lost: tuple[str, ...]
    differences: tuple[Difference, ...]
    different: int
    values: int
    containers: int
    added: int
    engine_then: str
    engine_now: str
    libraries: Mapping[str, tuple[str, str]]


def verify_run(
    workspace: Workspace, run_id: str, *, progress: Callable[[float], None] | None = None
) -> Verified:
    """Compute a recorded run again and compare it with what is stored.

    What the challenger said beside it is not computed: nothing follows from it.

    Args:
        workspace: The unit's folder.
        run_id: The run.
        progress: Told the share that is done.

    Raises:
        RunNotFound: It is not recorded here.
        LedgerError: Its files are not those that were written.
        FeatureMismatch: Its model asks for indicators that this engine does not have.
    """
    folder = _recorded(workspace.must_exist(), run_id).folder_in(workspace)
    stored = read_run(folder)
    basis = restored(workspace, stored)
    card = stored.card
    is_computed = basis.known.bundle is not None or not card.model_id
    differences: list[Difference] = []
    different = values = added = 0
    is_rounding_only = False
    if is_computed:
        again = assess(
            basis.reading, basis.known, assessed_on=basis.assessed_on, progress=progress
        )
        held = _as_held(stored, folder)
        found = _differences(held, again)
        differences = list(islice(found, MOST_NAMED))
        rest = [difference.is_rounding for difference in found]
        different = len(differences) + len(rest)
        is_rounding_only = different > 0 and all(
            (*rest, *(difference.is_rounding for difference in differences))
        )
        values = sum(frame.height * frame.width for frame in held.frames().values())
        added = _added(held, again)
    now = {library.name: library.version for library in libraries()}
    return Verified(
        run_id=run_id,
        is_same=is_computed and not different and not basis.differences,
        is_rounding_only=is_rounding_only,
        is_computed=is_computed,
        lost=basis.differences,
        differences=tuple(differences),
        different=different,
        values=values,
        containers=stored.assessments.height,
        added=added,
        engine_then=card.engine_version,
        engine_now=__version__,
        libraries={name: (card.libraries.get(name, ""), now[name]) for name in sorted(now)},
    )


def _recorded(workspace: Workspace, run_id: str) -> RunEntry:
    """Return a run; where it is not recorded, name those that are: who verifies a run asks for no container."""
    try:
        return find_run(workspace, run_id)
    except RunNotFound as missing:
        runs = [entry.run_id for entry in reversed(recorded_runs(workspace))]
        if any(one in missing.remedy for one in runs):
            raise  # one that is almost the same is named already
        remedy = (
            f"Recorded last: {', '.join(runs[:RUNS_NAMED])}."
            if runs
            else "No run is recorded yet: assess a manifest with `riskengine score`."
        )
        raise RunNotFound(missing.sentence, remedy=remedy) from missing


def _as_held(stored: Run, folder: Path) -> Run:
    """Return a run with the columns that its files hold: reading fills those that an older run did not know."""
    held = {
        name: getattr(stored, name).select(read_frame(folder, name).columns)
        for name in ("assessments", "rules")
    }
    return replace(stored, **held)


def _differences(stored: Run, again: Run) -> Iterator[Difference]:
    yield from _of_card(stored.card, again.card)
    names = _names(stored)
    frames = again.frames()
    for name, held in stored.frames().items():
        if name == SHADOW_FRAME:
            continue
        came_out = frames.get(name)
        if came_out is None:
            yield Difference(
                frame=name, column=_ROWS, container="", was=str(held.height), now="-"
            )
            continue
        yield from _of_frame(name, held, came_out, names)


def _of_card(stored: RunCard, again: RunCard) -> Iterator[Difference]:
    held, came_out = asdict(stored), asdict(again)
    for name in _COMPUTED:
        was, now = held[name], came_out[name]
        if was != now:
            yield _difference(CARD, name, "", was, now)


def _of_frame(
    name: str, held: pl.DataFrame, came_out: pl.DataFrame, names: Mapping[int, str]
) -> Iterator[Difference]:
    if held.height != came_out.height:
        yield Difference(
            frame=name,
            column=_ROWS,
            container="",
            was=str(held.height),
            now=str(came_out.height),
        )
        return
    by = _SORTED_BY.get(name)
    if by:
        held, came_out = held.sort(by), came_out.sort(by)
    ids = held["container_id"].to_list() if "container_id" in held.columns else None
    for column in held.columns:
        if column not in came_out.columns:
            yield Difference(
                frame=name, column=column, container="", was=str(held[column].dtype), now="-"
            )
            continue
        one, other = held[column], came_out[column]
        for row in _rows_apart(one, other):
            container = "" if ids is None else names.get(ids[row], "")
            yield _difference(name, column, container, one[row], other[row])


def _rows_apart(one: pl.Series, other: pl.Series) -> list[int]:
    """Return the rows in which two columns differ: numbers by their bits, all else by what they are."""
    if one.dtype != other.dtype:
        return list(range(min(one.len(), 1)))
    if one.dtype == pl.Float64():
        is_apart = np.not_equal(_bits(one), _bits(other)) | np.not_equal(
            one.is_null().to_numpy(), other.is_null().to_numpy()
        )
        return np.flatnonzero(is_apart).tolist()
    if one.equals(other, null_equal=True):
        return []
    pairs = enumerate(zip(one.to_list(), other.to_list(), strict=True))
    return [row for row, (was, now) in pairs if was != now]


def _bits(column: pl.Series) -> np.ndarray:
    return np.ascontiguousarray(column.fill_null(0.0).to_numpy()).view(np.int64)


def _difference(
    frame: str, column: str, container: str, was: object, now: object
) -> Difference:
    return Difference(
        frame=frame,
        column=column,
        container=container,
        was=_shown(was),
        now=_shown(now),
        is_rounding=_is_near(was, now),
    )


def _shown(value: object) -> str:
    if value is None:
        return "-"
    # Seventeen digits tell any two numbers apart.
    return repr(value) if isinstance(value, float) else visible(str(_plain(value)))


def _plain(value: object) -> object:
    return value.to_list() if isinstance(value, pl.Series) else value


def _is_near(was: Any, now: Any) -> bool:
    """Tell whether two values differ in numbers alone, and in none by `ROUNDING` or more."""
    was, now = _plain(was), _plain(now)
    if isinstance(was, float) and isinstance(now, float):
        return abs(was - now) < ROUNDING
    if isinstance(was, dict) and isinstance(now, dict):
        return was.keys() == now.keys() and all(_is_near(was[key], now[key]) for key in was)
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(_is_near, was, now))
    return was == now


def _added(stored: Run, again: Run) -> int:
    held = stored.frames()
    return sum(
        len(set(frame.columns) - set(held[name].columns))
        for name, frame in again.frames().items()
        if name in held
    )


def _names(run: Run) -> dict[int, str]:
    """Return what names each container: its number, or the bills of its loose cargo."""
    rows = run.assessments.select(
        "container_id",
        pl.coalesce("container_number", pl.col("bills_of_lading").list.join("+")).fill_null(""),
    ).rows()
    return {container_id: visible(name) for container_id, name in rows}
