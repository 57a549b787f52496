"""The report as one page: pictures and tables, in a file that needs nothing else and prints on A4."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts.bars import Bar, bar_chart
from riskengine.charts.lines import Series, line_chart
from riskengine.charts.page import Section, Table, html_page
from riskengine.monitor.told import (
    attention,
    calibration,
    finds,
    lanes,
    limits,
    missed,
    rules,
)
from riskengine.monitor.told_changes import challenger, drift, feeds, watches
from riskengine.monitor.wording import Words, label, number
from riskengine.rules.rates import in_digits, in_percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.monitor.report import Report
    from riskengine.monitor.yields import Week
    from riskengine.rules.rates import Rate

_MOST: Final = 40
_BARS: Final = 12
_FEWEST_WEEKS: Final = 2
_TICKS: Final = 6


def report_page(report: Report, language: str) -> str:
    """Return the report as HTML: self-contained, every text escaped, no script."""
    words = Words(language)
    span = report.span
    title = words("title", first=span.first, last=span.last)
    said = about(report, words)
    parts = (
        Section(heading="", paragraphs=(said,)),
        attention(report, words),
        finds(report, words),
        *_weeks(report, words),
        missed(report, words),
        _with_bands(report, words),
        _with_moves(report, words),
        *_drifted(report, words),
        feeds(report, words, _MOST),
        watches(report, words, _MOST),
        challenger(report, words),
        lanes(report, words),
        rules(report, words, _MOST),
        limits(report.crossings, words),
    )
    return html_page(title, parts, language)


def about(report: Report, words: Words) -> str:
    """Return what the report was made from, in a sentence."""
    return words(
        "span",
        containers=report.containers,
        examined=report.examined,
        runs=report.runs,
        before=report.span.before_from,
        earlier=report.containers_before,
        model=report.model_id or words("no_model"),
    )


def _weeks(report: Report, words: Words) -> tuple[Section, ...]:
    weeks = report.weeks
    if len(weeks) < _FEWEST_WEEKS:
        return ()
    base = report.base
    lines = [
        Series(
            label=words("finds.all"),
            points=_points(weeks),
            band=tuple(
                (place, week.rate.low, week.rate.high)
                for place, week in enumerate(weeks)
                if week.rate.examined
            ),
        )
    ]
    if base.share is not None:
        lines.append(
            Series(
                label=words("finds.drawn"),
                points=((0.0, base.share), (float(len(weeks) - 1), base.share)),
                is_reference=True,
            )
        )
    ticks = _ticks([week.begins_on for week in weeks])
    chart = line_chart(
        words("finds.chart"),
        x_label=words("finds.week"),
        y_label=words("finds.rate"),
        series=lines,
        description=words("finds.chart_about"),
        y_is_percent=True,
        x_ticks=ticks,
        language=words.language,
    )
    rows = tuple(
        (
            messages.fill("{day:date}", {"day": week.begins_on}, words.language),
            _rate(week.rate, words),
            _rate(week.drawn, words),
            number(in_digits(week.expected, 3), words),
        )
        for week in weeks
    )
    table = Table(
        columns=(
            words("finds.week"),
            words("finds.all"),
            words("finds.drawn"),
            words("finds.expected"),
        ),
        rows=rows,
    )
    return (
        Section(
            heading=words("finds.chart"),
            paragraphs=(words("finds.chart_about"),),
            chart=chart,
            table=table,
        ),
        Section(heading="", chart=_promised(weeks, words)),
    )


def _ticks(days: Sequence[date]) -> list[tuple[float, str]]:
    every = -(-len(days) // _TICKS)
    return [
        (float(place), day.isoformat()) for place, day in enumerate(days) if place % every == 0
    ]


def _promised(weeks: Sequence[Week], words: Words) -> str:
    """Draw what the scores of the examined promised beside what was found, week by week."""
    return line_chart(
        words("calibration.weeks"),
        x_label=words("finds.week"),
        y_label=words("finds.found"),
        series=[
            Series(
                label=words("finds.expected"),
                points=tuple((float(p), week.expected) for p, week in enumerate(weeks)),
            ),
            Series(
                label=words("finds.found"),
                points=tuple(
                    (float(p), float(week.rate.found)) for p, week in enumerate(weeks)
                ),
            ),
        ],
        description=words("calibration.weeks"),
        x_ticks=_ticks([week.begins_on for week in weeks]),
        language=words.language,
    )


def _drifted(report: Report, words: Words) -> tuple[Section, ...]:
    """Draw how far the scores of each week are from the time before the report."""
    weeks = report.drift.weeks
    if len(weeks) < _FEWEST_WEEKS:
        return ()
    limit = report.limits.drift_stability
    ends = (0.0, float(len(weeks) - 1))
    chart = line_chart(
        words("drift.weeks"),
        x_label=words("finds.week"),
        y_label=words("drift.since"),
        series=[
            Series(
                label=words("drift.scores"),
                points=tuple((float(place), index) for place, (_, index) in enumerate(weeks)),
            ),
            Series(
                label=words("drift.limit"),
                points=tuple((end, limit) for end in ends),
                is_reference=True,
            ),
        ],
        description=words("drift.weeks"),
        x_ticks=_ticks([day for day, _ in weeks]),
        language=words.language,
    )
    return (Section(heading="", chart=chart),)


def _points(weeks: Sequence[Week]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(place), week.rate.share)
        for place, week in enumerate(weeks)
        if week.rate.share is not None
    )


def _rate(rate: Rate, words: Words) -> str:
    if rate.share is None:
        return "-"
    low, high = number(in_percent(rate.low), words), number(in_percent(rate.high), words)
    return f"{rate.found}/{rate.examined} ({low}–{high} %)"  # noqa: RUF001


def _with_bands(report: Report, words: Words) -> Section:
    made = calibration(report, words)
    bands = report.calibration.bands
    if not bands or made.table is None:
        return made
    bars = [
        Bar(label=row[0], value=float(band.found), mark=band.expected)
        for row, band in zip(made.table.rows, bands, strict=True)
    ]
    chart = bar_chart(
        words("calibration.chart"),
        bars=bars,
        x_label=words("calibration.found"),
        description=words("calibration.chart"),
        mark_label=words("calibration.mark"),
        language=words.language,
    )
    return replace(made, chart=chart)


def _with_moves(report: Report, words: Words) -> Section:
    made = drift(report, words, _MOST)
    moved = [one for one in report.drift.features if one.is_judged][:_BARS]
    if not moved or not report.drift.enough:
        return made
    chart = bar_chart(
        words("drift.chart"),
        bars=[
            Bar(label=label(one.name, words), value=in_digits(one.since.stability))
            for one in moved
        ],
        x_label=words("drift.since"),
        description=words("drift.chart_about", threshold=report.limits.drift_stability),
        reference=report.limits.drift_stability,
        language=words.language,
    )
    said = (
        *made.paragraphs,
        words("drift.chart_about", threshold=report.limits.drift_stability),
    )
    return replace(made, paragraphs=said, chart=chart)
