"""What could not be checked of a container: which facts its rules wait for, and which ask about a box that is none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from riskengine.engine.told_beside import fields_beside
from riskengine.features.groups import fields_of_a_box
from riskengine.rules.sentences import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskengine.engine.reasons import Answer, Reasons
    from riskengine.engine.run import Run


def lacks(run: Run, answer: Answer) -> str | None:
    """Tell what alone kept a rule from answering, if it is something that nobody sent."""
    missing = frozenset(answer.missing)
    if not missing:
        return None
    of_plan = {m.column for m in answer.rule.measures if m.is_of_stow_plan}
    if missing <= of_plan:
        return None if run.card.stow_plan_sha256 else "stow_plan"
    told_by = [("versions", "amendments"), ("reports", "reconciliation"), ("past", "box")]
    return next((what for what, area in told_by if missing <= fields_beside(area)), None)


def labels_missing(reasons: Reasons, answer: Answer, language: str) -> tuple[str, ...]:
    """Return the names of the fields that kept a rule from answering."""
    return _labels(reasons, answer, answer.missing, language)


def awaited(
    reasons: Reasons, unknown: Iterable[Answer], language: str, *, is_loose: bool
) -> tuple[tuple[str, int], ...]:
    """Return the facts that rules wait for, each with how many of them do, the most awaited first.

    A rule that waits for two facts is counted with both. Loose cargo has no box: nobody waits for the seal of it.
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for answer in unknown:
        of_box = _of_a_box(answer) if is_loose else frozenset[str]()
        names = [name for name in answer.missing if name not in of_box]
        labels = _labels(reasons, answer, names, language)
        counts.update(set(labels))
        for label, name in zip(labels, names, strict=True):
            first[label] = min(name, first.get(label, name))
    # Equal ones stand in the order of their fields, which is the same in every language.
    return tuple(sorted(counts.items(), key=lambda told: (-told[1], first[told[0]])))


def about_a_box(unknown: Sequence[Answer]) -> tuple[Answer, ...]:
    """Return the rules that lack nothing but what only a box can have."""
    return tuple(a for a in unknown if a.missing and frozenset(a.missing) <= _of_a_box(a))


def _of_a_box(answer: Answer) -> frozenset[str]:
    """Return the fields of a box, and what the rule counts by them or on the stow plan."""
    fields = fields_of_a_box()
    return fields | {
        measure.column
        for measure in answer.rule.measures
        if measure.is_of_stow_plan or any(ref.name in fields for ref in measure.same)
    }


def _labels(
    reasons: Reasons, answer: Answer, names: Iterable[str], language: str
) -> tuple[str, ...]:
    return tuple(
        reasons.label(name)
        if name in answer.rule.catalogue_fields
        else label_of(answer.rule, name, language)
        for name in names
    )
