"""Who moved between two models and why: in the terminal, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import page, table, text
from riskengine.engine.moved import BESIDE_THE_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.charts.page import Section
    from riskengine.charts.table import Table
    from riskengine.engine.moved import Importance, Mover, WhoMoved
    from riskengine.engine.side_by_side import SideBySide

_DECIMALS = 2


def show_who_moved(beside: SideBySide, who: WhoMoved, language: str) -> None:
    """Print whom the second model moves, and why."""
    out = page()
    for told in lanes_told(who, language):
        out.print(text(told))
    for key, movers in (("up", who.up), ("down", who.down)):
        if not movers:
            continue
        told = _table(movers, beside, language)
        listing = table(*told.columns)
        for row in told.rows:
            listing.add_row(*(text(cell) for cell in row))
        out.print()
        out.print(text(_text(key, language, model=beside.other), "bold"))
        out.print(listing)
    if not (who.up or who.down):
        out.print(text(_text("none", language)))
    if who.importance:
        out.print()
        out.print(text(_text("importance", language), "bold"))
        for told in _weights_told(who, language):
            out.print(text(told))
        listing = table(_text("group", language), beside.one, beside.other, right=(1, 2))
        for one in who.importance:
            listing.add_row(
                text(group_label(one.group, language)),
                text(messages.number(one.one, language, 3)),
                text(messages.number(one.other, language, 3)),
            )
        out.print(listing)


def as_html(beside: SideBySide, language: str) -> str:
    """Return two models side by side as a page: where they agree, who moved and why, what weighs otherwise."""
    from riskengine.charts.page import html_page

    title = messages.render(
        "model.compare.title", {"one": beside.one, "other": beside.other}, language
    )
    return html_page(title, sections_of(beside, language), language)


def sections_of(beside: SideBySide, language: str) -> tuple[Section, ...]:
    """Return the parts of the page."""
    from riskengine.charts.page import Section

    sections = [
        Section(heading=_text("agree", language), paragraphs=agreement_told(beside, language))
    ]
    who = beside.who
    if who is None:
        return tuple(sections)
    if not (who.up or who.down):
        told = (_text("none", language),)
        sections.append(Section(heading=_text("heading", language), paragraphs=told))
    sections += [
        Section(
            heading=_text(key, language, model=beside.other),
            paragraphs=(_text("told", language),),
            table=_table(movers, beside, language),
        )
        for key, movers in (("up", who.up), ("down", who.down))
        if movers
    ]
    if who.importance:
        sections.append(_weights(who, beside, language))
    return tuple(sections)


def agreement_told(beside: SideBySide, language: str) -> tuple[str, ...]:
    """Return in sentences what was compared and how far the two agree."""

    def told(key: str, **params: object) -> str:
        return messages.render(f"model.compare.{key}", params, language)

    lines = [told("seen", runs=beside.runs, containers=beside.containers)]
    if beside.rescored:
        lines.append(told("rescored", containers=beside.rescored))
    if beside.unread:
        lines.append(told("unread", containers=beside.unread))
    if beside.agreement is not None:
        lines.append(told("agreement", value=beside.agreement))
    lines += [
        told("overlap", share=percent(share, language), both=percent(both, language))
        for share, both in beside.overlap
    ]
    return (*lines, *(lanes_told(beside.who, language) if beside.who else ()))


def lanes_told(who: WhoMoved, language: str) -> tuple[str, ...]:
    """Return in sentences how far the lanes stay the same."""
    return tuple(
        _text(
            "lane",
            language,
            lane=_text(one.lane, language),
            containers=one.containers,
            both=percent(one.both, language),
        )
        for one in who.lanes
    )


def group_label(group: str, language: str) -> str:
    """Return the name of a group, of what rules and habits add, or of an indicator that is in no group."""
    from riskengine.features.groups import GROUPS, label_of_group
    from riskengine.model.card_figures import label_of

    if group == BESIDE_THE_MODEL:
        return _text("rules_and_habits", language)
    return label_of_group(group, language) if group in GROUPS else label_of(group, language)


def percent(share: float, language: str) -> str:
    """Return a share in whole percent."""
    return f"{messages.number(share * 100, language, 0)} %"


def _table(movers: Sequence[Mover], beside: SideBySide, language: str) -> Table:
    from riskengine.charts.table import Table

    heads = [
        messages.render(f"model.compare.{name}", {}, language) for name in ("container", "run")
    ]
    rows = tuple(
        (
            mover.container_number or "-",
            mover.run_id,
            *(
                messages.render(
                    "model.compare.place",
                    {"place": place, "containers": mover.containers},
                    language,
                )
                for place in (mover.one, mover.other)
            ),
            "; ".join(_shift(shift.group, shift.log_odds, language) for shift in mover.shifts),
        )
        for mover in movers
    )
    columns = (*heads, beside.one, beside.other, _text("why", language))
    return Table(columns=columns, rows=rows)


def _shift(group: str, log_odds: float, language: str) -> str:
    number = messages.number(log_odds, language, _DECIMALS)
    signed = f"+{number}" if log_odds > 0 else number
    return _text("shift", language, group=group_label(group, language), log_odds=signed)


def _weights_told(who: WhoMoved, language: str) -> tuple[str, ...]:
    told = [_text("weight", language, containers=who.containers)]
    if who.agreement is not None:
        told.append(_text("agreement", language, value=who.agreement))
    return tuple(told)


def _weights(who: WhoMoved, beside: SideBySide, language: str) -> Section:
    from riskengine.charts.bars import Bar, bar_chart
    from riskengine.charts.bars import table_of as bar_table
    from riskengine.charts.page import Section

    def bar(one: Importance) -> Bar:
        return Bar(label=group_label(one.group, language), value=one.other, mark=one.one)

    bars = [bar(one) for one in who.importance]
    told, title = _weights_told(who, language), _text("importance", language)
    x_label = _text("size", language)
    return Section(
        heading=title,
        paragraphs=told,
        chart=bar_chart(
            title,
            bars=bars,
            x_label=f"{x_label}: {beside.other}",
            description=told[0],
            mark_label=beside.one,
            language=language,
        ),
        table=bar_table(
            bars,
            label=_text("group", language),
            x_label=beside.other,
            mark_label=beside.one,
            language=language,
        ),
    )


def _text(key: str, language: str, **params: object) -> str:
    return messages.render(f"model.moved.{key}", params, language)
