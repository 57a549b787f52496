"""The tests of a mined rule, made from real containers: only the fields that it reads, and nobody's name."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine.domain import Verdict
from riskengine.rules.mining_terms import plain_number, readable
from riskengine.rules.pseudonyms import Pseudonyms
from riskengine.rules.reference import verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from riskengine.rules.mining_terms import Term
    from riskengine.rules.rule import Rule

_MATCHES: Final = 2


def tests_of(rule: Rule, terms: Sequence[Term], rows: pl.DataFrame) -> Iterator[str]:
    """Yield the lines under ``tests:`` of a mined rule.

    Args:
        rule: The rule, without its tests.
        terms: Its conditions.
        rows: Real containers, with ``is_find``; those that held something are taken first.
    """
    names = list(dict.fromkeys(term.field.name for term in terms))
    told = rows.select("is_find", *names).sort(
        "is_find", descending=True, nulls_last=True, maintain_order=True
    )
    pseudonyms = Pseudonyms()
    holding = [term.mask(told) for term in terms]
    everything = _all(holding, told.height)
    for number, row in enumerate(_taken(told, everything, _MATCHES), start=1):
        yield from _test(
            rule, f"a container like those, {number}", row, Verdict.MATCH, pseudonyms
        )
    for place, term in enumerate(terms):
        known = told[term.field.name].is_not_null().to_numpy()
        others = _all((mask for at, mask in enumerate(holding) if at != place), told.height)
        nearest = others & ~holding[place] & known
        # Where nothing else is so near, a container of which nothing holds is told instead.
        chosen = nearest if nearest.any() else ~holding[place] & known
        for row in _taken(told, chosen, 1):
            name = f"all but {term.field.name}" if nearest.any() else f"not {term.field.name}"
            yield from _test(rule, name, row, Verdict.NO_MATCH, pseudonyms)
    last = names[-1]
    unseen = _all(holding[:-1], told.height) & told[last].is_null().to_numpy()
    real = _taken(told, unseen if unseen.any() else everything, 1)
    for row in real:
        name = f"{last} is missing" if unseen.any() else f"{last} left out"
        yield from _test(rule, name, row | {last: None}, Verdict.UNKNOWN, pseudonyms)


def _all(masks: Iterable[npt.NDArray[np.bool_]], height: int) -> npt.NDArray[np.bool_]:
    whole = np.ones(height, dtype=np.bool_)
    for mask in masks:
        whole &= mask
    return whole


def _taken(
    told: pl.DataFrame, chosen: npt.NDArray[np.bool_], at_most: int
) -> list[dict[str, Any]]:
    """Return the first of the chosen rows, no two alike."""
    rows = told.filter(pl.Series(chosen)).drop("is_find").head(at_most * 20)
    return rows.unique(maintain_order=True).head(at_most).to_dicts()


def _test(
    rule: Rule, name: str, row: dict[str, Any], expect: Verdict, pseudonyms: Pseudonyms
) -> Iterator[str]:
    hidden = {field: pseudonyms.of(field, value) for field, value in row.items()}
    values = _rounded(rule, hidden, expect)
    yield f"  - name: {json.dumps(name)}"
    yield f"    expect: {expect.value}"
    told = [
        f"      {field}: {_written(value)}"
        for field, value in values.items()
        if value is not None
    ]
    if told:
        yield "    record:"
        yield from told
    else:
        yield "    record: {}"


def _rounded(rule: Rule, row: dict[str, Any], expect: Verdict) -> dict[str, Any]:
    """Round the numbers as far as the rule does not notice: an exact mass is a fingerprint."""
    found = dict(row)
    for field, value in row.items():
        if isinstance(value, float) and not value.is_integer():
            shorter = found | {field: readable(value)}
            if verdict_of(rule, shorter)[0] is expect:
                found = shorter
    return found


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return plain_number(float(value))
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
