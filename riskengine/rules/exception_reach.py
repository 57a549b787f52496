"""How far exceptions reach: whether one officer may enter them, or another person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine.errors import RuleFault
from riskengine.rules.exceptions import applies_to
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.rules.standing import COUNTING
from riskengine.rules.tree import Either, OneOf, fields_needed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from riskengine.rules.rule import Rule, RuleException
    from riskengine.rules.tree import Node

MOST_RULES_ALONE: Final = 3
MOST_VALUES_ALONE: Final = 5
PARTY_FIELDS: Final = frozenset(
    f"{party}_{what}"
    for party, kinds in {
        "shipper": ("name", "email", "phone", "tax_id"),
        "consignee": ("name", "email", "phone", "tax_id"),
        "notify_party": ("name", "email", "phone"),
        "forwarder": ("name",),
        "declarant": ("name",),
    }.items()
    for what in kinds
)
ONE_FIELDS: Final = PARTY_FIELDS | {
    "container_number",
    "bills_of_lading",
    "master_bill_of_lading",
    "seal_numbers",
}
"""Fields whose values name one party, box, bill or seal, and never a whole trade."""


def wide_faults(exceptions: Sequence[RuleException]) -> tuple[RuleFault, ...]:
    """Return a fault for each exception from whole typologies that names more than a party, box, bill or seal.

    All boxes of a port, a ship or a day, excused from all rules of a typology, would switch it off.
    """
    return tuple(
        RuleFault(
            place=exception.condition.place,
            sentence=(
                f"{exception.id} excuses from whole typologies, and {_field(exception)!r} names more than one"
                " party, box, bill or seal"
            ),
            hint=f"Name the rules under 'rules:', or a field of: {', '.join(sorted(ONE_FIELDS))}.",
        )
        for exception in exceptions
        if exception.typologies and _field(exception) not in ONE_FIELDS
    )


def needs_second(
    exceptions: Sequence[RuleException], rules: Sequence[Rule], standing: Collection[str]
) -> bool:
    """Tell whether another person decides about exceptions that are entered together.

    One officer alone excuses a few values of one party, box, bill or seal from a few named rules, none of which
    claims an examination and none of which is all that a typology has. All else is decided by another.

    Args:
        exceptions: What is entered, all at once: what reaches far is not cut into small pieces.
        rules: Every version that is installed, with its standing as its status.
        standing: The ids of exceptions that stand; another edition of one is decided by another.
    """
    alive = [rule for rule in rules if rule.status is not RuleStatus.RETIRED]
    named = {rule_id for exception in exceptions for rule_id in exception.rules}
    return (
        any(exception.typologies for exception in exceptions)
        or any(exception.id in standing for exception in exceptions)
        or any(_field(exception) not in ONE_FIELDS for exception in exceptions)
        or len(named) > MOST_RULES_ALONE
        or sum(_values(exception.condition.tree) for exception in exceptions)
        > MOST_VALUES_ALONE
        or bool(named - {rule.id for rule in alive})
        or _touches_demand(exceptions, alive)
        or _leaves_bare(exceptions, alive)
    )


def _touches_demand(exceptions: Sequence[RuleException], rules: Sequence[Rule]) -> bool:
    return any(
        rule.effect is RuleEffect.MUST_INSPECT and _is_touched(rule, exceptions)
        for rule in rules
    )


def _leaves_bare(exceptions: Sequence[RuleException], rules: Sequence[Rule]) -> bool:
    """Tell whether every rule that counts for some typology is touched."""
    counting = [
        rule for rule in rules if rule.status in COUNTING and rule.effect is not RuleEffect.TAG
    ]
    touched = {
        typology
        for rule in counting
        if _is_touched(rule, exceptions)
        for typology in rule.typologies
    }
    whole = {
        typology
        for rule in counting
        if not _is_touched(rule, exceptions)
        for typology in rule.typologies
    }
    return bool(touched - whole)


def _is_touched(rule: Rule, exceptions: Sequence[RuleException]) -> bool:
    return any(applies_to(exception, rule) for exception in exceptions)


def _field(exception: RuleException) -> str:
    return next(iter(fields_needed(exception.condition))).name


def _values(tree: Node) -> int:
    if isinstance(tree, Either):
        return _values(tree.left) + _values(tree.right)
    return len(tree.values) if isinstance(tree, OneOf) else 1
