"""A run as rows for others: one object a container, as scripts have been promised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from riskengine.domain import Verdict
from riskengine.engine.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskengine.engine.reasons import Answer
    from riskengine.engine.run import Run
    from riskengine.features.field import Field

USUAL_REASONS = 5


def as_json_lines(
    run: Run, *, language: str = "en", all_reasons: bool = False, fields: Sequence[Field] = ()
) -> Iterator[str]:
    """Yield one JSON object a container, most suspicious first.

    ``spread`` is there where the model has members that can disagree. With *all_reasons* every reason is there and ``log_odds = base_log_odds + Σ reasons[].log_odds``.
    """
    reasons = Reasons(run, language, fields)
    for row in run.assessments.iter_rows(named=True):
        answers = reasons.answers(row["container_id"])
        told = reasons.of(row["container_id"], at_most=None if all_reasons else USUAL_REASONS)
        line: dict[str, object] = {
            "container_number": row["container_number"],
            "bills_of_lading": row["bills_of_lading"] or [],
            "rank": row["rank"],
            "score": row["score"],
            "log_odds": row["log_odds"],
            "lane": row["lane"],
            "basis": row["basis"],
            "typologies": row["typologies"],
            "reasons": [
                {
                    "source": r.source,
                    "kind": r.kind,
                    "log_odds": r.log_odds,
                    "sentence": r.sentence,
                }
                for r in told
            ],
            "rules": {
                verdict.value: _named(answers, verdict)
                for verdict in (Verdict.MATCH, Verdict.UNKNOWN, Verdict.EXCUSED)
            }
            | {"shadow": _named(answers, Verdict.MATCH, in_shadow=True)},
            "run_id": run.card.run_id,
        }
        if row["spread"] is not None:
            line["spread"] = row["spread"]
        if all_reasons:
            line["base_log_odds"] = run.card.base_log_odds
        yield json.dumps(line, ensure_ascii=False)


def as_sheet(run: Run, *, language: str = "en", fields: Sequence[Field] = ()) -> pl.DataFrame:
    """Return the assessments as a flat frame for a file: one row a container, its strongest reasons in words."""
    reasons = Reasons(run, language, fields)
    told = [
        reasons.of(key, at_most=USUAL_REASONS)
        for key in run.assessments["container_id"].to_list()
    ]
    answers = [reasons.answers(key) for key in run.assessments["container_id"].to_list()]
    return run.assessments.select(
        "rank",
        "container_number",
        "bills_of_lading",
        "lane",
        "basis",
        "score",
        "log_odds",
        pl.col("typologies").list.eval(pl.element().struct.field("id")).alias("typologies"),
        pl.Series(
            "reasons", [[r.sentence for r in many] for many in told], dtype=pl.List(pl.String)
        ),
        pl.Series(
            "rules_matched",
            [_named(many, Verdict.MATCH) for many in answers],
            dtype=pl.List(pl.String),
        ),
        pl.Series(
            "rules_unknown",
            [_named(many, Verdict.UNKNOWN) for many in answers],
            dtype=pl.List(pl.String),
        ),
        pl.lit(run.card.run_id).alias("run_id"),
    )


def _named(
    answers: Sequence[Answer], verdict: Verdict, *, in_shadow: bool = False
) -> list[str]:
    """Return the ids of the rules that gave this verdict: of those that count or name, or of those in shadow."""
    return [
        answer.rule.id
        for answer in answers
        if answer.verdict is verdict and answer.is_shadow is in_shadow
    ]
