"""From contributions and verdicts to reasons with a sentence in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.domain import Reason, Verdict
from riskengine.features.catalog import catalog
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.rule import RuleStatus
from riskengine.rules.sentences import sentence as rule_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.engine.run import Run
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
        sentence: That of its strongest part.
        parts: The reasons, the strongest first.
    """

    id: str
    label: str
    log_odds: float
    strength: str
    sentence: str
    parts: tuple[Reason, ...]


class Reasons:
    """The reasons of one run's containers, in one language.

    Made once for a run, then asked container by container: nothing is rendered that nobody reads.
    """

    def __init__(self, run: Run, language: str, fields: Sequence[Field] = ()) -> None:
        self._language = language
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

    def of(self, container_id: int, *, at_most: int | None = None) -> tuple[Reason, ...]:
        """Return the reasons of a container, the strongest first, whichever way they move it.

        Args:
            container_id: Which container of the run.
            at_most: Only so many; None gives every reason, and with the base they add up to its log-odds.
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
        return tuple(
            self._rule_reason(points, rule, facts)
            if rule
            else self._feature_reason(points, source, facts)
            for points, source, rule in candidates[:at_most]
        )

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

    def label(self, name: str) -> str:
        """Return the short name of a field."""
        field = self._fields[name]
        return messages.render(f"{field.key}.label", {"name": field.subject}, self._language)

    def _rendered(self, field: Field, value: object, said: tuple[object, ...]) -> str:
        if value is None:
            return messages.render(
                _missing(field), {"label": self.label(field.name)}, self._language
            )
        text = ("yes" if value else "no") if field.kind == "boolean" else "value"
        params: dict[str, object] = {"value": value, "name": field.subject}
        params |= zip(field.companion_columns, said, strict=True)
        return messages.render(f"{field.key}.{text}", params, self._language)

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
