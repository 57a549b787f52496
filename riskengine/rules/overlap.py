"""What rules have in common, and what is wrong with a pack that no single file shows.

Each rule's matches are one row of bits, one bit a container: what two rules share is counted by words of 64
containers, exactly, and two hundred rules over a million containers take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
import polars as pl

from riskengine.domain import Verdict
from riskengine.messages import render
from riskengine.rules.across import asks_stow_plan
from riskengine.rules.evaluate import evaluate
from riskengine.rules.rule import RuleEffect
from riskengine.rules.sentences import field_label
from riskengine.rules.tree import lists_read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.rules.across import Surroundings
    from riskengine.rules.evaluate import Verdicts
    from riskengine.rules.rule import Rule, RuleList

ALIKE: Final = 0.9
CONTAINED: Final = 0.99
FEWEST_MATCHES: Final = 10
"""Below so many matches, what two rules have in common may be chance."""
FEWEST_CONTAINERS: Final = 1000
"""Below so many containers, a rule that never matched has not been given the time to."""

Kind: TypeAlias = Literal[
    "duplicate",
    "subsumed",
    "never_matches",
    "always_matches",
    "never_answered",
    "no_stow_plan",
    "field_never_filled",
    "excused_inspection",
    "unused_list",
    "cannot_run",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rules that match some of the same containers.

    Attributes:
        first: Id and version of the one.
        second: Id and version of the other.
        both: Containers that both match.
        of_first: Containers that the first matches.
        of_second: Containers that the second matches.
    """

    first: tuple[str, int]
    second: tuple[str, int]
    both: int
    of_first: int
    of_second: int

    @property
    def jaccard(self) -> float:
        """Their share of what either matches."""
        return self.both / (self.of_first + self.of_second - self.both)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about rules that their owners should look at.

    Attributes:
        kind: What it is.
        rules: The ids concerned; empty for a list that no rule asks.
        params: What its sentence needs.
    """

    kind: Kind
    rules: tuple[str, ...]
    params: Mapping[str, object]

    def sentence(self, language: str = "en") -> str:
        """Return what is the matter, in the reader's language."""
        params = dict(self.params)
        if self.kind == "field_never_filled":
            params["field"] = field_label(str(params["field"]), language)
        return render(f"evidence.finding.{self.kind}", params, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """What the rules of a unit have in common over a history.

    Attributes:
        containers: How many containers were asked about.
        pairs: Every two rules that share a match, the most alike first.
        findings: What their owners should look at.
    """

    containers: int
    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...]


def overlaps(
    rules: Sequence[Rule],
    frame: pl.DataFrame,
    *,
    surroundings: Surroundings | None = None,
    lists: Sequence[RuleList] = (),
) -> Overlaps:
    """Return what rules have in common, and what about them should be looked at.

    Args:
        rules: Of a pack, or those in force.
        frame: One row a container, as for a back-test.
        surroundings: Earlier containers and the stow plan, for rules over several rows.
        lists: Every list of the pack, so that those are found that no rule asks.
    """
    verdicts = evaluate(rules, frame, surroundings)
    pairs = shared_matches(verdicts)
    findings = [
        *_same(pairs, rules),
        *_one_sided(rules, verdicts, frame.height),
        *_never_filled(rules, frame),
        *_excused_inspections(rules),
        *_unused(rules, lists),
        *(
            Finding(
                kind="cannot_run",
                rules=(failure.rule_id,),
                params={"rule": failure.rule_id, "sentence": failure.sentence},
            )
            for failure in verdicts.failed
        ),
    ]
    return Overlaps(containers=frame.height, pairs=pairs, findings=tuple(findings))


def shared_matches(verdicts: Verdicts) -> tuple[Pair, ...]:
    """Return every two rules that match some of the same containers, the most alike first."""
    matched = verdicts.frame.filter(pl.col("verdict") == Verdict.MATCH.value).select(
        "rule_id", "version", pl.col("container_id").rank("dense").alias("place") - 1
    )
    if matched.is_empty():
        return ()
    named = matched.select("rule_id", "version").unique().sort("rule_id", "version")
    bits = _bits(matched.join(named.with_row_index("row"), on=["rule_id", "version"]))
    sizes = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    names: list[tuple[str, int]] = named.rows()
    pairs: list[Pair] = []
    for row in range(len(names) - 1):
        both = np.bitwise_count(bits[row] & bits[row + 1 :]).sum(axis=1, dtype=np.int64)
        for step in np.flatnonzero(both).tolist():
            other = row + 1 + step
            pairs.append(
                Pair(
                    first=names[row],
                    second=names[other],
                    both=int(both[step]),
                    of_first=int(sizes[row]),
                    of_second=int(sizes[other]),
                )
            )
    return tuple(sorted(pairs, key=lambda pair: (-pair.jaccard, pair.first, pair.second)))


