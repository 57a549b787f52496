"""Keep, tune or retire: what the evidence says of each rule in force, for people to decide.

Nothing here changes a rule. A rule is judged on the lower end of what it is worth, never on its best guess, and
only once enough of its matches were opened; until then it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp
from typing import TYPE_CHECKING, Final

from riskengine.messages import render
from riskengine.rules.across import asks_stow_plan
from riskengine.rules.backtest_json import rate_as_mapping
from riskengine.rules.rates import in_digits, in_percent, lift
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.rules.sentences import field_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.rules.backtest import Backtest
    from riskengine.rules.rates import BaseKind, Lift, Rate
    from riskengine.rules.rule import Rule

ENOUGH_INSPECTED: Final = 30
"""Fewer opened matches say nothing."""
MOST_UNKNOWN: Final = 0.5
WIDEST: Final = 0.2
"""A rule that matches more of the traffic than this tells little apart."""
MOST_CAPACITY: Final = 0.25
"""A rule that claims examinations may claim so much of them."""
ALIKE: Final = 0.9
CONTAINED: Final = 0.99
FEWEST_MATCHES: Final = 10
SOON_DAYS: Final = 30
OLD_DAYS: Final = 730
BEFORE: Final = "before"
"""The reason that says that a rule was judged on days before it came into force."""
_FIELDS_NAMED: Final = 3
_COUNTING: Final = (RuleStatus.TRIAL, RuleStatus.ACTIVE)
_STRENGTH: Final = {RuleEffect.TAG: 0, RuleEffect.SCORE: 1, RuleEffect.MUST_INSPECT: 2}


class Advice(StrEnum):
    """What the evidence suggests; a person decides."""

    KEEP = "keep"
    TUNE = "tune"
    RETIRE = "retire"


_RANK: Final = {Advice.KEEP: 0, Advice.TUNE: 1, Advice.RETIRE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReason:
    """One thing that speaks for keeping, tuning or retiring a rule.

    Attributes:
        key: Its text in the message catalogue, below ``evidence.score``.
        params: What that text needs.
        advice: What it speaks for.
    """

    key: str
    params: Mapping[str, object]
    advice: Advice

    def sentence(self, language: str = "en") -> str:
        """Return it in the reader's language."""
        params = dict(self.params)
        for name in ("low", "high", "promised", "share"):
            value = params.get(name)
            if isinstance(value, float):
                params[name] = in_percent(value) if name == "share" else in_digits(value)
        if "fields" in params:
            names = str(params["fields"]).split(", ")
            params["fields"] = ", ".join(field_label(name, language) for name in names)
        if "severity" in params:
            severity = params["severity"]
            params["severity"] = render(f"evidence.severity.{severity}", {}, language)
        if "typologies" in params:
            named = [
                render(f"desk.typology.{name}", {}, language)
                for name in str(params["typologies"]).split(", ")
            ]
            params["typologies"] = ", ".join(named)
        return render(f"evidence.score.{self.key}", params, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the evidence says of one rule.

    Attributes:
        rule_id: The rule.
        version: Its version.
        status: How far it has come.
        advice: Keep, tune or retire.
        is_judged: Whether enough of its matches were opened to say what it is worth.
        find_rate: What was found in its matches.
        base_rate: What it is measured against.
        base_kind: Where that comes from.
        lift: How many times the base rate it finds.
        hits_per_day: Its matches a calendar day.
        reasons: Why, the strongest first.
    """

    rule_id: str
    version: int
    status: RuleStatus
    advice: Advice
    is_judged: bool
    find_rate: Rate
    base_rate: Rate
    base_kind: BaseKind
    lift: Lift
    hits_per_day: float | None
    reasons: tuple[ScoreReason, ...]


def scorecard(
    rules: Sequence[Rule], tests: Sequence[Backtest], *, on: date
) -> tuple[Score, ...]:
    """Return what the evidence says of each rule in force: retire first, then tune, then keep.

    Args:
        rules: The rules in force.
        tests: The back-test of each that could run, made with all of them as the others.
        on: The day of the judgement, from which age and expiry are counted.
    """
    known = {(rule.id, rule.version): rule for rule in rules}
    scores = [_score(known[test.rule_id, test.version], test, known, on) for test in tests]
    guarded = _with_sole_rules_kept(scores, known)
    return tuple(
        sorted(guarded, key=lambda s: (-_RANK[s.advice], not s.is_judged, s.rule_id, s.version))
    )


def as_mapping(score: Score, language: str = "en") -> dict[str, object]:
    """Return a score as JSON can hold it, its reasons in the reader's language."""
    return {
        "rule_id": score.rule_id,
        "version": score.version,
        "status": score.status.value,
        "advice": score.advice.value,
        "is_judged": score.is_judged,
        "find_rate": rate_as_mapping(score.find_rate),
        "base_rate": rate_as_mapping(score.base_rate),
        "base_kind": score.base_kind,
        "lift": {"value": score.lift.value, "low": score.lift.low, "high": score.lift.high},
        "hits_per_day": score.hits_per_day,
        "reasons": [
            {
                "key": reason.key,
                "advice": reason.advice.value,
                "sentence": reason.sentence(language),
            }
            for reason in score.reasons
        ],
    }


def _score(
    rule: Rule, test: Backtest, known: Mapping[tuple[str, int], Rule], on: date
) -> Score:
    since = test.since if test.since is not None and test.since.containers else None
    rate, base, kind = (
        (since.find_rate, since.base_rate, since.base_kind)
        if since
        else (test.find_rate, test.base_rate, test.base_kind)
    )
    worth = lift(rate, base)
    is_judged = rate.examined >= ENOUGH_INSPECTED and base.examined > 0
    reasons = [
        *(_of_finds(rule, rate, worth, kind=kind) if is_judged else _unjudged(rule, rate)),
        *_of_reach(rule, test),
        *_of_others(rule, test, known),
        *_of_time(rule, on),
    ]
    if test.since is not None and since is None:
        reasons.append(
            ScoreReason(key=BEFORE, params={"day": test.since.on}, advice=Advice.KEEP)
        )
    reasons.sort(key=lambda reason: -_RANK[reason.advice])
    return Score(
        rule_id=rule.id,
        version=rule.version,
        status=rule.status,
        advice=reasons[0].advice if reasons else Advice.KEEP,
        is_judged=is_judged and rule.effect is not RuleEffect.TAG,
        find_rate=rate,
        base_rate=base,
        base_kind=kind,
        lift=worth,
        hits_per_day=test.hits_per_day,
        reasons=tuple(reasons),
    )


def _unjudged(rule: Rule, rate: Rate) -> list[ScoreReason]:
    if rule.effect is RuleEffect.TAG:
        return [_keep("tag")]
    return [_keep("not_judged", value=rate.examined, needed=ENOUGH_INSPECTED)]


def _of_finds(rule: Rule, rate: Rate, worth: Lift, *, kind: BaseKind) -> list[ScoreReason]:
    """Return what the opened matches say; against a base that was chosen, nothing is retired."""
    if rule.effect is RuleEffect.TAG:
        return [_keep("tag")]
    low, high = worth.low or 0.0, worth.high
    is_fair = kind != "chosen"
    beside = "" if is_fair else "_examined"
    params = {"found": rate.found, "examined": rate.examined, "low": low, "high": high}
    if low >= 1:
        reasons = [_keep(f"better{beside}", **params)]
    elif high is None:
        reasons = [_keep(f"open{beside}", **params)]
    elif high >= 1:
        reasons = [_keep(f"unclear{beside}", **params)]
    else:
        advice = Advice.RETIRE if is_fair else Advice.TUNE
        reasons = [ScoreReason(key=f"worse{beside}", params=params, advice=advice)]
    promised = exp(rule.severity.points)
    if is_fair and high is not None and 1 <= high < promised:
        reasons.append(
            _tune("promises", severity=rule.severity.value, promised=promised, high=high)
        )
    return reasons


def _of_reach(rule: Rule, test: Backtest) -> list[ScoreReason]:
    """Return what is wrong with how much it says, whatever was found."""
    reasons: list[ScoreReason] = []
    unknown = test.unknown_share or 0.0
    if unknown > MOST_UNKNOWN:
        reasons.append(_blind(rule, test, unknown))
    if not test.match and test.no_match:
        reasons.append(_keep("silent", containers=test.no_match))
    if rule.effect is RuleEffect.TAG:
        return reasons
    wide = test.match / test.containers if test.containers else 0.0
    if wide > WIDEST:
        reasons.append(_tune("wide", share=wide))
    capacity = test.capacity_share or 0.0
    if rule.effect is RuleEffect.MUST_INSPECT and capacity > MOST_CAPACITY:
        reasons.append(_tune("capacity", share=capacity))
    return reasons


def _blind(rule: Rule, test: Backtest, share: float) -> ScoreReason:
    if asks_stow_plan([rule]):
        # No history holds the stow plans of its days: that speaks neither for nor against the rule.
        return _keep("no_stow_plan", share=share)
    # A measure has a name of its own rule's, and no place in the catalogue of fields.
    fields = [name for name, _ in test.missing if name in rule.catalogue_fields]
    if fields:
        return _tune("blind", share=share, fields=", ".join(fields[:_FIELDS_NAMED]))
    return _tune("blind_across", share=share)


def _of_others(
    rule: Rule, test: Backtest, known: Mapping[tuple[str, int], Rule]
) -> list[ScoreReason]:
    """Return the rules that say the same: of two that do, the one with less standing is let go."""
    reasons: list[ScoreReason] = []
    for overlap in test.overlaps:
        other = known.get((overlap.rule_id, overlap.version))
        if other is None or other.id == rule.id or test.match < FEWEST_MATCHES:
            continue
        params = {"other": other.id, "share": overlap.jaccard, "both": overlap.both}
        if overlap.jaccard > ALIKE:
            if _can_stand_for(other, rule) and _seniority(rule) > _seniority(other):
                reasons.append(
                    ScoreReason(key="duplicate", params=params, advice=Advice.RETIRE)
                )
        elif overlap.of_this > CONTAINED and other.effect is not RuleEffect.TAG:
            # A narrow rule inside a wide one may be meant: its points come on top.
            reasons.append(
                _keep("subsumed", other=other.id, both=overlap.both, share=overlap.of_this)
            )
    return reasons


def _can_stand_for(other: Rule, rule: Rule) -> bool:
    """Tell whether nothing is lost where *other* is left alone: it does as much, and counts where *rule* does."""
    return _STRENGTH[other.effect] >= _STRENGTH[rule.effect] and (
        other.status in _COUNTING or rule.status not in _COUNTING
    )


def _seniority(rule: Rule) -> tuple[object, ...]:
    """Return what is smaller for the rule that stays: it does more, counts, weighs more, is older."""
    return (
        -_STRENGTH[rule.effect],
        rule.status not in _COUNTING,
        -rule.severity.points,
        rule.valid_from,
        rule.id,
    )


def _of_time(rule: Rule, on: date) -> list[ScoreReason]:
    reasons: list[ScoreReason] = []
    if rule.valid_until is not None:
        left = (rule.valid_until - on).days
        if left < 0:
            reasons.append(
                ScoreReason(
                    key="expired", params={"day": rule.valid_until}, advice=Advice.RETIRE
                )
            )
        elif left <= SOON_DAYS:
            reasons.append(_tune("expires", day=rule.valid_until, value=left))
    age = (on - rule.valid_from).days
    if age > OLD_DAYS:
        reasons.append(_keep("old", day=rule.valid_from))
    return reasons


def _with_sole_rules_kept(
    scores: Sequence[Score], known: Mapping[tuple[str, int], Rule]
) -> list[Score]:
    """Let no advice leave a modus operandi without a rule; the weakest rules are looked at first."""
    staying = {
        (score.rule_id, score.version): known[score.rule_id, score.version] for score in scores
    }
    guarded: dict[tuple[str, int], Score] = {}
    for score in sorted(scores, key=lambda s: (s.lift.low or 0.0, s.rule_id, s.version)):
        key = (score.rule_id, score.version)
        if score.advice is not Advice.RETIRE:
            guarded[key] = score
            continue
        rule = staying.pop(key)
        others = [
            other
            for other in staying.values()
            if other.id != rule.id
            and (other.status in _COUNTING or rule.status not in _COUNTING)
            # A tag examines nothing: it covers for no rule that gives points.
            and (other.effect is not RuleEffect.TAG or rule.effect is RuleEffect.TAG)
        ]
        alone = [
            typology.value
            for typology in rule.typologies
            if not any(typology in other.typologies for other in others)
        ]
        if alone:
            staying[key] = rule
            sole = _tune("sole", typologies=", ".join(alone))
            guarded[key] = replace(score, advice=Advice.TUNE, reasons=(sole, *score.reasons))
        else:
            guarded[key] = score
    return [guarded[score.rule_id, score.version] for score in scores]


def _keep(key: str, **params: object) -> ScoreReason:
    return ScoreReason(key=key, params=params, advice=Advice.KEEP)


def _tune(key: str, **params: object) -> ScoreReason:
    return ScoreReason(key=key, params=params, advice=Advice.TUNE)
