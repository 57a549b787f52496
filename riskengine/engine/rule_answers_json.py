"""The answers of rules for scripts: one object a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.engine.rule_answers import ContainerAnswer, NearMiss, NearMisses, RuleCount
    from riskengine.rules.aloud import RuleAloud
    from riskengine.rules.spoken import SpokenLine

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
        "lines": _lines(answer.lines),
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
        "missing": [{"field": name, "containers": number} for name, _, number in count.missing],
        "is_blind": count.is_blind,
        "failure": count.failure,
    }


def _lines(lines: Sequence[SpokenLine]) -> list[dict[str, Any]]:
    return [
        {
            "part": line.part,
            "depth": line.depth,
            "mode": line.mode,
            "words": line.words,
            "written": line.written,
            "holds": _HOLDS[line.holds],
            "read": [{"field": one.name, "value": one.value} for one in line.read],
        }
        for line in lines
    ]
