"""From contributions and verdicts to reasons with a sentence in the reader's language."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.domain import Reason, Verdict
from riskengine.engine.said import kept, kept_text
from riskengine.engine.strength import strength_of
from riskengine.engine.usual_here import (
    compared_field,
    is_within_its_own,
    usual_of,
    usual_sentence,
    where_it_lies,
)
from riskengine.features.catalog import catalog
from riskengine.features.groups import group_of, label_of_group
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.rule import RuleStatus
from riskengine.rules.sentences import sentence as rule_sentence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from riskengine.engine.run import Run
    from riskengine.engine.strength import Strength
    from riskengine.features.field import Field
    from riskengine.rules.pack import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one rule answered of one container.

    Attributes:
        rule: The rule as it stood.
        verdict: match, unknown or excused; a rule that did not match is not kept.
        missing: The fields that would have to be known.
        points: The log-odds that the match added.
    """

    rule: Rule
    verdict: Verdict
    missing: tuple[str, ...]
    points: float

    @property
    def is_shadow(self) -> bool:
        """Tell whether the rule was only watched: what it says moves no container."""
        return self.rule.status is RuleStatus.SHADOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonGroup:
    """Reasons that speak of one thing, as one.

    Attributes:
        id: The group (``features.groups``), or the rule.
        label: Its name in the reader's language.
        log_odds: The sum of its parts.
        strength: In words: see ``engine.strength``.
        sentence: That of the part that moves it most in its own direction; of a part that has a value, if there is one.
        parts: The reasons, the strongest first.
        is_told: Whether a part that has a value speaks in its direction; False where it is what is missing that moves.
        is_usual: Whether what the sentence speaks of lies within what is usual.
    """

    id: str
    label: str
    log_odds: float
    strength: Strength
    sentence: str
    parts: tuple[Reason, ...]
    is_told: bool = True
    is_usual: bool = False

    @property
    def speaking(self) -> Reason:
        """The part whose sentence it is."""
        return next(part for part in self.parts if part.sentence == self.sentence)


