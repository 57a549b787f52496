"""Two rules side by side, what rules have in common, and advice for each, in the terminal."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.evidence_page import example_table, rate_words
from riskengine.cli.output import lines, page, table, text
from riskengine.rules.rates import in_digits, in_percent
from riskengine.rules.scorecard import BEFORE, Advice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.text import Text

    from riskengine.rules.comparison import Comparison, Side
    from riskengine.rules.overlap import Finding, Overlaps
    from riskengine.rules.rates import Lift, Rate
    from riskengine.rules.scorecard import Score

_PAIRS_SHOWN: Final = 15
_STYLES: Final = {Advice.KEEP: "", Advice.TUNE: "yellow", Advice.RETIRE: "bold red"}
_TOLD_BY_ID: Final = {"never_matches", "never_answered", "no_stow_plan"}
"""Kinds of which one sentence serves many rules: they are listed by their ids."""


def show_comparison(made: Comparison, names: tuple[str, str], language: str) -> None:
    """Print two rules side by side to stdout."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"evidence.compare.{key}", params, language)

    console = page()
    first, second = names
    title = words("title", first=first, second=second, containers=made.containers)
    console.print(text(title, "bold"))
    console.print()
    columns = ("side", "hits", "opened", "found", "rate")
    listing = table(*(words(column) for column in columns), right=(1, 2, 3))
    for label, side in (
        (words("only", rule=first), made.only_first),
        (words("only", rule=second), made.only_second),
        (words("both"), made.both),
    ):
        listing.add_row(text(label), *_side_cells(side, language))
    listing.add_row(text(words("neither")), text(_count(made.neither, language)))
    console.print(listing)
    console.print()
    for line in _compared(made, names, words):
        console.print(text(line))
    base = f"base_{made.base_kind}"
    if made.base_rate.examined:
        params = rate_words(made.base_rate)
        console.print(text(messages.render(f"evidence.backtest.{base}", params, language)))
    for name, side in ((first, made.only_first), (second, made.only_second)):
        if side.examples:
            console.print()
            console.print(text(words("examples", rule=name), "bold"))
            console.print(example_table(side.examples, language))
    console.print()
    if made.base_kind != "all":
        console.print(text(messages.render("evidence.backtest.bias", {}, language), "italic"))


