"""The figures on the page about a model: what it is worth under capacity, where it fails, what moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts.axis import written
from riskengine.charts.bars import Bar, bar_chart
from riskengine.charts.bars import table_of as bar_table
from riskengine.charts.lines import Series, line_chart
from riskengine.charts.lines import table_of as line_table
from riskengine.charts.page import Section
from riskengine.charts.reliability import Expected, reliability_chart, wilson
from riskengine.charts.reliability import table_of as reliability_table
from riskengine.charts.table import Table
from riskengine.model.findings import NEW_TRADER, OTHERS, UNKNOWN

if TYPE_CHECKING:
    from riskengine.model.card import ModelCard
    from riskengine.model.figures import Direction, Metrics, Slice

_WIDEST_SHARE: Final = 0.5
"""Nobody opens more than half: the picture shows the rest no more, the table does."""
_TOLD_SHARE: Final = 0.05
_MOST_DIRECTIONS: Final = 6
_PICTURED: Final = ("lane", "trader size")
_DIMENSIONS: Final = ("lane", "port of loading", "trader size", "heading chapter")
_CODED: Final = {NEW_TRADER: "new", OTHERS: "others", UNKNOWN: "unknown"}


def how_it_did(card: ModelCard, language: str) -> list[tuple[str, Section]]:
    """Return what the model is worth on later containers: figures, the lift under capacity, reliability."""
    metrics = card.metrics
    heading = _text("done.heading", language)
    if metrics.validation == "none" or metrics.base_rate is None:
        return [("", Section(heading=heading, paragraphs=(_text("done.none", language),)))]
    told = [_measured(metrics, language), _ranking(metrics, language)]
    if card.unseen_traders is not None:
        told.append(_unseen(card.unseen_traders, language))
    return [
        ("", Section(heading=heading, paragraphs=tuple(told), table=_tops(metrics, language))),
        *_lift(card, language),
        *_reliability(metrics, language),
    ]


def where_it_does_well(card: ModelCard, language: str) -> list[tuple[str, Section]]:
    """Return how the model did part by part, and where it is wrong."""
    heading = _text("where.heading", language)
    if not card.slices:
        return [("", Section(heading=heading, paragraphs=(_text("where.none", language),)))]
    weak = weak_slices(card)
    names = "; ".join(
        f"{_text('dimension.' + _key(one.dimension), language)} {part_name(one.name, language)}"
        for one in weak
    )
    told = (
        _text("where.lead", language),
        _text("where.weak", language, names=names) if weak else _text("where.sound", language),
    )
    sections = [("", Section(heading=heading, paragraphs=told))]
    for dimension in _DIMENSIONS:
        parts = [one for one in card.slices if one.dimension == dimension]
        if parts:
            sections.append(_by(dimension, parts, card, language))
    return sections


def what_it_reads(card: ModelCard, language: str) -> list[tuple[str, Section]]:
    """Return what the model reads, how strongly each indicator moves it, and which way."""
    specs = {spec.name: spec for spec in card.features}
    held = {-1: _text("reads.down", language), 0: "", 1: _text("reads.up", language)}
    rows = tuple(
        (
            label_of(one.name, language),
            one.name,
            _text(f"reads.{specs[one.name].kind}", language),
            messages.number(one.mean_log_odds, language, 4),
            held[specs[one.name].monotone],
        )
        for one in card.strengths
    )
    names = ("indicator", "name", "kind", "log_odds", "held")
    columns = tuple(_text(f"reads.{name}", language) for name in names)
    first = Section(
        heading=_text("reads.heading", language),
        paragraphs=(_text("reads.lead", language),),
        table=Table(columns=columns, rows=rows),
    )
    pictured = card.directions[:_MOST_DIRECTIONS]
    return [
        ("", first),
        *(
            (f"direction-{place}.svg", _direction(one, language))
            for place, one in enumerate(pictured, start=1)
            if one.points
        ),
    ]


def weak_slices(card: ModelCard) -> list[Slice]:
    """Return the parts whose expected finds no chance explains: they lie outside of the finds' interval."""
    weak: list[Slice] = []
    for one in card.slices:
        low, high = wilson(one.finds, one.containers)
        if not low <= one.expected_finds / one.containers <= high:
            weak.append(one)
    return weak


