"""What was planned for examination: by which door each container came, and how likely it was to come.

Once planned, a container stays planned. Nothing here is changed or taken back; where a plan is added to, the chances
that the whole plan gives are written beside those of before, and hold.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger

if TYPE_CHECKING:
    from datetime import date, datetime

    from riskengine.manifest.schema import FrameSchema
    from riskengine.workspace import Workspace

SELECTED: Final[FrameSchema] = {
    "run_id": pl.String(),
    "container_id": pl.Int32(),
    "container_number": pl.String(),
    "identity": pl.String(),  # what names it on its voyage, in every run that assesses it
    "means": pl.String(),  # null where examinations are of one kind
    "door": pl.String(),
    "probability": pl.Float64(),
}
"""One row a container that is to be examined."""


def planned_for(workspace: Workspace, day: date) -> pl.DataFrame:
    """Return what is planned for a day: rows of ``SELECTED``, in the order of run and container."""
    with open_ledger(workspace, read_only=True) as connection:
        return connection.sql(_PLANNED, params=[day]).pl().cast(pl.Schema(SELECTED))


def planned_with(workspace: Workspace, identities: pl.Series) -> pl.DataFrame:
    """Return what was ever planned of these containers, the newest plan of each: rows of ``SELECTED``."""
    with open_ledger(workspace, read_only=True) as connection:
        connection.register("asked", pl.DataFrame({"identity": identities.unique()}).to_arrow())
        return connection.sql(_WITH_IDENTITY).pl().cast(pl.Schema(SELECTED))


def planned_between(workspace: Workspace, first: date, last: date) -> pl.DataFrame:
    """Return what was planned from one day to another, both included: ``planned_for`` and ``SELECTED``."""
    with open_ledger(workspace, read_only=True) as connection:
        return connection.sql(_BETWEEN, params=[first, last]).pl()


def add(  # noqa: PLR0913 - what is planned, for when, when and by whom, and upon what
    workspace: Workspace,
    selected: pl.DataFrame,
    *,
    day: date,
    at: datetime,
    by: str,
    beside: pl.DataFrame,
) -> None:
    """Add containers to the plan of a day.

    Args:
        workspace: The unit's folder.
        selected: Rows of ``SELECTED``.
        day: The day on which they are to be examined.
        at: When it was planned, UTC.
        by: Who planned it.
        beside: What was planned for the day when this was made, with the chances that the whole plan gives it.

    Raises:
        LedgerError: Somebody else planned the same day meanwhile; nothing is added then.
    """
    with open_ledger(workspace) as connection:
        (row,) = connection.execute(_COUNT, [day]).fetchall()
        if int(row[0]) != beside.height:
            raise LedgerError(
                f"Somebody else has planned {day} meanwhile.", remedy="Plan it again."
            )
        rows = selected.select(SELECTED.keys()).cast(pl.Schema(SELECTED))
        connection.register("selected_now", rows.to_arrow())
        written = at.astimezone(UTC).replace(tzinfo=None)
        connection.execute(_INSERT, [day, written, by])
        connection.unregister("selected_now")
        named = beside.select("identity", "probability").drop_nulls("identity")
        connection.register("planned_before", named.to_arrow())
        connection.execute(_INSERT_CHANCES, [day, written])
        connection.unregister("planned_before")


_COLUMNS: Final = "run_id, container_id, container_number, identity, means, door, probability"
# A plan that was added to gives whoever it held already the chance of the whole plan.
_SELECTION: Final = """(
SELECT kept.* REPLACE (coalesce(whole.probability, kept.probability) AS probability)
FROM selection AS kept LEFT JOIN (
    SELECT planned_for, identity, arg_max(probability, planned_at) AS probability
    FROM selection_chance GROUP BY planned_for, identity
) AS whole ON kept.planned_for = whole.planned_for AND kept.identity = whole.identity
) AS selected"""
_PLANNED: Final = f"""
SELECT {_COLUMNS} FROM {_SELECTION} WHERE planned_for = ? ORDER BY run_id, container_id
"""
_WITH_IDENTITY: Final = f"""
SELECT {_COLUMNS} FROM {_SELECTION} SEMI JOIN asked USING (identity)
QUALIFY row_number() OVER (PARTITION BY identity ORDER BY planned_for DESC, run_id) = 1
ORDER BY identity
"""
_BETWEEN: Final = f"""
SELECT planned_for, {_COLUMNS} FROM {_SELECTION} WHERE planned_for BETWEEN ? AND ?
ORDER BY planned_for, run_id, container_id
"""
_COUNT: Final = "SELECT count(*) FROM selection WHERE planned_for = ?"
_INSERT: Final = """
INSERT INTO selection BY NAME
SELECT *, ?::DATE AS planned_for, ?::TIMESTAMP AS planned_at, ? AS planned_by FROM selected_now
"""
_INSERT_CHANCES: Final = """
INSERT INTO selection_chance BY NAME
SELECT *, ?::DATE AS planned_for, ?::TIMESTAMP AS planned_at FROM planned_before
"""
