"""The report for machines: one object a line, each with its section and its name, every figure as it was measured."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.monitor.challenger import Side
    from riskengine.monitor.changes import Shift
    from riskengine.monitor.drift import FeatureDrift
    from riskengine.monitor.report import Report
    from riskengine.monitor.yields import Yield
    from riskengine.rules.rates import Rate

_DIGITS: Final = 6


def lines(report: Report) -> Iterator[dict[str, object]]:
    """Return the report as JSON can hold it: what it is, the limits, then section by section."""
    span = report.span
    yield _line(
        "report",
        "",
        {
            "from": span.first,
            "to": span.last,
            "compared_from": span.before_from,
            "runs": report.runs,
            "containers": report.containers,
            "containers_before": report.containers_before,
            "examined": report.examined,
            "model": report.model_id,
            "is_crossed": report.is_crossed,
        },
    )
    yield from limit_lines(report)
    yield from _finds(report)
    yield from _changes(report)


def limit_lines(report: Report) -> Iterator[dict[str, object]]:
    """Return every limit with its value and its threshold."""
    for limit in report.crossings:
        figures = asdict(limit)
        yield _line("limit", str(figures.pop("name")), figures)


def _finds(report: Report) -> Iterator[dict[str, object]]:
    yield _line("base", "random", _rate(report.base))
    for one in report.doors:
        yield _line("door", one.name, _yield(one))
    for one in report.lanes:
        yield _line("lane", one.name, _yield(one))
    for rule in report.rules:
        figures = _yield(rule.found) | {
            "share_of_examinations": rule.share_of_examinations,
            "points_first": rule.points_first,
            "points_last": rule.points_last,
        }
        yield _line("rule", rule.found.name, figures)
    for week in report.weeks:
        figures = _rate(week.rate) | {
            "drawn": _rate(week.drawn),
            "expected": week.expected,
        }
        yield _line("week", week.begins_on.isoformat(), figures)
    for done in report.completion:
        figures = asdict(done) | {"share": done.share}
        yield _line("outcomes", str(figures.pop("door")), figures)
    yield _line("draws", "random", asdict(report.draws))
    yield _line(
        "missed", "not chosen", asdict(report.missed) | {"at_most": report.missed.at_most}
    )
    for name, total in (
        ("chosen", report.calibration.chosen),
        ("drawn", report.calibration.drawn),
    ):
        yield _line("calibration", name, asdict(total) | {"ratio": total.ratio})
    for band in report.calibration.bands:
        yield _line("band", f"{band.low:g} to {band.high:g}", asdict(band))


def _changes(report: Report) -> Iterator[dict[str, object]]:
    for one in report.drift.features:
        yield _line("feature", one.name, _drift(one))
    yield _line("shares", "score", _drift(report.drift.scores))
    yield _line("shares", "lanes", _drift(report.drift.lanes))
    for begins, stability in report.drift.weeks:
        yield _line("score week", begins.isoformat(), {"stability": stability})
    for gap in report.drift.feeds:
        figures = asdict(gap)
        yield _line("feed", str(figures.pop("feed")), figures)
    for new in report.watches.new:
        figures = asdict(new)
        yield _line("new", str(figures.pop("kind")), figures)
    for rise in report.watches.rises:
        figures = asdict(rise)
        yield _line("rise", str(figures.pop("name")), figures)
    for probe in report.watches.probes:
        yield _line("probe", f"{probe.shipper} · {probe.consignee}", asdict(probe))
    if report.challenger is not None:
        held = report.challenger
        for name, side in (
            ("champion", held.champion),
            ("challenger", held.challenger),
            ("both", held.both),
        ):
            figures = _side(side) | {"runs": held.runs, "capacity": held.capacity}
            yield _line("model", name, figures)


def _line(section: str, name: str, figures: Mapping[str, object]) -> dict[str, object]:
    return {"section": section, "name": name} | {
        key: _plain(value) for key, value in figures.items()
    }


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _rate(rate: Rate) -> dict[str, object]:
    return {
        "examined": rate.examined,
        "found": rate.found,
        "share": rate.share,
        "low": rate.low,
        "high": rate.high,
    }


def _yield(one: Yield) -> dict[str, object]:
    return _rate(one.rate) | {
        "chosen": one.chosen,
        "seizures": one.seizures,
        "discrepancies": one.rate.found - one.seizures,
        "lift": asdict(one.lift),
        "is_enough": one.is_enough,
    }


def _side(side: Side) -> dict[str, object]:
    return _rate(side.rate) | {"containers": side.containers, "weighted": side.weighted}


def _drift(one: FeatureDrift) -> dict[str, object]:
    return {
        "since": _shift(one.since),
        "learned": None if one.learned is None else _shift(one.learned),
        "unknown": one.unknown,
        "unknown_before": one.unknown_before,
        "unseen": one.unseen,
        "is_told": one.is_told,
        "is_judged": one.is_judged,
    }


def _shift(shift: Shift) -> dict[str, object]:
    return {"chance": shift.chance, "stability": shift.stability, "calls": shift.calls}