def label_of(name: str, language: str) -> str:
    """Return an indicator's label for people; a column of the unit's own goes by its name."""
    for area in ("indicator", "fact"):
        if messages.has(key := f"{area}.{name}.label"):
            return messages.render(key, {}, language)
    return name.removeprefix("attribute.")


def part_name(name: str, language: str) -> str:
    """Return the name of a part as people read it."""
    return _text(f"where.{_CODED[name]}", language) if name in _CODED else name


def _measured(metrics: Metrics, language: str) -> str:
    return _text(
        "done.measured",
        language,
        containers=metrics.containers,
        finds=metrics.finds,
        how=_text(f"how.{metrics.validation.replace(' ', '_').replace('-', '_')}", language),
        share=_percent(metrics.base_rate, language),
    )


def _ranking(metrics: Metrics, language: str) -> str:
    return _text(
        "done.ranking",
        language,
        precision=_figure(metrics.average_precision, language),
        auc=_figure(metrics.auc, language),
        loss=_figure(metrics.log_loss, language),
        before=_figure(metrics.log_loss_uncalibrated, language),
    )


def _unseen(metrics: Metrics, language: str) -> str:
    return _text(
        "done.unseen",
        language,
        precision=_figure(metrics.average_precision, language),
        auc=_figure(metrics.auc, language),
        containers=metrics.containers,
        finds=metrics.finds,
    )


def _tops(metrics: Metrics, language: str) -> Table:
    rows: list[tuple[str, ...]] = []
    for top in metrics.top:
        low, high = wilson(top.finds, top.containers)
        rows.append(
            (
                _percent(top.share, language),
                messages.number(top.containers, language, 0),
                messages.number(top.finds, language, 1),
                _percent(top.precision, language),
                f"{_percent(low, language)} – {_percent(high, language)}",  # noqa: RUF001
                _percent(top.recall, language),
            )
        )
    names = ("opened", "containers", "finds", "yield", "interval", "recall")
    columns = tuple(_text(f"done.{name}", language) for name in names)
    return Table(columns=columns, rows=tuple(rows))


def _lift(card: ModelCard, language: str) -> list[tuple[str, Section]]:
    if not card.lift:
        return []
    points = ((0.0, 0.0), *((one.share, one.found) for one in card.lift))
    near = tuple(point for point in points if point[0] <= _WIDEST_SHARE)
    told = next((one for one in card.lift if one.share >= _TOLD_SHARE), card.lift[-1])
    sentence = _text(
        "lift.told",
        language,
        share=_percent(told.share, language),
        found=_percent(told.found, language),
    )
    name = _text("lift.model", language)
    chart = line_chart(
        _text("lift.title", language),
        x_label=_text("lift.x", language),
        y_label=_text("lift.y", language),
        series=(
            Series(label=name, points=near),
            Series(
                label=_text("lift.random", language),
                points=((0.0, 0.0), (near[-1][0], near[-1][0])),
                is_reference=True,
            ),
        ),
        description=sentence,
        x_is_percent=True,
        y_is_percent=True,
        language=language,
    )
    table = line_table(
        (Series(label=_text("lift.y", language), points=points[1:]),),
        x_label=_text("lift.x", language),
        x_is_percent=True,
        y_is_percent=True,
        language=language,
    )
    return [
        (
            "lift.svg",
            Section(
                heading=_text("lift.title", language),
                paragraphs=(sentence,),
                chart=chart,
                table=table,
            ),
        )
    ]