def show_overlaps(found: Overlaps, rule_count: int, language: str) -> None:
    """Print to stdout what rules have in common and what about them should be looked at."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"evidence.overlap.{key}", params, language)

    console = page()
    title = words("title", rules=rule_count, containers=found.containers)
    console.print(text(title, "bold"))
    if not found.findings:
        console.print(text(words("none")))
    for kind, group in groupby(found.findings, key=lambda finding: finding.kind):
        console.print()
        console.print(text(messages.render(f"evidence.kind.{kind}", {}, language), "bold"))
        members: list[Finding] = list(group)
        if kind in _TOLD_BY_ID and len(members) > 1:
            console.print(text(", ".join(finding.rules[0] for finding in members)))
        else:
            for finding in members:
                console.print(text(f"- {finding.sentence(language)}"))
    if found.pairs:
        console.print()
        console.print(text(words("pairs"), "bold"))
        columns = ("first", "second", "both", "of_first", "of_second", "alike")
        listing = table(*(words(column) for column in columns), right=(2, 3, 4, 5))
        for pair in found.pairs[:_PAIRS_SHOWN]:
            listing.add_row(
                text(f"{pair.first[0]} v{pair.first[1]}"),
                text(f"{pair.second[0]} v{pair.second[1]}"),
                text(_count(pair.both, language)),
                text(_percent(pair.both / pair.of_first, language)),
                text(_percent(pair.both / pair.of_second, language)),
                text(_percent(pair.jaccard, language)),
            )
        console.print(listing)


def show_scores(scores: Sequence[Score], language: str, *, show_all: bool) -> None:
    """Print advice for each rule to stdout, what asks for a decision first.

    Args:
        scores: Of the rules in force.
        language: Of the reader.
        show_all: Show rules too that are kept because nothing can be said of them yet.
    """

    def words(key: str, **params: object) -> str:
        return messages.render(f"evidence.score.{key}", params, language)

    console = page()
    for base, kind in dict.fromkeys((s.base_rate, s.base_kind) for s in scores):
        key = f"base_{kind}" if base.examined else "base_none"
        params = rate_words(base) if base.examined else {}
        console.print(text(words(key, **params)))
    before = [reason for score in scores for reason in score.reasons if reason.key == BEFORE]
    is_all_before = len(before) == len(scores)
    if before and is_all_before:
        day = min(str(reason.params["day"]) for reason in before)
        console.print(text(words("all_before", day=date.fromisoformat(day))))
    shown = [
        score
        for score in scores
        if show_all or score.is_judged or score.advice is not Advice.KEEP
    ]
    console.print()
    columns = ("rule", "standing", "advice", "opened", "found", "worth", "per_day", "why")
    listing = table(*(words(column) for column in columns), right=(3, 4, 5, 6))
    for score in shown:
        reasons = [r for r in score.reasons if not (is_all_before and r.key == BEFORE)]
        listing.add_row(
            text(f"{score.rule_id} v{score.version}"),
            text(messages.render(f"standing.status.{score.status.value}", {}, language)),
            text(
                messages.render(f"evidence.advice.{score.advice.value}", {}, language),
                _STYLES[score.advice],
            ),
            text(_count(score.find_rate.examined, language)),
            text(_count(score.find_rate.found, language)),
            text(_lift(score.lift, language) if score.find_rate.examined else "-"),
            text(_number(in_digits(score.hits_per_day, 3), language)),
            lines([reason.sentence(language) for reason in reasons]),
        )
    if shown:
        console.print(listing)
        console.print()
    if len(scores) > len(shown):
        console.print(text(words("kept", count=len(scores) - len(shown))))
    counted = {
        advice.value: sum(score.advice is advice for score in scores) for advice in Advice
    }
    console.print(text(words("counts", **counted)))
    if any(score.base_kind != "all" for score in scores):
        console.print(text(words("advice_only"), "italic"))


def _compared(made: Comparison, names: tuple[str, str], words: Callable[..., str]) -> list[str]:
    first, second = names
    if not made.only_first.match and not made.only_second.match:
        return [words("same" if made.both.match else "neither_matched")]
    said: list[str] = []
    if not made.only_first.match:
        said.append(words("inside", inner=first, outer=second))
    if not made.only_second.match:
        said.append(words("inside", inner=second, outer=first))
    for rule, other, side in (
        (first, second, made.only_first),
        (second, first, made.only_second),
    ):
        if side.other_unknown:
            said.append(
                words("other_unknown", count=side.other_unknown, rule=rule, other=other)
            )
    worth = made.lift_of_only_second
    if worth.low is not None and worth.low > 1:
        said.append(words("better", rule=second, other=first, low=in_digits(worth.low)))
    elif worth.high is not None and worth.high < 1:
        low = in_digits(1 / worth.high) if worth.high else None
        said.append(words("better", rule=first, other=second, low=low))
    elif made.only_first.match and made.only_second.match:
        said.append(words("level"))
    return said


def _side_cells(side: Side, language: str) -> list[Text]:
    return [
        text(_count(side.match, language)),
        text(_count(side.find_rate.examined, language)),
        text(_count(side.find_rate.found, language)),
        text(_rate(side.find_rate, language)),
    ]


def _rate(rate: Rate, language: str) -> str:
    if not rate.examined:
        return "-"
    return messages.render("evidence.range.rate", rate_words(rate), language)


def _lift(worth: Lift, language: str) -> str:
    if worth.low is None:
        return "-"
    params = {"low": in_digits(worth.low), "high": in_digits(worth.high)}
    key = "lift" if worth.high is not None else "lift_open"
    return messages.render(f"evidence.range.{key}", params, language)


def _count(count: int, language: str) -> str:
    return messages.fill("{count:integer}", {"count": count}, language)


def _number(value: float | None, language: str) -> str:
    return messages.fill("{value:number}", {"value": value}, language)


def _percent(share: float, language: str) -> str:
    return messages.fill("{share:number} %", {"share": in_percent(share)}, language)
