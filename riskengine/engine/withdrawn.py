"""Boxes that an earlier version named and the new one does not: they may still be on the ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.domain import Defect, DefectEffect
from riskengine.engine.versions import CANCELLATION
from riskengine.errors import Place
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHDRAWN_CONTAINER: Final = "withdrawn_container"
WITHDRAWN_BILL: Final = "withdrawn_bill"

WITHDRAWN: Final = {
    "voyage_key": pl.String(),
    "bill_of_lading": pl.String(),
    "container_key": pl.String(),
    "is_box": pl.Boolean(),
    "file": pl.String(),  # the last version that named it
    "known_on": pl.Date(),
}
"""What stood in an earlier version and stands in no line of the new one."""

_PARTIAL: Final = ("addition", "amendment", CANCELLATION)
_RESTATED_BY: Final = ("original", "amendment", "replacement")
_REPLACEMENT: Final = "replacement"
_MOST_OF_IT: Final = 0.5
_BOX: Final = ["voyage_key", "container_key"]
_BILL: Final = ["voyage_key", "bill_of_lading"]


def withdrawn(
    rows: pl.DataFrame, documents: pl.DataFrame, unread: pl.Series, place: int
) -> pl.DataFrame:
    """Return what the version under assessment no longer names.

    Two agents may lodge their manifests of one voyage: silence of the one says nothing of the other's boxes. A
    version speaks for an earlier one where it names at least half of it again, itself or by way of versions
    between, or replaces a document of the same number and sender. A message about single bills speaks for these
    bills. What was cancelled in so many words is not named again.

    Args:
        rows: All versions of the voyages.
        documents: ``seq``, ``file``, ``known_on``, ``document_number`` and ``sender`` of each.
        unread: Numbers of boxes that stand in lines of the file that could not be read.
        place: The version under assessment.

    Returns:
        Rows of ``WITHDRAWN``, sorted.
    """
    here = rows.filter(pl.col("seq") == place)
    last = pl.col("seq") == pl.col("seq").max().over(_BOX)
    gone = (
        rows.filter(pl.col("seq") < place)
        .filter(last)
        .join(here, on=_BOX, how="anti")
        .filter((pl.col("declaration_function") != CANCELLATION).fill_null(value=True))
        .filter(~(pl.col("is_box") & pl.col("container_key").is_in(unread.implode())))
    )
    function = pl.col("declaration_function").fill_null("original")
    restated = here.filter((pl.col("bill_of_lading") != "") & function.is_in(_RESTATED_BY))
    # Loose cargo that is packed in boxes by now is where its bill is.
    gone = gone.filter("is_box") if restated.is_empty() else pl.concat(
        [gone.filter("is_box"), gone.filter(~pl.col("is_box")).join(restated, on=_BILL, how="anti")]
    )  # fmt: skip
    found = pl.concat(
        [
            gone.join(restated, on=_BILL, how="semi"),
            gone.join(
                _spoken_for(rows, documents, place), on=["voyage_key", "seq"], how="semi"
            ),
        ]
    )
    return (
        found.join(documents.select("seq", "file", "known_on"), on="seq", how="left")
        .select(WITHDRAWN.keys())
        .unique(_BOX, keep="first", maintain_order=True)
        .sort(*_BOX)
    )


def withdrawn_defects(frame: pl.DataFrame, file: str) -> tuple[Defect, ...]:
    """Return a Defect for each box, or bill of loose cargo, that the file no longer names."""
    columns = ("container_key", "bill_of_lading", "is_box", "file", "known_on")
    return tuple(
        Defect(
            code=WITHDRAWN_CONTAINER if is_box else WITHDRAWN_BILL,
            effect=DefectEffect.CONTENT,
            place=Place(file=file),
            field="container_number" if is_box else "bill_of_lading",
            raw=name[:200],
            container_number=name if is_box else None,
            params={
                "container": visible(name),
                "bill": visible(bill) if bill else "?",
                "file": visible(was_in),
                "on": known_on.isoformat(),
            },
        )
        for name, bill, is_box, was_in, known_on in frame.select(columns).rows()
    )


def _spoken_for(rows: pl.DataFrame, documents: pl.DataFrame, place: int) -> pl.DataFrame:
    """Return the earlier versions of each voyage that the one under assessment takes the place of."""
    function = pl.col("declaration_function").fill_null("original")
    whole = rows.filter((pl.col("seq") == place) & ~function.is_in(_PARTIAL))
    named = whole.select(_BOX).unique()
    replaced = _replaced_documents(whole, documents, place)
    spoken: list[pl.DataFrame] = [
        pl.DataFrame(schema={"voyage_key": pl.String, "seq": pl.Int64})
    ]
    if named.is_empty():
        return spoken[0]
    # The latest first: what it names is named again by the version between.
    for seq in (
        rows.filter(pl.col("seq") < place)["seq"].unique().sort(descending=True).to_list()
    ):
        there = rows.filter(pl.col("seq") == seq).select(_BOX).unique()
        again = there.join(named, on=_BOX, how="semi").group_by("voyage_key").len("again")
        shares = (
            there.group_by("voyage_key").len("size").join(again, on="voyage_key", how="left")
        )
        is_most = pl.col("again").fill_null(0) >= _MOST_OF_IT * pl.col("size")
        of_voyages = shares.filter(is_most | pl.lit(seq in replaced)).select(
            "voyage_key", pl.lit(seq, pl.Int64).alias("seq")
        )
        spoken.append(of_voyages)
        more = there.join(of_voyages, on="voyage_key", how="semi")
        named = pl.concat([named, more]).unique()
    return pl.concat(spoken)


def _replaced_documents(
    whole: pl.DataFrame, documents: pl.DataFrame, place: int
) -> Sequence[int]:
    """Return the versions whose document, by number and sender, the one under assessment says it replaces."""
    if whole.filter(pl.col("declaration_function") == _REPLACEMENT).is_empty():
        return []
    own = documents.filter((pl.col("seq") == place) & pl.col("document_number").is_not_null())
    same = documents.join(own, on="document_number", how="semi").filter(
        pl.col("sender").eq_missing(own["sender"].first() if own.height else None)
    )
    return same.filter(pl.col("seq") < place)["seq"].to_list()
