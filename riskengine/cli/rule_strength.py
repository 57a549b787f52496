"""What ``rules test --strength`` shows: for each rule, the small changes that its tests would not notice."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

from riskengine.cli.output import say
from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.rules.rule import Rule
    from riskengine.rules.strength import Strength


def share_of(text: str | None) -> float | None:
    """Return the share that *text* gives, as 95% or 0.95; None where it gives none.

    >>> [share_of("95%"), share_of("0.8"), share_of(None)]
    [0.95, 0.8, None]

    Raises:
        UsageError: It is no share from 0 to 1.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)( ?%)?", text.strip(), re.ASCII)
    share = None if match is None else float(match[1]) / (100 if match[2] else 1)
    if share is None or share > 1:
        raise UsageError(f"{text!r} is no share.", remedy="Write --least 95% or --least 0.95.")
    return share


def show_strength(
    rules: Sequence[Rule], *, least: float | None, as_json: bool, language: str
) -> bool:
    """Print what the tests of *rules* notice, and tell whether each rule reaches the least share."""
    from riskengine import messages
    from riskengine.rules.strength import strength_of

    found = [strength_of(rule) for rule in rules]
    for strength in found:
        if as_json:
            sys.stdout.write(
                f"{json.dumps(_as_json(strength, language), ensure_ascii=False)}\n"
            )
            continue
        params = {
            "rule": strength.rule_id,
            "noticed": strength.noticed,
            "total": strength.total,
            "share": _shown_share(strength.noticed, strength.total),
        }
        sys.stdout.write(f"{messages.render('strength.whole.rule', params, language)}\n")
        for missed in strength.missed:
            said = f"  {missed.place}: {missed.sentence(language)}"
            sys.stdout.write(f"{messages.visible(said, _LONGEST)}\n")
    noticed, total = (
        sum(each.noticed for each in found),
        sum(each.total for each in found),
    )
    whole = {
        "rules": len(found),
        "total": total,
        "noticed": noticed,
        "share": _shown_share(noticed, total),
    }
    say(messages.render("strength.whole.all", whole, language))
    weak = [each.rule_id for each in found if least is not None and each.share < least]
    if weak:
        params = {"least": least, "rules": ", ".join(weak)}
        say(messages.render("strength.whole.below_least", params, language))
    return not weak


def _shown_share(noticed: int, total: int) -> float:
    """Return a share in whole percent, rounded down: what is missed is never told as all.

    >>> _shown_share(4666, 4674), _shown_share(7, 7)
    (0.99, 1.0)
    """
    return noticed * 100 // total / 100 if total else 1.0


def _as_json(strength: Strength, language: str) -> dict[str, object]:
    return {
        "rule": strength.rule_id,
        "noticed": strength.noticed,
        "total": strength.total,
        "share": round(strength.share, 4),
        "missed": [
            {
                "place": str(missed.place),
                "written": missed.written,
                "changed": missed.changed or None,
                "sentence": missed.sentence(language),
            }
            for missed in strength.missed
        ],
    }


_LONGEST = 2000
