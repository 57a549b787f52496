"""Values in rules that name somebody: a party, a box, a paper. Before rules leave, a person looks at them.

Whether `ACME SA` in a test is invented or a trader under suspicion, no program can tell. It can tell that the
field names parties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine.rules.tree import (
    Affix,
    Contains,
    ContainsAny,
    FieldRef,
    InList,
    Text,
    leaves,
    nodes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Condition, Value

_PARTIES: Final = ("shipper", "consignee")
NAMING_FIELDS: Final = frozenset(
    {
        "bills_of_lading",
        "container_number",
        "declarant_name",
        "discharge_seal_numbers",
        "earlier_bills_of_lading",
        "earlier_consignee_name",
        "earlier_container_numbers",
        "earlier_notify_party_name",
        "earlier_seal_numbers",
        "earlier_shipper_name",
        "filer",
        "forwarder_name",
        "gate_out_reference",
        "gate_out_seal_numbers",
        "loading_seal_numbers",
        "near_container_number",
        "release_reference",
        "seal_seen_before_on_container",
        "master_bill_of_lading",
        "notify_party_address",
        "notify_party_email",
        "notify_party_name",
        "notify_party_phone",
        "seal_numbers",
    }
    | {
        f"{party}_{part}"
        for party in _PARTIES
        for part in ("name", "address", "email", "phone", "tax_id")
    }
)
"""The fields of the catalogue whose values name a party, a container, a seal or a bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingValue:
    """A value that names somebody, and where it stands.

    Attributes:
        rule_id: The rule.
        stands_in: ``test``, ``condition`` or ``list``.
        field: The field that it is a value of.
        value: The value; for a list, the list's name.
    """

    rule_id: str
    stands_in: str
    field: str
    value: str


def naming_values(rules: Iterable[Rule]) -> tuple[NamingValue, ...]:
    """Return every value in these rules that names a party, a box or a paper, each once a rule."""
    found: dict[NamingValue, None] = {}
    for rule in rules:
        for where, field, value in (*_in_tests(rule), *_in_conditions(rule)):
            named = NamingValue(rule_id=rule.id, stands_in=where, field=field, value=value)
            found.setdefault(named)
    return tuple(found)


def _in_tests(rule: Rule) -> Iterator[tuple[str, str, str]]:
    for test in rule.tests:
        rows = [test.values, *(other.values for other in test.others or ())]
        for row in rows:
            for field, value in row.items():
                if field in NAMING_FIELDS:
                    yield from (("test", field, text) for text in _texts(value))


def _in_conditions(rule: Rule) -> Iterator[tuple[str, str, str]]:
    for condition in _conditions(rule):
        inside = [*nodes(condition)]
        named = [n.name for n in inside if isinstance(n, FieldRef) and n.name in NAMING_FIELDS]
        if not named:
            continue
        field = named[0]
        for node in inside:
            if isinstance(node, Text):
                yield "condition", field, node.value
            elif isinstance(node, (Contains, Affix)):
                yield "condition", field, node.text
            elif isinstance(node, (InList, ContainsAny)):
                yield "list", field, node.list_name


def _conditions(rule: Rule) -> Sequence[Condition]:
    lines = [line for tree in (rule.when, *rule.unless) for line in leaves(tree)]
    return [*lines, *(line for measure in rule.measures for line in measure.where)]


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(text for text in value if text) if isinstance(value, tuple) else ()
