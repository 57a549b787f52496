"""What the rules of a recorded run answered: one rule of one container, the near misses of one, all rules of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from riskengine import messages
from riskengine.domain import Verdict
from riskengine.engine.counted import counted_by
from riskengine.engine.evidence import named_rules
from riskengine.engine.naming import is_named, own_name
from riskengine.engine.near_miss import NearMiss, NearMisses, why_unremarkable
from riskengine.engine.recorded import read_run, run_of
from riskengine.errors import RuleError
from riskengine.ledger.run_register import find_run, latest_run
from riskengine.rules.applied import rule_as_applied
from riskengine.rules.list_editions import with_lists_of
from riskengine.rules.nearness import count_as_near
from riskengine.rules.reference import explain_rule, truth_in
from riskengine.rules.rule import RuleStatus
from riskengine.rules.sentences import label_of, sentence, statement
from riskengine.rules.spoken import lines_to_turn, spoken, turn_in_words
from riskengine.rules.tree import Condition, leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.counted import CountedMeasure
    from riskengine.engine.run import Run
    from riskengine.rules.reference import RuleReading
    from riskengine.rules.rule import Rule
    from riskengine.rules.spoken import SpokenLine
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerAnswer:
    """What one rule says of one container, line by line, in one language.

    Attributes:
        rule: The rule as it stood in the run.
        container: The container's number, or the bill of its loose cargo.
        run_id: The run whose facts are asked.
        verdict: What the rule says, read again line by line.
        recorded: What the run recorded; None where the rule was not among its rules, or failed.
        was_in_run: Whether it was among them.
        failure: Why it failed in the run; empty where it did not.
        sentence: What it says of the container where it matches; else empty.
        lines: Every line, with the values read.
        counted: The containers behind each number that it took over several.
        missing: The labels of the fields that are missing and could still decide.
        excuses: What excuses the container, in sentences.
        lines_short: How many lines would have to turn.
        turns: Which, as sentences, the nearest first.
    """

    rule: Rule
    container: str
    run_id: str
    verdict: Verdict
    recorded: Verdict | None
    was_in_run: bool
    failure: str
    sentence: str
    lines: tuple[SpokenLine, ...]
    counted: tuple[CountedMeasure, ...]
    missing: tuple[str, ...]
    excuses: tuple[str, ...]
    lines_short: int
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """What one rule answered over a run.

    Attributes:
        rule: The rule.
        counts: How many containers, by verdict; all four are there.
        missing: The fields whose absence left it unknown, by name and label, with the containers of each.
        failure: Why it could not run; empty where it did.
    """

    rule: Rule
    counts: Mapping[Verdict, int]
    missing: tuple[tuple[str, str, int], ...]
    failure: str

    @property
    def is_blind(self) -> bool:
        """Tell whether it could not answer for a single container."""
        return not self.failure and 0 < self.counts[Verdict.UNKNOWN] == sum(
            self.counts.values()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswers:
    """What every rule answered over a run.

    Attributes:
        run_id: The run.
        containers: How many containers it assessed.
        rules: The count of each rule, the most matches first.
    """

    run_id: str
    containers: int
    rules: tuple[RuleCount, ...]

    def total(self, verdict: Verdict) -> int:
        """Return how often all rules together gave this answer."""
        return sum(count.counts[verdict] for count in self.rules)


def answer_of(
    workspace: Workspace,
    rule_id: str,
    container: str,
    *,
    run_id: str | None = None,
    language: str = "en",
) -> ContainerAnswer:
    """Return what a rule says of a container, from the last run that assessed it or the one named.

    A rule that was not among the rules of that run is asked afterwards of what the run knew.

    Args:
        workspace: The unit's folder.
        rule_id: An id (``RIP-SEA-001``), a version (``RIP-SEA-001@2``) or a rule file.
        container: A number in any form, or the bill of loose cargo.
        run_id: A run's id; None takes the latest that assessed it.
        language: Of the reader.

    Raises:
        RuleNotFound: Neither the run nor the workspace has the rule; the remedy names near ids.
        RunNotFound: No run has assessed the container.
        RuleError: A list that it asked cannot be found any more.
    """
    run = run_of(workspace, container, run_id)
    applied = _rule_of_run(workspace, run, rule_id)
    today = datetime.now(UTC).date()
    rule = applied or named_rules(workspace, [rule_id], today)[0][1]
    name, row = _row(run, container)
    reading = explain_rule(rule, row)
    turns = lines_to_turn(rule, row)
    return ContainerAnswer(
        rule=rule,
        container=name,
        run_id=run.card.run_id,
        verdict=reading.verdict,
        recorded=_recorded(run, rule, row["container_id"]) if applied else None,
        was_in_run=applied is not None,
        failure=_failures(run).get((rule.id, rule.version), "") if applied else "",
        sentence=sentence(rule, row, language) if reading.verdict is Verdict.MATCH else "",
        lines=spoken(rule, language, row),
        counted=counted_by(workspace, run, rule, row["container_id"], language=language),
        missing=tuple(label_of(rule, column, language) for column in reading.missing),
        excuses=_excuses(rule, row, language),
        lines_short=len(turns),
        turns=tuple(turn_in_words(rule, row, turn, language) for turn in turns),
    )


def near_misses(
    workspace: Workspace, container: str, *, run_id: str | None = None, language: str = "en"
) -> NearMisses:
    """Return the rules that one line kept from matching a container.

    First come those that the fewest other containers of the run are as near to, then the nearest, then
    the most severe; each says whether it is worth showing.

    Raises:
        RunNotFound: No run has assessed the container.
        RuleError: A list that a rule asked cannot be found any more.
    """
    run = run_of(workspace, container, run_id)
    name, row = _row(run, container)
    failures = _failures(run)
    readings = [
        (rule, reading, lines_to_turn(rule, row)[0])
        for rule in rules_of(workspace, run)
        if (rule.id, rule.version) not in failures
        and (reading := explain_rule(rule, row)).is_near_miss
    ]
    counts = count_as_near(
        [(rule, turn.distance) for rule, _, turn in readings], run.indicators
    )
    others = run.indicators.height - 1
    misses: list[NearMiss] = []
    for (rule, reading, turn), count in zip(readings, counts, strict=True):
        share = (count - 1) / others if others else None
        misses.append(
            NearMiss(
                rule=rule,
                turn=turn_in_words(rule, row, turn, language),
                distance=turn.distance,
                excuses=_excuses(rule, row, language),
                others_as_near=count - 1,
                share_equally_near=share,
                unremarkable=why_unremarkable(
                    turn, share=share, others=others, is_only_line=not _holds_partly(reading)
                ),
            )
        )
    misses.sort(key=lambda miss: miss.rank)
    return NearMisses(
        container=name, run_id=run.card.run_id, others=others, misses=tuple(misses)
    )


def answers_of_run(
    workspace: Workspace, *, run_id: str | None = None, language: str = "en"
) -> RunAnswers:
    """Return what each rule of a run answered, counted; of the last run where none is named.

    Raises:
        RunNotFound: There is no such run.
    """
    entry = find_run(workspace, run_id) if run_id else latest_run(workspace)
    run = read_run(entry.folder_in(workspace))
    containers = run.assessments.height
    failures = _failures(run)
    counted: dict[tuple[str, int], Counter[str]] = {}
    missing: dict[tuple[str, int], Counter[str]] = {}
    for rule_id, version, verdict, lacking in run.verdicts.select(
        "rule_id", "version", "verdict", "missing"
    ).rows():
        counted.setdefault((rule_id, version), Counter())[verdict] += 1
        missing.setdefault((rule_id, version), Counter()).update(lacking or [])
    rules: list[RuleCount] = []
    for rule in _as_applied(run):
        key = (rule.id, rule.version)
        own = counted.get(key, Counter())
        failure = failures.get(key, "")
        silent = 0 if failure else containers - sum(own.values())
        rules.append(
            RuleCount(
                rule=rule,
                counts={
                    verdict: silent if verdict is Verdict.NO_MATCH else own[verdict.value]
                    for verdict in Verdict
                },
                missing=tuple(
                    (name, label_of(rule, name, language), count)
                    for name, count in sorted(
                        missing.get(key, Counter()).items(),
                        key=lambda item: (-item[1], item[0]),
                    )
                ),
                failure=failure,
            )
        )
    rules.sort(key=lambda one: (-one.counts[Verdict.MATCH], one.rule.id, one.rule.version))
    return RunAnswers(run_id=run.card.run_id, containers=containers, rules=tuple(rules))


def rules_of(workspace: Workspace, run: Run) -> tuple[Rule, ...]:
    """Return the rules of a recorded run as they stood in it, with the lists they asked then.

    Raises:
        RuleError: A list cannot be found any more.
    """
    moment = find_run(workspace, run.card.run_id).recorded_at
    return with_lists_of(workspace, _as_applied(run), moment)


def _holds_partly(reading: RuleReading) -> bool:
    return any(leaf.holds is True and not leaf.is_excuse for leaf in reading.leaves)


def _as_applied(run: Run) -> tuple[Rule, ...]:
    """Return the rules of a run; one that it names as failed and that nobody can read is left out."""
    found: list[Rule] = []
    columns = ("source_yaml", "status", "overlay_json", "failure")
    for source, status, overlay, failure in run.rules.select(columns).rows():
        try:
            found.append(rule_as_applied(source, status, overlay))
        except RuleError:
            if failure is None:
                raise
    return tuple(found)


def _rule_of_run(workspace: Workspace, run: Run, named: str) -> Rule | None:
    """Return the rule of a run; of two versions that ran beside each other the one that counts."""
    rule_id, _, version = named.upper().partition("@")
    own = [
        rule
        for rule in _as_applied(run)
        if rule.id == rule_id and version in {"", str(rule.version)}
    ]
    if not own:
        return None
    own.sort(key=lambda rule: (rule.status is RuleStatus.SHADOW, -rule.version))
    moment = find_run(workspace, run.card.run_id).recorded_at
    return with_lists_of(workspace, own[:1], moment)[0]


def _row(run: Run, container: str) -> tuple[str, Mapping[str, object]]:
    name = own_name(run.assessments, container)
    key = run.assessments.filter(is_named(name))["container_id"][0]
    return name, run.indicators.row(by_predicate=pl.col("container_id") == key, named=True)


def _recorded(run: Run, rule: Rule, container_id: object) -> Verdict | None:
    if (rule.id, rule.version) in _failures(run):
        return None
    own = run.verdicts.filter(
        (pl.col("container_id") == container_id)
        & (pl.col("rule_id") == rule.id)
        & (pl.col("version") == rule.version)
    )
    return Verdict.NO_MATCH if own.is_empty() else Verdict(own["verdict"][0])


def _failures(run: Run) -> dict[tuple[str, int], str]:
    failed = run.rules.filter(pl.col("failure").is_not_null())
    return {
        (row[0], row[1]): row[2]
        for row in failed.select("rule_id", "version", "failure").rows()
    }


def _excuses(rule: Rule, row: Mapping[str, object], language: str) -> tuple[str, ...]:
    """Say what excuses a container, whether or not the conditions hold."""
    found: list[str] = []
    for tree in rule.unless:
        if truth_in(rule, row, tree) is not True:
            continue
        words = "; ".join(
            statement(rule, leaf, language)
            for leaf in ((tree,) if isinstance(tree, Condition) else leaves(tree))
            if truth_in(rule, row, leaf) is True
        )
        found.append(messages.render("answer.asked.excused_by", {"phrase": words}, language))
    found += [
        messages.render(
            "answer.asked.excused_by_exception",
            {
                "id": exception.id,
                "reason": exception.reason,
                "by": exception.approved_by,
                "last": exception.expires,
            },
            language,
        )
        for exception in rule.exceptions
        if truth_in(rule, row, exception.condition) is True
    ]
    return tuple(found)