class Reasons:
    """The reasons of one run's containers, in one language.

    Made once for a run, then asked container by container: nothing is rendered that nobody reads.
    """

    def __init__(
        self,
        run: Run,
        language: str,
        fields: Sequence[Field] = (),
        *,
        with_evidence: bool = False,
    ) -> None:
        """Prepare to tell the reasons of a run.

        Args:
            run: The run.
            language: Of the reader.
            fields: Those that the manifest's attributes add to the catalogue.
            with_evidence: Whether a reason also brings the key and parameters of its sentence, and what is usual:
                for one container that is looked at, not for the thousands of a list.
        """
        self._language = language
        self._run = run if with_evidence else None
        self._fields = {field.name: field for field in (*catalog(), *fields)}
        self._beside = {
            name: tuple(f.companion_columns.values()) for name, f in self._fields.items()
        }
        self._features = [name for name in run.contributions.columns if name != "container_id"]
        self._contributions = run.contributions
        self._indicators = run.indicators
        self._row_of = {
            key: row for row, key in enumerate(run.indicators["container_id"].to_list())
        }
        # A rule that could not run answered nothing, and may be one that nobody can read.
        ran = run.rules.filter(run.rules["failure"].is_null())
        self._rules = {
            (rule_id, version): (rule_as_applied(source, status, overlay), points)
            for rule_id, version, source, status, overlay, points in ran.select(
                "rule_id", "version", "source_yaml", "status", "overlay_json", "points"
            ).rows()
        }
        self._sentences: dict[tuple[str, object, tuple[object, ...]], str] = {}
        self._verdicts: dict[int, list[tuple[tuple[str, int], str, list[str]]]] = {}
        for container_id, rule_id, version, verdict, missing in run.verdicts.select(
            "container_id", "rule_id", "version", "verdict", "missing"
        ).rows():
            self._verdicts.setdefault(container_id, []).append(
                ((rule_id, version), verdict, missing or [])
            )

    def facts(self, container_id: int) -> Mapping[str, object]:
        """Return every fact and indicator of a container, by name."""
        return self._indicators.row(self._row_of[container_id], named=True)

    def answers(self, container_id: int) -> tuple[Answer, ...]:
        """Return what the rules answered: matches first by points, then excuses, then unknowns."""
        order = {Verdict.MATCH: 0, Verdict.EXCUSED: 1, Verdict.UNKNOWN: 2}
        answers = [
            Answer(
                rule=self._rules[named][0],
                verdict=Verdict(verdict),
                missing=tuple(missing),
                points=self._rules[named][1],
            )
            for named, verdict, missing in self._verdicts.get(container_id, [])
        ]
        return tuple(
            sorted(
                answers,
                key=lambda a: (order[a.verdict], -a.points, a.rule.id, a.rule.version),
            )
        )

    def of(
        self,
        container_id: int,
        *,
        at_most: int | None = None,
        precedents: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[Reason, ...]:
        """Return the reasons of a container, the strongest first, whichever way they move it.

        Args:
            container_id: Which container of the run.
            at_most: Only so many; None gives every reason, and with the base they add up to its log-odds.
            precedents: The earlier containers that stand behind some indicators, as sentences by indicator
                (``engine.precedents``); who looks them up needs the workspace.
        """
        facts = self.facts(container_id)
        row = self._row_of[container_id]
        weights = self._contributions.row(row, named=True)
        candidates: list[tuple[float, str, Rule | None]] = [
            (answer.points, answer.rule.id, answer.rule)
            for answer in self.answers(container_id)
            if answer.verdict is Verdict.MATCH and not answer.is_shadow
        ]
        candidates += [
            (weights[name], name, None) for name in self._features if weights[name] != 0.0
        ]
        candidates.sort(key=lambda candidate: (-abs(candidate[0]), candidate[1]))
        told = tuple(
            self._rule_reason(points, rule, facts)
            if rule
            else self._feature_reason(points, source, facts)
            for points, source, rule in candidates[:at_most]
        )
        if self._run is None and not precedents:
            return told
        return self._evidenced(self._run, told, container_id, facts, precedents or {})

    def sentence_of_feature(self, name: str, facts: Mapping[str, object]) -> str:
        """Return what an indicator says of a container, or why it says nothing.

        Thousands of containers say the same of most indicators: each sentence is made once.
        """
        field = self._fields[name]
        said = tuple(_joined(facts.get(column)) for column in self._beside[name])
        key = (name, facts.get(name), said)
        if key not in self._sentences:
            self._sentences[key] = self._rendered(field, facts.get(name), said)
        return self._sentences[key]

    def within_usual(self, told: Sequence[Reason], container_id: int) -> frozenset[str]:
        """Return the indicators of which nothing is unusual: what they speak of lies where most others lie.

        It is held against what is usual here where the reason says that, else against what the indicator itself
        calls usual.

        Args:
            told: Reasons of the container.
            container_id: Which container of the run.
        """
        facts = self.facts(container_id)
        usual = {} if self._run is None else usual_of(self._run, container_id)
        within: set[str] = set()
        for reason in told:
            if reason.kind == "rule" or not reason.is_told:
                continue
            field = compared_field(reason.source)
            if reason.usual and field in usual:
                is_within = where_it_lies(usual[field], facts.get(field)) == "within"
            else:
                is_within = is_within_its_own(self._fields[reason.source], facts)
            if is_within:
                within.add(reason.source)
        return frozenset(within)

    def label(self, name: str) -> str:
        """Return the short name of a field."""
        field = self._fields[name]
        return messages.render(f"{field.key}.label", {"name": field.subject}, self._language)

    def kept_sentence(
        self, name: str, facts: Mapping[str, object]
    ) -> tuple[str, dict[str, object]]:
        """Return the key and the parameters of what an indicator says of a container, as they are kept (``engine.said``)."""
        field, value = self._fields[name], facts.get(name)
        if value is None:
            label = kept_text(f"{field.key}.label", {"name": field.subject})
            return _missing(field), {"label": label}
        said = (_joined(facts.get(column)) for column in self._beside[name])
        key, params = _worded(field, value, tuple(said))
        return key, kept(params)

    def _rendered(self, field: Field, value: object, said: tuple[object, ...]) -> str:
        if value is None:
            return messages.render(
                _missing(field), {"label": self.label(field.name)}, self._language
            )
        return messages.render(*_worded(field, value, said), self._language)

    def _evidenced(
        self,
        run: Run | None,
        told: Sequence[Reason],
        container_id: int,
        facts: Mapping[str, object],
        precedents: Mapping[str, Sequence[str]],
    ) -> tuple[Reason, ...]:
        """Add to each reason what can be held against it, and which earlier containers it speaks of."""
        # What is usual of a fact is said once, beside the strongest reason that speaks of it.
        usual = {} if run is None else dict(usual_of(run, container_id))
        found: list[Reason] = []
        for reason in told:
            if reason.kind == "rule":
                found.append(reason)
                continue
            key, params = ("", {}) if run is None else self.kept_sentence(reason.source, facts)
            field = compared_field(reason.source)
            here = usual.pop(field, None) if reason.is_told else None
            found.append(
                replace(
                    reason,
                    key=key,
                    params=params,
                    usual=usual_sentence(here, facts.get(field), self._language)
                    if here
                    else "",
                    precedents=tuple(precedents.get(reason.source, ())),
                )
            )
        return tuple(found)

    def _rule_reason(self, points: float, rule: Rule, facts: Mapping[str, object]) -> Reason:
        return Reason(
            source=rule.id,
            kind="rule",
            log_odds=points,
            sentence=rule_sentence(rule, facts, self._language),
            typologies=rule.typologies,
        )

    def _feature_reason(self, points: float, name: str, facts: Mapping[str, object]) -> Reason:
        return Reason(
            source=name,
            kind="feature",
            log_odds=points,
            sentence=self.sentence_of_feature(name, facts),
            typologies=self._fields[name].typologies,
            is_told=facts.get(name) is not None,
        )


def grouped(
    reasons: Sequence[Reason], language: str, within: Collection[str] = ()
) -> tuple[ReasonGroup, ...]:
    """Return reasons with what speaks of one thing as one, the strongest first; each rule stands alone.

    Nothing is left out: the groups add up to what the reasons add up to.

    Args:
        reasons: All of them, or some.
        language: Of the reader.
        within: The indicators that speak of what is usual (``Reasons.within_usual``).
    """
    gathered: dict[tuple[str, str], list[Reason]] = {}
    for reason in reasons:
        group = reason.source if reason.kind == "rule" else group_of(reason.source)
        gathered.setdefault((reason.kind, group), []).append(reason)
    groups = [
        _group(kind, group, parts, language, within)
        for (kind, group), parts in gathered.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-abs(group.log_odds), group.id)))


