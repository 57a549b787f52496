"""What a measure takes, and over what, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.messages import render
from riskengine.rules.sentences import field_label, statement

if TYPE_CHECKING:
    from riskengine.rules.rule import Measure, Rule


def measure_said(rule: Rule, measure: Measure, language: str) -> str:
    """Return a measure of *rule* as one line: its label, what it takes, where it looks and what is shared."""
    params = {
        "label": measure.label.in_language(language),
        "taken": _taken(measure, language),
        "seen": render(
            f"across.seen.{_seen(measure)}", {"days": measure.within_days}, language
        ),
        "same": ", ".join(field_label(ref.name, language) for ref in measure.same),
    }
    if not measure.where:
        return render("across.whole.said", params, language)
    lines = "; ".join(statement(rule, line, language) for line in measure.where)
    return render("across.whole.said_where", params | {"where": lines}, language)


def _taken(measure: Measure, language: str) -> str:
    if measure.of in {"containers", "bills"}:
        return render(f"across.taken.{measure.of}", {}, language)
    params = {"field": field_label(measure.of, language)}
    return render(f"across.taken.{measure.taken}", params, language)


def _seen(measure: Measure) -> str:
    if measure.is_of_stow_plan:
        return "plan"
    if not measure.within_days:
        return "peers"
    return "past_and_peers" if measure.counts_peers else "past"
