"""An explanation in the terminal: bars with their sign, sentences, what could not be checked, what would clear it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.cli.biography_page import show_short
from riskengine.cli.output import LANE_STYLES, page, table, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from riskengine.domain import Reason
    from riskengine.engine.biography import Chapter, CloneSign
    from riskengine.engine.explanation import Explanation, RuleNote

_BAR_WIDTH = 12
_SHOWN = 8


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
    _section(console, words("facts"))
    facts = table("", "")
    facts.show_header = False
    for label, value in explanation.facts:
        facts.add_row(text(label, "dim"), text(value))
    console.print(facts)
    _show_reasons(console, explanation, language, show_all=show_all)
    for key in ("changes", "differences"):
        _show_lines(
            console,
            messages.render(f"intake.explain.{key}", {}, language),
            getattr(explanation, key),
        )
    if life is not None:
        show_short(console, explanation.name, life, language, signs)
    if explanation.typologies:
        _section(console, words("typologies"))
        for sentence, log_odds in explanation.typologies[: None if show_all else 3]:
            console.print(text(f"{_signed(log_odds, language):>7}  {sentence}"))
    _show_matched(console, explanation, language, beside)
    _show_unknown(console, explanation, language)
    _show_lines(
        console,
        words("defects"),
        [f"{place}  {sentence}" for place, sentence in explanation.defects],
    )
    _show_lines(console, words("excused"), explanation.excused)
    watched = messages.render("standing.explain.shadow", {}, language)
    _show_lines(console, watched, explanation.shadow)
    _show_lines(console, words("clear"), explanation.would_clear)
    _section(console, words("digests"))
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


def _show_unknown(console: Console, explanation: Explanation, language: str) -> None:
    """Name what could not be asked; what nobody sent is said once, and not rule by rule."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.explain.{key}", params, language)

    _section(console, words("unknown"))
    for title, missing in explanation.unknown:
        console.print(text(f"- {words('unknown_rule', title=title, fields=missing)}"))
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


def _show_reasons(
    console: Console, explanation: Explanation, language: str, *, show_all: bool
) -> None:
    largest = max((abs(r.log_odds) for r in explanation.reasons), default=0.0)
    if not explanation.reasons:
        console.print(text(messages.render("desk.explain.no_reasons", {}, language)))
    for key, sign in (("for", 1), ("against", -1)):
        reasons = [r for r in explanation.reasons if r.log_odds * sign > 0]
        if not reasons:
            continue
        _section(console, messages.render(f"desk.explain.{key}", {}, language))
        shown = reasons if show_all else reasons[:_SHOWN]
        rows = table("", "", "", right=(1,))
        rows.show_header = False
        for reason in shown:
            rows.add_row(
                text(_bar(reason, largest)),
                text(_signed(reason.log_odds, language)),
                text(reason.sentence),
            )
        console.print(rows)
        weaker = reasons[len(shown) :]
        if weaker:
            params = {"count": len(weaker), "log_odds": sum(r.log_odds for r in weaker)}
            console.print(
                text(messages.render("desk.explain.and_more", params, language), "dim")
            )
    console.print()
    params = {
        "base": explanation.base,
        "model": explanation.model,
        "rules": explanation.rules,
        "total": explanation.total,
    }
    console.print(text(messages.render("desk.explain.sum", params, language), "dim"))


def _show_matched(
    console: Console, explanation: Explanation, language: str, beside: Mapping[str, str]
) -> None:
    if not explanation.matched:
        return
    _section(console, messages.render("desk.explain.rules", {}, language))
    for note in explanation.matched:
        _show_note(console, note, language, beside.get(note.rule_id, ""))
    # Rules of one modus operandi send to the same place: each place is said once.
    guides = dict.fromkeys(note.guide for note in explanation.matched if note.guide)
    _show_lines(console, messages.render("desk.explain.guide", {}, language), [*guides])


def _show_note(console: Console, note: RuleNote, language: str, beside: str) -> None:
    console.print(text(f"{note.rule_id}  {note.title}", "bold"))
    for key in ("why", "blind_spot"):
        if content := getattr(note, key):
            label = messages.render(f"desk.explain.{key}", {}, language)
            named = messages.render("desk.explain.named", {"label": label}, language)
            console.print(text(f"  {named} {content}"))
    if beside:
        console.print(text(f"  {beside}"))


def _show_lines(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        _section(console, title)
        for line in lines:
            console.print(text(f"- {line}"))


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(text(title, "bold underline"))


def _bar(reason: Reason, largest: float) -> str:
    """Draw a reason's share: full blocks push towards examination, shaded ones away from it."""
    length = max(1, round(_BAR_WIDTH * abs(reason.log_odds) / largest)) if largest else 1
    return ("█" if reason.log_odds > 0 else "░") * length


def _signed(log_odds: float, language: str) -> str:
    shown = messages.fill("{value:number}", {"value": abs(round(log_odds, 2))}, language)
    return f"{'+' if log_odds >= 0 else '-'}{shown}"
