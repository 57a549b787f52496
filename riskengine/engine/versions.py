"""The versions of a voyage's bills and boxes, one after the other, and what each changed in the one before.

A bill, the goods of a bill in a box, and a box are each compared with the last version that named them: a
version may be one message about one bill. A box that now stands under another bill is compared across the two,
and so is a bill whose box was replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes.spelling import fold, fold_texts
from riskengine.engine.differing import COMPARED, FOUND, WAS, Change, differing, speaking
from riskengine.engine.feeds import (
    ALL_COMPARED,
    FEED,
    IS_OTHER_FEED,
    carried,
    feeds,
    unless_silent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_BILL: Final = ("voyage_key", "bill_of_lading")
_LOAD: Final = ("voyage_key", "bill_of_lading", "container_key")
_BOX: Final = ("voyage_key", "container_key")
_NAMED: Final = ("voyage_key", "bill_of_lading", "container_key", "seq", "before_seq")
_ADDITION: Final = "addition"
CANCELLATION: Final = "cancellation"
_SAME_AS_CONSIGNEE: Final = fold_texts(
    [
        "same as consignee", "same as cnee", "as consignee", "consignee", "idem consignee", "mismo que consignatario",
        "mismo consignatario", "igual al consignatario", "meme que destinataire", "idem destinataire",
        "mesmo que consignatario", "o mesmo", "igual ao consignatario",
    ]
)  # fmt: skip
_WHOLE: Final = 0.5
"""Share of the boxes of a version that must be named again before silence on the others says anything."""

CHANGES: Final = {
    "voyage_key": pl.String(),
    "bill_of_lading": pl.String(),
    "container_key": pl.String(),  # null where every box on the bill is meant
    "seq": pl.Int64(),
    "before_seq": pl.Int64(),
    **FOUND,
}
"""What one version changed in the last one that named the same thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The versions of some voyages, compared.

    Attributes:
        changes: Rows of ``CHANGES``.
        bills: Each bill of a version beside its last earlier version (``was ...``); ``container_key`` is null,
            or the box that was moved to it from another bill.
        loads: The same of the goods of a bill in a box.
        boxes: The same of a box.
    """

    changes: pl.DataFrame
    bills: pl.DataFrame
    loads: pl.DataFrame
    boxes: pl.DataFrame


def compared(rows: pl.DataFrame, documents: pl.DataFrame) -> Compared:
    """Compare every version with those before it.

    Args:
        rows: ``seq`` and the columns of ``ledger.declared.DECLARED``, of all versions of the voyages.
        documents: ``seq``, ``format`` and ``mapping_sha256`` of each: the kind of feed it came by. What a version
            of another feed does not say was not taken back: its format, or its mapping, may have no place for it.
    """
    is_cancelled = (pl.col("declaration_function") == CANCELLATION).fill_null(value=False)
    # A cancellation often repeats nothing but the number of the bill: that is no change of the rest.
    read = rows.filter(~pl.col("is_unreadable") & ~is_cancelled).join(
        feeds(documents), on="seq", how="left", maintain_order="left"
    )
    levels = {
        "bill": (_bills(read), _BILL),
        "load": (_loads(read), _LOAD),
        "box": (_boxes(read), _BOX),
    }
    said = {name: speaking(level, COMPARED[name]) for name, (level, _) in levels.items()}
    bills, loads, boxes = (
        carried(level, key, said[name]) for name, (level, key) in levels.items()
    )
    box_pairs = _successive(boxes, _BOX)
    bill_pairs = _successive(bills, _BILL)
    moves, of_bills = _moved(box_pairs, boxes, bills)
    swaps, of_boxes = _replaced(bill_pairs, boxes, loads)
    bill_pairs = pl.concat(
        [
            bill_pairs.with_columns(pl.lit(None, pl.String).alias("container_key")),
            _across(bills, moves, _BILL).select(*bill_pairs.columns, "container_key"),
        ]
    )
    load_pairs = _successive(loads, _LOAD)
    load_pairs = pl.concat(
        [
            load_pairs,
            _across(loads, moves, _LOAD).select(load_pairs.columns),
            _across(loads, swaps, _LOAD).select(load_pairs.columns),
        ]
    ).unique([*_LOAD, "seq"], keep="last", maintain_order=True)
    found = [
        _heard(_found(pairs, name), said[name])
        for name, pairs in (("bill", bill_pairs), ("load", load_pairs), ("box", box_pairs))
    ]
    cancelled = _cancelled(rows.filter(is_cancelled))
    return Compared(
        changes=pl.concat([*found, of_bills, of_boxes, cancelled]),
        bills=bill_pairs,
        loads=load_pairs,
        boxes=box_pairs,
    )


def _bills(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.filter(pl.col("bill_of_lading") != "")
    key = [*_BILL, "seq"]
    boxes = named.group_by(key).agg(
        pl.col("container_key").filter(pl.col("is_box")).unique().sort().alias("containers")
    )
    first = named.unique(key, keep="first", maintain_order=True).with_columns(_notified())
    return first.select(*key, FEED, "declaration_function", *COMPARED["bill"]).join(
        boxes, on=key, how="left", maintain_order="left"
    )


def _notified() -> pl.Expr:
    """Return the party to be notified, by name also where it is only said to be the consignee."""
    is_consignee = fold(pl.col("notify_party_name")).is_in(_SAME_AS_CONSIGNEE)
    named = pl.when(is_consignee).then("consignee_name").otherwise("notify_party_name")
    return named.alias("notify_party_name")


def _loads(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(*_LOAD, "seq", FEED, *COMPARED["load"])


def _boxes(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.filter("is_box")
    key = [*_BOX, "seq"]
    bills = named.group_by(key).agg(
        pl.col("bill_of_lading")
        .filter(pl.col("bill_of_lading") != "")
        .unique()
        .sort()
        .alias("bills")
    )
    first = named.unique(key, keep="first", maintain_order=True)
    return first.select(*key, FEED, *COMPARED["box"]).join(
        bills, on=key, how="left", maintain_order="left"
    )


def _successive(level: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return each row beside the last earlier version of the same thing."""
    frame = level.sort(*key, "seq")
    before = frame.select(pl.all().shift(1).name.prefix(WAS))
    beside = pl.concat([frame, before], how="horizontal")
    return beside.filter(pl.col(name) == pl.col(f"{WAS}{name}") for name in key).with_columns(
        pl.col(f"{WAS}seq").alias("before_seq")
    )


