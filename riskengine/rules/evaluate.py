"""Every rule asked of every container, in one locked-down, in-memory DuckDB.

DuckDB is the engine of record: its IEEE arithmetic gives the same answer for one container alone as in
a batch of a million. A rule that fails is named and left out; it never stops the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.across import Surroundings
from riskengine.rules.asking import Answer, ask
from riskengine.rules.columns import misfit, typed
from riskengine.rules.compile import EXCUSED, MATCH, UNKNOWN
from riskengine.rules.measuring import Measured, measure
from riskengine.rules.tree import fields_needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.rules.rule import Rule

VERDICTS = {
    "container_id": pl.Int32,
    "rule_id": pl.String,
    "version": pl.Int64,
    "verdict": pl.String,
    "missing": pl.List(pl.String),
}
_WORDS = {UNKNOWN: "unknown", EXCUSED: "excused", MATCH: "match"}


class Failure(NamedTuple):
    """A rule that could not run, and why."""

    rule_id: str
    version: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the rules say of the containers.

    Attributes:
        frame: ``container_id, rule_id, version, verdict, missing``, sorted; a container and a rule
            that are not in it are ``no_match``.
        counts: ``rule_id, version, match, no_match, unknown, excused`` of every rule that ran.
        measures: ``container_id`` and one column for each measure of the rules, row by row beside the
            containers; those of rules that could not run are absent.
        failed: The rules that could not run, each with a sentence saying why.
    """

    frame: pl.DataFrame
    counts: pl.DataFrame
    measures: pl.DataFrame
    failed: tuple[Failure, ...]


def evaluate(
    rules: Sequence[Rule],
    frame: pl.DataFrame,
    surroundings: Surroundings | None = None,
    *,
    measured: pl.DataFrame | None = None,
) -> Verdicts:
    """Ask every rule of every container.

    Args:
        rules: The rules, with their lists; an id may stand among them once a version.
        frame: One row per container: ``container_id`` and facts and indicators by name; for measures also
            ``voyage_key`` and ``manifest_key``, where there is more than one of them. A field that is not
            among the columns is missing for every container.
        surroundings: What measures look at beside the containers; None where nothing is known.
        measured: The measures, where they are known already: by their columns, row by row beside the
            containers; one that is not among them is missing. None computes them.

    Raises:
        RuleError: Two rules have one id and version, the frame has no ``container_id``, or the containers
            of the past have no day.
    """
    if len({(rule.id, rule.version) for rule in rules}) < len(rules):
        raise RuleError("Two of the rules have the same id and version.")
    if "container_id" not in frame.columns:
        raise RuleError("The containers have no container_id.")
    if measured is None:
        taken = measure(rules, frame, surroundings or Surroundings())
    else:
        taken = Measured(columns=measured, failed={})
    stale = [one.column for rule in rules for one in rule.measures]
    frame = frame.drop(stale, strict=False).with_columns(taken.columns.get_columns())
    failed = [Failure(*key, sentence) for key, sentence in taken.failed.items()]
    failed += _misfits(
        [rule for rule in rules if (rule.id, rule.version) not in taken.failed], frame
    )
    gone = {(failure.rule_id, failure.version) for failure in failed}
    able = [rule for rule in rules if (rule.id, rule.version) not in gone]
    columns = _columns(able, frame)
    answers, broken = ask(able, columns)
    failed += [Failure(able[i].id, able[i].version, said) for i, said in broken.items()]
    return Verdicts(
        frame=_worded(answers, able, columns["container_id"]),
        counts=_counts(answers, able, frame.height),
        measures=frame.select("container_id", *taken.columns.columns),
        failed=tuple(sorted(failed)),
    )


def _misfits(rules: Iterable[Rule], frame: pl.DataFrame) -> list[Failure]:
    """Return the rules that read a column of another type than their field's, and say which."""
    schema = dict(frame.schema)
    said = ((rule, misfit(rule.fields_read, schema)) for rule in rules)
    return [Failure(rule.id, rule.version, sentence) for rule, sentence in said if sentence]


def _columns(rules: Iterable[Rule], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that the rules read, each of its field's type."""
    refs = [ref for rule in rules for ref in rule.fields_read if ref.name != "container_id"]
    return frame.select(pl.col("container_id").cast(pl.Int32), *typed(refs, dict(frame.schema)))


def _worded(
    answers: Mapping[int, Answer], rules: Sequence[Rule], containers: pl.Series
) -> pl.DataFrame:
    """Return places as container_id, indexes as ids and bits as the names of the missing fields."""
    if not answers:
        return pl.DataFrame(schema=VERDICTS)
    ranked = sorted(answers, key=lambda index: (rules[index].id, rules[index].version))
    told: list[list[str]] = [[]]
    rows, verdicts, masks = [], [], []
    for index in ranked:
        answer = answers[index]
        rows.append(answer.rows)
        verdicts.append(answer.verdicts)
        kinds, each = np.unique(answer.absent, return_inverse=True)
        needed = [ref.name for ref in fields_needed(rules[index].when)]
        places: list[int] = []
        for mask in kinds.tolist():
            places.append(len(told) if mask else 0)
            if mask:
                told.append([name for bit, name in enumerate(needed) if mask >> bit & 1])
        masks.append(np.array(places, dtype=np.uint32)[each])
    ranks = np.repeat(
        np.arange(len(ranked), dtype=np.uint32), [len(answers[index].rows) for index in ranked]
    )
    found = pl.DataFrame(
        {
            "container_id": containers.gather(np.concatenate(rows)),
            "rank": ranks,
            "verdict": np.concatenate(verdicts),
            "mask": np.concatenate(masks),
        }
    )
    # One number to sort by is quicker than two columns.
    key = pl.col("container_id").cast(pl.Int64) * len(ranked) + pl.col("rank")
    found = found.sort(key)
    ids = pl.Series([rules[index].id for index in ranked], dtype=pl.String)
    versions = pl.Series([rules[index].version for index in ranked], dtype=pl.Int64)
    words = pl.Series([_WORDS[code] for code in sorted(_WORDS)], dtype=pl.String)
    return pl.DataFrame(
        {
            "container_id": found["container_id"],
            "rule_id": ids.gather(found["rank"]),
            "version": versions.gather(found["rank"]),
            "verdict": words.gather(found["verdict"].cast(pl.UInt32)),
            "missing": pl.Series(told, dtype=pl.List(pl.String)).gather(found["mask"]),
        },
        schema=VERDICTS,
    )


def _counts(
    answers: Mapping[int, Answer], rules: Sequence[Rule], containers: int
) -> pl.DataFrame:
    rows: list[tuple[str, int, int, int, int, int]] = []
    for index, answer in answers.items():
        tally = np.bincount(answer.verdicts, minlength=len(_WORDS)).tolist()
        match, unknown, excused = tally[MATCH], tally[UNKNOWN], tally[EXCUSED]
        no_match = containers - len(answer.rows)
        rule = rules[index]
        rows.append((rule.id, rule.version, match, no_match, unknown, excused))
    names = ("rule_id", "version", "match", "no_match", "unknown", "excused")
    types = {name: pl.String if name == "rule_id" else pl.Int64 for name in names}
    return pl.DataFrame(rows, schema=types, orient="row").sort("rule_id", "version")
