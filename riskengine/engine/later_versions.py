"""What was received after a manifest: later versions of it, and the boxes that they no longer name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine import messages
from riskengine.engine.memory import container_key
from riskengine.engine.withdrawn import withdrawn
from riskengine.ledger import declared
from riskengine.ledger.declared import OF_FILE
from riskengine.ledger.run_register import find_run

if TYPE_CHECKING:
    from datetime import date

    from riskengine.engine.run import Run
    from riskengine.workspace import Workspace

_BOX: Final = ["voyage_key", "container_key"]
_MOST_OF_IT: Final = 0.5
"""Share of the boxes of the smaller of two files that the other must name: agents of one voyage name their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterVersion:
    """The newest version of a manifest that is not itself the newest.

    Attributes:
        file: Its file.
        known_on: The day it was received.
        place: Which version the manifest is, from 1.
        count: How many there are.
    """

    file: str
    known_on: date
    place: int
    count: int


def newest_version(workspace: Workspace, sha256: str) -> LaterVersion | None:
    """Return the newest version of a manifest; None where nothing later was received.

    Args:
        workspace: The unit's folder.
        sha256: The digest of the bytes of the manifest.
    """
    return _newest(*declared.around(workspace, sha256))


def told_newest(workspace: Workspace, sha256: str, language: str = "en") -> tuple[str, ...]:
    """Say that a later version of a manifest was received: one sentence, or none."""
    newest = newest_version(workspace, sha256)
    return () if newest is None else (_known(newest, language),)


def later_version(
    workspace: Workspace, run: Run, container_id: int, language: str = "en"
) -> tuple[str, ...]:
    """Say that the manifest of a run has a later version, and whether that no longer names a container.

    Args:
        workspace: The unit's folder.
        run: A recorded run.
        container_id: Which container of the run.
        language: en, fr, es or pt.

    Returns:
        No sentence, one or two.
    """
    sha256 = find_run(workspace, run.card.run_id).manifest_sha256
    rows, own = declared.around(workspace, sha256)
    newest = _newest(rows, own)
    told = [] if newest is None else [_known(newest, language)]
    facts = run.indicators.filter(pl.col("container_id") == container_id)
    name = facts.select(container_key()).item()
    gone = _gone(rows, own, name) if name else None
    if gone is not None:
        file, day = gone
        params = {"container": name, "file": file, "day": day}
        told.append(messages.render("amendment.no_longer_named", params, language))
    return tuple(told)


def _known(newest: LaterVersion, language: str) -> str:
    params: dict[str, object] = {
        "file": newest.file,
        "day": newest.known_on,
        "place": newest.place,
        "count": newest.count,
    }
    return messages.render("amendment.later_version", params, language)


def _newest(rows: pl.DataFrame, own: int) -> LaterVersion | None:
    here = rows.filter(pl.col("seq") == own).select(_BOX).unique()
    size = pl.col("container_key").len()
    sizes = rows.unique(["seq", *_BOX]).group_by("seq").agg(size.alias("size"))
    shared = (
        rows.unique(["seq", *_BOX])
        .join(here, on=_BOX, how="semi")
        .group_by("seq")
        .agg(size.alias("shared"))
    )
    least = _MOST_OF_IT * pl.min_horizontal("size", pl.lit(here.height))
    versions = sizes.join(shared, on="seq").filter(pl.col("shared") >= least)["seq"].sort()
    if versions.is_empty() or versions[-1] <= own:
        return None
    file, known_on = (
        rows.filter(pl.col("seq") == versions[-1]).select("file", "known_on").row(0)
    )
    return LaterVersion(
        file=file,
        known_on=known_on,
        place=int((versions <= own).sum()),
        count=len(versions),
    )


def _gone(rows: pl.DataFrame, own: int, name: str) -> tuple[str, date] | None:
    """Return the first version after which nothing names the box again, and its day."""
    is_it = pl.col("container_key") == name
    voyages = rows.filter((pl.col("seq") == own) & is_it)["voyage_key"].unique()
    asked = rows.filter(pl.col("voyage_key").is_in(voyages.implode()))
    documents = asked.select(OF_FILE.keys()).unique("seq", maintain_order=True)
    unread = pl.Series("container_key", [], pl.String)
    last_named = asked.filter(is_it).select(pl.col("seq").max()).item()
    if last_named is None:
        return None
    later = documents.filter(pl.col("seq") > last_named).sort("seq")
    for seq, file, known_on in later.select("seq", "file", "known_on").rows():
        gone = withdrawn(asked.filter(pl.col("seq") <= seq), documents, unread, seq)
        if name in gone["container_key"]:
            return file, known_on
    return None
