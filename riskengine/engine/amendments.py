"""What was seen to change between the versions of a manifest that were received, container by container."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine import messages
from riskengine.engine.amended_facts import amended_facts
from riskengine.engine.declarations import declared_rows
from riskengine.engine.versions import compared
from riskengine.engine.withdrawn import WITHDRAWN, withdrawn, withdrawn_defects
from riskengine.features.beside import AMENDMENTS, beside_schema
from riskengine.ledger import declared, received_files
from riskengine.ledger.declared import DECLARED, OF_FILE
from riskengine.rules.sentences import line_field_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.domain import Defect
    from riskengine.manifest.schema import Manifest
    from riskengine.workspace import Workspace

CHANGES: Final = {
    "container_id": pl.Int32(),
    "bill_of_lading": pl.String(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "kind": pl.String(),  # engine.differing.Change
    "version": pl.Int64(),  # of what names the container or one of its bills, the first is 1
    "received_at": pl.Datetime("us", "UTC"),
    "known_on": pl.Date(),
    "hours_before_arrival": pl.Float64(),  # null where the arrival is unknown
}
"""One row for each field that a version changed, for each container it concerns."""

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendments:
    """What was seen to change.

    Attributes:
        facts: ``container_id`` and the facts of ``features.beside.AMENDMENTS``, for each container of which an
            earlier version was received.
        changes: Rows of ``CHANGES``, in the order of containers, versions and fields.
        withdrawn: Rows of ``engine.withdrawn.WITHDRAWN``: what this version no longer names.
        defects: A Defect for each of these, so that no box vanishes.
    """

    facts: pl.DataFrame
    changes: pl.DataFrame
    withdrawn: pl.DataFrame
    defects: tuple[Defect, ...]


def amendments_of(
    workspace: Workspace,
    manifest: Manifest,
    stated: pl.DataFrame,
    *,
    seq: int | None,
    known_on: date | None,
) -> Amendments:
    """Compare a manifest with the versions of it that were received before.

    A file is a version of what came before its own first reception, also when it is assessed again years later.

    Args:
        workspace: The unit's folder.
        manifest: The manifest; a stow plan or a report of movements has no versions here.
        stated: Its facts, one row a container.
        seq: Its place in the order of reception; None where it was not received, and is the newest.
        known_on: The day assessed: versions that became known later are not looked at. None looks at all.
    """
    own = declared_rows(manifest, stated)
    before = (
        declared.earlier(
            workspace,
            own,
            sha256=manifest.source.sha256,
            before_seq=seq,
            known_by=known_on,
        )
        if manifest.source.document.kind == "manifest"
        else pl.DataFrame(schema={**OF_FILE, **DECLARED})
    )
    if before.is_empty():
        return _nothing()
    place: int = before.select(pl.col("seq").max()).item() + 1
    here = own.with_columns(pl.lit(place, pl.Int64).alias("seq"))
    columns = ["seq", *DECLARED]
    rows = pl.concat([before.select(columns), here.select(columns)])
    documents = pl.concat(
        [
            before.select(OF_FILE.keys()).unique("seq", maintain_order=True),
            _document(workspace, manifest, place, known_on),
        ]
    )
    told = compared(rows, documents)
    stood = _versions(rows, own)
    changes = _of_containers(told.changes, rows, own).join(
        stood, on=["container_id", "seq"], how="inner"
    )
    dated = _dated(changes, documents, manifest)
    facts = amended_facts(told, dated, own, stated, stood, place)
    unread = stated.filter("is_unreadable")["container_number"].drop_nulls()
    gone = withdrawn(rows, documents, unread, place)
    order = ["container_id", "version", "field", "bill_of_lading", "before", "after"]
    return Amendments(
        facts=facts,
        changes=dated.select(CHANGES.keys()).cast(pl.Schema(CHANGES)).sort(order),
        withdrawn=gone,
        defects=withdrawn_defects(gone, manifest.source.file),
    )


def _nothing() -> Amendments:
    return Amendments(
        facts=pl.DataFrame(schema={"container_id": pl.Int32(), **beside_schema(AMENDMENTS)}),
        changes=pl.DataFrame(schema=CHANGES),
        withdrawn=pl.DataFrame(schema=WITHDRAWN),
        defects=(),
    )


def _document(
    workspace: Workspace, manifest: Manifest, place: int, known_on: date | None
) -> pl.DataFrame:
    """Return the version under assessment: as it was received first, or where it was not, as of the day assessed."""
    source = manifest.source
    first = received_files.first_reception(workspace, source.sha256)
    day = first.known_on if first else (known_on or source.received_at.date())
    # A reception after the day assessed has not happened on that day.
    day = min(day, known_on) if known_on else day
    moment = first.received_at if first else datetime.combine(day, time(), UTC)
    document = source.document
    row = (
        place, source.file, document.number, document.sender, moment, day, source.format, source.mapping_sha256,
    )  # fmt: skip
    return pl.DataFrame([row], schema=dict(OF_FILE), orient="row")


def _versions(rows: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Return in which versions each container, or one of its bills, stood, numbered from 1."""
    by_box = own.select("container_id", "voyage_key", "container_key").unique()
    by_bill = own.filter(pl.col("bill_of_lading") != "").select(
        "container_id", "voyage_key", "bill_of_lading"
    )
    stood = pl.concat(
        [
            by_box.join(rows, on=["voyage_key", "container_key"]).select("container_id", "seq"),
            by_bill.join(
                rows.select("voyage_key", "bill_of_lading", "seq").unique(),
                on=["voyage_key", "bill_of_lading"],
            ).select("container_id", "seq"),
        ]
    ).unique()
    return stood.with_columns(
        pl.col("seq").rank("dense").over("container_id").cast(pl.Int64).alias("version")
    )


