"""One row for each container: what is declared, what it shows, and what the past says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars import selectors

from riskengine.features.attributes import attribute_fields, with_attributes
from riskengine.features.beside import with_beside
from riskengine.features.catalog import catalog, expressions
from riskengine.features.facts import gather
from riskengine.features.history import REMEMBERED_BY
from riskengine.features.remembered import with_past

if TYPE_CHECKING:
    from datetime import date

    from riskengine.ledger.history import Past
    from riskengine.manifest.schema import Manifest


def assemble(
    manifest: Manifest,
    past: Past,
    assessed_on: date | None,
    beside: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the facts and indicators of every container, sorted by ``container_id``.

    Args:
        manifest: The manifest.
        past: What the ledger has counted for the keys of these containers (``asked_keys``); days on
            or after the assessment are not looked at.
        assessed_on: The day of the assessment; None takes the day each bill was presented, so that
            years of history are assembled as they were known day by day.
        beside: What was found beside the manifest (``beside.BESIDE``), by ``container_id``.

    Returns:
        ``container_id``; the fields of ``catalog.catalog()``; what the sentences say beside a
        value, as ``<indicator>.<parameter>``; the columns of ``attribute_fields``; and the keys
        (``_shipper_key`` and so on) by which ``history.sightings`` can remember the row. No number
        is ever infinite or NaN: where it would be, it is not known.
    """
    return assemble_facts(with_beside(gather(manifest, assessed_on), beside), manifest, past)


def assemble_facts(facts: pl.DataFrame, manifest: Manifest, past: Past) -> pl.DataFrame:
    """Return what ``assemble`` does, for some or all containers of a manifest whose facts are gathered.

    Args:
        facts: What ``gather`` gives, with ``with_beside``; some of its rows may be left out.
        manifest: The manifest they are from.
        past: As ``assemble`` takes it.
    """
    remembered = with_past(facts, manifest.attributes, past)
    drawn = remembered.lazy().with_columns(expressions()).collect(optimizations=_sharing())
    fields = catalog()
    said = [
        pl.col(source).alias(field.companion_columns[param])
        for field in fields
        for param, source in field.companions
    ]
    carried = [field.name for field in attribute_fields(manifest)]
    return (
        with_attributes(drawn, manifest.attributes)
        .select(
            "container_id", *(field.name for field in fields), *said, *carried, *REMEMBERED_BY
        )
        .with_columns(_finite())
        .sort("container_id")
    )


def _sharing() -> pl.QueryOptFlags:
    """Let indicators share what they have in common, and plan nothing else.

    Hundreds of them stand on a frame of hundreds of columns: the planning took longer than the work.
    """
    return pl.QueryOptFlags.none(comm_subexpr_elim=True)


def _finite() -> pl.Expr:
    number = selectors.float()
    return pl.when(number.is_finite()).then(number)
