"""The report in words and tables, in the reader's language: what the terminal and the page both show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine.charts.page import Section, Table
from riskengine.domain import Lane
from riskengine.monitor.calibration import LARGEST_WEIGHT
from riskengine.monitor.told_changes import challenger, drift, feeds, watches
from riskengine.monitor.wording import (
    Words,
    cell,
    label,
    listed,
    number,
    rate_words,
    shown_chance,
)
from riskengine.monitor.yields import ENOUGH_EXAMINED
from riskengine.rules.rates import in_digits, in_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskengine.monitor.limits import Limit
    from riskengine.monitor.report import Report
    from riskengine.monitor.yields import Yield

_YIELD_COLUMNS: Final = ("chosen", "opened", "found", "seizures", "rate", "lift")


def sections(report: Report, language: str, *, most: int) -> tuple[Section, ...]:
    """Return the report: first what needs attention, then the figures.

    Args:
        report: The report.
        language: Of the reader.
        most: How many rows of a long table are shown.
    """
    words = Words(language)
    return (
        attention(report, words),
        finds(report, words),
        missed(report, words),
        calibration(report, words),
        drift(report, words, most),
        feeds(report, words, most),
        watches(report, words, most),
        challenger(report, words),
        lanes(report, words),
        rules(report, words, most),
        limits(report.crossings, words),
    )


def attention(report: Report, words: Words) -> Section:
    """Return what crosses a limit, each in a sentence, and what cannot be told."""
    crossed = [limit for limit in report.crossings if limit.is_crossed]
    points = [
        words(f"attention.{one.name}", **_particulars(one, report, words)) for one in crossed
    ]
    if not report.missed.examined:
        points.append(words("attention.no_draws"))
    if not report.drift.enough:
        points.append(words("attention.few_calls"))
    by_chance = [one for one in report.crossings if one.false_alarm_rate is not None]
    quiet = words(
        "attention.quiet",
        count=len(by_chance),
        rate=in_percent(report.limits.false_alarm_rate),
    )
    return Section(
        heading=words("heading.attention"),
        paragraphs=(
            *([] if crossed else [words("attention.none")]),
            *_unmeasured(report, words),
            quiet,
        ),
        points=tuple(points),
    )


def _unmeasured(report: Report, words: Words) -> list[str]:
    """Say how many limits nobody could measure: what is not measured is not kept."""
    count = sum(one.value is None for one in report.crossings)
    params = {"count": count, "limits": len(report.crossings)}
    return [words("attention.unmeasured", **params)] if count else []


def finds(report: Report, words: Words) -> Section:
    """Return what each door found, beside the blind draws."""
    base = report.base
    said = (
        words("finds.base", **rate_words(base)) if base.examined else words("finds.base_none")
    )
    due = {one.door: one for one in report.completion}
    rows = [
        (
            words(f"door.{one.name}"),
            *_yield_cells(one, words),
            cell(due[one.name].due if one.name in due else None, words),
            cell(due[one.name].entered if one.name in due else None, words),
        )
        for one in report.doors
    ]
    columns = ("door", *_YIELD_COLUMNS, "due", "entered")
    return Section(
        heading=words("heading.finds"),
        paragraphs=(said,) if rows else (said, words("finds.no_examination")),
        table=_table("finds", columns, rows, words),
    )


def lanes(report: Report, words: Words) -> Section:
    """Return what was found in each lane."""
    rows = [
        (words.of(f"desk.lane.{Lane(one.name).value}"), *_yield_cells(one, words))
        for one in report.lanes
    ]
    return Section(
        heading=words("heading.lanes"),
        table=_table("finds", ("lane", *_YIELD_COLUMNS), rows, words),
    )


def rules(report: Report, words: Words, most: int) -> Section:
    """Return what the matches of each rule found."""
    rows = [
        (
            one.found.name,
            *_yield_cells(one.found, words),
            f"{number(in_percent(one.share_of_examinations), words)} %",
            f"{number(one.points_first, words)} · {number(one.points_last, words)}",
        )
        for one in report.rules[:most]
    ]
    rest = len(report.rules) - len(rows)
    return Section(
        heading=words("heading.rules"),
        paragraphs=(
            words("finds.rules_note"),
            *([words("more", count=rest)] if rest else []),
        ),
        table=_table("finds", ("rule", *_YIELD_COLUMNS, "share", "points"), rows, words),
    )


def missed(report: Report, words: Words) -> Section:
    """Return what may be in the containers that nobody chose."""
    held = report.missed
    params = {
        "containers": held.containers,
        "most": held.at_most,
        "drawn": held.drawn,
        "examined": held.examined,
        "found": held.found,
        "guess": in_digits((held.share or 0.0) * held.containers),
    }
    if not held.examined:
        said = [words("missed.none", containers=held.containers)]
    else:
        # The rule of three is no rule for a handful of draws.
        key = "bound" if held.found or held.examined < ENOUGH_EXAMINED else "zero"
        said = [words("missed.drawn", **params), words(f"missed.{key}", **params)]
    return Section(heading=words("heading.missed"), paragraphs=tuple(said))


def calibration(report: Report, words: Words) -> Section:
    """Return expected and actual finds, and how far apart chance would bring them."""
    held = report.calibration
    said: list[str] = []
    for name, one in (("chosen", held.chosen), ("drawn", held.drawn)):
        if one.chance is None:
            continue
        params = {
            "examined": one.examined,
            "expected": in_digits(one.expected, 3),
            "found": one.found,
        }
        chance = words("calibration.chance", value=shown_chance(one.chance))
        said.append(f"{words(f'calibration.{name}', **params)} {chance}")
    rows = [
        (
            words("calibration.range", low=in_percent(band.low), high=in_percent(band.high)),
            cell(band.examined, words),
            number(in_digits(band.expected, 3), words),
            cell(band.found, words),
            number(in_digits(band.weighted_expected, 3), words),
            number(in_digits(band.weighted_found, 3), words),
        )
        for band in held.bands
    ]
    if cut := sum(band.cut for band in held.bands):
        said.append(words("calibration.cut", largest=LARGEST_WEIGHT, count=cut))
    heads = ("band", "expected", "found", "weighted_expected", "weighted_found")
    named = [words(f"calibration.{head}") for head in heads]
    return Section(
        heading=words("heading.calibration"),
        paragraphs=tuple(said) or (words("calibration.none"),),
        table=Table(columns=(named[0], words("finds.opened"), *named[1:]), rows=tuple(rows))
        if rows
        else None,
    )


def limits(crossings: Sequence[Limit], words: Words) -> Section:
    """Return every limit, with what was measured and where it is crossed."""
    rows: list[tuple[str, ...]] = []
    for limit in crossings:
        bound = "at_least" if limit.is_lower else "at_most"
        state = (
            "unmeasured" if limit.value is None else "crossed" if limit.is_crossed else "kept"
        )
        rows.append(
            (
                words(f"limit.{limit.name}"),
                number(_measured(limit), words),
                words(f"limit.{bound}", threshold=limit.threshold),
                words(f"limit.{state}"),
                "-"
                if limit.false_alarm_rate is None
                else words("limit.rate_value", rate=in_percent(limit.false_alarm_rate)),
            )
        )
    return Section(
        heading=words("heading.limits"),
        table=_table("limit", ("name", "value", "threshold", "state", "rate"), rows, words),
    )


def _measured(limit: Limit) -> float | None:
    """Return what was measured in three digits; a chance is never shown as none at all."""
    is_chance = limit.is_lower and limit.false_alarm_rate is not None
    if is_chance and limit.value is not None:
        return shown_chance(limit.value)
    return in_digits(limit.value, 3)


def _yield_cells(one: Yield, words: Words) -> tuple[str, ...]:
    shown = "-"
    lift = "-"
    if one.rate.examined:
        shown = words.of("evidence.range.rate", **rate_words(one.rate))
        if not one.is_enough:
            shown = f"{shown} · {words('finds.few')}"
    if one.lift.low is not None:
        key = "lift" if one.lift.high is not None else "lift_open"
        params = {"low": in_digits(one.lift.low), "high": in_digits(one.lift.high)}
        lift = words.of(f"evidence.range.{key}", **params)
    return (
        cell(one.chosen, words),
        cell(one.rate.examined, words),
        cell(one.rate.found, words),
        cell(one.seizures, words),
        shown,
        lift,
    )


def _table(
    area: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], words: Words
) -> Table | None:
    if not rows:
        return None
    return Table(
        columns=tuple(words(f"{area}.{column}") for column in columns), rows=tuple(rows)
    )


def _particulars(limit: Limit, report: Report, words: Words) -> dict[str, object]:
    """Return what the sentence of a crossed limit needs."""
    value = limit.value or 0.0
    plain: dict[str, object] = {"value": value}
    of: dict[str, Callable[[], dict[str, object]]] = {
        "outcomes_entered": lambda: _shares(limit),
        "missed_share": lambda: _shares(limit),
        "score_finds_times_random": lambda: {"value": in_digits(value)},
        "calibration_chosen": lambda: _sums(report, value, drawn=False),
        "calibration_drawn": lambda: _sums(report, value, drawn=True),
        "random_draw": lambda: {
            "containers": report.draws.containers,
            "drawn": report.draws.drawn,
            "share": in_percent(report.draws.share),
            "value": shown_chance(value),
        },
        "features_drifting": lambda: (
            plain
            | {
                "names": listed(
                    [label(o.name, words) for o in report.drift.features if o.is_told]
                )
            }
        ),
        "scores_drifting": lambda: {"index": in_digits(report.drift.scores.since.stability)},
        "lanes_drifting": lambda: {"index": in_digits(report.drift.lanes.since.stability)},
        "fields_going_missing": lambda: (
            plain | {"names": listed([label(gap.field, words) for gap in report.drift.feeds])}
        ),
        "kinds_with_many_new": lambda: {
            "names": listed(
                [words(f"watch.{one.kind}") for one in report.watches.new if one.is_told]
            )
        },
        "places_displaced_to": lambda: {
            "names": listed(
                [
                    words("watch.after_named", name=one.name, after=one.after)
                    for one in report.watches.displaced
                ]
            )
        },
        "pairs_tried_out": lambda: {
            "names": listed([f"{o.shipper} · {o.consignee}" for o in report.watches.probes])
        },
    }
    return of[limit.name]()


def _shares(limit: Limit) -> dict[str, object]:
    return {"share": in_percent(limit.value), "threshold": in_percent(limit.threshold)}


def _sums(report: Report, value: float, *, drawn: bool) -> dict[str, object]:
    one = report.calibration.drawn if drawn else report.calibration.chosen
    return {
        "found": one.found,
        "expected": in_digits(one.expected, 3),
        "value": shown_chance(value),
        "rate": in_digits(one.found / one.examined) if one.examined else None,
    }
