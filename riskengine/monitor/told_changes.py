"""What moved, in words and tables: features, feeds, what is new, what rose, and the model in the shadow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.charts.page import Section, Table
from riskengine.monitor.wording import cell, label, number, percents, rate_words, shown_chance
from riskengine.rules.rates import in_digits, in_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.monitor.challenger import Side
    from riskengine.monitor.changes import Shift
    from riskengine.monitor.drift import FeatureDrift
    from riskengine.monitor.report import Report
    from riskengine.monitor.watches import Rise
    from riskengine.monitor.wording import Words


def drift(report: Report, words: Words, most: int) -> Section:
    """Return what moved in what comes in: what is told first, then what moved furthest."""
    held = report.drift
    judged = [one for one in held.features if one.is_judged and one.since.chance is not None]
    told = sum(one.is_told for one in held.features)
    said = [words("drift.told" if told else "drift.untold", value=told, tested=len(judged))]
    for name, one in (("score", held.scores), ("lanes", held.lanes)):
        if one.since.chance is not None:
            params = {
                "index": in_digits(one.since.stability),
                "value": shown_chance(one.since.chance),
            }
            said.append(words(f"drift.{name}", **params))
    if not held.enough:
        said = [words("attention.few_calls")]
    shown = sorted(held.features, key=lambda one: (not one.is_told, not one.is_judged))[:most]
    rest = len(held.features) - len(shown)
    if rest:
        said.append(words("more", count=rest))
    columns = ("feature", "since", "chance", "moved", "learned", "unknown", "unseen")
    return Section(
        heading=words("heading.drift"),
        paragraphs=tuple(said),
        table=_table("drift", columns, [_feature(one, words) for one in shown], words),
    )


def _feature(one: FeatureDrift, words: Words) -> tuple[str, ...]:
    moved = "yes" if one.is_told else "no"
    if not one.is_judged:
        moved = "unjudged"
    elif one.since.chance is None:
        moved = "untested"
    learned = one.learned.stability if one.learned else None
    return (
        label(one.name, words),
        number(in_digits(one.since.stability), words),
        _chance(one.since, words),
        words(f"drift.{moved}"),
        number(in_digits(learned), words),
        percents(one.unknown_before, one.unknown, words),
        f"{number(in_percent(one.unseen), words)} %",
    )


def feeds(report: Report, words: Words, most: int) -> Section:
    """Return the fields that feeds no longer fill."""
    held = report.drift
    rows = [
        (
            gap.feed or words("drift.every_feed"),
            label(gap.field, words),
            percents(gap.missing_before, gap.missing, words),
            cell(gap.containers, words),
            number(shown_chance(gap.chance), words),
        )
        for gap in held.feeds[:most]
    ]
    rest = len(held.feeds) - len(rows)
    said = [words("more", count=rest)] if rest else []
    return Section(
        heading=words("heading.feeds"),
        paragraphs=tuple(said) if rows else (_no_feed(held.feeds_tested, words),),
        table=_table(
            "drift", ("feed", "field", "missing", "containers", "chance"), rows, words
        ),
    )


def _no_feed(tested: int, words: Words) -> str:
    """Say that no field goes missing, or that nobody could tell."""
    return words("drift.no_feed", tested=tested) if tested else words("attention.few_calls")


def watches(report: Report, words: Words, most: int) -> Section:
    """Return what is new, what rose and what looks tried out."""
    held = report.watches
    if not held.new:
        return Section(
            heading=words("heading.watches"), paragraphs=(words("attention.few_calls"),)
        )
    rows = [
        (
            words(f"watch.{one.kind}"),
            cell(one.now, words),
            number(in_digits(one.usual), words),
            number(shown_chance(one.chance), words),
            words("drift.yes" if one.is_told else "drift.no"),
        )
        for one in held.new
    ]
    risen = [_rise(one, words) for one in held.rises[:most]]
    probed = [
        f"{one.shipper} · {one.consignee}: {words('watch.since')} {one.since.isoformat()}, "
        f"{words('watch.loads')} {cell(one.loads, words)}, {words('watch.late')} "
        f"{cell(one.containers, words)} · {cell(one.late, words)}, p = {number(shown_chance(one.chance), words)}"
        for one in held.probes[:most]
    ]
    rise = "rises" if risen else "no_rise"
    said = [words(f"watch.{rise}", tested=held.rises_tested)]
    said.append(
        words("watch.probes") if probed else words("watch.no_probe", tested=held.pairs_tested)
    )
    table = _table(
        "watch", ("kind", "now", "usual", "chance"), [row[:4] for row in rows], words
    )
    if table is not None:
        table = Table(columns=(*table.columns, words("drift.moved")), rows=tuple(rows))
    return Section(
        heading=words("heading.watches"),
        paragraphs=tuple(said),
        points=(*risen, *probed),
        table=table,
    )


def _rise(one: Rise, words: Words) -> str:
    place = words("watch.rise_named", place=words(f"watch.{one.place}"), name=one.name)
    if one.what == "volume":
        moved = f"{number(in_digits(one.usual), words)} → {number(one.now, words)}"
    else:
        moved = percents(one.usual, one.now, words).replace(" · ", " → ")
    near = (
        f"; {words('watch.near')} {cell(one.finds_near, words)}, {words('watch.after')} {one.after}"
        if one.finds_near
        else ""
    )
    chance = number(shown_chance(one.chance), words)
    return f"{place}: {words(f'watch.{one.what}')} {moved} (p = {chance}){near}"


def challenger(report: Report, words: Words) -> Section:
    """Return both models side by side."""
    held = report.challenger
    if held is None:
        return Section(
            heading=words("heading.challenger"), paragraphs=(words("challenger.none"),)
        )
    about = words(
        "challenger.about",
        runs=held.runs,
        containers=held.containers,
        capacity=held.capacity,
        both=held.both.containers,
    )
    rows = [
        _side(words(f"challenger.{name}"), side, words)
        for name, side in (
            ("champion", held.champion),
            ("challenging", held.challenger),
            ("both", held.both),
        )
    ]
    return Section(
        heading=words("heading.challenger"),
        paragraphs=(about, words("challenger.care")),
        table=Table(
            columns=(
                words("challenger.side"),
                words("finds.chosen"),
                words("finds.opened"),
                words("finds.found"),
                words("finds.rate"),
                words("challenger.weighted"),
            ),
            rows=tuple(rows),
        ),
    )


def _side(name: str, side: Side, words: Words) -> tuple[str, ...]:
    shown = "-"
    if side.rate.examined:
        shown = words.of("evidence.range.rate", **rate_words(side.rate))
    return (
        name,
        cell(side.containers, words),
        cell(side.rate.examined, words),
        cell(side.rate.found, words),
        shown,
        number(in_digits(side.weighted, 3), words),
    )


def _chance(shift: Shift, words: Words) -> str:
    return "-" if shift.chance is None else number(shown_chance(shift.chance), words)


def _table(
    area: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], words: Words
) -> Table | None:
    if not rows:
        return None
    return Table(
        columns=tuple(words(f"{area}.{column}") for column in columns), rows=tuple(rows)
    )