def _reliability(metrics: Metrics, language: str) -> list[tuple[str, Section]]:
    if not metrics.reliability:
        return []
    bands = [
        Expected(
            label=_text(
                "reliability.band",
                language,
                low=_percent(band.from_share, language),
                high=_percent(band.to_share, language),
            ),
            containers=band.containers,
            expected_finds=band.expected_finds,
            finds=band.finds,
        )
        for band in metrics.reliability
    ]
    told = _text("reliability.told", language)
    chart = reliability_chart(
        _text("reliability.title", language),
        bands=bands,
        x_label=_text("reliability.x", language),
        y_label=_text("reliability.y", language),
        perfect_label=_text("reliability.perfect", language),
        description=told,
        language=language,
    )
    keys = (
        "reliability.part",
        "done.containers",
        "reliability.expected",
        "done.finds",
        "done.interval",
    )
    part, containers, expected, finds, interval = (_text(key, language) for key in keys)
    columns = (part, containers, expected, finds, interval)
    table = reliability_table(bands, columns=columns, language=language)
    return [
        (
            "reliability.svg",
            Section(
                heading=_text("reliability.title", language),
                paragraphs=(told,),
                chart=chart,
                table=table,
            ),
        )
    ]


def _by(
    dimension: str, parts: list[Slice], card: ModelCard, language: str
) -> tuple[str, Section]:
    bars: list[Bar] = []
    for one in parts:
        low, high = wilson(one.finds, one.containers)
        bars.append(
            Bar(
                label=part_name(one.name, language),
                value=one.finds / one.containers,
                low=low,
                high=high,
                mark=one.expected_finds / one.containers,
            )
        )
    label = _text(f"dimension.{_key(dimension)}", language)
    title = _text("dimension.title", language, dimension=label)
    chart = ""
    if dimension in _PICTURED:
        average = card.metrics.base_rate
        chart = bar_chart(
            title,
            bars=bars,
            x_label=_text("done.yield", language),
            description=_text("where.lead", language),
            is_percent=True,
            mark_label=_text("where.mark", language),
            reference=average,
            reference_label=_text("where.average", language, share=_percent(average, language)),
            language=language,
        )
    table = _part_table(label, parts, bars, language)
    name = f"{dimension.replace(' ', '-')}.svg" if chart else ""
    return name, Section(heading=title, chart=chart, table=table)


def _part_table(label: str, parts: list[Slice], bars: list[Bar], language: str) -> Table:
    shares = bar_table(
        bars,
        label=label,
        x_label=_text("done.yield", language),
        interval_label=_text("done.interval", language),
        language=language,
        is_percent=True,
    )
    counts = tuple(
        (
            messages.number(one.containers, language, 0),
            messages.number(one.finds, language, 0),
            messages.number(one.expected_finds, language, 1),
            _figure(one.auc, language),
        )
        for one in parts
    )
    names = ("done.containers", "done.finds", "reliability.expected", "where.auc")
    return Table(
        columns=(*shares.columns, *(_text(name, language) for name in names)),
        rows=tuple((*row, *more) for row, more in zip(shares.rows, counts, strict=True)),
    )


def _direction(one: Direction, language: str) -> Section:
    bars = [
        Bar(
            label=written(point.low, language)
            if point.low == point.high
            else _text(
                "reliability.band",
                language,
                low=written(point.low, language),
                high=written(point.high, language),
            ),
            value=point.mean_log_odds,
        )
        for point in one.points
    ]
    title = _text("reads.direction", language, label=label_of(one.name, language))
    moves = _text("reads.moves", language)
    chart = bar_chart(title, bars=bars, x_label=moves, language=language)
    table = bar_table(
        bars, label=_text("reads.value", language), x_label=moves, language=language
    )
    return Section(heading=title, chart=chart, table=table)


def _key(dimension: str) -> str:
    return dimension.replace(" ", "_")


def _percent(share: float | None, language: str) -> str:
    return "-" if share is None else written(share, language, is_percent=True)


def _figure(value: float | None, language: str) -> str:
    return "-" if value is None else messages.number(value, language, 3)


def _text(key: str, language: str, **params: object) -> str:
    return messages.render(f"model.{key}", params, language)
