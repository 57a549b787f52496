"""The answers of rules for scripts: one object a rule."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.counted import CountedMeasure
    from riskengine.engine.near_miss import NearMiss, NearMisses
    from riskengine.engine.rule_answers import ContainerAnswer, RuleCount
    from riskengine.rules.aloud import RuleAloud
    from riskengine.rules.rule import Rule
    from riskengine.rules.spoken import SpokenLine
    from riskengine.rules.tree import Value

_HOLDS = {True: "holds", False: "fails", None: "unknown"}


def rule_as_json(aloud: RuleAloud) -> dict[str, Any]:
    """Return a rule read aloud."""
    rule = aloud.rule
    return {
        "id": rule.id,
        "version": rule.version,
        "sha256": rule.sha256,
        "status": rule.status.value,
        "severity": rule.severity.value,
        "points": rule.severity.points,
        "effect": rule.effect.value,
        "title": aloud.title,
        "why": aloud.why,
        "innocent": aloud.innocent,
        "blind_spot": aloud.blind_spot,
        "guide": aloud.guide,
        "typologies": [typology.value for typology in rule.typologies],
        "lines": [
            {"part": line.part, "depth": line.depth, "mode": line.mode, "words": line.words, "written": line.written}
            for line in aloud.lines
        ],
        "measures": list(aloud.measures),
        "exceptions": list(aloud.exceptions),
        "settings": [
            {"name": one.name, "value": one.value, "written": one.written, "from": one.lowest, "to": one.highest}
            for one in aloud.settings
        ],
        "lists": [
            {"name": one.name, "title": one.title, "values": one.values, "valid_until": one.valid_until.isoformat(), "is_expired": one.is_expired}
            for one in aloud.lists
        ],
        "fields": [{"name": name, "label": label} for name, label in aloud.fields],
        "tests": {verdict.value: count for verdict, count in aloud.tests.items()},
    }  # fmt: skip


def answer_as_json(answer: ContainerAnswer) -> dict[str, Any]:
    """Return what one rule says of one container."""
    return {
        "rule": answer.rule.id,
        "version": answer.rule.version,
        "container": answer.container,
        "run_id": answer.run_id,
        "verdict": answer.verdict.value,
        "recorded": answer.recorded.value if answer.recorded else None,
        "was_in_run": answer.was_in_run,
        "failure": answer.failure,
        "sentence": answer.sentence,
        "lines": _lines(answer.rule, answer.lines),
        "measures": [_measure(one) for one in answer.counted],
        "missing": list(answer.missing),
        "excuses": list(answer.excuses),
        "lines_short": answer.lines_short,
        "turns": list(answer.turns),
    }


def near_miss_as_json(miss: NearMiss, near: NearMisses) -> dict[str, Any]:
    """Return one rule that nearly matched a container."""
    return {
        "rule": miss.rule.id,
        "version": miss.rule.version,
        "severity": miss.rule.severity.value,
        "container": near.container,
        "run_id": near.run_id,
        "turn": miss.turn,
        "distance": miss.distance,
        "others_as_near": miss.others_as_near,
        "share_equally_near": miss.share_equally_near,
        "unremarkable": miss.unremarkable.value if miss.unremarkable else None,
        "excuses": list(miss.excuses),
    }


def count_as_json(count: RuleCount, run_id: str) -> dict[str, Any]:
    """Return what one rule answered over a run."""
    return {
        "rule": count.rule.id,
        "version": count.rule.version,
        "status": count.rule.status.value,
        "run_id": run_id,
        **{verdict.value: number for verdict, number in count.counts.items()},
        "missing": [
            {"field": count.rule.short_name(name), "containers": number}
            for name, _, number in count.missing
        ],
        "is_blind": count.is_blind,
        "failure": count.failure,
    }


def _measure(counted: CountedMeasure) -> dict[str, Any]:
    return {
        "name": counted.name,
        "label": counted.label,
        "value": _plain(counted.value),
        "today": _plain(counted.today),
        "remark": counted.remark.value,
        "containers": [
            {
                "container_number": one.container_number,
                "bills": list(one.bills),
                "on": _plain(one.on),
                "vessel": one.vessel,
                "voyage": one.voyage,
                "seen_as": one.seen_as.value,
                "value": _plain(one.value),
            }
            for one in counted.containers
        ],
        "rest": counted.rest,
    }


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def _lines(rule: Rule, lines: Sequence[SpokenLine]) -> list[dict[str, Any]]:
    return [
        {
            "part": line.part,
            "depth": line.depth,
            "mode": line.mode,
            "words": line.words,
            "written": line.written,
            "holds": _HOLDS[line.holds],
            "read": [
                {"field": rule.short_name(one.name), "value": one.value} for one in line.read
            ],
        }
        for line in lines
    ]