def _bits(matched: pl.DataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Return one row of bits a rule, one bit a container that anything matches."""
    rows = int(matched["row"].max()) + 1  # type: ignore[arg-type]
    words = int(matched["place"].max()) // 64 + 1  # type: ignore[arg-type, operator]
    packed = np.zeros((rows, words * 8), dtype=np.uint8)
    for row, group in matched.group_by("row"):
        is_hit = np.zeros(words * 64, dtype=np.bool_)
        is_hit[group["place"].to_numpy()] = True
        packed[row[0]] = np.packbits(is_hit)
    return packed.view(np.uint64)


def _same(pairs: Sequence[Pair], rules: Sequence[Rule]) -> list[Finding]:
    """Return the pairs that say the same, and those of which one says nothing of its own."""
    findings: list[Finding] = []
    tags = {rule.id for rule in rules if rule.effect is RuleEffect.TAG}
    for pair in pairs:
        if pair.first[0] == pair.second[0]:
            continue  # a version beside the one it challenges says much the same, and is meant to
        if max(pair.of_first, pair.of_second) < FEWEST_MATCHES:
            continue
        if pair.jaccard > ALIKE:
            findings.append(_pair_finding("duplicate", pair, swap=False))
            continue
        for swap in (False, True):
            of_inner = pair.of_second if swap else pair.of_first
            outer = pair.first[0] if swap else pair.second[0]
            # A tag only names: what lies wholly inside one says more than it does.
            if outer in tags or of_inner < FEWEST_MATCHES:
                continue
            if pair.both / of_inner > CONTAINED:
                findings.append(_pair_finding("subsumed", pair, swap=swap))
    order = {rule.id: place for place, rule in enumerate(rules)}
    kinds = ("duplicate", "subsumed")
    return sorted(findings, key=lambda f: (kinds.index(f.kind), [order[r] for r in f.rules]))


def _pair_finding(kind: Literal["duplicate", "subsumed"], pair: Pair, *, swap: bool) -> Finding:
    inner, outer = (pair.second, pair.first) if swap else (pair.first, pair.second)
    of_inner, of_outer = (
        (pair.of_second, pair.of_first) if swap else (pair.of_first, pair.of_second)
    )
    return Finding(
        kind=kind,
        rules=(inner[0], outer[0]),
        params={
            "rule": inner[0],
            "other": outer[0],
            "both": pair.both,
            "of_rule": of_inner,
            "of_other": of_outer,
            "share": pair.jaccard if kind == "duplicate" else pair.both / of_inner,
        },
    )


def _one_sided(rules: Sequence[Rule], verdicts: Verdicts, containers: int) -> list[Finding]:
    """Return the rules that could never answer, that always match, and that never do.

    A rule that waits for a known box is silent by design. It is named all the same where it could judge many
    containers: its owner knows which it is.
    """
    if not containers:
        return []
    of_stow_plan = {rule.id for rule in rules if asks_stow_plan([rule])}
    findings: list[Finding] = []
    for row in verdicts.counts.iter_rows(named=True):
        params = {"rule": row["rule_id"], "containers": containers, "judged": row["no_match"]}
        matched = row["match"] + row["excused"]
        kind: Kind
        if row["unknown"] == containers:
            kind = "no_stow_plan" if row["rule_id"] in of_stow_plan else "never_answered"
        elif matched == containers:
            kind = "always_matches"
        elif not matched and row["no_match"] >= FEWEST_CONTAINERS:
            kind = "never_matches"
        else:
            continue
        findings.append(Finding(kind=kind, rules=(row["rule_id"],), params=params))
    order: tuple[Kind, ...] = (
        "always_matches",
        "never_answered",
        "no_stow_plan",
        "never_matches",
    )
    return sorted(findings, key=lambda f: (order.index(f.kind), f.rules))


def _never_filled(rules: Sequence[Rule], frame: pl.DataFrame) -> list[Finding]:
    """Return the fields that rules ask for and that not one container has."""
    if frame.is_empty():
        return []
    asking: dict[str, list[str]] = {}
    for rule in rules:
        for name in rule.catalogue_fields:
            asking.setdefault(name, []).append(rule.id)
    empty = [
        name
        for name in sorted(asking)
        if name not in frame.columns or frame[name].null_count() == frame.height
    ]
    return [
        Finding(
            kind="field_never_filled",
            rules=tuple(dict.fromkeys(asking[name])),
            params={
                "field": name,
                "rules": ", ".join(dict.fromkeys(asking[name])),
                "containers": frame.height,
            },
        )
        for name in empty
    ]


def _excused_inspections(rules: Sequence[Rule]) -> list[Finding]:
    """Return the rules that claim an examination and are told to let somebody pass."""
    return [
        Finding(
            kind="excused_inspection",
            rules=(rule.id,),
            params={
                "rule": rule.id,
                "exceptions": ", ".join(exception.id for exception in rule.exceptions),
            },
        )
        for rule in rules
        if rule.effect is RuleEffect.MUST_INSPECT and rule.exceptions
    ]


def _unused(rules: Sequence[Rule], lists: Sequence[RuleList]) -> list[Finding]:
    asked = {name for rule in rules for name in _lists_of(rule)}
    return [
        Finding(kind="unused_list", rules=(), params={"list": entry.name})
        for entry in sorted(lists, key=lambda entry: entry.name)
        if entry.name not in asked
    ]


def _lists_of(rule: Rule) -> set[str]:
    where = [condition for measure in rule.measures for condition in measure.where]
    return {name for tree in (rule.when, *rule.excuses, *where) for name in lists_read(tree)}
