"""An explanation in the terminal: bars with their sign, sentences, what could not be checked, what would clear it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.biography_page import show_short
from riskengine.cli.explanation_plan import section, show_lines, show_plan, show_what_if
from riskengine.cli.explanation_reasons import show_reasons, signed
from riskengine.cli.output import LANE_STYLES, page, table, text
from riskengine.domain import Basis, Lane

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from riskengine.engine.biography import Chapter, CloneSign
    from riskengine.engine.explanation import Explanation, RuleNote

_AWAITED = 8


def show_explanation(
    explanation: Explanation,
    language: str,
    *,
    show_all: bool = False,
    beside: Mapping[str, str] = MappingProxyType({}),
    life: tuple[Chapter, ...] | None = None,
    signs: tuple[CloneSign, ...] = (),
) -> None:
    """Print an explanation to stdout.

    Args:
        explanation: What is explained.
        language: Of the labels.
        show_all: Whether weak reasons are shown too.
        beside: The other containers that a rule counted, by the rule.
        life: What was known of the box before; None leaves it out.
        signs: What of it one box could not have done.
    """

    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.explain.{key}", params, language)

    console = page()
    _show_place(console, explanation, language)
    section(console, words("facts"))
    facts = table("", "")
    facts.show_header = False
    for label, value in explanation.facts:
        facts.add_row(text(label, "dim"), text(value))
    console.print(facts)
    show_reasons(console, explanation, language, show_all=show_all)
    show_plan(console, explanation, language, show_all=show_all)
    if show_all and explanation.typologies:
        section(console, words("typologies"))
        for sentence, log_odds in explanation.typologies:
            console.print(text(f"{signed(log_odds, language):>7}  {sentence}"))
    show_what_if(console, explanation, language)
    _show_innocent(console, explanation, language)
    for key in ("changes", "differences"):
        show_lines(
            console,
            messages.render(f"intake.explain.{key}", {}, language),
            getattr(explanation, key),
        )
    _show_matched(console, explanation, language, beside, show_all=show_all)
    if life is not None:
        show_short(console, explanation.name, life, language, signs)
    _show_unknown(console, explanation, language, show_all=show_all)
    show_lines(
        console,
        words("defects"),
        [f"{place}  {sentence}" for place, sentence in explanation.defects],
    )
    show_lines(console, words("excused"), explanation.excused)
    watched = messages.render("standing.explain.shadow", {}, language)
    show_lines(console, watched, explanation.shadow)
    section(console, words("digests"))
    digests = explanation.digests
    console.print(
        text(
            f"run {explanation.run_id} · manifest {digests.manifest[:12]} · history {digests.history[:12]} · "
            f"rules {digests.rules[:12]} · model {digests.model[:12]} · policy {digests.policy[:12]}",
            "dim",
        )
    )
    console.print(text(words("advice"), "dim"))


def _show_place(console: Console, explanation: Explanation, language: str) -> None:
    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.explain.{key}", params, language)

    lane = explanation.lane.value
    console.print(text(explanation.name, "bold"), end="  ")
    console.print(
        text(
            words(
                "place",
                rank=explanation.rank,
                containers=explanation.containers,
                lane=messages.render(f"desk.lane.{lane}", {}, language),
                means=messages.render(f"desk.lane_means.{lane}", {}, language),
                basis=messages.render(f"desk.basis.{explanation.basis.value}", {}, language),
            ),
            LANE_STYLES[lane],
        )
    )
    lift = float(f"{explanation.lift:.2g}")
    console.print(
        text(
            words(
                "lift", value=lift, expected=float(f"{explanation.expected_finds_per_1000:.2g}")
            )
        )
    )
    if explanation.lift_by_members is not None:
        low, high = (float(f"{value:.2g}") for value in explanation.lift_by_members)
        if low < high:
            console.print(text(words("members", low=low, high=high)))


def _show_innocent(console: Console, explanation: Explanation, language: str) -> None:
    """Print what proof to ask for; where there is nothing to prove, that alone and no heading."""
    if explanation.lane is Lane.GREEN or explanation.basis is Basis.RANDOM:
        console.print()
        for line in explanation.would_clear:
            console.print(text(line))
        return
    title = messages.render("desk.explain.clear", {}, language)
    show_lines(console, title, explanation.would_clear)


def _show_unknown(
    console: Console, explanation: Explanation, language: str, *, show_all: bool
) -> None:
    """Name what could not be asked, by what is missing or rule by rule; what nobody sent is said once."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.explain.{key}", params, language)

    section(console, words("unknown"))
    if show_all:
        for title, missing in explanation.unknown:
            console.print(text(f"- {words('unknown_rule', title=title, fields=missing)}"))
    else:
        _show_awaited(console, explanation, language)
    lacking = [
        (key, len(getattr(explanation, f"without_{key}")))
        for key in ("stow_plan", "versions", "reports", "past")
    ]
    for key, count in lacking:
        if count:
            said = messages.render(f"intake.without.{key}", {"rules": count}, language)
            console.print(text(f"- {said}"))
    if not explanation.unknown and not any(count for _, count in lacking):
        console.print(text(words("no_unknown")))


def _show_awaited(console: Console, explanation: Explanation, language: str) -> None:
    """Name the missing facts that most rules wait for: of forty rules an officer reads none, of eight facts he asks one."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.explain.{key}", params, language)

    waiting = len(explanation.unknown) - len(explanation.about_box)
    if waiting:
        console.print(text(words("unknown_rules", rules=waiting)))
    for label, rules in explanation.awaited[:_AWAITED]:
        console.print(text(f"- {words('unknown_fact', label=label, rules=rules)}"))
    more = len(explanation.awaited) - _AWAITED
    if more > 0:
        console.print(text(f"  {words('unknown_more', count=more)}", "dim"))
    if explanation.about_box:
        console.print(text(f"- {words('about_box', rules=len(explanation.about_box))}"))


def _show_matched(
    console: Console,
    explanation: Explanation,
    language: str,
    beside: Mapping[str, str],
    *,
    show_all: bool,
) -> None:
    if not explanation.matched:
        return
    section(console, messages.render("desk.explain.rules", {}, language))
    for note in explanation.matched:
        # A rule of no points moved nothing: what it was written for is no reason here.
        in_full = show_all or note.points != 0
        _show_note(console, note, language, beside.get(note.rule_id, ""), in_full=in_full)
    if not show_all:
        return
    # Rules of one modus operandi send to the same place: each place is said once.
    guides = dict.fromkeys(note.guide for note in explanation.matched if note.guide)
    show_lines(console, messages.render("desk.explain.guide", {}, language), [*guides])


def _show_note(
    console: Console, note: RuleNote, language: str, beside: str, *, in_full: bool
) -> None:
    console.print(text(f"{note.rule_id}  {note.title}", "bold"))
    for key in ("why", "blind_spot") if in_full else ():
        if content := getattr(note, key):
            label = messages.render(f"desk.explain.{key}", {}, language)
            named = messages.render("desk.explain.named", {"label": label}, language)
            console.print(text(f"  {named} {content}"))
    if beside:
        console.print(text(f"  {beside}"))
