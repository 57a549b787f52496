"""The rules that nearly matched a container, and which of them say something of it that they do not say of most."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from riskengine.domain import Severity
from riskengine.rules.nearness import asks_for_words, has_distance

if TYPE_CHECKING:
    from riskengine.rules.rule import Rule
    from riskengine.rules.spoken import Turn

COMMON: Final = 0.10
"""Where more than this share of the other containers is as near, the rule says nothing of this one."""
RARE: Final = 0.01
"""Where at most this share is as near, another code or word, or a number far off, is worth a look too."""
_ENOUGH = 100  # of fewer others, one in a hundred cannot be told
_FAR = 0.5


class Unremarkable(StrEnum):
    """Why a near miss is not worth showing."""

    ONLY_LINE = "only_line"
    COMMON = "common"
    OTHER_WORD = "other_word"
    FAR = "far"


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A rule that one single line kept from matching.

    Attributes:
        rule: The rule.
        turn: The line, as a sentence.
        distance: How far it was from turning: 0 exactly at its limit, 1 where it has no distance.
        excuses: What would have excused it even then.
        others_as_near: How many other containers of the run one line kept from it, at most so far from turning.
        share_equally_near: Their share of the other containers; None where there is no other.
        unremarkable: Why it is not worth showing; None where it is.
    """

    rule: Rule
    turn: str
    distance: float
    excuses: tuple[str, ...]
    others_as_near: int
    share_equally_near: float | None
    unremarkable: Unremarkable | None

    @property
    def rank(self) -> tuple[float, float, int, str, int]:
        """Return by what near misses are ordered: the rarest, then the nearest, then the most severe."""
        severity = list(Severity).index(self.rule.severity)
        share = self.share_equally_near or 0.0
        return (share, self.distance, -severity, self.rule.id, self.rule.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMisses:
    """The rules that nearly matched one container.

    Attributes:
        container: The container's number, or the bill of its loose cargo.
        run_id: The run whose facts were asked.
        others: How many other containers the run assessed.
        misses: The rules, those that fewest others are as near to first.
    """

    container: str
    run_id: str
    others: int
    misses: tuple[NearMiss, ...]

    @property
    def remarkable(self) -> tuple[NearMiss, ...]:
        """Return those worth showing."""
        return tuple(miss for miss in self.misses if miss.unremarkable is None)

    def hidden(self, why: Unremarkable) -> int:
        """Return how many are not worth showing for one reason."""
        return sum(miss.unremarkable is why for miss in self.misses)


def why_unremarkable(
    turn: Turn, *, share: float | None, others: int, is_only_line: bool
) -> Unremarkable | None:
    """Return why a near miss is not worth showing; None where it is.

    Args:
        turn: The line that would have to turn.
        share: Of the other containers, those as near; None where there is no other.
        others: How many other containers the run assessed.
        is_only_line: Whether nothing else of the rule held.
    """
    if share is not None and share > COMMON:
        return Unremarkable.COMMON
    # Of a rule that asks one thing only, everything that does not match is one line short.
    if is_only_line and turn.distance >= _FAR:
        return Unremarkable.ONLY_LINE
    is_rare = share is not None and share <= RARE and others >= _ENOUGH
    if is_rare:
        return None
    if asks_for_words(turn.condition.tree, wanted=turn.wanted):
        return Unremarkable.OTHER_WORD
    is_far = turn.distance >= _FAR and has_distance(turn.condition.tree)
    return Unremarkable.FAR if is_far else None
