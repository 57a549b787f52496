"""How a container is likely abused: what its reasons say for each modus operandi, and what its box and goods allow.

A reason that six methods share says little of any of them, and one that only one method leaves says much. Take a reason that makes a
find likelier by the odds ratio ``r``, whatever the method. If it comes from some methods alone, that are a share ``p`` of all, then for
these it must be likelier by ``1 + (r - 1) / p``: that is what Bayes' rule asks. The main method of a reason is its first; the others of
its list count half.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from riskengine.domain import Typology
from riskengine.features.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from riskengine.rules.rule import Rule

_SECOND: Final = 0.5
_UNNAMED: Final = 4.0
"""As if so many further methods, of which nobody has written, could have left any reason: no list is complete."""
_DECIMALS: Final = 9
"""Logarithms of other machines differ in the last bit; what is kept must not."""


def typology_scores(
    contributions: pl.DataFrame,
    points: pl.DataFrame,
    rules: Sequence[Rule],
    indicators: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return what speaks for each modus operandi of each container, as log-odds against an innocent one.

    Numbers are added one by one, in the order of their columns and rules: no thread can move the last bit.

    Args:
        contributions: ``container_id`` and one column a feature of the models.
        points: ``container_id``, ``rule_id``, ``version``, ``points`` of each match.
        rules: The rules in force.
        indicators: The assembled frame, for what the box and the goods allow; None asks the reasons alone.

    Returns:
        ``container_id`` and ``typologies``, a list of ``id`` and ``log_odds``, the strongest first. Only what reasons
        speak for is there, and only containers that have any.
    """
    ids = contributions["container_id"]
    facts = (
        pl.DataFrame({"container_id": ids})
        if indicators is None
        else contributions.select("container_id").join(
            indicators,
            on="container_id",
            how="left",
            maintain_order="left",
            validate="1:1",
        )
    )
    told = {typology: np.zeros(ids.len()) for typology in Typology}
    speaks_for = {field.name: field.typologies for field in catalog()}
    for name in contributions.columns:
        weights = weights_of(speaks_for.get(name, ()))
        if weights:
            moved = _moved(contributions[name], facts, name)
            for typology, values in _evidence(moved, weights).items():
                told[typology] += values
    of_rules = _rules_say(points, rules, ids)
    columns: list[pl.Series] = [ids]
    for typology in Typology:
        by_reasons = told[typology] + of_rules[typology]
        at_home, is_possible = _circumstances(typology, facts)
        whole = np.round(by_reasons + at_home, _DECIMALS)
        speaks = (by_reasons > 0) & is_possible & (whole > 0)
        columns.append(pl.Series(typology.value, np.where(speaks, whole, 0.0)))
    return (
        pl.DataFrame(columns)
        .unpivot(index="container_id", variable_name="id", value_name="log_odds")
        .filter(pl.col("log_odds") > 0)
        .sort(["container_id", "log_odds", "id"], descending=[False, True, False])
        .group_by("container_id", maintain_order=True)
        .agg(pl.struct("id", "log_odds").alias("typologies"))
    )


def weights_of(typologies: Sequence[Typology]) -> dict[Typology, float]:
    """Return how much a reason counts for each modus operandi that it may come from: 1 for the main one."""
    return {typology: _SECOND if place else 1.0 for place, typology in enumerate(typologies)}


def evidence(log_odds: float, weights: Mapping[Typology, float]) -> dict[Typology, float]:
    """Return what one reason says for each modus operandi that it may come from.

    What speaks against speaks against each at its face value, or half of it where it is not the main one.

    >>> broad = dict.fromkeys(list(Typology)[:6], 1.0)
    >>> narrow = {Typology.COLD_ROUTE: 1.0}
    >>> round(evidence(1.0, broad)[Typology.RIP_ON_RIP_OFF], 2), round(evidence(1.0, narrow)[Typology.COLD_ROUTE], 2)
    (1.56, 2.15)
    """
    if log_odds <= 0:
        return {typology: weight * log_odds for typology, weight in weights.items()}
    share = _share(weights.values())
    return {
        typology: math.log1p(weight * math.expm1(log_odds) / share)
        for typology, weight in weights.items()
    }


def is_possible_in(typology: Typology, box: str, *, is_empty: bool) -> bool:
    """Tell whether a modus operandi can be in a box of this family at all; an unknown box excludes nothing."""
    impossible = _settings()[typology].impossible
    return box not in impossible and not (is_empty and "empty" in impossible)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """Where a modus operandi is at home, as ``typologies.toml`` says."""

    usual: float
    impossible: frozenset[str]
    fits: tuple[Mapping[str, Any], ...]
    fit: float
    misfit: float


@cache
def _settings() -> Mapping[Typology, _Home]:
    text = (files("riskengine.engine") / "typologies.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return {
        typology: _Home(
            usual=float(tables[typology.value].get("usual", 0.0)),
            impossible=frozenset(tables[typology.value].get("impossible", [])),
            fits=tuple(tables[typology.value].get("fits", [])),
            fit=float(tables[typology.value].get("fit", 0.0)),
            misfit=float(tables[typology.value].get("misfit", 0.0)),
        )
        for typology in Typology
    }