def _group(
    kind: str,
    group: str,
    reasons: Sequence[Reason],
    language: str,
    within: Collection[str],
) -> ReasonGroup:
    parts = sorted(reasons, key=lambda reason: (-abs(reason.log_odds), reason.source))
    total = math.fsum(part.log_odds for part in parts)
    # What pulls the other way is the stronger part at times, and is not what the group says. Nor is a value that is
    # missing, as long as there is one that can be read out.
    same_way = [part for part in parts if part.log_odds * total > 0] or parts
    told = [part for part in same_way if part.is_told]
    speaking = (told or same_way)[0]
    return ReasonGroup(
        id=group,
        label=(
            messages.render("evidence.group.rule", {"rule": group}, language)
            if kind == "rule"
            else label_of_group(group, language)
        ),
        log_odds=total,
        strength=strength_of(total),
        sentence=speaking.sentence,
        parts=tuple(parts),
        is_told=bool(told),
        is_usual=kind != "rule" and speaking.source in within,
    )


def _worded(
    field: Field, value: object, said: Sequence[object]
) -> tuple[str, dict[str, object]]:
    """Return the key and the parameters of the sentence of a value that is known."""
    text = ("yes" if value else "no") if field.kind == "boolean" else "value"
    params: dict[str, object] = {"value": value, "name": field.subject}
    params |= zip(field.companion_columns, said, strict=True)
    return f"{field.key}.{text}", params


def _joined(value: object) -> object:
    """Return what stands beside a value as one text, where it is a list."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _missing(field: Field) -> str:
    """Say why a value is missing: never declared, not to be told from what was, no past or no earlier version yet."""
    if field.area == "amendments" and field.role == "indicator":
        return "amendment.missing"
    if field.area in {"history", "attributes", "box"} and field.role == "indicator":
        return "desk.explain.missing_past"
    return (
        "desk.explain.missing_fact"
        if field.role == "fact"
        else "desk.explain.missing_indicator"
    )