def _of_containers(
    changes: pl.DataFrame, rows: pl.DataFrame, own: pl.DataFrame
) -> pl.DataFrame:
    """Give each change to the containers it concerns: a bill's to those that stood on it then or stand on it now."""
    by_box = own.select("container_id", "voyage_key", "container_key").unique()
    by_bill = own.filter(pl.col("bill_of_lading") != "").select(
        "container_id", "voyage_key", "bill_of_lading"
    )
    of_boxes = changes.filter(pl.col("container_key").is_not_null()).join(
        by_box, on=["voyage_key", "container_key"]
    )
    of_bills = changes.filter(pl.col("container_key").is_null()).drop("container_key")
    now = of_bills.join(by_bill, on=["voyage_key", "bill_of_lading"])
    stood = rows.select("voyage_key", "bill_of_lading", "seq", "container_key").unique()
    then = of_bills.join(stood, on=["voyage_key", "bill_of_lading", "seq"]).join(
        by_box, on=["voyage_key", "container_key"]
    )
    columns = now.columns
    # What is known of the box itself goes before what is known of its bill.
    return pl.concat([of_boxes.select(columns), now, then.select(columns)]).unique(
        ["container_id", "seq", "bill_of_lading", "field"], keep="first", maintain_order=True
    )


def _dated(changes: pl.DataFrame, documents: pl.DataFrame, manifest: Manifest) -> pl.DataFrame:
    """Say when each change was received, and how long before the ship is due."""
    due = manifest.containers.select("container_id", "voyage_id").join(
        manifest.voyages.select(
            "voyage_id",
            pl.coalesce(
                "arrival_expected_at",
                pl.col("arrival_expected_on")
                .cast(pl.Datetime("us"))
                .dt.replace_time_zone("UTC"),
            ).alias("due_at"),
        ),
        on="voyage_id",
        how="left",
    )
    # Days are the clock: with the hour of its reception the same files would say another thing in another unit.
    midnight = pl.col("known_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    received = documents.select("seq", "known_on", midnight.alias("received_at"))
    hours = (pl.col("due_at") - pl.col("received_at")).dt.total_seconds() * (1 / _HOUR)
    return (
        changes.join(received, on="seq", how="left")
        .join(due.select("container_id", "due_at"), on="container_id", how="left")
        .with_columns(hours.alias("hours_before_arrival"))
    )


def told_changes(
    changes: pl.DataFrame, container_id: int, language: str = "en"
) -> tuple[str, ...]:
    """Return what changed of a container, one sentence a change, in the order of the versions.

    Args:
        changes: Rows of ``CHANGES``.
        container_id: Which container of the run.
        language: en, fr, es or pt.
    """
    own = changes.filter(pl.col("container_id") == container_id)
    return tuple(_told(change, language) for change in own.iter_rows(named=True))


def _told(change: Mapping[str, Any], language: str) -> str:
    said = messages.render(
        f"amendment.{_sentence(change)}",
        {
            "version": change["version"],
            "received_at": _moment(change["received_at"], language),
            "field": line_field_label(change["field"], language) or change["field"],
            "before": change["before"],
            "after": change["after"],
        },
        language,
    )
    hours = change["hours_before_arrival"]
    if hours is None:
        return f"{said}."
    when = "before_arrival" if hours >= 0 else "after_arrival"
    return f"{said} {messages.render(f'amendment.{when}', {'hours': abs(hours)}, language)}."


def _sentence(change: Mapping[str, Any]) -> str:
    """Choose the words: what was never there before, or is no longer there, is not told as a dash."""
    if change["before"] is None:
        return "filled"
    return "gone" if change["after"] is None else change["kind"]


def _moment(moment: datetime, language: str) -> str:
    """Write a moment as other sentences write a day; midnight stands for a day whose hour is not known."""
    day = messages.fill("{day:date}", {"day": moment}, language)
    return day if moment.time() == time() else f"{day}, {moment:%H:%M} UTC"
