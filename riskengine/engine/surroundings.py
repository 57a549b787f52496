"""What stands around a manifest when rules look across containers: earlier ones, and the stow plan."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.engine.memory import kept_fields, name_sightings, voyage_key
from riskengine.ledger import seen
from riskengine.rules.across import Surroundings, fields_across, longest_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.engine.stow_plan import StowPlan
    from riskengine.rules.rule import Measure, Rule
    from riskengine.workspace import Workspace

_NO_VOYAGE: Final = "|"


def surroundings_of(
    workspace: Workspace, rules: Sequence[Rule], stated: pl.DataFrame, plan: StowPlan | None
) -> Surroundings:
    """Return what the measures of these rules look at, beside the manifest itself.

    Only containers that share something with one of the manifest are fetched, and only days before the
    assessment. What was counted of the same containers on the same voyage is left out: they are here.

    Args:
        workspace: The unit's folder.
        rules: The rules in force.
        stated: The facts of the manifest, with ``assessed_on``.
        plan: The stow plan, where one was received.
    """
    measures = [
        measure for rule in rules for measure in rule.measures if measure.within_days > 0
    ]
    days = stated["assessed_on"].drop_nulls()
    if not measures or days.is_empty():
        return Surroundings(stow_plan=plan.facts if plan else None)
    first, last = days.dt.min(), days.dt.max()
    past = earlier_containers(
        workspace,
        stated,
        fields_across(rules),
        _shared(measures, stated),
        (first - timedelta(days=longest_window(rules)), last),  # type: ignore[operator,arg-type]
    )
    # The stow plan is no past: it speaks of this voyage.
    return Surroundings(past=past, stow_plan=plan.facts if plan else None)


def earlier_containers(
    workspace: Workspace,
    stated: pl.DataFrame,
    fields: Sequence[str],
    shared: Mapping[str, pl.Series],
    days: tuple[date, date],
) -> pl.DataFrame:
    """Return the containers of earlier days that share something, those of this very manifest left out.

    Args:
        workspace: The unit's folder.
        stated: The facts of the manifest, with ``assessed_on``.
        fields: What to return of them.
        shared: Fields with the values looked for.
        days: The first day looked at, and the day before which they were seen.
    """
    past = seen.fetch(workspace, fields, shared, *days)
    # Null equals nothing: what was not declared is kept as empty, and is looked for as empty.
    own = name_sightings(stated, dated=False).select(pl.col(seen.KEYS[:3]).fill_null(""))
    others = past.join(own, on=seen.KEYS[:3], how="anti", maintain_order="left")
    return _typed(others, fields).with_columns(named_voyage())


def placed(indicators: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``voyage_key``, by which a container's own voyage is told from others."""
    return indicators.with_columns(voyage_key().alias("voyage_key")).with_columns(
        named_voyage()
    )


def named_voyage() -> pl.Expr:
    """Return ``voyage_key``, empty where nothing names the voyage: what is not named is not shared."""
    return pl.col("voyage_key").replace(_NO_VOYAGE, "").fill_null("")


def digest_of(past_digest: str, around: Surroundings, beside_digest: str = "") -> str:
    """Return the digest of the history with the earlier containers that were looked at, and what stood beside."""
    if around.past is None and not beside_digest:
        return past_digest
    rows = "" if around.past is None else around.past.write_ndjson()
    parts = f"{past_digest}\n{rows}\n{beside_digest}"
    return hashlib.sha256(parts.encode()).hexdigest()


def _shared(measures: Sequence[Measure], stated: pl.DataFrame) -> dict[str, pl.Series]:
    """Return, of each measure, the field that tells most containers apart, and its values here."""
    shared: dict[str, pl.Series] = {}
    for measure in measures:
        values = {
            ref.name: _values(stated[ref.name])
            for ref in measure.same
            if ref.name in stated.columns
        }
        if values:
            name = max(sorted(values), key=lambda name: values[name].n_unique())
            shared[name] = values[name]
    return shared


def _values(column: pl.Series) -> pl.Series:
    flat = column.explode() if column.dtype == pl.List(pl.String) else column
    return flat.drop_nulls().unique()


def _typed(past: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Add, as unknown, the fields that no earlier container has brought yet."""
    kept = kept_fields()
    return past.with_columns(
        pl.lit(None, dtype=kept[name]).alias(name)
        for name in fields
        if name in kept and name not in past.columns
    )