def _share(weights: Iterable[float]) -> float:
    return (math.fsum(weights) + _UNNAMED) / (len(Typology) + _UNNAMED)


def _moved(contributed: pl.Series, facts: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return what a feature moved: a sign that is not there, or not known, speaks for no method."""
    values = contributed.cast(pl.Float64).to_numpy()
    if name not in facts.columns:
        return values
    column = facts[name]
    is_there = (
        column.fill_null(value=False) if column.dtype == pl.Boolean else column.is_not_null()
    )
    return np.where((values > 0) & ~is_there.to_numpy(), 0.0, values)


def _evidence(
    moved: npt.NDArray[np.float64], weights: Mapping[Typology, float]
) -> dict[Typology, npt.NDArray[np.float64]]:
    """Return ``evidence`` of many containers at once."""
    share = _share(weights.values())
    odds = np.expm1(np.maximum(moved, 0.0)) / share
    against = np.minimum(moved, 0.0)
    return {
        typology: np.log1p(weight * odds) + weight * against
        for typology, weight in weights.items()
    }


def _rules_say(
    points: pl.DataFrame, rules: Sequence[Rule], ids: pl.Series
) -> dict[Typology, npt.NDArray[np.float64]]:
    """Add up what the matching rules say, container by container."""
    by_rule = {(rule.id, rule.version): weights_of(rule.typologies) for rule in rules}
    matched = points.filter(pl.col("points") != 0).sort("container_id", "rule_id", "version")
    said = matched.select("rule_id", "version", "points").unique(maintain_order=True)
    rows = [
        (rule_id, version, worth, typology.value, value)
        for rule_id, version, worth in said.rows()
        for typology, value in evidence(worth, by_rule.get((rule_id, version), {})).items()
    ]
    told = pl.DataFrame(
        rows,
        schema={
            "rule_id": pl.String,
            "version": pl.Int64,
            "points": pl.Float64,
            "id": pl.String,
            "_said": pl.Float64,
        },
        orient="row",
    )
    of_each = (
        matched.join(told, on=["rule_id", "version", "points"])
        .group_by("container_id", "id")
        .agg("_said")
    )
    # fsum knows no order: no thread can move the last bit.
    sums = [math.fsum(many) for many in of_each["_said"].to_list()]
    summed = of_each.select("container_id", "id").with_columns(
        pl.Series("_said", sums, dtype=pl.Float64)
    )
    whole: dict[Typology, npt.NDArray[np.float64]] = {}
    for typology in Typology:
        own = summed.filter(pl.col("id") == typology.value).select("container_id", "_said")
        column = pl.DataFrame({"container_id": ids}).join(
            own, on="container_id", how="left", maintain_order="left"
        )
        whole[typology] = column["_said"].fill_null(0.0).to_numpy()  # no rule adds nothing
    return whole


def _circumstances(
    typology: Typology, facts: pl.DataFrame
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return how much likelier a method is in each box, and where it can be at all; what is unknown changes nothing."""
    home = _settings()[typology]
    known = [fit for fit in home.fits if fit["field"] in facts.columns]
    asked = facts.select(
        pl.any_horizontal(_holds(fit) for fit in known).alias("fits")
        if known
        else pl.lit(None, pl.Boolean).alias("fits"),
        _is_impossible(home, facts.columns).alias("is_impossible"),
    )
    if asked.height < facts.height:
        asked = pl.concat([asked] * facts.height)
    fits = asked["fits"]
    at_home = home.usual + np.where(
        fits.fill_null(value=False).to_numpy(),
        home.fit,
        np.where((~fits).fill_null(value=False).to_numpy(), -home.misfit, 0.0),
    )
    return at_home, ~asked["is_impossible"].fill_null(value=False).to_numpy()


def _holds(fit: Mapping[str, Any]) -> pl.Expr:
    """Return whether a circumstance holds; null where it is not known."""
    column = pl.col(str(fit["field"]))
    if "above" in fit:
        return column > fit["above"]
    if "among" in fit:
        return column.is_in(fit["among"])
    return column


def _is_impossible(home: _Home, columns: Sequence[str]) -> pl.Expr:
    """Return whether a method cannot be in a box. Null in, null out: an unknown box excludes nothing."""
    claims = [pl.lit(value=False)]
    if "container_family" in columns:
        claims.append(
            pl.col("container_family").is_in(list(home.impossible)).fill_null(value=False)
        )
    if "is_loose_cargo" in columns and "loose" in home.impossible:
        claims.append(pl.col("is_loose_cargo").cast(pl.Boolean).fill_null(value=False))
    if "is_full" in columns and "empty" in home.impossible:
        claims.append(~pl.col("is_full").cast(pl.Boolean).fill_null(value=True))
    return pl.any_horizontal(claims)