def _across(level: pl.DataFrame, links: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return rows beside those of another bill or box that they took the place of.

    Args:
        level: Bills or loads.
        links: ``voyage_key``, ``seq``, ``before_seq``, ``bill_of_lading``, ``container_key`` and what each was
            before, as ``was bill_of_lading`` and ``was container_key``.
        key: What names a row of the level.
    """
    own = [name for name in key if name != "voyage_key"]
    asked = links.select(
        "voyage_key", "seq", "before_seq", "bill_of_lading", "container_key",
        *(pl.col(f"{WAS}{name}") for name in own),
    )  # fmt: skip
    before = level.select(pl.all().name.prefix(WAS))
    return (
        asked.join(level, on=[*key, "seq"], how="inner", maintain_order="left")
        .join(
            before.with_columns(pl.col(f"{WAS}voyage_key").alias("voyage_key")),
            left_on=["voyage_key", "before_seq", *(f"{WAS}{name}" for name in own)],
            right_on=["voyage_key", f"{WAS}seq", *(f"{WAS}{name}" for name in own)],
            how="inner",
            coalesce=True,
            maintain_order="left",
        )
        .with_columns(
            pl.col("before_seq").alias(f"{WAS}seq"),
            *(unless_silent(name) for name in level.columns if name in ALL_COMPARED),
        )
    )


def _found(pairs: pl.DataFrame, level: str) -> pl.DataFrame:
    lacking = [
        name for name in ("bill_of_lading", "container_key") if name not in pairs.columns
    ]
    named = pairs.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking)
    found = differing(named, COMPARED[level], (*_NAMED, FEED, f"{WAS}{FEED}"))
    # A list with less on it, from another feed, takes nothing back either.
    is_shorter = (pl.col("kind") == Change.REMOVED.value) & pl.col("after").is_not_null()
    return found.filter(~(is_shorter & IS_OTHER_FEED)).select(CHANGES.keys())


def _heard(found: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Leave out what a version that is silent on the field throughout seems to take away, or to have lacked."""
    added, removed = pl.col("before").is_null(), pl.col("after").is_null()
    before = said.rename({"seq": "before_seq"})
    return pl.concat(
        [
            found.filter(~added & ~removed),
            found.filter(removed).join(said, on=["seq", "field"], how="semi"),
            found.filter(added).join(before, on=["before_seq", "field"], how="semi"),
        ]
    )


def _moved(
    pairs: pl.DataFrame, boxes: pl.DataFrame, bills: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Find the boxes that stand under other bills than before.

    Returns:
        Which bill took the place of which, box by box; and the changes. A house bill beside or in place of its own
        master is no other bill, and what a message adds takes nothing away.
    """
    now, was = pl.col("bills"), pl.col(f"{WAS}bills")
    apart = pairs.filter(now != was).rechunk().select(
        *_BOX, "seq", "before_seq", "bills", f"{WAS}bills", FEED, f"{WAS}{FEED}",
        now.list.set_difference(was).list.sort().alias("new"),
        was.list.set_difference(now).list.sort().alias("gone"),
    )  # fmt: skip
    fewest = pl.min_horizontal(pl.col("new").list.len(), pl.col("gone").list.len())
    links = (
        apart.filter(fewest > 0)
        .select(
            *_BOX, "seq", "before_seq",
            pl.col("new").list.head(fewest).alias("bill_of_lading"),
            pl.col("gone").list.head(fewest).alias(f"{WAS}bill_of_lading"),
        )
        .explode("bill_of_lading", f"{WAS}bill_of_lading")
        .with_columns(pl.col("container_key").alias(f"{WAS}container_key"))
    )  # fmt: skip
    master, was_master = pl.col("master_bill_of_lading"), pl.col(f"{WAS}master_bill_of_lading")
    is_family = (
        (master == was_master)
        | (master == pl.col(f"{WAS}bill_of_lading"))
        | (was_master == pl.col("bill_of_lading"))
    ).fill_null(value=False)
    is_added = (pl.col("declaration_function") == _ADDITION).fill_null(value=False)
    moves = (
        _across(bills, links, _BILL)
        .filter(~is_family & ~is_added)
        .select(
            *_NAMED,
            f"{WAS}bill_of_lading",
            pl.col("container_key").alias(f"{WAS}container_key"),
        )
    )
    is_moved = moves.select(*_BOX, "seq").unique()
    key = [*_BOX, "seq"]
    joined, was_joined = now.list.join("; "), was.list.join("; ")
    replaced = apart.join(is_moved, on=key, how="semi").select(
        *key, "before_seq", pl.col("new").list.first().alias("bill_of_lading"),
        pl.lit("bill_of_lading").alias("field"),
        pl.col("gone").list.join("; ").alias("before"), pl.col("new").list.join("; ").alias("after"),
        pl.lit(Change.CHANGED.value).alias("kind"),
    )  # fmt: skip
    whole = _named_again(pairs, boxes)
    others = apart.join(is_moved, on=key, how="anti").join(
        whole, on=["seq", "before_seq"], how="left"
    )
    is_more = pl.col("new").list.len() > 0
    is_fewer = (pl.col("share") >= _WHOLE) & ~IS_OTHER_FEED
    rest = others.filter(is_more | is_fewer).select(
        *key, "before_seq", pl.coalesce(now.list.first(), was.list.first()).alias("bill_of_lading"),
        pl.lit("bills_of_lading").alias("field"), was_joined.alias("before"), joined.alias("after"),
        pl.when(is_more).then(pl.lit(Change.ADDED.value)).otherwise(pl.lit(Change.REMOVED.value))
        .alias("kind"),
    )  # fmt: skip
    return moves, _as_changes([replaced, rest])


def _named_again(pairs: pl.DataFrame, boxes: pl.DataFrame) -> pl.DataFrame:
    """Return the share of the boxes of an earlier version that a later one names again."""
    size = boxes.group_by(pl.col("seq").alias("before_seq")).len("size")
    again = pairs.group_by("seq", "before_seq").len("again")
    return again.join(size, on="before_seq").select(
        "seq", "before_seq", (pl.col("again") / pl.col("size")).alias("share")
    )


def _replaced(
    pairs: pl.DataFrame, boxes: pl.DataFrame, loads: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Find the boxes that came onto a bill, and those whose place they took.

    A box is replaced where it stands nowhere in the version and another stands on its bill that the voyage had
    not known. Where several are, those of the same mass and packages belong together.
    """
    now, was = pl.col("containers"), pl.col(f"{WAS}containers")
    key = [*_BILL, "seq", "before_seq"]
    apart = pairs.filter(now != was)
    first = boxes.group_by(*_BOX).agg(pl.col("seq").min())
    came = _each(apart, now.list.set_difference(was), key).join(
        first, on=[*_BOX, "seq"], how="semi"
    )
    is_added = (pl.col("declaration_function") == _ADDITION).fill_null(value=False)
    went = _each(apart.filter(~is_added), was.list.set_difference(now), key).join(
        boxes, on=[*_BOX, "seq"], how="anti"
    )
    ranked_came = _ranked(came, loads, "seq")
    ranked_went = _ranked(went, loads, "before_seq").rename(
        {"container_key": f"{WAS}container_key"}
    )
    both = ranked_came.join(ranked_went, on=[*key, "place"], how="left", maintain_order="left")
    before = pl.col(f"{WAS}container_key")
    changes = both.select(
        *key, "container_key", pl.lit("container_number").alias("field"), before.alias("before"),
        pl.col("container_key").alias("after"),
        pl.when(before.is_null()).then(pl.lit(Change.ADDED.value))
        .otherwise(pl.lit(Change.CHANGED.value)).alias("kind"),
    )  # fmt: skip
    swaps = both.filter(before.is_not_null()).with_columns(
        pl.col("bill_of_lading").alias(f"{WAS}bill_of_lading")
    )
    return swaps, _as_changes([changes])


def _each(pairs: pl.DataFrame, boxes: pl.Expr, key: Sequence[str]) -> pl.DataFrame:
    each = pairs.rechunk().select(*key, boxes.alias("container_key"))
    return each.filter(pl.col("container_key").list.len() > 0).explode("container_key")


def _ranked(boxes: pl.DataFrame, loads: pl.DataFrame, version: str) -> pl.DataFrame:
    """Number the boxes of a bill in the order of their mass, packages and number."""
    what = loads.select(*_LOAD, pl.col("seq").alias(version), "gross_mass_kg", "package_count")
    group = [*_BILL, "seq", "before_seq"]
    return (
        boxes.join(what, on=[*_LOAD, version], how="left")
        .sort(*group, "gross_mass_kg", "package_count", "container_key", nulls_last=True)
        .with_columns(pl.int_range(pl.len()).over(group).alias("place"))
        .select(*group, "container_key", "place")
    )


def _cancelled(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a change for each bill that a message cancels."""
    return _as_changes(
        [
            rows.filter(pl.col("bill_of_lading") != "")
            .select(*_BILL, "seq")
            .unique(maintain_order=True)
            .with_columns(
                pl.lit("declaration_function").alias("field"),
                pl.lit(CANCELLATION).alias("after"),
                pl.lit(Change.CHANGED.value).alias("kind"),
            )
        ]
    )


def _as_changes(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=CHANGES), *frames], how="diagonal").select(
        CHANGES.keys()
    )
