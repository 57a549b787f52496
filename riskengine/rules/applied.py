"""A rule as a run applied it: the author's file, and what this unit made of it, in one line of JSON.

A recorded run explains itself from these two, five years later and without the ledger.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from riskengine.rules.exceptions import exception_from_source
from riskengine.rules.rule import RuleStatus
from riskengine.rules.stored import list_from_source, rule_from_source
from riskengine.rules.tuning import tuned_in, with_settings

if TYPE_CHECKING:
    from riskengine.rules.rule import Rule


def overlay_json(rule: Rule) -> str | None:
    """Return what a rule in force has beside its file: tuned settings, exceptions, lists; None for nothing."""
    overlay = {
        "settings": {tuned.name: tuned.value for tuned in tuned_in(rule)},
        "exceptions": [exception.source_yaml for exception in rule.exceptions],
        "lists": [entry.source_yaml for entry in rule.lists],
    }
    said = {name: part for name, part in overlay.items() if part}
    return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None


def as_run(rule: Rule) -> str:
    """Return the sha256 of a rule as it runs here: what it means, and all that this unit made of it.

    Evidence speaks of the rule as it ran; another setting, exception or list makes it another rule.
    """
    return hashlib.sha256(f"{rule.sha256}\n{overlay_json(rule) or ''}".encode()).hexdigest()


def as_written(rule: Rule) -> Rule:
    """Return a rule in force as its author wrote it, with its lists: what its tests were written for."""
    return replace(rule_from_source(rule.source_yaml), lists=rule.lists)


@lru_cache(maxsize=4096)
def rule_as_applied(
    source_yaml: str, status: str | None = None, overlay: str | None = None
) -> Rule:
    """Return the rule that a run applied.

    Args:
        source_yaml: The file as written.
        status: How far the rule had come; None, in a run from before standings were kept, is what the
            file says.
        overlay: What ``overlay_json`` said; None for nothing.

    Raises:
        RulesRefused: The text is no rule for the fields of this engine.
    """
    rule = rule_from_source(source_yaml)
    said = json.loads(overlay) if overlay else {}
    rule = with_settings(rule, said.get("settings", {}))
    return replace(
        rule,
        status=RuleStatus(status) if status else rule.status,
        exceptions=tuple(exception_from_source(text) for text in said.get("exceptions", ())),
        lists=tuple(list_from_source(text) for text in said.get("lists", ())),
    )
