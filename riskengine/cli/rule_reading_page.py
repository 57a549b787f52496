"""Rules in the terminal: read aloud, asked of one container line by line, counted over a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.cli.counted_page import show_counted
from riskengine.cli.output import page, say, table, text
from riskengine.domain import Verdict
from riskengine.engine.near_miss import Unremarkable
from riskengine.rules.rule import RuleStatus
from riskengine.rules.spoken import values_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from riskengine.engine.near_miss import NearMisses
    from riskengine.engine.rule_answers import ContainerAnswer, RuleCount, RunAnswers
    from riskengine.rules.aloud import RuleAloud
    from riskengine.rules.spoken import SpokenLine

# Each state has a shape of its own: a page without colours says as much.
_MARKS: Final = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
_VERDICTS: Final = {
    Verdict.MATCH: "bold red",
    Verdict.NO_MATCH: "green",
    Verdict.UNKNOWN: "yellow",
    Verdict.EXCUSED: "blue",
}
_INDENT = "  "
_MOST_FIELDS = 3
_MOST_NEAR = 12


class _Words:
    """The texts of these pages, in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **params: object) -> str:
        return messages.render(f"answer.{key}", params, self.language)

    def number(self, value: float) -> str:
        return messages.fill("{value:number}", {"value": value}, self.language)


def show_rule(aloud: RuleAloud, language: str) -> None:
    """Print a rule read aloud."""
    words, console, rule = _Words(language), page(), aloud.rule
    console.print(text(f"{rule.id}  {aloud.title}", "bold"))
    head = words(
        "aloud.head",
        version=rule.version,
        status=words(f"status.{rule.status.value}"),
        severity=words(f"severity.{rule.severity.value}"),
        points=rule.severity.points,
        effect=words(f"effect.{rule.effect.value}"),
    )
    console.print(text(head, "dim"))
    for key in ("why", "innocent", "blind_spot", "guide"):
        if said := getattr(aloud, key):
            _section(console, words(f"aloud.{key}"))
            console.print(text(said))
    _section(console, words("aloud.asks"))
    _show_asked(console, [line for line in aloud.lines if line.part == "when"])
    if excuses := [line for line in aloud.lines if line.part == "unless"]:
        _section(console, words("aloud.excuses"))
        _show_asked(console, excuses)
    _list(console, words("aloud.measures"), aloud.measures)
    _list(console, words("aloud.exceptions"), aloud.exceptions)
    _show_settings(console, aloud, words)
    _show_lists(console, aloud, words)
    _list(
        console, words("aloud.fields"), [f"{label}  ({name})" for name, label in aloud.fields]
    )
    _section(console, words("aloud.answers"))
    console.print(
        text(
            words("aloud.unknown", fields=", ".join(aloud.needed))
            if aloud.needed
            else words("aloud.never_unknown")
        )
    )
    if excuses or aloud.exceptions:
        console.print(text(words("aloud.excuse_missing")))
    counts = {verdict.value: count for verdict, count in aloud.tests.items()}
    console.print(text(words("aloud.tests", tests=sum(counts.values()), **counts)))
    _show_origin(console, aloud, words)


def show_answer(answer: ContainerAnswer, language: str) -> None:
    """Print every line of a rule with what was found in one container, and the verdict."""
    words, console = _Words(language), page()
    _show_verdict(console, answer, words)
    console.print()
    listing = table("", words("table.line"), words("table.found"))
    part = "when"
    for line in answer.lines:
        if line.part != part:
            part = line.part
            key = "aloud.excuses" if part == "unless" else "aloud.exceptions"
            listing.add_row(text(""), text(words(key), "bold"), text(""))
        mark, style = _MARKS[line.holds]
        found = "" if line.mode else values_in_words(line.read, language)
        listing.add_row(
            text(mark, style),
            text(f"{_INDENT * line.depth}{line.words}"),
            text(found, "" if not line.missing else "yellow"),
        )
    console.print(listing)
    marks = (f"{_MARKS[state][0]} {words(f'mark.{name}')}" for state, name in _STATES)
    console.print(text("   ".join(marks), "dim"))
    console.print()
    show_counted(console, answer.counted, language)
    _show_reason(console, answer, words)
    _remark(answer, words)


def show_why_not(answer: ContainerAnswer, language: str) -> None:
    """Print what kept a rule from matching, the lines nearest to turning first."""
    words, console = _Words(language), page()
    _show_verdict(console, answer, words)
    console.print()
    _show_reason(console, answer, words)
    _remark(answer, words)


