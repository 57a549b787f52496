"""Which crossing is an alarm: the table ``[monitor]`` of a workspace, and every limit with its value."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from riskengine.errors import WorkspaceError

if TYPE_CHECKING:
    from pathlib import Path

TABLE: Final = "monitor"
_MOST_FALSE_ALARMS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a supervisor wants to be told of.

    Attributes:
        false_alarm_rate: How often a report may cry out for nothing, for each thing that is watched, where nothing has
            changed.
        drift_stability: From this population stability index on a shift that is no chance is large enough to tell.
        missing_share: A field of a feed counts as going missing when this share more of its containers lacks it.
        least_outcomes_entered: The share of chosen containers that must have an outcome.
        days_to_enter: How many days an outcome may take.
        largest_missed_share: The bound of what nobody chose that may not be crossed; 1 judges nothing.
        days_before: How many days before the report it is compared with.
    """

    false_alarm_rate: float = 0.01
    drift_stability: float = 0.1
    missing_share: float = 0.1
    least_outcomes_entered: float = 0.8
    days_to_enter: float = 7
    largest_missed_share: float = 1.0
    days_before: float = 84

    def __post_init__(self) -> None:
        faults = [
            sentence
            for holds, sentence in (
                (
                    0 < self.false_alarm_rate <= _MOST_FALSE_ALARMS,
                    f"false_alarm_rate must lie between 0 and {_MOST_FALSE_ALARMS}",
                ),
                (self.drift_stability >= 0, "drift_stability must be 0 or more"),
                (0 <= self.missing_share <= 1, "missing_share must lie between 0 and 1"),
                (
                    0 <= self.least_outcomes_entered <= 1,
                    "least_outcomes_entered must lie between 0 and 1",
                ),
                (0 <= self.days_to_enter <= 366, "days_to_enter must lie between 0 and 366"),  # noqa: PLR2004
                (
                    0 < self.largest_missed_share <= 1,
                    "largest_missed_share must lie between 0 and 1",
                ),
                (7 <= self.days_before <= 3660, "days_before must lie between 7 and 3660"),  # noqa: PLR2004
            )
            if not holds
        ]
        if faults:
            raise WorkspaceError(f"The limits cannot be: {'; '.join(faults)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, and where the report stands to it.

    Attributes:
        name: Its name, as JSON and the page have it.
        value: What was measured; None where it could not be.
        threshold: Where it is crossed.
        is_crossed: Whether it is.
        is_lower: Whether it is crossed from above: the value must be the threshold at least.
        false_alarm_rate: How often it is crossed for nothing; None where it is no matter of chance.
    """

    name: str
    value: float | None
    threshold: float
    is_crossed: bool
    is_lower: bool
    false_alarm_rate: float | None


def at_least(name: str, value: float | None, threshold: float) -> Limit:
    """Return a limit that a value must reach; what was not measured crosses nothing."""
    is_crossed = value is not None and value < threshold
    return Limit(
        name=name,
        value=value,
        threshold=threshold,
        is_crossed=is_crossed,
        is_lower=True,
        false_alarm_rate=None,
    )


def at_most(
    name: str, value: float | None, threshold: float, *, false_alarm_rate: float | None = None
) -> Limit:
    """Return a limit that a value may not go beyond."""
    is_crossed = value is not None and value > threshold
    return Limit(
        name=name,
        value=value,
        threshold=threshold,
        is_crossed=is_crossed,
        is_lower=False,
        false_alarm_rate=false_alarm_rate,
    )


def chance(name: str, value: float | None, rate: float) -> Limit:
    """Return a limit on how unlikely something may be where nothing has changed."""
    is_crossed = value is not None and value < rate
    return Limit(
        name=name,
        value=value,
        threshold=rate,
        is_crossed=is_crossed,
        is_lower=True,
        false_alarm_rate=rate,
    )


def read_limits(settings_file: Path) -> Limits:
    """Read the table ``[monitor]`` of a workspace's ``riskengine.toml``; what is not there has its default.

    Raises:
        WorkspaceError: The file is not TOML, a key is unknown, or a value cannot be.
    """
    try:
        settings = tomllib.loads(settings_file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"{settings_file} is not a TOML file: {error}.",
            remedy="Compare it with a fresh workspace's.",
        ) from error
    values = settings.get(TABLE, {})
    if not isinstance(values, dict):
        raise WorkspaceError(
            f"{settings_file}: {TABLE} must be a table, and is {values!r}.",
            remedy=f"Write the line [{TABLE}] and its settings below it.",
        )
    known = {field.name for field in fields(Limits)}
    faults = [_unknown(name, known, settings_file) for name in values if name not in known]
    faults += [
        f"{settings_file}: {name} must be a number, and is {value!r}"
        for name, value in values.items()
        if name in known and (isinstance(value, bool) or not isinstance(value, (int, float)))
    ]
    if faults:
        raise WorkspaceError(f"{'; '.join(faults)}.")
    return Limits(**{name: float(value) for name, value in values.items()})


def _unknown(name: str, known: set[str], settings_file: Path) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"{settings_file}: there is no limit {name!r}{hint}"
