"""The unit's policy: where the lanes begin, how large the random share is. One file, every key read."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from riskengine.errors import WorkspaceError

if TYPE_CHECKING:
    from pathlib import Path

LEAST_RANDOM_SHARE = 0.005
LARGEST_RANDOM_SHARE = 0.5
LEAST_BLIND_SHARE = 0.02
MOST_EXPLORATION = 0.5
_TABLES = {"policy", "monitor"}  # the second says what is an alarm, and moves no container
_SHARES = (
    "trial_share",
    "uncertain_share",
    "new_share",
    "demand_share",
    "rule_credit",
    "habits_credit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the supervisor of a unit decides once, and every run then follows.

    A lift multiplies odds: a container with a lift of 20 has odds of holding a find twenty times those of
    one taken at random. Where finds are rare that is as many times as likely.

    Attributes:
        random_share: Share of the containers drawn blindly for examination, 0.005 to 0.5. Without it nobody
            can tell what the engine misses.
        random_find_rate: Share of finds among containers opened at random here. A guess until the random
            stratum has measured it.
        red_lift: From this lift on a container is examined.
        yellow_lift: From this lift on its documents and its image are checked.
        blue_lift: From this lift on it is looked at after release.
        rule_credit: Share of the points of a rule's severity that count as long as no outcomes have
            judged the rule.
        habits_credit: Log-odds that one log-odds of the habits model counts, as long as no outcomes have
            judged it.
        demand_share: Share of a day's examinations that rules which demand inspection may claim.
        blind_share: Share of a day's examinations that are drawn blindly, 0.02 or more. It is measured
            in examinations, where ``random_share`` is measured in containers: a plan of few examinations
            is not used up by the draw.
        trial_share: Share of a day's examinations kept for rules that are short of evidence.
        uncertain_share: Share kept for containers of which the model is not sure.
        new_share: Share kept for traders, lanes and goods not seen before.
    """

    random_share: float = 0.02
    random_find_rate: float = 0.002
    red_lift: float = 20.0
    yellow_lift: float = 6.0
    blue_lift: float = 2.5
    rule_credit: float = 0.5
    habits_credit: float = 0.25
    demand_share: float = 0.5
    blind_share: float = 0.05
    trial_share: float = 0.05
    uncertain_share: float = 0.0
    new_share: float = 0.0

    def __post_init__(self) -> None:
        faults = [
            sentence
            for holds, sentence in (
                (
                    LEAST_RANDOM_SHARE <= self.random_share <= LARGEST_RANDOM_SHARE,
                    "random_share must lie between 0.005 and 0.5",
                ),
                (0 < self.random_find_rate < 1, "random_find_rate must lie between 0 and 1"),
                (
                    1 <= self.blue_lift <= self.yellow_lift <= self.red_lift,
                    "the lifts must rise from 1: blue_lift, yellow_lift, red_lift",
                ),
                *(
                    (0 <= getattr(self, name) <= 1, f"{name} must lie between 0 and 1")
                    for name in _SHARES
                ),
                (
                    self.blind_share >= LEAST_BLIND_SHARE,
                    f"blind_share must be {LEAST_BLIND_SHARE} or more",
                ),
                (
                    self.exploration <= MOST_EXPLORATION,
                    f"the four shares that explore may not be more than {MOST_EXPLORATION} together",
                ),
            )
            if not holds
        ]
        if faults:
            raise WorkspaceError(f"The policy cannot be: {'; '.join(faults)}.")

    @property
    def exploration(self) -> float:
        """The share of a day's examinations that is spent on learning, not on the highest scores."""
        return self.blind_share + self.trial_share + self.uncertain_share + self.new_share

    def digest(self, seed_commitment: str) -> str:
        """Return the sha256 of this policy and of the commitment to the random stratum's seed."""
        text = json.dumps(asdict(self) | {"seed_commitment": seed_commitment}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_policy(settings_file: Path) -> Policy:
    """Read the table ``[policy]`` of a workspace's ``riskengine.toml``.

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
    known = {field.name for field in fields(Policy)}
    faults = [
        _unknown(name, _TABLES, settings_file) for name in settings if name not in _TABLES
    ]
    values = settings.get("policy", {})
    if not isinstance(values, dict):
        raise WorkspaceError(
            f"{settings_file}: policy must be a table, and is {values!r}.",
            remedy="Write the line [policy] and its settings below it.",
        )
    faults += [_unknown(name, known, settings_file) for name in values if name not in known]
    faults += [
        f"{settings_file}: {name} must be a number, and is {value!r}"
        for name, value in values.items()
        if name in known and (isinstance(value, bool) or not isinstance(value, (int, float)))
    ]
    if faults:
        raise WorkspaceError(f"{'; '.join(faults)}.")
    return Policy(**{name: float(value) for name, value in values.items()})


def settings_text() -> str:
    """Return a fresh workspace's ``riskengine.toml``: every key with its default and its meaning."""
    defaults = Policy()
    return f"""\
# The policy of this unit. Every run names the digest of these values.
[policy]
random_share = {defaults.random_share}        # share of containers drawn blindly for examination
random_find_rate = {defaults.random_find_rate}   # finds per container opened at random, until your own draws tell
red_lift = {defaults.red_lift}            # so many times the odds of a random container: examine
yellow_lift = {defaults.yellow_lift}          # ... check documents and image
blue_lift = {defaults.blue_lift}            # ... look at it after release
rule_credit = {defaults.rule_credit}          # share of a rule's points that counts until outcomes have judged it
habits_credit = {defaults.habits_credit}        # what a log-odds of the habits model counts until outcomes have judged it

# How the examinations of a day are shared out by `riskengine plan`; what is left goes by score.
demand_share = {defaults.demand_share}         # at most so much for rules that demand inspection
blind_share = {defaults.blind_share}         # drawn blindly, 0.02 or more
trial_share = {defaults.trial_share}         # for rules that are short of evidence
uncertain_share = {defaults.uncertain_share}      # for containers of which the model is not sure
new_share = {defaults.new_share}            # for traders, lanes and goods not seen before

# What `riskengine monitor` calls an alarm; docs/monitoring.md has every key and its default.
# [monitor]
# false_alarm_rate = 0.01
"""


def _unknown(name: str, known: set[str], settings_file: Path) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"{settings_file}: there is no setting {name!r}{hint}"