def show_near_misses(near: NearMisses, language: str, *, show_all: bool) -> None:
    """Print the rules that one line kept from matching, those that fewest others are as near to first."""
    words, console = _Words(language), page()
    worth = near.misses if show_all else near.remarkable
    shown = worth if show_all else worth[:_MOST_NEAR]
    key = "title" if worth else "none_worth" if near.misses else "none"
    params = {"container": near.container} | (
        {"rules": len(near.misses)} if near.misses else {}
    )
    if worth:
        params["shown"] = len(shown)
    console.print(text(words(f"near.{key}", **params), "bold"))
    for miss in shown:
        severity = words(f"severity.{miss.rule.severity.value}")
        console.print()
        console.print(
            text(f"{miss.rule.id}  {miss.rule.title_in(language)} · {severity}", "bold")
        )
        for line in (f"{_MARKS[False][0]} {miss.turn}", *miss.excuses):
            console.print(text(f"{_INDENT}{line}"))
        if miss.share_equally_near is not None:
            as_near = words(
                "near.share",
                count=miss.others_as_near,
                others=near.others,
                share=miss.share_equally_near,
            )
            console.print(text(f"{_INDENT}{as_near}", "dim"))
    if not show_all:
        _tell_hidden(near, len(worth) - len(shown), words)
    say(words("asked.run", run=near.run_id))


def show_run_answers(answers: RunAnswers, language: str) -> None:
    """Print what each rule answered over a run, and which could not see."""
    words, console = _Words(language), page()
    console.print(
        text(
            words(
                "run.title",
                run=answers.run_id,
                rules=len(answers.rules),
                containers=answers.containers,
            ),
            "bold",
        )
    )
    console.print()
    columns = [words(f"table.{key}") for key in ("rule", *_COUNTED, "fields")]
    listing = table(*columns, right=(1, 2, 3, 4))
    for count in answers.rules:
        listing.add_row(
            text(_name(count, answers, words)),
            *(
                text(_shown(count, verdict, words), _style(count, verdict))
                for verdict in Verdict
            ),
            text(_fields(count, words)),
        )
    console.print(listing)
    console.print()
    counts = {verdict.value: answers.total(verdict) for verdict in Verdict}
    asked = sum(counts.values())
    share = counts["unknown"] / asked if asked else 0.0
    console.print(text(words("run.totals", share=share, **counts)))
    blind = [_name(count, answers, words) for count in answers.rules if count.is_blind]
    if blind:
        console.print(text(words("run.blind", rules=", ".join(blind)), "yellow"))
    for count in answers.rules:
        if count.failure:
            failed = words("run.failed", rule=count.rule.id, sentence=count.failure)
            console.print(text(failed, "red"))


_STATES: Final = ((True, "holds"), (False, "fails"), (None, "unknown"))
_COUNTED: Final = tuple(verdict.value for verdict in Verdict)


def _tell_hidden(near: NearMisses, more: int, words: _Words) -> None:
    """Say beside the page how many near misses are not shown, and why."""
    if more:
        say(words("near.more", count=more))
    for why in Unremarkable:
        if count := near.hidden(why):
            say(words(f"near.{why.value}", count=count))
    if more or len(near.misses) > len(near.remarkable):
        say(words("near.all"))


def _show_verdict(console: Console, answer: ContainerAnswer, words: _Words) -> None:
    rule = answer.rule
    console.print(text(f"{rule.id}  {rule.title_in(words.language)}", "bold"))
    verdict = words(f"verdict.{answer.verdict.value}")
    asked = words("asked.of", rule=rule.id, container=answer.container, verdict=verdict)
    console.print(text(asked, _VERDICTS[answer.verdict]))


def _show_reason(console: Console, answer: ContainerAnswer, words: _Words) -> None:
    """Say in sentences why the verdict is what it is, and what would make it a match."""
    if answer.verdict is Verdict.MATCH:
        console.print(text(answer.sentence))
        console.print(text(words("asked.matches")))
        return
    if answer.verdict is Verdict.UNKNOWN:
        console.print(text(words("asked.missing", fields=", ".join(answer.missing))))
    if answer.verdict is Verdict.EXCUSED:
        for excuse in answer.excuses:
            console.print(text(excuse))
        return
    console.print(text(words("asked.short", lines=answer.lines_short)))
    for turn in answer.turns:
        console.print(text(f"- {turn}"))
    for excuse in answer.excuses:
        console.print(text(words("asked.would_excuse", phrase=excuse)))


