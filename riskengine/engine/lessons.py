"""What a model is to learn from: containers as they were assessed, what was found in them, and what each counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.own_outcomes import MATCHES, own_rows
from riskengine.engine.weighting import inverse_chances
from riskengine.errors import TrainingImpossible
from riskengine.features.catalog import catalog
from riskengine.ledger.history import Past, merge
from riskengine.model.card import FeatureSpec, LeftOut
from riskengine.names import name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from riskengine.features.field import Field
    from riskengine.model.history import OutOfFold
    from riskengine.workspace import Workspace

NO_DAY: Final = "no day is known of them"
NOBODY_OPENED: Final = "nobody opened them"
WHY_OWN_ROWS_ARE_LEFT_OUT: Final = (
    "they were assessed again on the same voyage",
    "no day of assessment is known of them",
    "their run holds no such container",
)
"""The page about a model says these in the readers' language (``model.why`` of the catalogue)."""
FACTS_BESIDE: Final = (
    "consignee_name",
    "shipper_name",
    "port_of_loading",
    "port_of_discharge",
    "hs_chapters",
)
"""Facts that no model reads and a card speaks of: traders, lanes, chapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Examined containers, ready to be learned from.

    Attributes:
        frame: One row a container, each as of its own day.
        is_find: Whether its examination found something.
        features: What a model may read of it.
        past: What the whole history adds to the past of those that come after it.
        weight: What each counts where trees are grown, 1 on average; None where all count alike.
        stands_for: What each counts where rates are told and rules are judged.
        group: The trader of each, null where none is named.
        known_on: The day on which each outcome became known, null where nobody says.
        matches: What rules matched of these rows while they counted (``MATCHES``).
        unopened: Containers that nobody opened, with the same columns.
        left_out: What could not be learned from, and why.
        remarks: What a reader of the card should know of the weights.
        out_of_fold: Gives the frame with past finds out of fold (``out_of_fold.out_of_fold``); None where
            there is no such frame.
    """

    frame: pl.DataFrame
    is_find: pl.Series
    features: tuple[FeatureSpec, ...]
    past: Past
    weight: pl.Series | None = None
    stands_for: pl.Series | None = None
    group: pl.Series | None = None
    known_on: pl.Series | None = None
    matches: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict(MATCHES)))
    unopened: pl.DataFrame = field(default_factory=pl.DataFrame)
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    out_of_fold: OutOfFold | None = None


def lessons_of(  # noqa: PLR0913  # rows, what a model may read of them, and what stands beside
    rows: pl.DataFrame,
    features: Sequence[FeatureSpec],
    past: Past,
    *,
    matches: pl.DataFrame | None = None,
    left_out: Sequence[LeftOut] = (),
    remedy: str,
) -> Lessons:
    """Return the lessons that assembled rows hold; those without an outcome become the unopened.

    Args:
        rows: ``is_find`` (null where nobody looked), ``assessed_on``, ``known_on``, ``selection_probability``, facts and
            features.
        features: What a model may read.
        past: What the rows add to the past.
        matches: ``MATCHES`` of the rows.
        left_out: What was left out before.
        remedy: What to do where nothing can be learned from.

    Raises:
        TrainingImpossible: No container has both an outcome and a day.
    """
    numbered = rows.with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    dated = numbered.filter(pl.col("assessed_on").is_not_null())
    undated = numbered.filter(
        pl.col("assessed_on").is_null() & pl.col("is_find").is_not_null()
    ).height
    opened = dated.filter(pl.col("is_find").is_not_null())
    unopened = dated.filter(pl.col("is_find").is_null())
    if opened.is_empty():
        raise TrainingImpossible(
            "No container of the history has both an outcome and a day.", remedy=remedy
        )
    weighted = inverse_chances(_column(opened, "selection_probability", pl.Float64()))
    said = list(left_out)
    if undated:
        said.append(LeftOut(containers=undated, why=NO_DAY))
    if unopened.height:
        said.append(LeftOut(containers=unopened.height, why=NOBODY_OPENED))
    return Lessons(
        frame=opened.drop("_row", "outcome", strict=False),
        is_find=opened["is_find"],
        features=tuple(features),
        past=past,
        weight=weighted.in_trees if weighted else None,
        stands_for=weighted.in_rates if weighted else None,
        group=_traders(opened),
        known_on=_column(opened, "known_on", pl.Date()),
        matches=_renumbered(matches, opened),
        unopened=unopened.drop("_row", "outcome", "is_find", strict=False),
        left_out=tuple(said),
        remarks=weighted.remarks if weighted else (),
    )


