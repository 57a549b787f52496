"""A back-test as one line of JSON, to be kept and shown again, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from riskengine.errors import RuleError
from riskengine.rules.backtest import Backtest, Overlap, Since
from riskengine.rules.matching import Example
from riskengine.rules.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = 1
_RATES: Final = ("find_rate", "random_rate", "random_hits", "base_rate")
_ORIGIN: Final = ("as_run", "source", "source_sha256", "made_by")
"""What back-tests that were kept earlier do not say: it is read from them as empty."""


def to_json(made: Backtest) -> str:
    """Return a back-test as one line of JSON; what follows from its counts stands in it as well."""
    return json.dumps(as_mapping(made), ensure_ascii=False, allow_nan=False)


def as_mapping(made: Backtest) -> dict[str, object]:
    """Return a back-test as JSON can hold it."""
    held: dict[str, object] = {"schema": SCHEMA, **asdict(made)}
    for name in _RATES:
        held[name] = rate_as_mapping(getattr(made, name))
    held |= {
        "first_day": _day(made.first_day),
        "last_day": _day(made.last_day),
        "since": None if made.since is None else _since(made.since),
        "missing": [{"field": name, "containers": count} for name, count in made.missing],
        "examples": [example_as_mapping(example) for example in made.examples],
        "hits_per_day": made.hits_per_day,
        "capacity_share": made.capacity_share,
        "unknown_share": made.unknown_share,
        "inspected": made.inspected,
        "found": made.found,
        "random_inspected": made.random_inspected,
        "random_found": made.random_found,
        "base_kind": made.base_kind,
        "lift": asdict(made.lift),
        "lift_low": made.lift_low,
    }
    return held


def rate_as_mapping(rate: Rate) -> dict[str, object]:
    """Return a rate with its share and its interval."""
    return {
        "found": rate.found,
        "examined": rate.examined,
        "share": rate.share,
        "low": rate.low,
        "high": rate.high,
    }


def example_as_mapping(example: Example) -> Mapping[str, object]:
    """Return one example as JSON can hold it."""
    days_and_bills = {"assessed_on": _day(example.assessed_on), "bills": list(example.bills)}
    return asdict(example) | days_and_bills


def from_json(text: str) -> Backtest:
    """Return the back-test that ``to_json`` wrote.

    Raises:
        RuleError: The text is something else, or of another version of the engine.
    """
    try:
        held = json.loads(text)
        if held["schema"] != SCHEMA:
            raise RuleError(
                f"The back-test is of version {held['schema']}, and this engine reads {SCHEMA}.",
                remedy="Make it again with `riskengine rules backtest`.",
            )
        return _backtest(held)
    except (ValueError, KeyError, TypeError) as error:
        raise RuleError(
            f"The back-test that was kept cannot be read: {error}.",
            remedy="Make it again with `riskengine rules backtest`.",
        ) from error


def _backtest(held: Mapping[str, Any]) -> Backtest:
    plain = (
        "rule_id", "version", "sha256", "days", "days_with_containers", "containers", "match",
        "no_match", "unknown", "excused", "slots_per_day", "examined", "random_drawn",
        "is_base_random",
    )  # fmt: skip
    since = held["since"]
    counts: dict[str, Any] = {name: held[name] for name in plain}
    rates: dict[str, Any] = {name: _rate(held[name]) for name in _RATES}
    origin: dict[str, Any] = {name: _said(held.get(name, ""), name) for name in _ORIGIN}
    return Backtest(
        **counts,
        **rates,
        **origin,
        first_day=_date(held["first_day"]),
        last_day=_date(held["last_day"]),
        since=None
        if since is None
        else Since(
            on=date.fromisoformat(since["on"]),
            containers=since["containers"],
            match=since["match"],
            find_rate=_rate(since["find_rate"]),
            base_rate=_rate(since["base_rate"]),
            is_base_random=since["is_base_random"],
        ),
        overlaps=tuple(Overlap(**overlap) for overlap in held["overlaps"]),
        missing=tuple((entry["field"], entry["containers"]) for entry in held["missing"]),
        examples=tuple(
            Example(
                **(
                    entry
                    | {
                        "assessed_on": _date(entry["assessed_on"]),
                        "bills": tuple(entry["bills"]),
                    }
                )
            )
            for entry in held["examples"]
        ),
    )


def _since(since: Since) -> dict[str, Any]:
    return asdict(since) | {
        "on": since.on.isoformat(),
        "find_rate": rate_as_mapping(since.find_rate),
        "base_rate": rate_as_mapping(since.base_rate),
        "lift": asdict(since.lift),
    }


def _said(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _rate(held: Mapping[str, int]) -> Rate:
    return Rate(found=held["found"], examined=held["examined"])


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