def _remark(answer: ContainerAnswer, words: _Words) -> None:
    """Say beside it which run was asked, and where its record says otherwise."""
    if not answer.was_in_run:
        say(words("asked.afterwards", run=answer.run_id))
    elif answer.failure:
        say(words("asked.failed", run=answer.run_id, sentence=answer.failure))
    else:
        say(words("asked.run", run=answer.run_id))
    if answer.recorded not in {None, answer.verdict}:
        say(
            words(
                "asked.differs",
                run=answer.run_id,
                recorded=words(f"verdict.{answer.recorded}"),
                verdict=words(f"verdict.{answer.verdict.value}"),
            )
        )


def _show_asked(console: Console, lines: Sequence[SpokenLine]) -> None:
    for line in lines:
        bullet = "" if line.mode else "- "
        console.print(text(f"{_INDENT * line.depth}{bullet}{line.words}"))


def _show_settings(console: Console, aloud: RuleAloud, words: _Words) -> None:
    if not aloud.settings:
        return
    _section(console, words("aloud.settings"))
    columns = [words(f"table.{key}") for key in ("setting", "value", "from", "to", "written")]
    listing = table(*columns, right=(1, 2, 3, 4))
    for one in aloud.settings:
        listing.add_row(
            text(one.name),
            text(words.number(one.value), "bold" if one.is_tuned else ""),
            text(words.number(one.lowest)),
            text(words.number(one.highest)),
            text(f"≠ {words.number(one.written)}" if one.is_tuned else "="),
        )
    console.print(listing)


def _show_lists(console: Console, aloud: RuleAloud, words: _Words) -> None:
    if not aloud.lists:
        return
    _section(console, words("aloud.lists"))
    columns = [words(f"table.{key}") for key in ("list", "values", "until")]
    listing = table(*columns, right=(1,))
    for one in aloud.lists:
        until = messages.fill("{day:date}", {"day": one.valid_until}, words.language)
        listing.add_row(
            text(f"{one.title}  ({one.name})"),
            text(words.number(one.values)),
            text(words("aloud.expired", last=one.valid_until), "bold yellow")
            if one.is_expired
            else text(until),
        )
    console.print(listing)


def _show_origin(console: Console, aloud: RuleAloud, words: _Words) -> None:
    rule = aloud.rule
    dates = (
        words("aloud.from", first=rule.valid_from)
        if rule.valid_until is None
        else words("aloud.from_to", first=rule.valid_from, last=rule.valid_until)
    )
    lines = {
        "typologies": "; ".join(aloud.typologies),
        "valid": dates,
        "owner": f"{rule.owner} ({rule.handling})",
        "source": "; ".join(rule.source),
        "related": ", ".join(rule.related),
        "false_alarms": "; ".join(rule.known_false_alarms),
        "retired": rule.retirement or "",
    }
    console.print()
    listing = table("", "")
    listing.show_header = False
    for key, said in lines.items():
        if said:
            listing.add_row(text(words(f"aloud.{key}"), "dim"), text(said))
    console.print(listing)


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        _section(console, title)
        for line in lines:
            console.print(text(f"- {line}"))


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(text(title, "bold underline"))


def _name(count: RuleCount, answers: RunAnswers, words: _Words) -> str:
    """Name a rule: with its version where two ran beside each other, and that it was only watched."""
    rule = count.rule
    twins = sum(one.rule.id == rule.id for one in answers.rules)
    name = rule.id if twins == 1 else f"{rule.id}@{rule.version}"
    is_watched = rule.status is RuleStatus.SHADOW
    return f"{name} ({words('status.shadow')})" if is_watched else name


def _shown(count: RuleCount, verdict: Verdict, words: _Words) -> str:
    number = count.counts[verdict]
    if count.failure:
        return "-"
    shown = messages.fill("{number:integer}", {"number": number}, words.language)
    return f"! {shown}" if verdict is Verdict.UNKNOWN and count.is_blind else shown


def _style(count: RuleCount, verdict: Verdict) -> str:
    if not count.counts[verdict]:
        return "dim"
    return _VERDICTS[verdict] if verdict is not Verdict.NO_MATCH else ""


def _fields(count: RuleCount, words: _Words) -> str:
    shown = [
        messages.fill(
            "{label} ({number:integer})", {"label": label, "number": number}, words.language
        )
        for _, label, number in count.missing[:_MOST_FIELDS]
    ]
    more = len(count.missing) - len(shown)
    return ", ".join([*shown, f"+ {more}"] if more else shown)
