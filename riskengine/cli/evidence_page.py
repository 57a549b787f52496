"""Back-tests, comparisons, overlaps and advice in the terminal, as an analyst reads them to a supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.output import page, table, text
from riskengine.rules.rates import in_digits, in_percent
from riskengine.rules.sentences import field_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.table import Table

    from riskengine.engine.replay import Replay
    from riskengine.rules.backtest import Backtest
    from riskengine.rules.matching import Example
    from riskengine.rules.rates import Lift, Rate
    from riskengine.rules.rule import Rule

_OVERLAPS_SHOWN = 8
_FIELDS_SHOWN = 5


def show_backtest(
    rule: Rule, made: Backtest, replay: Replay, language: str, *, are_slots_seen: bool
) -> None:
    """Print a back-test to stdout: every number, its interval, and what it cannot tell.

    Args:
        rule: The rule.
        made: Its back-test.
        replay: The history it was asked about.
        language: Of the reader.
        are_slots_seen: The examinations a day were counted in the history, not given.
    """

    def words(key: str, **params: object) -> str:
        return messages.render(f"evidence.backtest.{key}", params, language)

    console = page()
    title = words("title", rule=rule.id, version=rule.version, title=rule.title_in(language))
    console.print(text(title, "bold"))
    console.print(
        text(
            words(
                f"source_{replay.source}",
                first=made.first_day,
                last=made.last_day,
                days=made.days,
                busy=made.days_with_containers,
                containers=made.containers,
            )
        )
    )
    console.print()
    _show_answers(console, made, language)
    console.print()
    for line in (
        *_cost(made, words, are_slots_seen=are_slots_seen),
        *_finds(made, words),
        *_standing(made, words),
        *_blindness(rule, made, words, language),
    ):
        console.print(text(line))
    _show_overlaps(console, made, words, language)
    if made.examples:
        console.print()
        console.print(text(words("examples"), "bold"))
        console.print(example_table(made.examples, language))
    console.print()
    if made.base_kind != "all":
        console.print(text(words("bias"), "italic"))


def remarks(replay: Replay, language: str) -> list[str]:
    """Return what is to be said of a history beside the numbers."""
    said = {"undated": replay.undated, "reassessed": replay.reassessed}
    return [
        messages.render(f"evidence.backtest.{key}", {"count": count}, language)
        for key, count in said.items()
        if count
    ]


def rate_words(rate: Rate) -> dict[str, object]:
    """Return a rate as the texts ask for it: counts, and percentages with as many digits as they bear."""
    return {
        "examined": rate.examined,
        "found": rate.found,
        "rate": in_percent(rate.share),
        "low": in_percent(rate.low),
        "high": in_percent(rate.high),
    }


def example_table(examples: Sequence[Example], language: str) -> Table:
    """Return matches as a table: day, container, outcome, and what the rule says of it."""

    def words(key: str) -> str:
        return messages.render(f"evidence.backtest.{key}", {}, language)

    listing = table(words("day"), words("container"), words("outcome"), words("sentence"))
    for example in examples:
        outcome = (
            messages.render(f"evidence.outcome.{example.outcome}", {}, language)
            if example.outcome
            else words("unlabelled")
        )
        listing.add_row(
            text(example.assessed_on.isoformat() if example.assessed_on else "-"),
            text(example.container_number or ", ".join(example.bills) or "-"),
            text(outcome),
            text(example.sentence),
        )
    return listing


def _show_answers(console: Console, made: Backtest, language: str) -> None:
    def words(key: str) -> str:
        return messages.render(f"evidence.backtest.{key}", {}, language)

    listing = table(words("answer"), words("containers"), words("share"), right=(1, 2))
    for answer in ("match", "no_match", "unknown", "excused"):
        count: int = getattr(made, answer)
        share = _percent(count / made.containers, language) if made.containers else "-"
        listing.add_row(
            text(words(answer)),
            text(messages.fill("{count:integer}", {"count": count}, language)),
            text(share),
        )
    console.print(listing)


def _cost(made: Backtest, words: Callable[..., str], *, are_slots_seen: bool) -> list[str]:
    if not made.match or made.hits_per_day is None:
        return [words("no_hits")] if not made.match else []
    busy = in_digits(made.match / made.days_with_containers, 3)
    key = "per_day" if made.days_with_containers < made.days else "per_day_all"
    said = [words(key, hits=in_digits(made.hits_per_day, 3), busy_hits=busy)]
    if made.capacity_share is None:
        return [*said, words("capacity_unknown")]
    key = "capacity_seen" if are_slots_seen else "capacity"
    share, slots = in_percent(made.capacity_share), in_digits(made.slots_per_day, 3)
    return [*said, words(key, share=share, slots=slots)]


def _finds(made: Backtest, words: Callable[..., str]) -> list[str]:
    said: list[str] = []
    if made.match:
        said.append(
            words("found", **rate_words(made.find_rate))
            if made.inspected
            else words("not_opened")
        )
    if not made.base_rate.examined:
        return [*said, words("base_none")]
    said.append(words(f"base_{made.base_kind}", **rate_words(made.base_rate)))
    if made.is_base_random and made.random_inspected < made.random_drawn:
        said.append(
            words("draws_unopened", drawn=made.random_drawn, opened=made.random_inspected)
        )
    if made.inspected:
        said += _lift(made.lift, words)
    if made.is_base_random and made.random_hits.examined:
        said.append(words("random_hits", **rate_words(made.random_hits)))
    return said


def _lift(worth: Lift, words: Callable[..., str]) -> list[str]:
    low, high = in_digits(worth.low), in_digits(worth.high)
    if worth.value is None or high is None:
        return [words("lift_open", low=low)]
    return [words("lift", value=in_digits(worth.value), low=low, high=high)]


def _standing(made: Backtest, words: Callable[..., str]) -> list[str]:
    since = made.since
    if since is None:
        return []
    if not since.containers:
        return [words("since_after", day=since.on)]
    if made.first_day is not None and since.on <= made.first_day:
        return []  # all of it is since then
    return [
        words(
            "since",
            day=since.on,
            match=since.match,
            containers=since.containers,
            examined=since.find_rate.examined,
            found=since.find_rate.found,
        )
    ]


def _blindness(
    rule: Rule, made: Backtest, words: Callable[..., str], language: str
) -> list[str]:
    if not made.unknown:
        return []
    labels = {measure.column: measure.label.in_language(language) for measure in rule.measures}
    fields = [
        words(
            "missing_field",
            field=labels.get(name) or field_label(name, language),
            containers=count,
        )
        for name, count in made.missing[:_FIELDS_SHOWN]
    ]
    if len(made.missing) > _FIELDS_SHOWN:
        fields.append("…")
    share = in_percent(made.unknown_share)
    return [words("missing", containers=made.unknown, share=share, fields=", ".join(fields))]


def _show_overlaps(
    console: Console, made: Backtest, words: Callable[..., str], language: str
) -> None:
    if not made.match:
        return
    console.print()
    if not made.overlaps:
        console.print(text(words("overlap_none")))
        return
    console.print(text(words("overlaps"), "bold"))
    columns = ("overlap_rule", "overlap_both", "overlap_of_this", "overlap_of_other")
    listing = table(*(words(column) for column in columns), right=(1, 2, 3))
    for overlap in made.overlaps[:_OVERLAPS_SHOWN]:
        listing.add_row(
            text(f"{overlap.rule_id} v{overlap.version}"),
            text(overlap.both),
            text(_percent(overlap.of_this, language)),
            text(_percent(overlap.of_other, language)),
        )
    console.print(listing)
    hidden = len(made.overlaps) - _OVERLAPS_SHOWN
    if hidden > 0:
        console.print(text(words("overlap_more", count=hidden)))


def _percent(share: float, language: str) -> str:
    return messages.fill("{share:number} %", {"share": in_percent(share)}, language)
