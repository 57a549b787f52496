"""Which containers stand behind a number that a rule took over several: those that counted, one by one.

The same function says what counts here and in the plain evaluator: what is listed is what was counted. Of
the earlier containers the ledger is asked as it is today; where it now knows others, this is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine.engine.counted_rows import (
    CountedContainer,
    counted_container,
    name_of,
    ordered,
    shared_texts,
)
from riskengine.engine.naming import is_named, own_name
from riskengine.engine.stow_plan import kept_stow_plan
from riskengine.engine.surroundings import earlier_containers, placed
from riskengine.errors import RuleError
from riskengine.ledger.run_register import find_run
from riskengine.rules.across_reference import Scene, taken_over, those_counted
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.list_editions import with_lists_of
from riskengine.rules.reference import value_in
from riskengine.rules.rule import Measure, RuleStatus, Wording
from riskengine.rules.sentences import field_label, label_of
from riskengine.rules.tree import FieldRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.engine.run import Run
    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Value
    from riskengine.workspace import Workspace

MOST_COUNTED: Final = 10
_NAMED: Final = (
    "container_number",
    "bills_of_lading",
    "vessel_name",
    "vessel_imo",
    "voyage_number",
)
_PLACED: Final = ("container_id", "assessed_on", "voyage_key", "manifest_key")
_WHOLE_PAST: Final = 36_500  # days, a hundred years: what is remembered has no window
# Indicators that count earlier containers without a measure, and the field by which they know them.
_REMEMBERED: Final = {
    "seal_sightings_before": FieldRef("seal_numbers", "texts"),
    "container_sightings_before": FieldRef("container_number", "text"),
}


class CountedRemark(StrEnum):
    """What must be known beside a list of those that counted."""

    NONE = "none"
    DIFFERS = "differs"  # read again today, the number is another than the run recorded
    NOT_TAKEN = (
        "not_taken"  # the run took no such number: the rule was not among its rules, or failed
    )
    PLAN_NOT_KEPT = "plan_not_kept"  # the stow plan cannot be read again
    NO_PLAN = "no_plan"  # the run had none


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedMeasure:
    """A number over several containers, and the containers behind it.

    Attributes:
        name: The measure, as the rule calls it.
        label: Its name for people.
        value: What the run recorded.
        today: What it gives when it is taken again; None where it cannot be.
        value_label: What the values of the containers are, for people; empty where they have none.
        containers: At most ``MOST_COUNTED`` of those that counted; of equal values one comes first.
        rest: How many more counted.
        remark: What must be known beside it.
    """

    name: str
    label: str
    value: Value
    today: Value
    value_label: str
    containers: tuple[CountedContainer, ...]
    rest: int
    remark: CountedRemark


def counted_by(
    workspace: Workspace,
    run: Run,
    rule: Rule,
    container_id: object,
    *,
    language: str = "en",
) -> tuple[CountedMeasure, ...]:
    """Return, of every number that a rule took over several containers, those that counted.

    Args:
        workspace: The unit's folder.
        run: A recorded run.
        rule: A rule with its lists.
        container_id: Which container of the run.
        language: Of the reader.
    """
    measures = (*rule.measures, *_remembered(rule, language))
    if not measures:
        return ()
    present = placed(run.indicators)
    own = present["container_id"].to_list().index(container_id)
    asked = present.row(own, named=True)
    past = _past(workspace, run, measures, asked)
    plan = _plan(workspace, run, measures)
    found: list[CountedMeasure] = []
    for measure in measures:
        scene = Scene(
            present=_sharing(present, measure, asked),
            past=_sharing(past, measure, asked),
            stow_plan=None if plan is None else _sharing(plan, measure, asked),
        )
        counting = those_counted(rule, measure, asked, scene)
        recorded = value_in(rule, asked, FieldRef(measure.column, measure.kind))
        is_remembered = measure.column in _REMEMBERED
        today = _sightings(counting) if is_remembered else taken_over(measure, counting)
        rows = _distinct(row for rows in (counting or {}).values() for row in rows)
        shown = ordered(measure, [counted_container(measure, row, asked) for row in rows])
        shared = shared_texts(measure)
        found.append(
            CountedMeasure(
                name=measure.name,
                label=label_of(rule, measure.column, language),
                value=recorded,
                today=today,
                value_label=_value_label(measure, shared, language),
                containers=tuple(shown[:MOST_COUNTED]),
                rest=max(0, len(shown) - MOST_COUNTED),
                remark=_remark(run, measure, (recorded, today), plan),
            )
        )
    return tuple(found)


def counted_by_matches(
    workspace: Workspace,
    run: Run,
    container: str,
    rule_ids: Sequence[str],
    *,
    language: str = "en",
) -> dict[str, tuple[CountedMeasure, ...]]:
    """Return, by rule, those that counted in rules that match a container.

    Args:
        workspace: The unit's folder.
        run: A recorded run.
        container: The container's number, or the bill of its loose cargo.
        rule_ids: Rules that match it and are not in shadow.
        language: Of the reader.
    """
    name = own_name(run.assessments, container)
    key = run.assessments.filter(is_named(name))["container_id"][0]
    moment = find_run(workspace, run.card.run_id).recorded_at
    is_meant = pl.col("rule_id").is_in(list(rule_ids)) & pl.col("failure").is_null()
    is_shadow = pl.col("status").eq_missing(pl.lit(RuleStatus.SHADOW.value))
    applied = run.rules.filter(is_meant & ~is_shadow)
    found: dict[str, tuple[CountedMeasure, ...]] = {}
    for row in applied.select("source_yaml", "status", "overlay_json").rows():
        rule = rule_as_applied(*row)
        try:
            (whole,) = with_lists_of(workspace, [rule], moment)
        except RuleError:
            continue  # an old run kept no lists, and this one is gone: the explanation stands without
        found[rule.id] = counted_by(workspace, run, whole, key, language=language)
    return found


def _remembered(rule: Rule, language: str) -> tuple[Measure, ...]:
    """Return the indicators of a rule that count earlier containers, as measures without a window."""
    asked = [ref.name for ref in rule.fields_read if ref.name in _REMEMBERED]
    return tuple(
        Measure(
            name=name,
            column=name,
            kind="number",
            label=Wording(en=field_label(name, language)),
            taken="count",
            of="containers",
            of_kind="text",
            same=(_REMEMBERED[name],),
            within_days=_WHOLE_PAST,
            counts_peers=False,
            is_of_stow_plan=False,
            where=(),
        )
        for name in asked
    )


def _past(
    workspace: Workspace, run: Run, measures: Sequence[Measure], asked: Mapping[str, Value]
) -> pl.DataFrame:
    """Return the earlier containers that share a field with the container asked about."""
    back = [measure for measure in measures if measure.within_days > 0]
    day = asked.get("assessed_on")
    shared = {name: _told(asked[name]) for name in _telling(run.indicators, back, asked)}
    if not isinstance(day, date) or not shared:
        return pl.DataFrame(schema={"on": pl.Date()})
    window = timedelta(days=max(measure.within_days for measure in back))
    fields = sorted({*_NAMED, *(name for measure in back for name in measure.fields)})
    return earlier_containers(workspace, run.indicators, fields, shared, (day - window, day))


def _telling(
    stated: pl.DataFrame, measures: Sequence[Measure], asked: Mapping[str, Value]
) -> set[str]:
    """Return, of each measure, the shared field that tells most containers apart; none where one is missing."""
    found: set[str] = set()
    for measure in measures:
        names = [ref.name for ref in measure.same]
        if all(asked.get(name) is not None for name in names):
            found.add(max(sorted(names), key=lambda name: stated[name].n_unique()))
    return found


def _told(value: Value) -> pl.Series:
    """Return the values of one container that others may share."""
    return pl.Series(list(value) if isinstance(value, (list, tuple)) else [value])


def _plan(workspace: Workspace, run: Run, measures: Iterable[Measure]) -> pl.DataFrame | None:
    is_asked = any(measure.is_of_stow_plan for measure in measures)
    return kept_stow_plan(workspace, run) if is_asked else None


def _sharing(
    frame: pl.DataFrame, measure: Measure, asked: Mapping[str, Value]
) -> list[dict[str, Value]]:
    """Return the rows that may share the fields of a measure, with no column that it does not read."""
    known = set(frame.columns)
    single = [ref.name for ref in measure.same if ref.kind != "texts"]
    if not known.issuperset(single) or any(asked.get(name) is None for name in single):
        return []
    equal = [pl.col(name).eq(pl.lit(asked[name])) for name in single]
    rows = frame.filter(equal) if equal else frame
    wanted = dict.fromkeys((*_NAMED, *_PLACED, "on", *sorted(measure.fields)))
    return rows.select(name for name in wanted if name in known).to_dicts()


def _distinct(rows: Iterable[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """Return each row once: one that shares two seals is met under both."""
    return list({id(row): row for row in rows}.values())


def _sightings(counting: Mapping[Any, Sequence[Mapping[str, Value]]] | None) -> Value:
    """Return how often the history counted: each container once a voyage."""
    if counting is None:
        return None
    return max(
        float(len({(name_of(row), row.get("voyage_key")) for row in rows}))
        for rows in counting.values()
    )


def _value_label(measure: Measure, shared: str, language: str) -> str:
    name = shared if measure.of in {"containers", "bills"} else measure.of
    return field_label(name, language) if name else ""


def _remark(
    run: Run, measure: Measure, values: tuple[Value, Value], plan: pl.DataFrame | None
) -> CountedRemark:
    if measure.is_of_stow_plan and plan is None:
        has_plan = bool(run.card.stow_plan_sha256)
        return CountedRemark.PLAN_NOT_KEPT if has_plan else CountedRemark.NO_PLAN
    if measure.column not in run.indicators.columns:
        return CountedRemark.NOT_TAKEN
    recorded, today = values
    return CountedRemark.NONE if recorded == today else CountedRemark.DIFFERS