def own_lessons(
    workspace: Workspace, *, progress: Callable[[float], None] | None = None
) -> Lessons:
    """Return what a unit's own recorded runs and outcomes teach.

    Raises:
        TrainingImpossible: No outcome was entered yet.
        LedgerError: A run's files are not those that were written.
    """
    features = offered_features()
    own = own_rows(
        workspace,
        [*FACTS_BESIDE, *(feature.name for feature in features)],
        progress=progress,
    )
    kinds = {one.name: one.kind for one in features}
    rows = own.frame.with_columns(
        pl.lit(None, pl.String() if kind == "category" else pl.Float64()).alias(name)
        for name, kind in kinds.items()
        if name not in own.frame.columns  # no run is young enough to know it
    )
    reasons = zip(
        (own.reassessed, own.undated, own.unfound), WHY_OWN_ROWS_ARE_LEFT_OUT, strict=True
    )
    return lessons_of(
        rows,
        (*features, *brought_features(rows)),
        merge(()),
        matches=own.matches,
        left_out=[LeftOut(containers=count, why=why) for count, why in reasons if count],
        remedy="Enter what examinations found with `riskengine outcome`, or give a file with --history.",
    )


def together(first: Lessons, second: Lessons) -> Lessons:
    """Return the lessons of two sources as one; what one of them does not know is null in it.

    Weights are those of each source within it: a container counts one on average in both.
    """
    frame = pl.concat([first.frame, second.frame], how="diagonal_relaxed")
    known = {feature.name: feature for feature in (*first.features, *second.features)}
    shifted = second.matches.with_columns(pl.col("row") + first.frame.height)
    return replace(
        first,
        frame=frame,
        is_find=pl.concat([first.is_find, second.is_find]),
        features=tuple(known.values()),
        past=merge((first.past, second.past)),
        weight=_weights(first.weight, second.weight, first, second),
        stands_for=_weights(first.stands_for, second.stands_for, first, second),
        group=_joined(first.group, second.group, first, second, pl.String()),
        known_on=_joined(first.known_on, second.known_on, first, second, pl.Date()),
        matches=pl.concat([first.matches, shifted]),
        unopened=pl.concat([first.unopened, second.unopened], how="diagonal_relaxed"),
        left_out=(*first.left_out, *second.left_out),
        remarks=(*first.remarks, *second.remarks),
        out_of_fold=None,  # what was assessed in runs keeps the indicators it had
    )


def offered_features() -> tuple[FeatureSpec, ...]:
    """Return every field of the catalogue that a model may learn from."""
    return tuple(offered(one) for one in catalog() if one.model_kind and one.is_model_feature)


def brought_features(rows: pl.DataFrame) -> tuple[FeatureSpec, ...]:
    """Return the attributes that mapping files brought along in recorded runs."""
    names = sorted(
        name for name in rows.columns if name.startswith("attribute.") and name.count(".") == 1
    )
    return tuple(
        FeatureSpec(
            name=name, kind="category" if rows.schema[name] == pl.String() else "number"
        )
        for name in names
    )


def offered(one: Field) -> FeatureSpec:
    """Return a field of the catalogue as a model may read it."""
    kind = "category" if one.model_kind == "category" else "number"
    return FeatureSpec(name=one.name, kind=kind, monotone=one.monotone)


def habits_features(
    features: Sequence[FeatureSpec], columns: Collection[str]
) -> tuple[FeatureSpec, ...]:
    """Return those that say nothing of what examinations found: a habits model may read no others."""
    return tuple(
        one
        for one in features
        if one.name in columns and not any(word in one.name for word in _OF_OUTCOMES)
    )


_OF_OUTCOMES: Final = ("find_rate", "_finds", "is_find", "_find_", "examined", "found")


def _traders(rows: pl.DataFrame) -> pl.Series | None:
    named = [name for name in ("consignee_name", "shipper_name") if name in rows.columns]
    if not named:
        return None
    # By the key of the name: two spellings of one trader may not stand on both sides of a split, and "to order" is none.
    traders = rows.select(
        pl.coalesce(*(name_key(pl.col(name)) for name in named)).alias("group")
    ).to_series()
    return None if traders.null_count() == traders.len() else traders


def _column(rows: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Series:
    if name in rows.columns:
        return rows[name].cast(kind)
    return pl.Series(name, [None] * rows.height, dtype=kind)


def _renumbered(matches: pl.DataFrame | None, opened: pl.DataFrame) -> pl.DataFrame:
    """Return the matches of the opened rows, counted by their place among the opened."""
    if matches is None or matches.is_empty():
        return pl.DataFrame(schema=dict(MATCHES))
    places = opened.select(
        pl.col("_row").alias("row"), pl.int_range(pl.len(), dtype=pl.Int64).alias("_place")
    )
    return (
        matches.join(places, on="row")
        .drop("row")
        .rename({"_place": "row"})
        .select(MATCHES.keys())
        .sort("row", "rule_id", "version")
    )


def _weights(
    one: pl.Series | None, other: pl.Series | None, first: Lessons, second: Lessons
) -> pl.Series | None:
    """Return the weights of both; those of a source in which all count alike are 1."""
    joined = _joined(one, other, first, second, pl.Float64())
    return None if joined is None else joined.fill_null(1.0)


def _joined(
    one: pl.Series | None,
    other: pl.Series | None,
    first: Lessons,
    second: Lessons,
    kind: pl.DataType,
) -> pl.Series | None:
    if one is None and other is None:
        return None
    parts = [
        pl.Series("part", [None] * lessons.frame.height, dtype=kind)
        if part is None
        else part.alias("part")
        for part, lessons in ((one, first), (other, second))
    ]
    return pl.concat(parts)
